"""Downloading MNIST from the first mirror that works, or saying within seconds that none does."""

import hashlib
import io
import math
import os
import re
import socket
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from course_utils import browser
from course_utils.files import replacing, shown
from course_utils.message import CourseError
from course_utils.mnist.idx import FILES, GZIP, IdxError, parts_or_problem, read_folder, unpacked

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
PATIENCE = 8  # seconds of silence, shared out among the mirrors
ADDRESS = r"https?://([^/@]*@)?([\w-]+(\.[\w-]+)*\.?|\[[\w:.%]+\])(:\d+)?(/[^\\]*)?"


class DownloadError(CourseError, RuntimeError):
    """MNIST could not be downloaded; the message says why, in a few words."""


def fetch(folder):
    """Download into `folder` those files of MNIST that it lacks or holds damaged.

    The mirrors are `MIRRORS`, or those that the environment variable ``COURSE_MIRRORS`` lists,
    separated by spaces or commas, with or without ``http://``. One that fails, sends something
    else, or is silent for `PATIENCE` divided by their number, is not asked again. A slow one may
    take all the time it needs.

    Return the damaged files that were set aside as ``x.gz.damaged``; else raise DownloadError.
    A whole file of another set stays as it is, and MNIST's gets another name beside it.
    """
    from tqdm.auto import tqdm

    names = FILES.keys() - read_folder(folder)[0]
    names = sorted(names, key=FILES.get)  # small ones show obstacles early
    mirrors = _own_mirrors() or MIRRORS
    failures, set_aside = [], []
    total = round(0.212 * sum(math.prod(FILES[name][0]) for name in names))  # so well it compresses
    with tqdm(desc="MNIST", total=total, unit="B", unit_scale=True, delay=0.5, leave=False) as bar:
        for mirror in mirrors:
            try:
                while names:
                    url = f"{mirror.rstrip('/')}/{names[0]}"
                    content = _download_packed_or_not(url, names[0], PATIENCE / len(mirrors), bar)
                    set_aside += _install(content, Path(folder), names.pop(0))
                return set_aside
            except (OSError, ValueError, zlib.error) as error:  # ValueError: no host is called so
                host = urlsplit(mirror).netloc.rpartition("@")[2] or mirror  # without a password
                failures.append(f"{host}: {in_words(error)}")
    raise DownloadError("{failures}", failures="; ".join(failures))


def _own_mirrors():
    """Return the addresses in ``COURSE_MIRRORS``; a DownloadError names the one that is none."""
    mirrors = []
    for given in re.findall(r"[^\s,;]+", os.environ.get("COURSE_MIRRORS", "")):
        if given == "site" and browser.IN_BROWSER:  # as a site with MNIST says to its tabs
            given = f"{browser.site()}/mnist"
        mirrors.append(given if "://" in given else f"http://{given}")
        if not re.fullmatch(ADDRESS, mirrors[-1], re.IGNORECASE):
            problem = "COURSE_MIRRORS: {given} is no address like http://192.168.0.7:8000/mnist"
            raise DownloadError(problem, given=given.rpartition("@")[2])  # without a password
    return mirrors


def _download_packed_or_not(url, name, patience, bar):
    """Return the verified bytes of a file, compressed or, if the server lacks that, as it is."""
    try:
        return _download(f"{url}.gz", *FILES[name], patience, bar)
    except OSError as error:
        if getattr(getattr(error, "response", None), "status_code", None) != 404:
            raise
    return _download(url, *FILES[name], patience, bar)


def _download(url, shape, sha256, patience, bar):
    """Return the bytes at `url`, whose own, before any compression, have this SHA-256."""
    content = received(url, 1000 + 1.01 * math.prod(shape), patience, bar.update)
    with suppress(OSError, EOFError, zlib.error):
        plain = unpacked(io.BytesIO(content))(1000 + math.prod(shape))
        if hashlib.sha256(plain).hexdigest() == sha256:
            return content
    raise zlib.error


def received(url, most, patience, tell=lambda n_more: None):
    """Return the bytes at `url`; raise if nothing comes for `patience` seconds, or over `most`.

    The network is left to a thread of its own, because not every silence can be given a time
    limit there: looking up a host name cannot, nor trying all of a host's addresses.
    """
    if browser.IN_BROWSER:
        return browser.received(url)
    from pooch import HTTPDownloader

    # Small pieces, for a slow line to show that it is alive; not compressed once more.
    get = HTTPDownloader(timeout=patience, chunk_size=256, headers={"Accept-Encoding": "identity"})
    errors, n_heard, heard = [], 0, time.monotonic()

    def receive():
        try:
            get(url, body, None)
        except Exception as error:  # whatever it is, it is the business of the one who waits
            errors.append(error)

    with io.BytesIO() as body:  # closed in the end: what the thread gets after that ends it
        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.05)
            if body.tell() > n_heard:
                tell(body.tell() - n_heard)
                n_heard, heard = body.tell(), time.monotonic()
            if time.monotonic() - heard > patience:
                raise TimeoutError
            if n_heard > most:
                raise zlib.error
        if errors:
            raise errors[0]
        return body.getvalue()


def in_words(error):
    """Say in a few words what went wrong between us and a server."""
    if getattr(error, "response", None) is not None:
        return f"answered {error.response.status_code} {error.response.reason}"
    while cause := error.__cause__ or error.__context__:  # requests wraps the cause three times
        error = cause
    words = {
        zlib.error: "what came was not MNIST",
        socket.gaierror: "host not found",
        TimeoutError: "no answer",
    }
    own_words = getattr(error, "strerror", None) or str(error)
    return next((words[kind] for kind in words if isinstance(error, kind)), own_words)


def _install(content, folder, part):
    """Write a verified file, and return copies of the damaged ones that it replaces.

    Copied, not renamed: another process may have put a whole file there just now.
    """
    name, damaged, copies = part, set(), []
    while True:
        places = {path: parts_or_problem(path) for path in (folder / name, folder / f"{name}.gz")}
        damaged |= {path for path, found in places.items() if type(found) is IdxError}
        whole = [found for path, found in places.items() if path not in damaged and found]
        if all(isinstance(found, dict) and part in found for found in whole):
            break
        name = f"mnist-{name}"  # beside another set, or another part
    path = folder / (f"{name}.gz" if content.startswith(GZIP) else name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in damaged:
            if (bad := old.read_bytes()) != content:
                copy = old.with_name(f"{old.name}.damaged")
                while copy.exists() and copy.read_bytes() != bad:
                    copy = copy.with_name(f"{copy.name}-2")
                with replacing(copy) as file:
                    file.write(bad)
                copies.append(copy)
        with replacing(path) as file:
            file.write(content)
        for old in damaged - {path}:
            old.unlink(missing_ok=True)
    except OSError as error:
        if part not in read_folder(folder)[0]:  # else another process was faster
            values = {"folder": shown(folder), "reason": error.strerror or error}
            raise DownloadError("{folder} cannot be written: {reason}", **values) from error
    return copies
