"""The site as it is served: what a browser gets, what nobody gets, what bad input is told."""

import asyncio
import contextlib
import errno
import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from course_tools import marker, serve
from course_tools.command import main
from course_tools.serve import files
from course_utils.files import COURSE

HTML = "<!DOCTYPE html><title>그림</title>".encode() + b"<p>text</p>" * 500
WASM = b"\0asm" + b"12345678" * 400_000  # shrinks to almost nothing
SITE = {
    "index.html": HTML,
    "_static/look.css": b"p { color: red }\n" * 99,
    "_images/" + "0123456789abcdef" * 4 + ".png": b"\x89PNG" + bytes(range(256)),
    "notebooks/03.ipynb": b'{"cells": []}\n' * 99,
    "slides/index.html": b"<p>slides</p>" * 99,
    "tab/build/100.fc995bd.js": b"one();" * 99,
    "tab/build/main.js": b"two();" * 99,
    "tab/core.wasm": WASM,
    "tab/empty.txt": b"",
    "tab/wheel-1.0-py3-none-any.whl": b"PK" * 999,
    "tab/unknown.orig": b"?" * 99,
}
SHRINK = {name for name in SITE if name.endswith((".html", ".css", ".ipynb", ".js", ".wasm"))}
Answer = namedtuple("Answer", "status headers body")


def make_site(folder):
    for name, content in SITE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    marker.write(folder, {Path(name): marker.sha256(folder / name) for name in SITE})
    return folder


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(folder, *options):
    """Run the command; give its process, which has said where the course is, and its port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "course_tools", "serve", folder, f"--port={port}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUTF8": "1"},
        encoding="utf-8",
        cwd=COURSE,
    )
    process.said = process.stdout.readline()
    assert f":{port}/ " in process.said, process.stderr.read()
    try:
        yield process, port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def ask(port, path, method="GET", **headers):
    """Send a request as it stands; underscores in the headers' names become hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(method, path, "Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a site, and some things that are none of it."""
    folder = make_site(tmp_path_factory.mktemp("served") / "사이트 1")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "file.txt").write_text("secret", encoding="utf-8")
    (folder.parent / "outside.txt").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def port(folder):
    """Serve the folder for all tests here; in the end nothing must have been said of a fault."""
    with serving(folder) as (process, port):
        yield port
        process.kill()
        assert process.stdout.read() + process.stderr.read() == ""


# ---------------------------------------------------------------- what a browser gets


@pytest.mark.parametrize(
    ("accepted", "takes_gzip"),
    [
        ({"Accept_Encoding": "gzip"}, True),
        ({"Accept_Encoding": "br;q=1.0, gzip;q=0.8, *;q=0.1"}, True),
        ({"Accept_Encoding": "gzip;q=0, br"}, False),
        ({"Accept_Encoding": "gzipped"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("name", SITE)
def test_every_file_arrives_as_it_is(port, name, accepted, takes_gzip):
    answer = ask(port, f"/{name}", **accepted)
    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    is_packed = answer.headers["Content-Encoding"] == "gzip"
    assert is_packed == (takes_gzip and name in SHRINK)
    assert (gzip.decompress(answer.body) if is_packed else answer.body) == SITE[name]
    if name in SHRINK:
        assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("_static/look.css", "text/css; charset=utf-8"),
        ("notebooks/03.ipynb", "application/x-ipynb+json"),
        ("tab/build/main.js", "text/javascript; charset=utf-8"),
        ("tab/core.wasm", "application/wasm"),
        ("tab/wheel-1.0-py3-none-any.whl", "application/zip"),
        ("tab/unknown.orig", "application/octet-stream"),
    ],
)
def test_a_browser_is_told_what_a_file_is(port, name, kind):
    assert ask(port, f"/{name}").headers["Content-Type"] == kind


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_head_says_what_get_says_without_the_file(port, coding):
    for name in SITE:
        got, head = (
            ask(port, f"/{name}", method, Accept_Encoding=coding) for method in ("GET", "HEAD")
        )
        assert head.status == 200 and head.body == b""
        assert {*head.headers.items()} - {*got.headers.items()} <= {("Date", head.headers["Date"])}


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_what_the_browser_has_is_not_sent_again(port, coding):
    for name in SITE:
        etag = ask(port, f"/{name}", Accept_Encoding=coding).headers["ETag"]
        again = ask(port, f"/{name}", Accept_Encoding=coding, If_None_Match=f'"other", {etag}')
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        assert again.headers["Cache-Control"]
        other = ask(port, f"/{name}", Accept_Encoding=coding, If_None_Match='"other"')
        assert other.status == 200


def test_packed_or_not_are_told_apart(port):
    tags = {ask(port, "/", Accept_Encoding=coding).headers["ETag"] for coding in ("gzip", "")}
    assert len(tags) == 2


def test_only_what_has_the_hash_of_its_content_in_its_name_is_kept_unasked(port):
    kept = {n for n in SITE if "immutable" in ask(port, f"/{n}").headers["Cache-Control"]}
    assert kept == {n for n in SITE if "fc995bd" in n or "_images" in n}
    others = {ask(port, f"/{name}?v=1").headers["Cache-Control"] for name in SITE.keys() - kept}
    assert others == {"no-cache"}


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=5-9", 5, 10), ("bytes=-7", -7, None), ("bytes=100000-", 100_000, None)],
)
def test_a_range_is_a_range_of_the_file(port, wanted, start, end, coding):
    answer = ask(port, "/tab/core.wasm", Range=wanted, Accept_Encoding=coding)
    assert answer.status == 206
    assert answer.body == WASM[start:end]
    first = start % len(WASM)
    last = first + len(answer.body) - 1
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(WASM)}"
    assert "Content-Encoding" not in answer.headers
    etag = answer.headers["ETag"]
    assert ask(port, "/tab/core.wasm", Range=wanted, If_Range=etag).status == 206
    changed = ask(port, "/tab/core.wasm", Range=wanted, If_Range='"old"')
    assert (changed.status, changed.body) == (200, WASM)


