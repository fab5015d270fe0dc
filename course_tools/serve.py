"""Serve the web site, on this machine or to a lecture hall: read only, and each file packed once."""

import asyncio
import contextlib
import errno
import gzip
import hashlib
import importlib.util
import io
import ipaddress
import os
import re
import socket
import sys
from pathlib import Path

import psutil
from jinja2 import Environment, FileSystemLoader
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from course_tools import marker
from course_utils.files import COURSE, command, python
from course_utils.message import CourseError, Message

# Not from `mimetypes`: on Windows it believes the registry, which may call a script plain text.
SHRINKS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
TYPES = SHRINKS | {
    ".ico": "image/x-icon",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".ttf": "font/ttf",
    ".whl": "application/zip",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
# A name that holds a hash of the content: webpack's `100.fc995bd.js`, MyST-NB's `<SHA-256>.png`.
HASHED = re.compile(r"\.[0-9a-f]{7,}\.(js|css)$|(^|[./])[0-9a-f]{32,}\.\w+$")
GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
PIECE = 1 << 16  # bytes; who is slow then keeps no more than this waiting in memory
IDLE = 20  # seconds until a connection that nobody uses is closed; Windows bears 512 of them
FILES_OPEN = 4096  # connections count; macOS begins with 256, and a browser opens six
LOOPBACK = "127.0.0.1"


class ServeError(CourseError):
    """A site that cannot be served; the message says why, and what to do."""


def run(folder, port="8000", hall=False):
    """Serve a folder that `course site` built until Ctrl+C; with `hall` on every interface."""
    folder, port = Path(folder), _port(port)
    verify(folder)
    hosts = reachable() if hall else [LOOPBACK]
    if not hosts:
        raise ServeError(
            "No other machine can reach this one, because none of its network interfaces has an "
            "address: connect it to the network of the hall, and give the command again."
        )
    if hall and not importlib.util.find_spec("segno"):
        install = python("-m pip install -r requirements-site.txt")
        raise ServeError("What draws the QR code is not installed: run {install}", install=install)
    sockets = _listen(port, "0.0.0.0" if hall else LOOPBACK)
    addresses = [f"http://{host}:{port}/" for host in hosts]
    print(Message("The course is at {address} until you press Ctrl+C here.", address=addresses[0]))
    for address in addresses[1:]:
        print(Message("If that does not open elsewhere, try {address}.", address=address))
    if hall:
        print(Message("To project, with a large QR code: {address}hall", address=addresses[0]))
        if sys.stdout.isatty():
            print(code_for_terminal(addresses[0]))
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_answer(sockets, application(folder, addresses if hall else [])))
    print(Message("The course is no longer served."))


def verify(folder):
    """Raise `ServeError` unless a folder holds a site byte for byte as `course site` built it."""
    build = command(f'site "{folder}"' if " " in f"{folder}" else f"site {folder}")
    if not folder.exists():
        raise ServeError("There is no {folder}: run {build}", folder=folder, build=build)
    if not folder.is_dir():
        text = "{folder} is a file: name the folder of a site that `course site` built."
        raise ServeError(text, folder=folder)
    if not (listed := marker.read(folder)):
        text = "{folder} holds no site of this version of the course: run {build}"
        raise ServeError(text, folder=folder, build=build)
    for file, digest in listed.items():
        if not (folder / file).is_file():
            text = "{file} is missing; to build the site again, run {build}"
            raise ServeError(text, file=folder / file, build=build)
        if marker.sha256(folder / file) != digest:
            text = "{file} is not what was built; to build the site again, run {build}"
            raise ServeError(text, file=folder / file, build=build)


def _port(text):
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 1 << 16:
        text = Message("{port!r} is no port: name a number from 1 to 65535.", port=text)
        raise ServeError("{text}", text=text)
    return int(text)


