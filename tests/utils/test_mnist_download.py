"""Downloading: whatever a network or a disk does, the answer is clear and no file is harmed."""

import errno
import gzip
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tiny_mnist import FORMS, SHAPES, fill, snapshot

from course_utils.files import command
from course_utils.mnist import download as mnist_download
from course_utils.mnist import idx as mnist_files
from course_utils.mnist import load_idx, load_mnist
from course_utils.mnist.download import DownloadError, fetch

PAGE = b"<!DOCTYPE html><title>Please log in</title>" + b"<p>to the network of this hotel" * 99
SAMPLE = "MNIST: the offline sample, 4,000 training and 1,000 test digits ({}; {})\n"
FETCH = f"for the full set: {command('fetch')}"
LAST = "train-images-idx3-ubyte"


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the function that the test chose."""

    def do_GET(self):
        name = self.path.rpartition("/")[2].removesuffix(".gz")
        self.server.requests.append(name)
        self.server.paths.append(self.path)
        self.server.behaviour(self, self.server.archives.get(name, b""))

    do_CONNECT = do_GET

    def head(self, status=200, length=None, kind="application/gzip"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_):
        pass


# What a server can do with a request, and what is said of it.


def send_it(handler, archive):
    handler.head(length=len(archive))
    handler.wfile.write(archive)


def send_slowly(handler, archive):
    handler.head(length=len(archive))
    for start in range(0, len(archive), 2048):
        handler.wfile.write(archive[start : start + 2048])
        time.sleep(0.5)


def answer_404(handler, _):
    handler.send_error(404)


def answer_403_with_a_page(handler, _):
    handler.head(403, len(PAGE), "text/html")
    handler.wfile.write(PAGE)


def answer_200_with_a_page(handler, _):
    handler.head(200, len(PAGE), "text/html")
    handler.wfile.write(PAGE)


def redirect(handler, _):
    if handler.path == "/login":
        return answer_200_with_a_page(handler, _)
    handler.send_response(302)
    handler.send_header("Location", "/login")
    handler.end_headers()


def redirect_for_ever(handler, _):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


def cut_short(handler, archive):
    handler.head(length=len(archive))
    handler.wfile.write(archive[: len(archive) // 2])


def cut_short_without_a_length(handler, archive):
    handler.head()
    handler.wfile.write(archive[: len(archive) // 2])


def send_without_end(handler, archive):
    handler.head()
    while True:
        handler.wfile.write(archive)


def send_nothing(handler, _):
    handler.head(length=0)


def reset_half_way(handler, archive):
    cut_short(handler, archive)
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def one_wrong_bit(handler, archive):
    send_it(handler, archive[:-1] + bytes([archive[-1] ^ 1]))


def other_digits(handler, archive):
    send_it(handler, gzip.compress(gzip.decompress(archive)[::-1]))


def bomb(handler, archive):
    send_it(handler, gzip.compress(gzip.decompress(archive) + bytes(1 << 24)))


def never_answer(handler, _):
    handler.server.end_of_test.wait()


def trickle(handler, archive):
    handler.head(length=len(archive))
    while not handler.server.end_of_test.wait(0.1):
        handler.wfile.write(b"\x1f")
        handler.wfile.flush()


def silent_half_way(handler, archive):
    cut_short(handler, archive)
    handler.wfile.flush()
    handler.server.half_sent.set()
    handler.server.end_of_test.wait()


FAILURES = {
    answer_404: "answered 404 Not Found",
    answer_403_with_a_page: "answered 403 Forbidden",
    answer_200_with_a_page: "what came was not MNIST",
    redirect: "what came was not MNIST",
    redirect_for_ever: "answered 302 Found",
    cut_short: "IncompleteRead.*",
    cut_short_without_a_length: "what came was not MNIST",
    send_without_end: "what came was not MNIST",
    send_nothing: "what came was not MNIST",
    reset_half_way: "Connection reset.*",
    one_wrong_bit: "what came was not MNIST",
    other_digits: "what came was not MNIST",
    bomb: "what came was not MNIST",
    never_answer: "no answer",
    trickle: "no answer",
    silent_half_way: "no answer",
}


@pytest.fixture
def serve(tiny_mnist, data_folder, monkeypatch):
    """Return a function that starts servers and makes them the list of mirrors.

    They serve the tiny files, each in its own way, and remember what was asked of them.
    """
    archives = {name: gzip.compress(content, mtime=0) for name, content in tiny_mnist.items()}
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    servers = []

    def start(*behaviours):
        started = []
        for behaviour in behaviours:
            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.handle_error = lambda *_: None  # a client that hangs up is no error here
            server.daemon_threads = True
            server.block_on_close = False
            server.behaviour, server.archives, server.requests = behaviour, archives, []
            server.paths = []
            server.end_of_test, server.half_sent = threading.Event(), threading.Event()
            server.host = f"127.0.0.1:{server.server_port}"
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            started.append(server)
        servers.extend(started)
        mirrors = tuple(f"http://{server.host}/mnist/" for server in started)
        monkeypatch.setattr(mnist_download, "MIRRORS", mirrors)
        return started

    yield start
    for server in servers:
        server.end_of_test.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def home(data_folder, tiny_mnist):
    """Return ``data/mnist/`` with one whole file, two damaged ones and one of the user's own."""
    folder = data_folder / "mnist"
    fill(folder, {"t10k-labels-idx1-ubyte": tiny_mnist["t10k-labels-idx1-ubyte"]}, ".gz")
    (folder / "train-labels-idx1-ubyte").write_bytes(b"damaged, not compressed")
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"damaged, compressed")
    (folder / "my notes.txt").write_text("three sevens look like ones", encoding="utf-8")
    return folder


