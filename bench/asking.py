"""Many servers that ask for news, each with its own token and what it has already. Started by announcements.py as a process of its own.

Requests are sent when they are due, whether or not earlier ones were answered, and each takes as
long as from when it was due: who is slow cannot hide it by being asked less.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

WITHOUT = 20
"""One request in so many comes without an ETag, as from a server that has just started."""


class Servers:
    """All of them.

    Args:
        port: of the service.
        path: what they ask for.
        tokens: one each.
    """

    def __init__(self, port: int, path: str, tokens: list[str]) -> None:
        self._port = port
        self._path = path
        self._tokens = tokens
        self._etags: dict[str, str] = {}
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.took: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.connections = 0

    @property
    def waiting(self) -> list[str]:
        """The tokens of those that have had no news yet."""
        return [token for token in self._tokens if token not in self._etags]

    async def come(self, rate: float) -> None:
        """Let all come that have had no news yet, a few at a time, until each has."""
        places = asyncio.Semaphore(4)

        async def one(token: str) -> None:
            async with places:
                await self._one(token, time.perf_counter(), True)

        while waiting := self.waiting:
            begun = time.perf_counter()
            tasks = []
            for number, token in enumerate(waiting):
                async with places:  # who is slow is waited for
                    tasks.append(asyncio.ensure_future(one(token)))
                await asyncio.sleep(max(0, begun + number / rate - time.perf_counter()))
            await asyncio.gather(*tasks)

    async def ask(self, rate: float, number: int, first: int) -> None:
        """Let the servers ask, one after the other, all through their list and again.

        Args:
            rate: requests a second.
            number: of requests.
            first: which server begins.
        """
        begun = time.perf_counter() + 0.1
        running: set[asyncio.Task[None]] = set()
        for each in range(number):
            due = begun + each / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            token = self._tokens[(first + each) % len(self._tokens)]
            task = asyncio.ensure_future(self._one(token, due, each % WITHOUT == 0))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def _one(self, token: str, due: float, anew: bool) -> None:
        etag = "" if anew else self._etags.get(token, "")
        try:
            status = await self._exchange(token, etag)
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        self.took.append(time.perf_counter() - due)
        self.statuses[status] += 1

    async def _exchange(self, token: str, etag: str) -> int:
        if self._free:
            reader, writer = self._free.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self.connections += 1
        writer.write(
            f"GET {self._path} HTTP/1.1\r\nHost: hub\r\nAuthorization: token {token}\r\n"
            f"If-None-Match: {etag}\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head[9:12])
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
        if status != 304:
            await reader.readexactly(int(fields.get("Content-Length", 0)))
        if status == 200:
            self._etags[token] = fields["Etag"]
        self._free.append((reader, writer))
        return status


async def main() -> None:
    """Do what each line of the standard input asks: ``{"rate": …, "number": …, "first": …}``, or only the rate at which new ones come."""
    port, path, file = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    servers = Servers(port, path, file.read_text().split())
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        servers.took, servers.statuses = [], Counter()
        asked = json.loads(line)
        await (servers.ask(**asked) if "number" in asked else servers.come(**asked))
        answer = {
            "took": servers.took,
            "statuses": servers.statuses,
            "connections": servers.connections,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