def _listen(port, host):
    other = 8000 if port != 8000 else 8001
    try:
        return bind_sockets(port, host, socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = "Port {port} is in use, perhaps by another `course serve`: try --port {other}."
        elif error.errno == errno.EACCES:
            text = "The system keeps port {port} for itself: try --port {other}."
        else:
            raise
        raise ServeError(text, port=port, other=other) from error


def reachable():
    """Return this machine's addresses that a hall may reach, the likeliest first.

    Returns
    -------
    list of str
        IPv4 addresses of interfaces that are up: private ones first, and of these the one through
        which this machine itself reaches others; self-assigned ones (169.254...) last.
    """
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = {
        ipaddress.ip_address(entry.address)
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if name in up and entry.family == socket.AF_INET
    }
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):  # there is no way out
            probe.connect(("192.0.2.1", 9))  # sends nothing; it only picks the interface
        own = probe.getsockname()[0]

    def rank(address):
        return address.is_link_local, not address.is_private, str(address) != own, address

    return [str(address) for address in sorted(found, key=rank) if not address.is_loopback]


def code_for_terminal(address):
    """Return the QR code of an address, white on black whatever the terminal's colours are."""
    import segno  # the site's requirements; not needed without --hall

    if os.name == "nt":
        os.system("")  # lets an older console of Windows understand colours
    text = io.StringIO()
    segno.make(address, micro=False).terminal(text, compact=True)
    white_on_black, reset = "\033[38;5;231;48;5;16m", "\033[0m"
    return "\n".join(f"{white_on_black}{line}{reset}" for line in text.getvalue().splitlines())


def application(folder, addresses=()):
    """Return what answers requests.

    Parameters
    ----------
    folder : pathlib.Path
        The site.
    addresses : list of str
        Where a hall finds it; if there are any, ``/hall`` shows them.
    """
    known = {}
    routes = [("/hall", Hall, {"addresses": addresses})] if addresses else []
    routes.append(("/(.*)", Files, {"path": str(folder.resolve()), "known": known}))
    return Application(routes, log_function=lambda handler: None)


async def _answer(sockets, app):
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < FILES_OPEN:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_OPEN, hard), hard))
    server = HTTPServer(app, max_body_size=PIECE, idle_connection_timeout=IDLE)
    server.add_sockets(sockets)
    try:
        await asyncio.Event().wait()
    finally:
        server.stop()
        await server.close_all_connections()


class ReadOnly(RequestHandler):
    """What all answers have in common."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    def set_default_headers(self):
        """Let no browser guess what a file is."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Allow", "GET, HEAD")

    def log_exception(self, kind, value, trace):
        """Say in one line what went wrong here; that a file is not there is no fault."""
        if not isinstance(value, HTTPError):
            text = "{path} was not served ({kind}: {problem})."
            said = Message(text, path=self.request.path, kind=kind.__name__, problem=value)
            print(said, file=sys.stderr, flush=True)


class Hall(ReadOnly):
    """A page to be projected: the address and its QR code, as large as they can be."""

    def initialize(self, addresses):
        """Take the addresses; the page shows the one where it was asked for, else the first."""
        self.addresses = addresses

    def get(self):
        """Answer with the page."""
        import segno

        asked = f"http://{self.request.host}/"
        address = asked if asked in self.addresses else self.addresses[0]
        code = segno.make(address, micro=False).svg_inline(omitsize=True, light="#fff")
        folder = FileSystemLoader(COURSE / "site")
        page = Environment(loader=folder, autoescape=True).get_template("hall.html.j2")
        self.set_header("Cache-Control", "no-cache")
        self.finish(page.render(address=address, code=code))

    head = get


