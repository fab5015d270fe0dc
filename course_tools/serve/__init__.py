"""Serve the web site of the course, on this machine or to a lecture hall, until Ctrl+C."""

import asyncio
import contextlib
import errno
import importlib.util
import re
import socket
import sys
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from course_tools import marker
from course_tools.serve.files import PIECE, Files
from course_utils.files import command, python
from course_utils.message import CourseError, Message

IDLE = 20  # seconds until a connection that nobody uses is closed; Windows bears 512 of them
FILES_OPEN = 4096  # connections count; macOS begins with 256, and a browser opens six


class ServeError(CourseError):
    """A site that cannot be served; the message says why, and what to do."""


def run(folder, port="8000", hall=False):
    """Serve a folder that `course site` built: to this machine, or to a hall."""
    folder, port = Path(folder), _port(port)
    verify(folder)
    routes = [("/(.*)", Files, {"path": str(folder.resolve()), "known": {}})]
    if hall:
        sockets = _open_to_the_hall(port, routes)
    else:
        sockets = _listen(port, "127.0.0.1")
        text = "The course is at http://127.0.0.1:{port}/ until you press Ctrl+C here."
        print(Message(text, port=port))
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_answer(sockets, Application(routes, log_function=lambda handler: None)))
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
            text = "{file} is missing: to build the site again, run {build}"
            raise ServeError(text, file=folder / file, build=build)
        if marker.sha256(folder / file) != digest:
            text = "{file} is not as it was built: to build the site again, run {build}"
            raise ServeError(text, file=folder / file, build=build)


def _port(text):
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 1 << 16:
        raise ServeError("{port!r} is no port: name a number from 1 to 65535.", port=text)
    return int(text)


def _listen(port, host):
    try:
        return bind_sockets(port, host, socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = "Port {port} is in use, perhaps by another `course serve`: try --port {other}."
        elif error.errno == errno.EACCES:
            text = "The system keeps port {port} for itself: try --port {other}."
        else:
            raise
        raise ServeError(text, port=port, other=8000 if port != 8000 else 8001) from error


def _open_to_the_hall(port, routes):
    """Return sockets on every interface; add the page ``/hall``, and say where the course is."""
    if not importlib.util.find_spec("segno"):
        install = python("-m pip install -r requirements-site.txt")
        raise ServeError("What draws the QR code is not installed: run {install}", install=install)
    from course_tools.serve import hall

    addresses = [f"http://{host}:{port}/" for host in hall.reachable()]
    if not addresses:
        raise ServeError(
            "No other machine can reach this one, because none of its network interfaces has an "
            "address: connect it to the network of the hall, and give the command again."
        )
    routes.insert(0, ("/hall", hall.Hall, {"addresses": addresses}))
    sockets = _listen(port, "0.0.0.0")
    if sys.stdout.isatty():
        print(hall.code_for_terminal(addresses[0]))
    text = "The course is at {address} for everybody in this network, until you press Ctrl+C here."
    print(Message(text, address=addresses[0]))
    for address in addresses[1:]:
        print(Message("If that does not open elsewhere, try {address}", address=address))
    print(Message("A page for the projector, with a large QR code: {page}hall", page=addresses[0]))
    return sockets


async def _answer(sockets, application):
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < FILES_OPEN:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_OPEN, hard), hard))
    server = HTTPServer(application, max_body_size=PIECE, idle_connection_timeout=IDLE)
    server.add_sockets(sockets)
    try:
        await asyncio.Event().wait()
    finally:
        server.stop()
        await server.close_all_connections()