def test_a_range_beyond_the_end(port):
    answer = ask(port, "/index.html", Range="bytes=99999999-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(HTML)}"


def test_a_folder_with_an_index_is_a_page(port):
    assert ask(port, "/").body == HTML
    assert ask(port, "/slides/").body == SITE["slides/index.html"]
    answer = ask(port, "/slides?path=a%20b.ipynb")
    assert answer.status == 302
    assert answer.headers["Location"] == "slides/?path=a%20b.ipynb"


def test_a_file_that_was_built_anew_is_sent_anew(tmp_path):
    page = make_site(tmp_path) / "slides" / "index.html"
    with serving(tmp_path) as (_, port):
        old = ask(port, "/slides/", Accept_Encoding="gzip")
        new = tmp_path / "new"
        new.write_bytes(b"<p>anew!!</p>" * 99)
        os.utime(new, (0, 0))  # builds may give all files the same old date
        new.replace(page)
        answer = ask(port, "/slides/", Accept_Encoding="gzip", If_None_Match=old.headers["ETag"])
        assert answer.status == 200
        assert gzip.decompress(answer.body) == page.read_bytes()


def test_thirty_browsers_at_once_get_the_same(tmp_path):
    with serving(make_site(tmp_path)) as (_, port):
        with ThreadPoolExecutor(30) as pool:
            waiting = [
                pool.submit(ask, port, "/tab/core.wasm", Accept_Encoding="gzip") for _ in range(30)
            ]
            answers = [answer.result() for answer in waiting]
        assert {answer.status for answer in answers} == {200}
        assert {gzip.decompress(answer.body) for answer in answers} == {WASM}


def test_a_file_that_many_wait_for_is_packed_once(tmp_path, monkeypatch):
    calls = []
    pack = files._digest_and_packed
    monkeypatch.setattr(files, "_digest_and_packed", lambda f: calls.append(f) or pack(f))
    file = make_site(tmp_path) / "tab" / "core.wasm"

    async def thirty():
        known = {}
        return await asyncio.gather(*(files.look_up(file, known) for _ in range(30)))

    assert len({*asyncio.run(thirty())}) == 1
    assert calls == [file]


# ---------------------------------------------------------------- what nobody gets


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/slides/../../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/%252e%252e/outside.txt",
        "/..%5coutside.txt",
        "/..\\outside.txt",
        "/slides/..\\..\\outside.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/C:/Windows/win.ini",
        "/C:%5cWindows%5cwin.ini",
        "/index.html::$DATA",
        "/index.html%00",
        "/%00",
        "/..%c0%afoutside.txt",
        "/%ff",
        "/" + "a" * 5000,
        "/" + "a/" * 3000,
        "/.course-site",
        "/%2ecourse-site",
        "/.hidden/file.txt",
        "/./index.html",
        "/nothing.html",
        "/index.html/",
        "/index.html/x",
        "/_images",  # no list of what is in there
        "/_images/",
        "/tab/",
        "/hall",  # not without --hall
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_else_is_served(port, path, method):
    answer = ask(port, path, method)
    assert answer.status in (400, 403, 404)
    assert b"secret" not in answer.body and b"Traceback" not in answer.body


def test_no_absolute_path_is_served_not_even_into_the_folder(port, folder):
    for path in (folder / "index.html", folder.parent / "outside.txt", folder):
        assert ask(port, f"/{quote(str(path))}").status == 404


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_links_lead_to_nothing_outside(port, folder):
    (folder / "link.txt").symlink_to(folder.parent / "outside.txt")
    (folder / "up").symlink_to(folder.parent)
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "seen").symlink_to(folder / ".hidden")
    (folder / "page").mkdir()
    (folder / "page" / "index.html").symlink_to(folder.parent / "outside.txt")
    (folder / "same.html").symlink_to(folder / "index.html")
    paths = ["link.txt", "up/outside.txt", "up/", "up", "circle", "seen/file.txt", "page/", "page"]
    assert {ask(port, f"/{path}").status for path in paths} == {404}
    assert ask(port, "/same.html").body == HTML


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MKCOL"])
def test_nothing_can_be_sent(port, folder, method):
    before = {f: f.read_bytes() for f in folder.rglob("*.html") if f.is_file()}
    answer = ask(port, "/index.html", method, Content_Length="0")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert {f: f.read_bytes() for f in folder.rglob("*.html") if f.is_file()} == before


