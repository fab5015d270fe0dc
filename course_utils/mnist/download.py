"""Downloading MNIST: from the first mirror that works, or an answer within seconds that none does.

A file is received in memory and verified there. The disk only ever sees a whole one, under a
temporary name until its last byte is written. Nothing that stood there before is deleted.
"""

import hashlib
import io
import itertools
import os
import queue
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

from course_utils.files import replacing, shown
from course_utils.mnist.idx import FILES, MnistFileError, read_folder, read_idx

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
# What each mirror serves under the names in FILES with ".gz" at the end: number of bytes and
# SHA-256 of the compressed file, so that nothing unverified is unpacked. The smallest comes
# first: an obstacle shows early.
ARCHIVES = {
    "t10k-labels-idx1-ubyte": (
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    "train-labels-idx1-ubyte": (
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "t10k-images-idx3-ubyte": (
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "train-images-idx3-ubyte": (
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
}
PATIENCE = 8  # seconds of silence, shared out among the mirrors


class DownloadError(RuntimeError):
    """MNIST could not be downloaded; the message says why, in a few words."""


class _WrongContent(Exception):
    """A server sent something, but not the file."""


def fetch(folder):
    """Download those files of MNIST that `folder` lacks, or holds in a damaged state.

    Parameters
    ----------
    folder : path-like
        Made if it is not there.

    Returns
    -------
    list of Path
        The damaged files that were set aside: ``x.gz`` is called ``x.gz.damaged`` from now on.

    Raises
    ------
    DownloadError
        No mirror has a file, or it cannot be written. What was in the folder is as it was, but
        for the files that were completed before.

    Notes
    -----
    The mirrors are `MIRRORS`, or those that the environment variable ``COURSE_MIRRORS`` lists,
    separated by spaces. One that fails, sends something else, or is silent for `PATIENCE`
    divided by their number, is not asked again. A slow one may take all the time it needs.
    """
    from tqdm.auto import tqdm

    folder = Path(folder)
    whole, _ = read_folder(folder)
    names = [name for name in ARCHIVES if name not in whole]
    mirrors = [f"{url.rstrip('/')}/" for url in os.environ.get("COURSE_MIRRORS", "").split()]
    mirrors = mirrors or list(MIRRORS)
    patience = PATIENCE / len(mirrors)
    total = sum(ARCHIVES[name][0] for name in names)
    failures = {}
    set_aside = []
    with tqdm(desc="MNIST", total=total, unit="B", unit_scale=True, delay=0.5, leave=False) as bar:
        for name in names:
            content = _from_mirrors(mirrors, failures, name, patience, bar)
            try:
                set_aside += _install(content, folder, name)
            except OSError as error:
                reason = error.strerror or error
                raise DownloadError(f"{shown(folder)} cannot be written: {reason}") from error
    return set_aside


def _from_mirrors(mirrors, failures, name, patience, bar):
    """Return the content of a file from the first mirror that has it.

    Mirrors that fail are moved from `mirrors` to `failures`, a dict of host to reason.
    """
    from requests import HTTPError

    while mirrors:
        try:
            return _download(f"{mirrors[0]}{name}.gz", *ARCHIVES[name], patience, bar)
        except HTTPError as error:
            reason = f"answered {error.response.status_code} {error.response.reason}"
        except (OSError, queue.Empty, _WrongContent) as error:
            reason = _in_words(error)
        url = mirrors.pop(0)
        host = urlsplit(url).netloc.rpartition("@")[2]  # a password in the address stays there
        failures[host or url] = reason
    raise DownloadError(_summary(failures))


def _download(url, size, sha256, patience, bar):
    """Return the verified bytes at `url`; raise when nothing has come for `patience` seconds.

    The network is left to a thread of its own, because not every silence can be given a time
    limit there: looking up a host name cannot, nor trying all of a host's addresses.
    """
    from pooch import HTTPDownloader

    get = HTTPDownloader(
        timeout=patience,
        chunk_size=256,  # small pieces: a slow line shows that it is alive
        headers={"Accept-Encoding": "identity"},  # compressed once more, the hash would differ
    )
    events = queue.SimpleQueue()
    body = _Body(size, events)
    threading.Thread(target=_receive, args=(get, url, body, events), daemon=True).start()
    received = 0
    try:
        while (event := events.get(timeout=patience)) is not None:
            if isinstance(event, Exception):
                raise event
            received += event
            bar.update(event)
        content = body.getvalue()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _WrongContent
        return content
    except Exception:
        if received:  # else there is no bar yet, and none is needed
            bar.update(-received)
        raise
    finally:
        body.close()  # if the thread still waits: the next thing that comes ends it


class _Body(io.BytesIO):
    """Takes what the server sends, at most `size` bytes, and reports each piece."""

    def __init__(self, size, events):
        super().__init__()
        self.size, self.events = size, events

    def write(self, chunk):
        super().write(chunk)
        if self.tell() > self.size:
            raise _WrongContent
        self.events.put(len(chunk))


def _receive(get, url, body, events):
    """Put into `events` the number of bytes of each piece; at the end None, or what went wrong."""
    try:
        get(url, body, None)
        events.put(None)
    except Exception as error:  # whatever it is, it is the business of the thread that waits
        events.put(error)


def _install(content, folder, name):
    """Write a verified file; return the damaged ones that it replaces, under their new names."""
    plain, target = (folder / name).resolve(), (folder / f"{name}.gz").resolve()
    set_aside = []
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(target) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # now it is certain that the disk has room for it
            if aside := _set_aside(plain, name):
                set_aside.append(aside)
                plain.unlink(missing_ok=True)
            if aside := _set_aside(target, name):
                set_aside.append(aside)
    except OSError:
        # Windows refuses to replace a file that is being read. If another process has finished
        # the same download, and somebody is reading it, that is just as good.
        if not _whole(target, name):
            raise
    return set_aside


def _set_aside(path, name):
    """Give a damaged file the name ``x.damaged``; return it, or None if there is nothing to do.

    It keeps its old name as well, until that is replaced. Giving a second name, unlike renaming,
    never overwrites anything, also when several processes do it at the same moment.
    """
    for number in itertools.count(1):
        aside = path.with_name(f"{path.name}.damaged" + (f"-{number}" if number > 1 else ""))
        try:
            os.link(path, aside)
        except FileNotFoundError:
            return None
        except FileExistsError:
            if not path.exists() or aside.samefile(path):
                return None  # another process has done it
            continue
        except OSError:  # a folder, or a file system where a file has one name only
            if not path.exists():
                return None
            if aside.exists():
                continue
            return path.rename(aside)
        if _whole(aside, name):  # another process has replaced the damaged file just now
            aside.unlink()
            return None
        return aside


def _whole(path, name):
    """Return whether the file at `path` is MNIST's file `name`."""
    try:
        read_idx(path, *FILES[name])
    except (OSError, MnistFileError):
        return False
    return True


def _summary(failures):
    """Say in a few words why the mirrors failed; those with the same reason together."""
    reasons = {}
    for host, reason in failures.items():
        reasons.setdefault(reason, []).append(host)
    return "; ".join(f"{' and '.join(hosts)}: {reason}" for reason, hosts in reasons.items())


def _in_words(error):
    """Say in a few words what went wrong between us and a server."""
    from http.client import IncompleteRead

    while cause := error.__cause__ or error.__context__:  # requests wraps the cause three times
        error = cause
    match error:
        case _WrongContent():
            return "what came was not MNIST"
        case socket.gaierror():
            return "host not found"
        case ConnectionRefusedError():
            return "connection refused"
        case TimeoutError() | queue.Empty():
            return "no answer"
        case ConnectionError() | IncompleteRead():
            return "connection broken off"
        case _:
            return str(error) or type(error).__name__