def expected(tiny_mnist):
    """Return what a folder holds after everything was downloaded into it."""
    return {f"{name}.gz": gzip.compress(tiny_mnist[name], mtime=0) for name in SHAPES}


def after_a_fetch(home, tiny_mnist):
    """Return what `home` will hold when the damaged files are set aside."""
    before = snapshot(home)
    return expected(tiny_mnist) | {
        "my notes.txt": before["my notes.txt"],
        "train-labels-idx1-ubyte.damaged": before["train-labels-idx1-ubyte"],
        "train-images-idx3-ubyte.gz.damaged": before["train-images-idx3-ubyte.gz"],
    }


def test_the_full_set_is_downloaded_and_loaded(serve, data_folder, tiny_mnist, capsys):
    (server,) = serve(send_it)
    (x_train, _), (x_test, _) = load_mnist()
    assert (len(x_train), len(x_test)) == (20, 10)
    first = capsys.readouterr().out
    load_mnist()
    later = capsys.readouterr().out
    line = "MNIST: the full set, 20 training and 10 test digits"
    where = Path("data/mnist")
    assert first == f"{line} (downloaded into {where})\n"
    assert later == f"{line}\n"
    assert snapshot(data_folder / "mnist") == expected(tiny_mnist)
    assert sorted(server.requests) == sorted(SHAPES)  # each file once


@pytest.mark.parametrize("behaviour", FAILURES, ids=lambda behaviour: behaviour.__name__)
def test_a_failing_mirror_leads_to_the_next(serve, home, tiny_mnist, monkeypatch, behaviour):
    if FAILURES[behaviour] == "no answer":
        monkeypatch.setattr(mnist_download, "PATIENCE", 1.5)
    (server,) = serve(behaviour)
    before = snapshot(home)
    with pytest.raises(DownloadError, match=f"^{server.host}: {FAILURES[behaviour]}$"):
        fetch(home)
    assert snapshot(home) == before
    first, second = serve(behaviour, send_it)
    fetch(home)
    assert expected(tiny_mnist).items() <= snapshot(home).items()
    assert len(first.requests) <= 31  # one failure is enough, or a browser's worth of redirects
    assert len(second.requests) == 3  # one of the four was there


@pytest.mark.parametrize("behaviour", [never_answer, silent_half_way])
def test_load_mnist_says_in_one_line_why_it_is_the_sample(
    serve, home, monkeypatch, capfd, behaviour
):
    monkeypatch.setattr(mnist_download, "PATIENCE", 0.8)
    (server,) = serve(behaviour)
    before = snapshot(home)
    (x_train, _), _ = load_mnist()
    assert len(x_train) == 4000
    out, err = capfd.readouterr()
    assert out.count("\n") == 1 and out.startswith("MNIST: the offline sample, ")
    assert out.endswith(f"; {server.host}: no answer; {FETCH})\n")
    assert "train-images-idx3-ubyte.gz is no IDX file" in out  # the damaged files are named
    assert "train-labels-idx1-ubyte is no IDX file" in out
    assert err.rpartition("\r")[2].strip() == ""  # a progress bar is wiped out
    assert snapshot(home) == before