class Files(ReadOnly, StaticFileHandler):
    """The files of a folder: packed for a browser that takes that, and asked for again each time.

    Of Tornado's handler remain the answers to requests for a range, and how a file is sent.
    """

    def initialize(self, path, known):
        """Take the folder, and what is known of its files: of all requests together."""
        super().initialize(path)
        self.known = known

    async def prepare(self):
        """Find the file that is asked for, and what is known of it."""
        path = self.path_args[0]
        self.file = inside(self.root, path)
        if self.file and self.file.is_dir():
            if path and not path.endswith("/"):
                query = f"?{self.request.query}" if self.request.query else ""
                return self.redirect(f"{self.request.path.rpartition('/')[2]}/{query}")
            self.file = inside(self.root, f"{path}index.html")
        elif path.endswith("/"):
            self.file = None
        if not self.file or not self.file.is_file():
            raise HTTPError(404)
        try:
            self.digest, self.packed = await self._look_up(self.file)
        except OSError:
            self.known.pop(self.file, None)  # so that it is tried again
            raise HTTPError(404) from None
        asked = self.request.headers
        if asked.get("If-Range", f'"{self.digest}"') != f'"{self.digest}"':
            asked.pop("Range", None)
        if "Range" in asked or not GZIP.search(asked.get("Accept-Encoding", "")):
            self.packed = None

    async def _look_up(self, file):
        """Return a file's SHA-256, and its bytes packed or None; both are made once, in a thread.

        Whoever asks meanwhile waits for the same thread. A file that was built anew is read anew.
        """
        stat = file.stat()
        stamp = stat.st_ino, stat.st_mtime_ns, stat.st_size
        if self.known.get(file, (None,))[0] != stamp:
            reading = asyncio.get_running_loop().run_in_executor(None, _digest_and_packed, file)
            self.known[file] = stamp, reading
        return await self.known[file][1]

    def validate_absolute_path(self, root, absolute_path):
        """Return the file that was found; see `inside`."""
        return str(self.file)

    def get_modified_time(self):
        """Return None, for there are ETags, and a date says nothing where a build sets it."""

    def get_content_type(self):
        """Return the type by the end of the name."""
        return TYPES.get(self.file.suffix, "application/octet-stream")

    def get_cache_time(self, path, modified, mime_type):
        """Return 0: how long a file may be kept is said in `set_extra_headers`."""
        return 0

    def set_extra_headers(self, path):
        """Say how long the file may be kept, and how it is packed."""
        hashed = HASHED.search(self.file.name)
        keep = "public, max-age=31536000, immutable" if hashed else "no-cache"
        self.set_header("Cache-Control", keep)
        if self.file.suffix in SHRINKS:
            self.set_header("Vary", "Accept-Encoding")
        if self.packed:
            self.set_header("Content-Encoding", "gzip")

    def compute_etag(self):
        """Return what tells this file, packed or not, from every other."""
        return f'"{self.digest}-gzip"' if self.packed else f'"{self.digest}"'

    def should_return_304(self):
        """Return whether the browser has the file already."""
        return self.check_etag_header()

    def get_content_size(self):
        """Return how many bytes are sent."""
        return len(self.packed) if self.packed else super().get_content_size()

    def get_content(self, abspath, start=None, end=None):
        """Return the bytes, piece by piece."""
        if not self.packed:
            return super().get_content(abspath, start, end)
        return (self.packed[k : k + PIECE] for k in range(0, len(self.packed), PIECE))


def inside(root, path):
    """Return the file or folder that is meant by the path in an address.

    Returns
    -------
    pathlib.Path or None
        None if there is none, if it is hidden, or if it lies elsewhere, be it by a link.
    """
    root = Path(root)
    if re.search(r"[\\:\0]", path) or any(part.startswith(".") for part in path.split("/")):
        return None
    try:
        found = (root / path).resolve(strict=True)
        parts = found.relative_to(root).parts
    except (OSError, RuntimeError, ValueError):  # there is none, links in a circle, elsewhere
        return None
    return None if any(part.startswith(".") for part in parts) else found


def _digest_and_packed(file):
    content = file.read_bytes()
    packed = gzip.compress(content, 6, mtime=0) if file.suffix in SHRINKS else content
    digest = hashlib.sha256(content).hexdigest()
    return digest, packed if len(packed) < len(content) else None
