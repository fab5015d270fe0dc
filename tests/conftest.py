"""What the tests of the data side share: tiny files in MNIST's place, and no internet."""

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_mnist import SHAPES, idx_bytes

from course_utils import files, mnist
from course_utils.mnist import download as mnist_download
from course_utils.mnist import full_mnist_folder
from course_utils.mnist import idx as mnist_files

# Lets a browser find this machine under a name that it does not trust as it trusts localhost.
HALL = "--host-resolver-rules=MAP hall.test 127.0.0.1"
LOCAL = {"127.0.0.1", "localhost", "::1", "", None}


@pytest.fixture(autouse=True)
def no_internet(monkeypatch):
    """Let no test look up a host but this machine."""
    look_up = socket.getaddrinfo

    def look_up_local(host, *args, **kwargs):
        if host not in LOCAL:
            raise socket.gaierror(socket.EAI_NONAME, f"a test asked for {host}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_local)


@pytest.fixture
def tiny_mnist(monkeypatch):
    """Put 20 training and 10 test images in MNIST's place; return the bytes of the four files."""
    rng = np.random.default_rng(0)
    contents = {}
    for name, shape in SHAPES.items():
        content = idx_bytes(rng.integers(0, 10, shape, dtype=np.uint8))
        monkeypatch.setitem(mnist_files.FILES, name, (shape, hashlib.sha256(content).hexdigest()))
        contents[name] = content
    return contents


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """Return an empty folder that stands for the course's ``data/``."""
    folder = tmp_path / "course" / "data"
    folder.mkdir(parents=True)
    for module in (files, mnist):
        monkeypatch.setattr(module, "DATA", folder)
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.delenv("COURSE_MIRRORS", raising=False)
    monkeypatch.setattr(mnist_download, "MIRRORS", ("http://mirror.invalid/",))
    return folder


@pytest.fixture(scope="session")
def pyodide():
    """Return the folder with a release of Pyodide; skip the test where there is none."""
    if not os.environ.get("PYODIDE_DIR"):
        pytest.skip("needs Pyodide: PYODIDE_DIR, see CONTRIBUTING.md")
    return Path(os.environ["PYODIDE_DIR"])


@pytest.fixture(scope="session")
def site(tmp_path_factory, pyodide):
    """Return a folder with the web site; skip the test where nothing can build it."""
    from course_tools.site import NEEDED, build  # slow to import, and not needed by most tests

    for module in NEEDED:
        pytest.importorskip(module, reason="the site needs requirements-site.txt")
    folder = tmp_path_factory.mktemp("site") / "사이트 1"
    build(folder, pyodide, mnist=bool(full_mnist_folder()), tell=pytest.fail)
    return folder


@pytest.fixture(scope="session")
def site_address(site):
    """Serve the site as `course serve` does; return its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "course_tools", "serve", site, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout.readline()  # it says where it is
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture(scope="module")
def browser():
    """Open this machine's browser without a window; skip the test where there is none."""
    from course_tools import slides  # slow to import, and not needed by most tests

    try:
        with slides.browser(HALL) as opened:
            yield opened
    except slides.SlidesError as error:
        if os.environ.get("COURSE_BROWSER") == "required":  # in CI
            raise
        pytest.skip(f"needs a browser: {error}")