def test_a_large_body_is_not_even_read(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert raw.recv(99).startswith(b"HTTP/1.1 4")
    assert ask(port, "/").status == 200


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\0", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n"])
def test_garbage_disturbs_nobody(port, garbage):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(garbage)
    assert ask(port, "/").status == 200


@pytest.mark.skipif(os.name == "nt", reason="looks at the addresses as Linux and macOS have them")
def test_without_hall_only_this_machine_is_answered(port):
    open_ports = [c for p in psutil.Process().children() for c in p.net_connections("tcp")]
    assert {c.laddr for c in open_ports if c.status == "LISTEN"} == {("127.0.0.1", port)}


# ---------------------------------------------------------------- the hall


Interface = namedtuple("Interface", "isup")
Address = namedtuple("Address", "family address")


@pytest.fixture
def interfaces(monkeypatch):
    """Let this machine have other network interfaces: names, whether they are up, addresses."""

    def put(*rows):
        monkeypatch.setattr(psutil, "net_if_stats", lambda: {n: Interface(up) for n, up, _ in rows})
        v4 = {n: [Address(socket.AF_INET, a) for a in addresses] for n, _, addresses in rows}
        v6 = [Address(socket.AF_INET6, "fe80::1")]
        monkeypatch.setattr(psutil, "net_if_addrs", lambda: {n: v6 + v4[n] for n in v4})

    return put


def test_the_hall_is_told_addresses_that_it_can_reach(interfaces):
    hall = pytest.importorskip("course_tools.serve.hall", reason="needs requirements-site.txt")
    interfaces(
        ("lo", True, ["127.0.0.1"]),
        ("eth0", False, ["192.168.7.7"]),
        ("eth1", True, ["169.254.3.3"]),
        ("ppp0", True, ["8.8.4.4"]),
        ("wlan0", True, ["192.168.178.20"]),
    )
    assert hall.reachable() == ["192.168.178.20", "8.8.4.4", "169.254.3.3"]


def test_there_is_no_address_for_the_hall(interfaces, tmp_path, capsys):
    pytest.importorskip("segno", reason="needs requirements-site.txt")
    interfaces(("lo", True, ["127.0.0.1"]), ("eth0", False, ["192.168.7.7"]))
    assert complaint(capsys, str(make_site(tmp_path)), "--hall") == (
        "No other machine can reach this one, because none of its network interfaces has an "
        "address: connect it to the network of the hall, and give the command again.\n"
    )


def path_of_code(html):
    return re.findall(r'<path[^>]* d="(.*?)"', html)[-1]


def test_the_hall_gets_the_course_and_a_page_with_its_address(folder):
    hall = pytest.importorskip("course_tools.serve.hall", reason="needs requirements-site.txt")
    segno = pytest.importorskip("segno")
    if not (hosts := hall.reachable()):
        pytest.skip("needs a network interface with an address")
    with serving(folder, "--hall") as (process, port):
        address = f"http://{hosts[0]}:{port}/"
        assert address in process.said
        with socket.socket() as raw:  # by the address that the hall is told
            raw.settimeout(20)
            raw.connect((hosts[0], port))
            raw.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(99).startswith(b"HTTP/1.1 200 OK")
        page = ask(port, "/hall")
        html = page.body.decode("utf-8")
        assert f"<h1>{address}</h1>" in html
        assert "Open this address in a browser on the same network. Nothing to install." in html
        assert path_of_code(html) == path_of_code(segno.make(address, micro=False).svg_inline())
        assert not re.search(r"(?:src|href)=", html)
        assert ask(port, "/hall", "HEAD").body == b""
        assert ask(port, "/hall", "POST", Content_Length="0").status == 405
        assert ask(port, "/hall", Host="evil.example").body == page.body
        process.kill()
        said = process.stdout.read()
        assert f"{address}hall" in said and "\033" not in said  # no code where no terminal is


