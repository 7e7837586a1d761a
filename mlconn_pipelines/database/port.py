"""A free port on loopback, the one of last time if it can be had."""

from __future__ import annotations

import socket
import time

LOOPBACK = "127.0.0.1"


def free_port(wanted: int | None, patient_until: float) -> int:
    """`wanted` if it is free, so that URLs handed out before a restart stay true; else any.

    patient_until: on the monotonic clock; so long a wanted port that is still taken is waited for.
    """
    while wanted is not None and not is_free(wanted):
        if time.monotonic() > patient_until:
            wanted = None
        else:
            time.sleep(0.1)
    if wanted is not None:
        return wanted
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen there now; one that just ended does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
