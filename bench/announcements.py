"""News for 10,000 servers

A real JupyterHub with 10,000 users, a token for each, and three announcements for everybody. Each
server asks once a minute: 167 requests a second with distinct tokens, one in twenty without an
ETag. Each takes as long as from when it was due. The service is one process; load generator, hub and
service share this machine's cores, without the proxy between. Before it counts, all have come, at most 20 a
second, as in the course of a morning. Then twice and four times as many, for a tenth of the time; at
last the service is started anew, and all are unknown to it at once: who is told to come back
(503, `Retry-After`) does so after its own backoff in life, and not at all here.
`JUPYTER_2I2C_BENCH_SECONDS` shortens the ten minutes.

![How long servers wait for their news](announcements.svg)
"""

from __future__ import annotations

import itertools
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import httpx
import psutil

from jupyter_2i2c.demo.local_hub import LocalHub
from tests.hubs import SETUP, write_config

from .figures import Figure, at_most, percentile
from .plot import Line, plot

SERVERS = 10_000
RATE = SERVERS / 60
SECONDS = float(os.environ.get("JUPYTER_2I2C_BENCH_SECONDS", "600"))
COMING = 20.0
"""New tokens a second, before it counts."""

PICTURE = Path(__file__).with_name("announcements.svg")
PATH = "/services/2i2c/api/v1/announcements"

FILL = f"""
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from bench.announcements import fill
fill(c.JupyterHub.db_url, os.environ["LOCAL_HUB_STATE"])
c.Authenticator.allow_all = True
c.JupyterHub.authenticate_prometheus = False
"""


def fill(url: str, state: str) -> None:
    """Make the hub's database, and a file with the tokens; called by the hub's own configuration."""
    from jupyterhub import orm, roles
    from jupyterhub.utils import hash_token

    now = datetime(2026, 1, 1)
    tokens = [secrets.token_hex(16) for _ in range(SERVERS)]
    with closing(orm.new_session_factory(url)()) as db:
        for role in roles.get_default_roles():
            roles.create_role(db, role)
        role = db.query(orm.Role).filter_by(name="user").one().id
        db.add(orm.OAuthClient(identifier="jupyterhub", description="JupyterHub"))
        db.flush()
        people = [
            {
                "id": number + 1,
                "name": f"user{number:05}",
                "admin": False,
                "created": now,
                "cookie_id": secrets.token_hex(16),
            }
            for number in range(SERVERS)
        ]
        db.execute(orm.User.__table__.insert(), people)
        db.execute(
            orm.Base.metadata.tables["user_role_map"].insert(),
            [{"user_id": each["id"], "role_id": role} for each in people],
        )
        db.execute(
            orm.APIToken.__table__.insert(),
            [
                {
                    "user_id": number + 1,
                    "client_id": "jupyterhub",
                    "prefix": token[: orm.APIToken.prefix_length],
                    "hashed": hash_token(token, rounds=1, salt=8, algorithm="sha512"),
                    "created": now,
                    "scopes": ["access:services!service=2i2c"],
                }
                for number, token in enumerate(tokens)
            ],
        )
        db.commit()
    Path(state, "tokens").write_text("\n".join(tokens))


@dataclass(frozen=True)
class Found:
    """What a while of asking came to.

    Attributes:
        rate: requests a second that were due.
        took: seconds that each took.
        errors: answers other than 200 and 304.
        unchanged: the part of 304 among them.
        hub: questions to the hub a second; the mean, and the most in ten seconds.
    """

    rate: float
    took: list[float]
    errors: int
    unchanged: float
    hub: tuple[float, float]


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        config = write_config(Path(directory) / "hub.py", SETUP, FILL)
        with LocalHub(config) as hub:
            _publish(hub)
            with _servers(hub) as servers:
                servers.come(COMING)
                found = [servers.ask(RATE, int(RATE * SECONDS))]
                memory = _service(hub).memory_info().rss / 2**20
                for times in (2, 4):
                    rate = times * RATE
                    found.append(servers.ask(rate, int(rate * SECONDS / 10)))
                _restart_service(hub)
                cold = servers.ask(RATE, int(RATE * SECONDS * 0.3))
    PICTURE.write_text(_picture(found), "utf-8")
    return _figures(found, memory, cold)


