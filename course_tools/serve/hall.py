"""What a lecture hall needs: the addresses of this machine, and a page that shows one large."""

import contextlib
import io
import ipaddress
import os
import socket

import psutil
import segno
from jinja2 import Environment, FileSystemLoader

from course_tools.serve.files import ReadOnly
from course_utils.files import COURSE


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
    own = None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):  # there is no way out
            probe.connect(("192.0.2.1", 9))  # sends nothing; it only picks the interface
            own = probe.getsockname()[0]

    def rank(address):
        return address.is_link_local, not address.is_private, str(address) != own, address

    return [str(address) for address in sorted(found, key=rank) if not address.is_loopback]


def code_for_terminal(address):
    """Return the QR code of an address, white on black whatever the terminal's colours are."""
    if os.name == "nt":
        os.system("")  # lets an older console of Windows understand colours
    text = io.StringIO()
    segno.make(address, micro=False).terminal(text, compact=True)
    white_on_black, reset = "\033[38;5;231;48;5;16m", "\033[0m"
    return "\n".join(f"{white_on_black}{line}{reset}" for line in text.getvalue().splitlines())


class Hall(ReadOnly):
    """A page to be projected: the address and its QR code, as large as they can be."""

    def initialize(self, addresses):
        """Take the addresses; the page shows the one where it was asked for, else the first."""
        self.addresses = addresses

    def get(self):
        """Answer with the page."""
        asked = f"http://{self.request.host}/"
        address = asked if asked in self.addresses else self.addresses[0]
        code = segno.make(address, micro=False).svg_inline(omitsize=True, light="#fff")
        folder = FileSystemLoader(COURSE / "site")
        page = Environment(loader=folder, autoescape=True).get_template("hall.html.j2")
        self.set_header("Cache-Control", "no-cache")
        self.finish(page.render(address=address, code=code))

    head = get
