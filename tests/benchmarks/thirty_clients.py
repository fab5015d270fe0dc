"""How a lecture hall loads the course from the instructor's machine, here on loopback alone.

``python tests/benchmarks/thirty_clients.py FOLDER LIST`` serves FOLDER, which `course site` built,
in a process of its own. LIST is a text file with the paths that a browser loads, one a line; left
out, it is all of the site's own pages, and no slides. Thirty clients, each with six connections as
a browser has, load them at once: cold, then again with the ETags that they got. It prints what was
sent, the seconds of the slowest and the median client, the server's seconds of processor and its
memory at its peak. The clients share this machine with the server, so a hall's network may be the
slower part, but its server is not.
"""

import argparse
import asyncio
import gzip
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psutil

from course_tools import marker

CLIENTS, CONNECTIONS = 30, 6
SECONDS = 300  # for each of the two rounds
HOST = "127.0.0.1"


class Client:
    """Loads paths over several connections; keeps the ETags, counts bytes and failures."""

    def __init__(self, port, paths):
        self.port, self.paths = port, paths
        self.etags = {}
        self.n_bytes = self.failures = 0

    async def load(self, check):
        """Load all paths once; return the seconds it took."""
        start = time.perf_counter()
        queue = iter(self.paths)  # one for all connections
        await asyncio.gather(*(self._connection(queue, check) for _ in range(CONNECTIONS)))
        return time.perf_counter() - start

    async def _connection(self, queue, check):
        reader, writer = await asyncio.open_connection(HOST, self.port, limit=1 << 20)
        for path in queue:
            etag = self.etags.get(path)
            known = f"If-None-Match: {etag}\r\n" if etag else ""
            request = f"GET /{quote(path)} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n"
            writer.write(f"{request}{known}\r\n".encode("ascii"))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(re.findall(r"(?m)^([\w-]+): (.*)\r$", head))
            body = await reader.readexactly(int(fields.get("Content-Length", 0)))
            self.etags[path] = fields.get("Etag")
            self.n_bytes += len(head) + len(body)
            status = int(head.split()[1])
            is_right = status == (304 if etag else 200) and (etag or check(path, fields, body))
            self.failures += not is_right
        writer.close()


def main():
    """Run both rounds and print the table; the exit status is 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("list", type=Path, nargs="?")
    options = parser.parse_args()
    if options.list:
        paths = options.list.read_text(encoding="utf-8").split("\n")
        paths = [path.strip().lstrip("/") for path in paths if path.strip()]
    else:
        listed = (file.as_posix() for file in marker.read(options.folder))
        paths = [path for path in listed if not path.startswith(("slides/", "."))]
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "course_tools", "serve", options.folder, f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as server:
        try:
            if f":{port}/ " not in server.stdout.readline():
                return 1
            return asyncio.run(measure(psutil.Process(server.pid), port, options.folder, paths))
        finally:
            server.send_signal(signal.SIGINT) if sys.platform != "win32" else server.terminate()


async def measure(server, port, folder, paths):
    """Let the clients load everything twice; return the exit status."""
    checked = {}

    def check(path, fields, body):
        """Return whether a body is the file: by its bytes once, and then by being the same."""
        if path not in checked:
            packed = fields.get("Content-Encoding") == "gzip"
            content = gzip.decompress(body) if packed else body
            checked[path] = len(body), content == (folder / path).read_bytes()
        return checked[path] == (len(body), True)

    async def watch():
        nonlocal peak
        while True:
            peak = max(peak, server.memory_info().rss)
            await asyncio.sleep(0.05)

    print(f"{len(paths)} files, {CLIENTS} clients with {CONNECTIONS} connections each")
    peak, watching = 0, asyncio.create_task(watch())
    clients = [Client(port, paths) for _ in range(CLIENTS)]
    for name in ("cold", "warm"):
        before, n_bytes = sum(server.cpu_times()[:2]), sum(c.n_bytes for c in clients)
        loading = asyncio.gather(*(client.load(check) for client in clients))
        seconds = await asyncio.wait_for(loading, SECONDS)
        cpu = sum(server.cpu_times()[:2]) - before
        sent = (sum(c.n_bytes for c in clients) - n_bytes) / 1e6
        failures = sum(c.failures for c in clients)
        print(
            f"{name}: {sent:,.1f} MB sent; slowest client {max(seconds):.2f} s, median "
            f"{statistics.median(seconds):.2f} s; server {cpu:.2f} s of processor, "
            f"{peak / 1e6:.0f} MB at its peak; {failures} failures"
        )
    watching.cancel()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