def _figures(found: list[Found], memory: float, cold: Found) -> list[Figure]:
    usual = found[0]
    minutes = f"{SECONDS / 60:g} minutes"
    half, most = (percentile(usual.took, part) * 1000 for part in (0.5, 0.99))
    return [
        at_most(
            f"p99 of {RATE:.0f} requests a second for {minutes}",
            most,
            250,
            " ms",
            f" (p50 {half:.1f} ms, longest {max(usual.took) * 1000:.0f} ms;"
            f" {usual.unchanged:.0%} answered 304)",
        ),
        at_most("errors among them", usual.errors, 0, "", f" of {len(usual.took):,}"),
        at_most(
            "questions to the hub meanwhile",
            usual.hub[0],
            20,
            "/s",
            f" (most in ten seconds {usual.hub[1]:.1f}/s)",
        ),
        at_most("memory of the service after that", memory, 200, " MiB"),
        *(
            Figure(
                f"p99 of {each.rate:.0f} requests a second for {SECONDS / 10:.0f} s",
                f"{percentile(each.took, 0.99) * 1000:.1f} ms (p50"
                f" {percentile(each.took, 0.5) * 1000:.1f} ms), {each.errors} errors of"
                f" {len(each.took):,}, hub {each.hub[0]:.1f}/s",
            )
            for each in found[1:]
        ),
        Figure(
            f"the first {SECONDS * 0.3:.0f} s of a service that knows none of them",
            f"p99 {percentile(cold.took, 0.99):.1f} s, p50"
            f" {percentile(cold.took, 0.5) * 1000:.0f} ms, {cold.errors:,} of"
            f" {len(cold.took):,} told to come back, hub at most {cold.hub[1]:.0f}/s",
        ),
    ]


def _publish(hub: LocalHub) -> None:
    for severity in ("incident", "maintenance", "info"):
        subprocess.run(
            [
                *(sys.executable, "-m", "jupyter_2i2c", "announce", "publish"),
                *("--title", f"An {severity}", "--body", "**Word** for word. " * 40),
                *("--severity", severity),
            ],
            cwd=hub.state,
            check=True,
            capture_output=True,
        )
    page = f"http://127.0.0.1:{hub.service_port}/services/2i2c/"
    hub.until(
        "the service has noticed all three",
        lambda: "An info" in httpx.get(page, trust_env=False).text,
    )


class Servers:
    """The process that asks as all servers do."""

    def __init__(self, hub: LocalHub, process: subprocess.Popen[str]) -> None:
        self._hub = hub
        self._process = process
        self._next = 0

    def come(self, rate: float) -> None:
        """Let all come for the first time, at most so many a second."""
        given, answers = _pipes(self._process)
        given.write(json.dumps({"rate": rate}) + "\n")
        given.flush()
        answers.readline()

    def ask(self, rate: float, number: int) -> Found:
        """Let so many ask."""
        asked = {"rate": rate, "number": number, "first": self._next}
        self._next = (self._next + number) % SERVERS
        given, answers = _pipes(self._process)
        begun = time.monotonic()
        at = [(begun, _asked(self._hub))]
        given.write(json.dumps(asked) + "\n")
        given.flush()
        end = begun + number / rate
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(10, left))
            at.append((time.monotonic(), _asked(self._hub)))
        answer = json.loads(answers.readline())
        statuses = {int(status): count for status, count in answer["statuses"].items()}
        rates = [
            (after - before) / (late - early)
            for (early, before), (late, after) in itertools.pairwise(at)
            if late - early > 5
        ]
        known = statuses.get(200, 0) + statuses.get(304, 0)
        return Found(
            rate,
            answer["took"],
            number - known,
            statuses.get(304, 0) / number,
            ((at[-1][1] - at[0][1]) / (at[-1][0] - begun), max(rates, default=0.0)),
        )


@contextmanager
def _servers(hub: LocalHub) -> Iterator[Servers]:
    tokens = (hub.state / "tokens").read_text().split()
    random.Random(1).shuffle(tokens)
    (hub.state / "tokens").write_text("\n".join(tokens))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bench.asking"),
            *(str(hub.service_port), PATH, str(hub.state / "tokens")),
        ],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Servers(hub, process)
    finally:
        process.kill()
        process.communicate()


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin
    assert process.stdout
    return process.stdin, process.stdout


def _asked(hub: LocalHub) -> float:
    """How often the hub was asked whose a token is, as the hub counts it."""
    text = httpx.get(f"{hub.url}hub/metrics", trust_env=False, timeout=30).text
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("jupyterhub_request_duration_seconds_count") and "SelfAPIHandler" in line
    )


def _service(hub: LocalHub) -> psutil.Process:
    assert hub.process
    (service,) = (
        each
        for each in psutil.Process(hub.process.pid).children()
        if each.cmdline()[-2:] == ["-m", "jupyter_2i2c.hub"]
    )
    return service


def _restart_service(hub: LocalHub) -> None:
    """End it; the hub starts it again."""
    before = _service(hub)
    before.kill()
    before.wait()
    url = f"http://127.0.0.1:{hub.service_port}{PATH}"

    def answers() -> bool:
        try:
            return httpx.get(url, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False

    hub.until("the service is there again", answers)


def _picture(found: list[Found]) -> str:
    parts = [
        *(each / 1000 for each in range(0, 990, 10)),
        *(each / 1000 for each in range(990, 1000)),
    ]
    return plot(
        "How long servers wait for their news",
        "part of the requests that took no longer",
        "milliseconds",
        [
            Line(
                f"{each.rate:.0f} requests/s",
                [(part, percentile(each.took, part) * 1000) for part in parts],
            )
            for each in found
        ],
    )