def test_host_not_found(data_folder, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "")
    monkeypatch.setattr(mnist_download, "MIRRORS", ("http://a.invalid/", "https://b.invalid/"))
    load_mnist()
    reason = "a.invalid: host not found; b.invalid: host not found"
    assert capsys.readouterr().out == SAMPLE.format(reason, FETCH)
    assert snapshot(data_folder) == {}


def test_connection_refused(serve, home):
    (server,) = serve(send_it)
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match=rf"(?i)^{server.host}: .*refused"):
        fetch(home)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_forbids(serve, home, monkeypatch, scheme):
    (proxy,) = serve(answer_403_with_a_page)
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://{proxy.host}")
    monkeypatch.setattr(mnist_download, "MIRRORS", (f"{scheme}://mirror.invalid/",))
    with pytest.raises(DownloadError, match=r"^mirror.invalid: .*403 Forbidden$"):
        fetch(home)
    assert len(proxy.requests) == 1


def test_a_name_server_that_never_answers(data_folder, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(30))
    monkeypatch.setattr(mnist_download, "PATIENCE", 0.6)
    start = time.perf_counter()
    with pytest.raises(DownloadError, match=r"^mirror.invalid: no answer$"):
        fetch(data_folder / "mnist")
    assert time.perf_counter() - start < 15  # not 30


def test_the_patience_is_shared_out_among_the_mirrors(serve, home, monkeypatch):
    assert mnist_download.PATIENCE <= 8  # what data/README.md promises
    monkeypatch.setattr(mnist_download, "PATIENCE", 2)
    serve(*[never_answer] * 10)
    start = time.perf_counter()
    with pytest.raises(DownloadError, match="no answer"):
        fetch(home)
    assert time.perf_counter() - start < 15  # not 20


def test_a_slow_mirror_may_take_its_time(serve, data_folder, tiny_mnist, monkeypatch, capsys):
    monkeypatch.setattr(mnist_download, "PATIENCE", 1)
    serve(send_slowly)
    start = time.perf_counter()
    fetch(data_folder / "mnist")
    assert time.perf_counter() - start > 1.5  # more than the patience
    assert snapshot(data_folder / "mnist") == expected(tiny_mnist)
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"MNIST: .+B/s", err)  # the progress bar, wiped out at the end
    assert err.rpartition("\r")[2].strip() == ""


def test_mirrors_are_asked_in_their_order(serve, data_folder):
    first, second = serve(send_it, send_it)
    fetch(data_folder / "mnist")
    assert len(first.requests) == 4
    assert second.requests == []


def test_a_download_that_failed_goes_on_where_it_stopped(serve, data_folder, tiny_mnist):
    def send_test_set(handler, archive):
        (answer_404 if handler.path.count("train") else send_it)(handler, archive)

    serve(send_test_set)
    with pytest.raises(DownloadError, match="404"):
        fetch(data_folder / "mnist")
    (server,) = serve(send_it)
    fetch(data_folder / "mnist")
    assert sorted(server.requests) == sorted(name for name in SHAPES if "train" in name)
    assert snapshot(data_folder / "mnist") == expected(tiny_mnist)


def test_mirrors_of_your_own(serve, data_folder, tiny_mnist, monkeypatch):
    (server,) = serve(send_it)
    monkeypatch.setattr(mnist_download, "MIRRORS", ())
    monkeypatch.setenv("COURSE_MIRRORS", f"http://{server.host} https://another.invalid/mnist/")
    fetch(data_folder / "mnist")
    assert snapshot(data_folder / "mnist") == expected(tiny_mnist)


