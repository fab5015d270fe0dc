"""Whether Python runs in a browser's tab (JupyterLite), and what the browser keeps for it.

There are neither threads nor sockets in a tab. Ask as ``browser.IN_BROWSER``: so a test can say
that it is there.
"""

import asyncio
import sys
from pathlib import Path

from course_utils.files import is_folder

IN_BROWSER = sys.platform == "emscripten"
DRIVE = Path("/drive")  # the files that JupyterLite shows, where browsers let it: not over http
KEPT = Path("/one-neuron-to-keras")  # otherwise: a data base of this name in the browser
# Without a drive Python's files live as long as Python, but for those that are copied out.
SYNCHRONISE = """(fs, comes_in) => new Promise((done, failed) =>
  fs.syncfs(comes_in, (problem) => problem ? failed(problem) : done()))"""


def site():
    """Return the address of the web site that the tab belongs to, without a slash at its end."""
    from js import location

    return location.href.partition("/tab/")[0]


def received(url):
    """Return the bytes at an address of the site; raise an OSError if there are none."""
    from js import XMLHttpRequest

    request = XMLHttpRequest.new()
    request.open("GET", url, False)  # it waits: there is no other thread that could
    request.responseType = "arraybuffer"
    try:
        request.send()
    except Exception as error:  # of JavaScript's own kind
        raise OSError("no answer") from error
    if request.status != 200:
        raise OSError(f"answered {request.status}")
    return request.response.to_bytes()


def kept_folder():
    """Return the folder below which files outlive Python in a tab."""
    if is_folder(DRIVE):
        return DRIVE
    if not KEPT.is_dir():
        import pyodide_js

        KEPT.mkdir()
        pyodide_js.FS.mount(pyodide_js.FS.filesystems.IDBFS, {}, str(KEPT))
        _soon(_synchronise(comes_in=True))
    return KEPT


def keep(write):
    """Call `write`, which writes files below `kept_folder`, so that the browser keeps them.

    Without a drive it is called once more as soon as Python has nothing to do, on files as other
    tabs have left them: it must add to what is there.
    """
    write()
    if kept_folder() == KEPT:
        _soon(_keep(write))


async def _keep(write):
    await _synchronise(comes_in=True)
    write()
    await _synchronise(comes_in=False)


async def _synchronise(comes_in):
    import pyodide_js
    from pyodide.code import run_js

    await run_js(SYNCHRONISE)(pyodide_js.FS, comes_in)


_tasks = set()  # of which nobody else would hold on


def _soon(work):
    task = asyncio.get_event_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
