"""`python -m mlconn_simulators.salesforce`: a simulated org in a process of its own: REST on http and https, the event bus by gRPC."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from mlconn_simulators.salesforce.bus_server import BusServer, serve_bus
from mlconn_simulators.salesforce.profiles import PROFILES
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, print as JSON where it listens and how one signs in, serve until SIGTERM or Ctrl-C. Exit codes: 0 ended, 2 no free port."""
    parser = argparse.ArgumentParser(prog="python -m mlconn_simulators.salesforce", description="A simulated Salesforce org")
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file of the servers' certificate")
    parser.add_argument("--key", type=Path, required=True, help="PEM file of its key")
    parser.add_argument("--profile", choices=PROFILES, default=PROFILES[0])
    parser.add_argument("--opportunities", type=int, default=10, help="won ones at the start (default 10)")
    parser.add_argument(
        "--keepalive", type=float, default=270.0, help="seconds until the bus sends an empty response (default 270)"
    )
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    org = SalesforceSandbox(make_world(1, 0), profile=options.profile, opportunities=options.opportunities)
    pair = (options.certificate, options.key)
    with contextlib.ExitStack() as stack:
        try:
            plain = stack.enter_context(serve(org.app()))
            encrypted = stack.enter_context(serve(org.app(), certificate=pair))
            bus = stack.enter_context(serve_bus(BusServer(org, options.keepalive), pair))
        except OSError as wrong:
            print(wrong, file=sys.stderr)
            return 2
        described = {"http": plain.url, "https": encrypted.url, "bus": f"127.0.0.1:{bus}", "org_id": org.tokens.org_id}
        print(json.dumps(described | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}), flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