@pytest.mark.parametrize(
    ("mirror", "message"),
    [
        ("http://me:secret@mirror.invalid:8000/x", "^mirror.invalid:8000: host not found$"),
        ("me:secret@mirror.invalid:8000/x", "^mirror.invalid:8000: host not found$"),
        ("mirror.invalid", "^mirror.invalid: host not found$"),
        ("mirror.invalid/mnist", "^mirror.invalid: host not found$"),
        ("HTTPS://mirror.invalid:8000", "^mirror.invalid:8000: host not found$"),
        ("a.invalid, b.invalid;c.invalid", "^a.inv.*; b.invalid: host not found; c.invalid: host"),
        ("mirror..invalid", "^COURSE_MIRRORS: mirror..invalid is no address like http://192.168"),
        ("ftp://me:secret@mirror.invalid", "^COURSE_MIRRORS: mirror.invalid is no address like"),
        ("file:///srv/mnist", "^COURSE_MIRRORS: file:///srv/mnist is no address like http://192."),
        ("/srv/mnist", "^COURSE_MIRRORS: /srv/mnist is no address like http://192.168.0.7:8000/m"),
        (r"C:\mnist", r"^COURSE_MIRRORS: C:\\mnist is no address like "),
        (r"\\server\mnist", r"^COURSE_MIRRORS: \\\\server\\mnist is no address like "),
        ("http://", "^COURSE_MIRRORS: http:// is no address like "),
        ("http:/mirror.invalid", "^COURSE_MIRRORS: http:/mirror.invalid is no address like "),
        ("mirror.invalid:port", "^COURSE_MIRRORS: mirror.invalid:port is no address like "),
        ("a.invalid ???", r"^COURSE_MIRRORS: \?\?\? is no address like "),
        ("http://.", r"^COURSE_MIRRORS: http://\. is no address like "),
        ("mirror.invalid:99999", "^mirror.invalid:99999: "),
        (f"{'x' * 70}.invalid", f"^{'x' * 70}.invalid: "),
    ],
)
def test_addresses_that_are_none_or_hold_a_secret(data_folder, monkeypatch, mirror, message):
    monkeypatch.setenv("COURSE_MIRRORS", mirror)
    with pytest.raises(DownloadError, match=message) as caught:
        fetch(data_folder / "mnist")
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("COURSE_OFFLINE", "no")
    assert len(load_mnist()[0][0]) == 4000


@pytest.mark.parametrize("form", ["{}", "{}/", "{}/mnist", "http://{}/mnist", "HTTP://{}/ "])
def test_a_mirror_may_be_written_in_short(serve, data_folder, tiny_mnist, monkeypatch, form):
    (server,) = serve(send_it)
    monkeypatch.setattr(mnist_download, "MIRRORS", ())
    monkeypatch.setenv("COURSE_MIRRORS", form.format(server.host))
    fetch(data_folder / "mnist")
    assert snapshot(data_folder / "mnist") == expected(tiny_mnist)


# How a mirror may send a file, and under which name it then lies in the folder.


def send_unpacked(handler, archive):
    send_it(handler, gzip.decompress(archive))


def send_unpacked_by_its_own_name(handler, archive):
    (answer_404 if handler.path.endswith(".gz") else send_unpacked)(handler, archive)


def send_with_content_encoding(handler, archive):
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(archive)))
    handler.end_headers()
    handler.wfile.write(archive)


def send_in_another_compression(level):
    def send(handler, archive):
        send_it(handler, gzip.compress(gzip.decompress(archive), level))

    return send


def send_in_two_pieces(handler, archive):
    content = gzip.decompress(archive)
    send_it(handler, gzip.compress(content[:100]) + gzip.compress(content[100:]))


@pytest.mark.parametrize(
    ("behaviour", "ending"),
    [
        (send_unpacked, ""),
        (send_unpacked_by_its_own_name, ""),
        (send_with_content_encoding, ""),
        (send_in_another_compression(1), ".gz"),
        (send_in_another_compression(0), ".gz"),
        (send_in_two_pieces, ".gz"),
    ],
)
def test_what_counts_are_the_bytes_before_compression(
    serve, home, tiny_mnist, behaviour, ending, capsys
):
    before = snapshot(home)
    serve(behaviour)
    load_mnist()
    assert capsys.readouterr().out.startswith("MNIST: the full set, 20 training and 10 test digits")
    after = snapshot(home)
    for name in sorted(SHAPES.keys() - {"t10k-labels-idx1-ubyte"}):
        content = after[f"{name}{ending}"]
        assert (gzip.decompress(content) if ending else content) == tiny_mnist[name]
    assert set(before.values()) <= set(after.values())  # nothing is lost