def test_the_code_in_the_terminal_is_dark_on_light_on_any_background():
    hall = pytest.importorskip("course_tools.serve.hall", reason="needs requirements-site.txt")
    import segno

    address = "http://192.168.178.20:8000/"
    wanted = [list(row) for row in segno.make(address, micro=False).matrix_iter(border=4)]
    lines = hall.code_for_terminal(address).splitlines()
    drawn = []
    for line in lines:
        white_on_black, cells = re.fullmatch("\033\\[(.*?)m(.*)\033\\[0m", line).groups()
        assert white_on_black == "38;5;231;48;5;16"
        drawn.append([cell in " ▄" for cell in cells])  # a block is white, what is empty black
        drawn.append([cell in " ▀" for cell in cells])
    assert drawn[: len(wanted)] == wanted
    assert len(lines) < 24 and len(drawn[0]) < 80  # fits into the smallest terminal


# ---------------------------------------------------------------- the end, and bad input


@pytest.mark.skipif(os.name == "nt", reason="a test on Windows cannot send Ctrl+C to one process")
def test_ctrl_c_ends_it_in_good_order_even_in_the_middle_of_a_download(folder):
    with serving(folder) as (process, port):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(b"GET /tab/core.wasm HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(99).startswith(b"HTTP/1.1 200 OK")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        assert process.stdout.read() == "The course is no longer served.\n"
        assert process.stderr.read() == ""


def complaint(capsys, *arguments):
    """Return the one line that the command says on stderr when it fails."""
    assert main(["serve", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_folder_that_is_no_site(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("mine").mkdir()
    Path("mine/index.html").touch()
    Path("old").mkdir()
    Path("old/.course-site").write_text("index.html\n", encoding="utf-8")
    build = serve.command("site ")
    assert complaint(capsys, "none") == f"There is no none: run {build}none\n"
    assert complaint(capsys, "no site") == f'There is no no site: run {build}"no site"\n'
    assert complaint(capsys, "file") == (
        "file is a file: name the folder of a site that `course site` built.\n"
    )
    for name in ("mine", "old"):
        said = f"{name} holds no site of this version of the course: run {build}{name}\n"
        assert complaint(capsys, name) == said


def test_a_site_that_is_not_as_it_was_built(tmp_path, capsys, monkeypatch):
    make_site(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    build = serve.command("site site")
    file = Path("site/tab/core.wasm")
    file.write_bytes(WASM[:-1] + b"9")
    assert complaint(capsys, "site") == (
        f"{file} is not as it was built: to build the site again, run {build}\n"
    )
    file.unlink()
    assert complaint(capsys, "site") == (
        f"{file} is missing: to build the site again, run {build}\n"
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8000.0", "http", "", "٣"])
def test_a_port_that_is_none(tmp_path, capsys, port):
    said = f"{port!r} is no port: name a number from 1 to 65535.\n"
    assert complaint(capsys, str(make_site(tmp_path)), f"--port={port}") == said


def test_a_port_that_is_in_use(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert complaint(capsys, str(make_site(tmp_path)), f"--port={port}") == (
            f"Port {port} is in use, perhaps by another `course serve`: try --port 8000.\n"
        )


def test_a_port_that_only_an_administrator_may_use(tmp_path, capsys, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(serve, "bind_sockets", refuse)
    assert complaint(capsys, str(make_site(tmp_path)), "--port=80") == (
        "The system keeps port 80 for itself: try --port 8000.\n"
    )


def test_what_draws_the_code_is_not_installed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(serve.importlib.util, "find_spec", lambda name: None)
    install = serve.python("-m pip install -r requirements-site.txt")
    assert complaint(capsys, str(make_site(tmp_path)), "--hall") == (
        f"What draws the QR code is not installed: run {install}\n"
    )


# ---------------------------------------------------------------- the marker


def test_the_marker_is_what_sha256sum_writes(tmp_path):
    text = (make_site(tmp_path) / marker.MARKER).read_text(encoding="utf-8")
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert f"\n{digest}  tab/empty.txt\n" in text
    names = [line[66:] for line in text.splitlines()]
    assert names == sorted(SITE)


def test_the_marker_names_nothing_outside(tmp_path):
    digest = "0" * 64
    lines = f"{digest}  ../x\n{digest}  /etc/x\n{digest}  in/x\n{digest} y\nz\n"
    (tmp_path / marker.MARKER).write_text(lines, encoding="utf-8")
    assert marker.read(tmp_path) == {Path("in/x"): digest}
