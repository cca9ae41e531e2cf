"""A Dask scheduler and a worker as processes of their own, as somebody else would have started them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(*arguments: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def external_cluster(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The scheduler's address and process; both processes are ended when the block is left."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    scheduler = _start(
        *("scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0"), folder=folder
    )
    worker = _start(
        *("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)),
        folder=folder,
    )
    try:
        yield address, scheduler
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
