"""wrk, and servers to compare with. Called by the benchmarks."""

from __future__ import annotations

import random
import re
import statistics
import subprocess
from collections.abc import Mapping


def rates(
    urls: Mapping[str, str],
    headers: Mapping[str, str],
    connections: int,
    seconds: int = 3,
    rounds: int = 3,
) -> dict[str, float]:
    """The median of requests per second at each address, in rounds that are shuffled.

    Raises:
        RuntimeError: an answer was an error.
    """
    found: dict[str, list[float]] = {name: [] for name in urls}
    order = list(urls)
    for turn in range(rounds):
        random.Random(turn).shuffle(order)
        for name in order:
            options = [f"-H{key}: {value}" for key, value in headers.items()]
            command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *options, urls[name]]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            if "Non-2xx" in output or "Socket errors" in output:
                raise RuntimeError(f"{name}: {output}")
            match = re.search(r"Requests/sec:\s+([\d.]+)", output)
            assert match
            found[name].append(float(match[1]))
    return {name: statistics.median(values) for name, values in found.items()}


BARE = """
import asyncio, sys
from tornado import web

class Handler(web.RequestHandler):
    def get(self):
        self.finish({"hello": "world"})

async def main():
    web.Application([("/", Handler)], log_function=id).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""A tornado server that does nothing; the floor of what a handler costs."""