def test_a_missing_file_is_asked_for_once_by_each_name(serve, data_folder):
    (server,) = serve(answer_404)
    with pytest.raises(DownloadError, match=f"^{server.host}: answered 404 Not Found$"):
        fetch(data_folder / "mnist")
    assert server.paths == [f"/mnist/t10k-labels-idx1-ubyte{end}" for end in (".gz", "")]


# Another set in MNIST's place


@pytest.mark.parametrize("form", ["usual", "usual, compressed", "unpacked, called .gz"])
@pytest.mark.parametrize("behaviour", [send_it, send_unpacked])
def test_another_set_stays_and_mnist_lies_beside_it(
    serve, data_folder, tiny_mnist, capsys, form, behaviour
):
    serve(behaviour)
    home = data_folder / "mnist"
    FORMS[form](home, {name: content[:-1] + b"\x0b" for name, content in tiny_mnist.items()})
    before = snapshot(home)
    for _ in range(2):
        (x_train, _), _ = load_mnist(normalize=False)
        assert x_train.tobytes() == tiny_mnist[LAST][16:]
        line = capsys.readouterr().out
        assert "damaged" not in line and line.count("\n") == 1
        assert "is a well-formed IDX file that holds another set than MNIST" in line
        assert before.items() <= snapshot(home).items()
        assert len(snapshot(home)) == 8
    assert load_idx(home, normalize=False)[0][0][-1, -1] == 11


def test_a_file_of_mnist_with_the_name_of_another_is_used_and_stays(serve, data_folder, tiny_mnist):
    serve(send_it)
    home = data_folder / "mnist"
    fill(home, {"t10k-labels-idx1-ubyte": tiny_mnist["train-labels-idx1-ubyte"]}, ".gz")
    before = snapshot(home)
    assert fetch(home) == []
    assert before.items() <= snapshot(home).items()
    assert len(snapshot(home)) == len(mnist_files.read_folder(home)[0]) == 4


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_what_bears_the_name_that_mnist_gets_beside_another_set_is_kept(
    serve, data_folder, tiny_mnist, ending
):
    serve(send_it)
    home, beside = data_folder / "mnist", f"mnist-{LAST}{ending}"
    fill(home, {LAST: tiny_mnist[LAST][:-1] + b"\x0b"})
    (home / beside).write_bytes(b"my notes")
    other = (home / LAST).read_bytes()
    assert fetch(home) == [home / f"{beside}.damaged"]
    after = expected(tiny_mnist)
    after[f"mnist-{LAST}.gz"] = after.pop(f"{LAST}.gz")
    assert snapshot(home) == after | {LAST: other, f"{beside}.damaged": b"my notes"}


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_second_copy_of_a_part_that_bears_the_name_of_another_stays(
    serve, data_folder, tiny_mnist, ending
):
    serve(send_it)
    home = data_folder / "mnist"
    fill(home, {name: tiny_mnist[LAST] for name in (LAST, "t10k-labels-idx1-ubyte")}, ending)
    before = snapshot(home)
    assert fetch(home) == []
    assert before.items() <= snapshot(home).items()
    assert len(mnist_files.read_folder(home)[0]) == 4


def test_files_with_names_of_their_own_are_never_touched(serve, data_folder, tiny_mnist):
    serve(send_it)
    home = data_folder / "mnist"
    fill(home, {f"{LAST} (1).gz": b"cut", "mnist.npz": b"cut"})
    fill(home / "raw", {LAST: b"cut"})
    before = snapshot(home)
    assert fetch(home) == []
    assert snapshot(home) == before | expected(tiny_mnist)


def test_damaged_files_are_set_aside_when_new_ones_are_there(serve, home, tiny_mnist, capsys):
    serve(send_it)
    after = after_a_fetch(home, tiny_mnist)
    load_mnist()
    assert snapshot(home) == after
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "train-labels-idx1-ubyte.damaged" in line
    assert "train-images-idx3-ubyte.gz.damaged" in line


