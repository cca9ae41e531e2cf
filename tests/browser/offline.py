"""A visit to the lab on a machine without any network: a program, run in a network namespace of its own.

Prints as JSON what was seen.
"""

from __future__ import annotations

import errno
import fcntl
import json
import socket
import struct
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from . import driver
from .driver import Server, open_page, settled, visit
from .test_draw import SEVEN, says, with_mouse

SIOCSIFFLAGS, UP = 0x8914, 0x1


def loopback_up() -> None:
    """A new namespace has nothing but a loopback device that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", UP))


def reaches_the_world() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        return outside.connect_ex(("192.0.2.1", 9)) not in (errno.ENETUNREACH, errno.EHOSTUNREACH)


def look(server: Server) -> dict[str, object]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=driver.chromium(), args=driver.ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        complaints = driver.listen(page)
        open_page(page, server.url, "MNIST Lab")
        digits = page.get_by_test_id("stSidebar").get_by_text("digits loaded").inner_text().strip()
        visit(page, "Draw")
        with_mouse(page, SEVEN)
        says(page, "7 —")
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        browser.close()
        return {"digits": digits, "complaints": complaints}


def main() -> int:
    loopback_up()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), MNISTLAB_DOWNLOAD="1")
        try:
            print(json.dumps({"world": reaches_the_world()} | look(server)))
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
