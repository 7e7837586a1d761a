"""Stands for pvxcom.exe: a process of its own, started by nobody's child, single-threaded, that stays when its clients go.

`python host_relay.py FOLDER`: serves FOLDER/host.sock, and hands every request to the simulated Sage behind FOLDER/sage.sock.
"""

import os
import select
import socket
import sys
from pathlib import Path


def main(folder: str) -> None:
    upstream = socket.socket(socket.AF_UNIX)
    upstream.connect(f"{folder}/sage.sock")
    answers = upstream.makefile("rb")
    listener = socket.socket(socket.AF_UNIX)
    address = f"{folder}/host.sock"
    listener.bind(f"{address}.{os.getpid()}")
    listener.listen()
    Path(f"{address}.{os.getpid()}").replace(address)
    clients: dict[socket.socket, bytes] = {}
    while True:
        for ready in select.select([upstream, listener, *clients], [], [])[0]:
            if ready is upstream:
                return
            if ready is listener:
                clients[listener.accept()[0]] = b""
                continue
            read = ready.recv(65536)
            if not read:
                del clients[ready]
                continue
            *whole, clients[ready] = (clients[ready] + read).split(b"\n")
            for line in whole:
                upstream.sendall(line + b"\n")
                answer = answers.readline()
                if not answer:
                    return
                ready.sendall(answer)


if __name__ == "__main__":
    main(sys.argv[1])