def test_a_file_that_is_damaged_again_gets_another_name(serve, data_folder, tiny_mnist):
    serve(send_it)
    home = data_folder / "mnist"
    for number in (0, 1, 2, 1):
        fill(home, {f"{LAST}.gz": b"damaged %d" % number})
        fetch(home)
    assert snapshot(home) == expected(tiny_mnist) | {
        f"{LAST}.gz.damaged": b"damaged 0",
        f"{LAST}.gz.damaged-2": b"damaged 1",
        f"{LAST}.gz.damaged-2-2": b"damaged 2",
    }


@pytest.mark.parametrize("name", [LAST, f"{LAST}.gz"])
def test_a_folder_in_place_of_a_file_is_left_and_named(serve, data_folder, name):
    serve(send_it)
    home = data_folder / "mnist"
    fill(home / name, {"my photo": b"of a seven"})
    with pytest.raises(DownloadError, match="cannot be written: "):
        fetch(home)
    assert (home / name / "my photo").read_bytes() == b"of a seven"


def test_full_disk(serve, home, monkeypatch, capfd):
    def refuse(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    serve(send_it)
    before = snapshot(home)
    monkeypatch.setattr(os, "fsync", refuse)  # where a full disk is noticed at the latest
    load_mnist()
    out, err = capfd.readouterr()
    where = Path("data/mnist")
    assert out.endswith(f"; {where} cannot be written: No space left on device; {FETCH})\n")
    assert out.count("\n") == 1 and err == ""
    assert snapshot(home) == before


def test_no_folder_can_be_made(serve, tmp_path, data_folder):
    serve(send_it)
    (data_folder / "mnist").write_bytes(b"a file in place of the folder")
    before = snapshot(data_folder)
    with pytest.raises(DownloadError, match="mnist cannot be written: "):
        fetch(data_folder / "mnist")
    assert snapshot(data_folder) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_folder_without_permission(serve, home):
    serve(send_it)
    before = snapshot(home)
    home.chmod(0o555)
    try:
        with pytest.raises(DownloadError, match="cannot be written: Permission denied"):
            fetch(home)
    finally:
        home.chmod(0o755)
    assert snapshot(home) == before


def test_windows_refuses_to_replace_a_file_that_is_being_read(
    serve, data_folder, tiny_mnist, monkeypatch
):
    """Another process finished first, and someone reads its file: that is no failure."""

    def finished_by_another(path, new_path):
        path.rename(new_path)
        raise PermissionError

    serve(send_it)
    monkeypatch.setattr("pathlib.Path.replace", finished_by_another)
    assert fetch(data_folder / "mnist") == []
    assert snapshot(data_folder / "mnist") == expected(tiny_mnist)


CHILD = """
import json, signal, sys
import pooch, requests, tqdm.auto
from course_utils import mnist
from course_utils.mnist import download as mnist_download, idx as mnist_files
signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
plan = json.loads(sys.stdin.readline())
for name, (shape, sha256) in plan["files"].items():
    mnist_files.FILES[name] = tuple(shape), sha256
print("ready", flush=True)
sys.stdin.readline()
mnist_download.fetch(plan["folder"])
print(len(mnist_files.read_folder(plan["folder"])[0]), "whole files")
"""


@contextmanager
def children(number, server, folder):
    """Start Python processes that download as soon as they are told; wait until all are ready."""
    environment = os.environ | {"COURSE_MIRRORS": f"http://{server.host}/", "PYTHONUTF8": "1"}
    plan = {
        "files": mnist_files.FILES,
        "folder": str(folder),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(number)
    ]
    try:
        for process in processes:
            process.stdin.write(json.dumps(plan) + "\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_in_the_middle(serve, home):
    (server,) = serve(silent_half_way)
    before = snapshot(home)
    with children(1, server, home) as (process,):
        assert server.half_sent.wait(20)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert time.perf_counter() - start < 15  # a busy machine takes its time
    assert process.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert snapshot(home) == before


def test_four_processes_at_once(serve, home, tiny_mnist):
    (server,) = serve(send_it)
    after = after_a_fetch(home, tiny_mnist)
    with children(4, server, home) as processes:
        results = [process.communicate(timeout=60) for process in processes]
    assert [out for out, _ in results] == ["4 whole files\n"] * 4, results[0]
    assert snapshot(home) == after
