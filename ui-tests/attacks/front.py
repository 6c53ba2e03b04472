"""A proxy in front of a hub that drops one header of users' servers, as the operators' page says. Called by test_pages.py.

It passes bytes on as they come, and gives the header another name of the same length.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

DROPPED = re.compile(rb"service-worker-allowed", re.I)


class Front:
    """Listens on this machine, before what listens at a port.

    Args:
        port: of the hub's own proxy.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # until it is closed
            while True:
                browser, _ = self._listener.accept()
                hub = socket.create_connection(("127.0.0.1", self._behind))
                self._open += [browser, hub]
                threading.Thread(target=self._pass, args=(browser, hub, None), daemon=True).start()
                threading.Thread(
                    target=self._pass, args=(hub, browser, DROPPED), daemon=True
                ).start()

    def _pass(
        self, source: socket.socket, to: socket.socket, dropped: re.Pattern[bytes] | None
    ) -> None:
        with suppress(OSError):
            while part := source.recv(1 << 16):
                to.sendall(dropped.sub(b"X-Nothing-To-See-Here-", part) if dropped else part)
            to.shutdown(socket.SHUT_WR)

    def stop(self) -> None:
        """Listen no more, and end what is open."""
        # wakes who waits for the next one
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._open):
            each.close()
