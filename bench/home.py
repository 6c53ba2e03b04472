"""A home, taken away

10,000 small files and six large ones, half text, half random, 1.9 GB, from a warm cache: ours, with a
SHA-256 of each file, against `tar | zstd -3`, which makes none, in shuffled rounds; against
jupyter-archive's zip in Lab, both through HTTP, on a fifth of it; the memory that the larger home
takes over a small one; and what others notice of the same server while it streams.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from .environments import TOKEN, environment, running
from .figures import Figure, at_least, at_most, percentile

ROUNDS = 3
SMALL_FILES = 10_000
LARGE_FILES = 6
LARGE = 320 << 20
BLOCK = 8 << 20

ARCHIVE = "jupyter-archive"

CLIENT = """
import http.client, json, sys, time
host, port, path, token, seconds = sys.argv[1], int(sys.argv[2]), *sys.argv[3:5], float(sys.argv[5])
connection = http.client.HTTPConnection(host, port)
times, end = [], time.perf_counter() + seconds
while time.perf_counter() < end:
    begin = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"token {token}"})
    connection.getresponse().read()
    times.append(time.perf_counter() - begin)
    time.sleep(0.005)
print(json.dumps(times))
"""
"""Somebody else's requests, in a process of their own."""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-home-") as directory:
        top = Path(directory)
        full, fifth, small = top / "full", top / "fifth", top / "small"
        make(full, SMALL_FILES, LARGE_FILES, LARGE)
        make(fifth, SMALL_FILES // 5, 2, LARGE // 2)
        make(small, 10, 0, 0)
        return [*_throughput(full), _memory(small, full), *_in_lab(fifth)]


def make(top: Path, small: int, large: int, size: int) -> None:
    """Write a home: every second file is text, the others are random."""
    draw = random.Random(1)
    words = [f"{draw.choice('abcdefghij')}{draw.randrange(9999)}" for _ in range(4000)]
    text = " ".join(draw.choice(words) for _ in range(BLOCK // 5)).encode()[:BLOCK]
    for number in range(small):
        directory = top / f"d{number % 100}" / f"s{number % 7}"
        directory.mkdir(parents=True, exist_ok=True)
        length = draw.randrange(500, 12_000)
        start = draw.randrange(len(text) - length)
        content = os.urandom(length) if number % 2 else text[start : start + length]
        (directory / f"f{number}").write_bytes(content)
    for number in range(large):
        with (top / f"large{number}").open("wb") as file:
            for _ in range(size // BLOCK):
                file.write(draw.randbytes(BLOCK) if number % 2 else text)


def _ours(home: Path) -> list[str]:
    command = [sys.executable, "-m", "jupyter_2i2c", "capture", "home", "--home", str(home)]
    return [*command, "--name", "bench", "-o", "-"]


def _throughput(home: Path) -> list[Figure]:
    def ours() -> None:
        with subprocess.Popen(_ours(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
            subprocess.run(["wc", "-c"], stdin=p.stdout, stdout=subprocess.DEVNULL, check=True)

    def theirs() -> None:
        tar = f"tar -C {home.parent} -c {home.name} | zstd -q -3 | wc -c"
        subprocess.run(["bash", "-c", tar], stdout=subprocess.DEVNULL, check=True)

    seconds = _rounds({"ours": ours, "tar | zstd -3": theirs})
    size = sum(each.stat().st_size for each in home.rglob("*") if each.is_file()) / 1e6
    return [
        at_least(
            "throughput over tar piped into zstd -3",
            seconds["tar | zstd -3"] / seconds["ours"],
            0.75,
            f" ({size / seconds['ours']:,.0f} MB/s and {size / seconds['tar | zstd -3']:,.0f})",
        )
    ]


def _rounds(what: dict[str, Callable[[], None]]) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in what}
    order = list(what)
    for turn in range(ROUNDS + 1):
        random.Random(turn).shuffle(order)
        for name in order:
            begin = time.perf_counter()
            what[name]()
            if turn:  # the first round warms the cache
                found[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in found.items()}


def _memory(small: Path, full: Path) -> Figure:
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL,"
        " stderr=subprocess.DEVNULL, check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", code, *_ours(home)])) / 1024
        for home in (small, full)
    ]
    return at_most(
        "peak memory of the larger home over a small one",
        peaks[1] - peaks[0],
        64,
        " MiB",
        f" ({peaks[0]:.0f} and {peaks[1]:.0f} MiB)",
    )


def _in_lab(home: Path) -> list[Figure]:
    environment(ARCHIVE)
    size = sum(each.stat().st_size for each in home.rglob("*") if each.is_file()) / 1e6
    headers = {"Authorization": f"token {TOKEN}"}
    with (
        running("ours", ARCHIVE, home=home) as (ours, archive),
        httpx.Client(headers=headers, trust_env=False, timeout=600) as client,
    ):

        def take() -> None:
            job = client.post(f"{ours.url}jupyter-2i2c/exports", json={"kind": "home"}).json()
            while True:
                (found,) = [
                    each
                    for each in client.get(f"{ours.url}jupyter-2i2c/exports").json()["exports"]
                    if each["id"] == job["id"]
                ]
                if found["state"] not in ("starting", "running"):
                    break
                time.sleep(0.05)
            for number in range(1, found["volumes"] + 1):
                _read(
                    client,
                    f"{ours.url}jupyter-2i2c/exports/download?id={job['id']}&volume={number}",
                )

        def theirs() -> None:
            _read(client, f"{archive.url}directories/?archiveFormat=zip&archiveToken=x")

        seconds = _rounds({"ours": take, ARCHIVE: theirs})
        url = httpx.URL(ours.url)
        other = subprocess.Popen(
            [sys.executable, "-c", CLIENT, url.host, str(url.port), "/api", TOKEN, "3"],
            stdout=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + 3
        while time.monotonic() < end:
            take()
        times = json.loads(other.communicate()[0])
    return [
        at_least(
            "throughput in Lab over jupyter-archive's zip",
            seconds[ARCHIVE] / seconds["ours"],
            6,
            f" ({size / seconds['ours']:,.0f} MB/s and {size / seconds[ARCHIVE]:,.0f})",
        ),
        at_most(
            "`/api` of the same server while it streams, p95",
            percentile(times, 0.95) * 1000,
            10,
            " ms",
            f" (p50 {percentile(times, 0.5) * 1000:.1f} ms, {len(times)} requests)",
        ),
    ]


def _read(client: httpx.Client, url: str) -> None:
    with client.stream("GET", url) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass
