"""Hand out the files of a folder: read only, packed once, and never an old one for a new one."""

import asyncio
import gzip
import hashlib
import re
import sys
from pathlib import Path

from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from course_utils.message import Message

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


class ReadOnly(RequestHandler):
    """What all answers have in common."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    def set_default_headers(self):
        """Let no browser guess what a file is; say what may be asked."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Allow", "GET, HEAD")

    def log_exception(self, kind, value, trace):
        """Say in one line what went wrong here; that a file is not there is no fault."""
        if not isinstance(value, HTTPError):
            text = "{path} was not served ({kind}: {problem})."
            said = Message(text, path=self.request.path, kind=kind.__name__, problem=value)
            print(said, file=sys.stderr, flush=True)


class Files(ReadOnly, StaticFileHandler):
    """The files of a folder; a browser keeps them, but asks each time whether they have changed.

    Of Tornado's handler remain the answers to requests for a range, and how a file is sent.
    """

    def initialize(self, path, known):
        """Take the folder, and what is known of its files: of all requests together."""
        super().initialize(path)
        self.known = known

    async def prepare(self):
        """Find the file that is asked for, and what is known of it."""
        path = self.path_args[0]
        is_folder = path == "" or path.endswith("/")
        self.file = inside(self.root, path)
        if self.file and self.file.is_dir():
            self.file = inside(self.root, f"{path.rstrip('/')}/index.html".lstrip("/"))
            if self.file and not is_folder:  # else the page's own links would lead astray
                query = f"?{self.request.query}" if self.request.query else ""
                return self.redirect(f"{self.request.path.rpartition('/')[2]}/{query}")
        elif is_folder:
            self.file = None
        if not self.file or not self.file.is_file():
            raise HTTPError(404)
        try:
            self.digest, self.packed = await look_up(self.file, self.known)
        except OSError:
            self.known.pop(self.file, None)  # so that it is tried again
            raise HTTPError(404) from None
        asked = self.request.headers
        if asked.get("If-Range", f'"{self.digest}"') != f'"{self.digest}"':
            asked.pop("Range", None)
        if "Range" in asked or not GZIP.search(asked.get("Accept-Encoding", "")):
            self.packed = None

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
    if re.search(r"^/|[\\:\0]", path) or any(part.startswith(".") for part in path.split("/")):
        return None
    try:
        found = (root / path).resolve(strict=True)
        parts = found.relative_to(root).parts
    except (OSError, RuntimeError, ValueError):  # there is none, links in a circle, elsewhere
        return None
    return None if any(part.startswith(".") for part in parts) else found


async def look_up(file, known):
    """Return a file's SHA-256, and its bytes packed, or None if that does not pay.

    Both are made once, in a thread, and kept in `known`: whoever asks meanwhile waits for the same
    thread. A file that was built anew is read anew.
    """
    stat = file.stat()
    stamp = stat.st_ino, stat.st_mtime_ns, stat.st_size
    if known.get(file, (None,))[0] != stamp:
        reading = asyncio.get_running_loop().run_in_executor(None, _digest_and_packed, file)
        known[file] = stamp, reading
    return await known[file][1]


def _digest_and_packed(file):
    content = file.read_bytes()
    packed = gzip.compress(content, 6, mtime=0) if file.suffix in SHRINKS else content
    digest = hashlib.sha256(content).hexdigest()
    return digest, packed if len(packed) < len(content) else None
