"""A thousand requests for help, a bad mail server, and a service that is killed

Two hundred people of a hub in memory send five requests each, over the service's own API, with a file.
Meanwhile the mail server (aiosmtpd) is in turn well, down, refusing (451), slow, or takes the whole
mail and drops the connection without an answer; and the service is killed (SIGKILL) twenty times at random
moments and started again. Who gets no answer sends the same again, with the same key. The service's delays
between attempts are a twentieth of what they are by default, so that this takes a minute and not an hour.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from jupyter_2i2c.demo.local_hub import free_ports
from tests.hub.stub_hub import StubHub
from tests.hub.support.mail_server import MailServer

from .figures import Figure, at_most, percentile

PEOPLE = 200
EACH = 5
KILLS = 20
AT_ONCE = 6
SLOW = 1.5
MODES = ("well", "down", "refusing", "slow", "dropping")
GIVE_UP = 240.0

SERVICE = """
from datetime import timedelta
from jupyter_2i2c.hub.app import main
from jupyter_2i2c.hub.delivery import outbox as courier
from jupyter_2i2c.hub.store import outbox
outbox.FIRST_DELAY /= 20
outbox.LONGEST_DELAY = timedelta(seconds=4)
outbox.LEASE /= 20
courier.TIMEOUT = 2.5
courier.LOOK = 0.5
main()
"""

CONFIG = """
c.HubInformation.contacts = [{"role": "community", "name": "Help", "email": "help@lab.example"}]
c.HubService.support_smtp_host = "127.0.0.1"
c.HubService.support_smtp_port = %(mail)d
c.HubService.support_smtp_security = "none"
c.HubService.support_sender = "hub@coastal.example"
c.HubService.metrics_bind = ""
c.HubService.log_level = "CRITICAL"
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(Trial(Path(directory)).run())


class Trial:
    """One run of it.

    Attributes:
        answered: the request of each key, as the service answered with a status of 2xx.
        seconds: how long those answers took.
        refused: other answers, by status; 599 is none at all.
        dropped: mails that the mail server took without saying so.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.answered: dict[str, str] = {}
        self.seconds: list[float] = []
        self.refused: Counter[int] = Counter()
        self.dropped: list[object] = []
        self.random = random.Random(1)
        self.kills = 0

    async def run(self) -> list[Figure]:
        self.hub = await StubHub().start()
        for number in range(PEOPLE):
            scopes = ["access:services!service=2i2c"]
            self.hub.tokens[f"token-{number}"] = (f"user-{number}", scopes)
        self.mail = await MailServer(enable_SMTPUTF8=False).start()
        self.mail_port = self.mail.port
        with free_ports(0, 1) as (port,):
            self.port = port
        (self.directory / "config.py").write_text(CONFIG % {"mail": self.mail_port})
        self.client = AsyncHTTPClient(force_instance=True, max_clients=AT_ONCE)
        begin = time.perf_counter()
        async with self.service(), self.trouble():
            numbers = iter(range(PEOPLE * EACH))
            await asyncio.gather(*(self.people(numbers) for _ in range(AT_ONCE)))
            while self.kills < KILLS:
                await asyncio.sleep(0.1)
        sent = time.perf_counter() - begin
        async with self.service():
            await self.until_all_arrived()
        took = time.perf_counter() - begin
        self.client.close()
        await self.mail.stop()
        await self.hub.stop()
        return self.figures(sent, took)

    # --- who asks ---------------------------------------------------------------------------

    async def people(self, numbers: Iterator[int]) -> None:
        """Send one request after the other, each until it is answered."""
        for number in numbers:
            key = f"key-{number:05}"
            while key not in self.answered:
                await self.send(number, key)
            await asyncio.sleep(self.random.uniform(0, 0.2))

    async def send(self, number: int, key: str) -> None:
        data = base64.b64encode(str(number).encode() * 2000).decode()
        body = {
            "key": key,
            "category": "incident",
            "subject": f"Request {number}",
            "text": "It is slow.",
            "attachments": [{"name": "log.txt", "type": "text/plain", "data": data}],
        }
        begin = time.perf_counter()
        try:
            answer = await self.client.fetch(
                f"http://127.0.0.1:{self.port}/services/2i2c/api/v1/requests",
                method="POST",
                headers={"Authorization": f"token token-{number % PEOPLE}"},
                body=json.dumps(body),
            )
        except HTTPClientError as error:
            self.refused[error.code] += 1
            await asyncio.sleep(0.1)
        except OSError:
            self.refused[599] += 1
            await asyncio.sleep(0.1)
        else:
            self.seconds.append(time.perf_counter() - begin)
            self.answered[key] = json.loads(answer.body)["id"]

    # --- what goes wrong --------------------------------------------------------------------

    @asynccontextmanager
    async def trouble(self) -> AsyncIterator[None]:
        """The mail server is ill, and the service dies."""
        tasks = [asyncio.create_task(self.ill()), asyncio.create_task(self.kill())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.mode("well")

    async def ill(self) -> None:
        for mode in itertools.cycle(MODES):
            await self.mode(mode)
            await asyncio.sleep(self.random.uniform(1, 3))

    async def mode(self, mode: str) -> None:
        async def slow() -> None:
            await asyncio.sleep(SLOW)

        if mode == "down":
            await self.mail.stop()
            self.down = True
        elif getattr(self, "down", False):
            await self.mail.start(self.mail_port)
            self.down = False
        answers = {
            "refusing": lambda step, about: "451 come back later" if step == "RCPT" else None,
            "slow": lambda step, about: slow() if step == "DATA" else None,
            "dropping": self.drop,
        }
        self.mail.fault = answers.get(mode, lambda step, about: None)

    def drop(self, step: str, about: object) -> str | None:
        """Take the mail, and do not say so."""
        if step == "DATA":
            self.dropped.append(about)
            return "drop"
        return None

    async def kill(self) -> None:
        while self.kills < KILLS:
            await asyncio.sleep(self.random.uniform(0.5, 4))
            self.process.kill()
            await self.process.wait()
            self.kills += 1
            await self.start()

    # --- the service ------------------------------------------------------------------------

    @asynccontextmanager
    async def service(self) -> AsyncIterator[None]:
        await self.start()
        try:
            yield
        finally:
            self.process.kill()
            await self.process.wait()

    async def start(self) -> None:
        environment = {
            **os.environ,
            "JUPYTERHUB_API_URL": self.hub.url,
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{self.port}",
            "JUPYTERHUB_SERVICE_PREFIX": "/services/2i2c/",
        }
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SERVICE,
            "--config=config.py",
            cwd=self.directory,
            env=environment,
        )

    async def until_all_arrived(self) -> None:
        end = time.perf_counter() + GIVE_UP
        while self.missing() and time.perf_counter() < end:
            await asyncio.sleep(0.1)

    def missing(self) -> set[str]:
        return set(self.answered.values()) - {_id(mail) for mail in self.mail.mails}

    # --- what came of it --------------------------------------------------------------------

    def figures(self, sent: float, took: float) -> list[Figure]:
        mails = [*self.mail.mails, *self.dropped]
        copies = Counter(_id(mail) for mail in mails)
        by_subject: dict[str, set[str]] = {}
        for mail in mails:
            by_subject.setdefault(str(mail["Subject"]), set()).add(_id(mail))
        odd = sum(len(ids) - 1 for ids in by_subject.values())
        total = PEOPLE * EACH
        lost = len(self.missing())
        strangers = len(copies.keys() - set(self.answered.values()))
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        refused = ", ".join(
            f"{count:,} × {'no answer' if status == 599 else status}"
            for status, count in sorted(self.refused.items())
        )
        return [
            Figure(
                "requests that were answered 2xx",
                f"{len(self.answered):,} of {total:,}",
                "all",
                len(self.answered) == total,
            ),
            Figure("times that the service was killed", f"{self.kills}", f"{KILLS}", True),
            at_most("requests answered 2xx whose mail the server never confirmed", lost, 0),
            at_most("mails of requests that nobody got an answer for", strangers, 0),
            Figure(
                "mails that arrived more than once",
                f"{sum(count - 1 for count in copies.values()):,}, of"
                f" {sum(count > 1 for count in copies.values()):,} requests",
                "told by their Message-ID",
            ),
            at_most("mails of one request with another Message-ID", odd, 0),
            Figure("answers that were not 2xx, and repeated", refused or "none"),
            Figure("time to an answer, p99", f"{percentile(self.seconds, 0.99) * 1000:.0f} ms"),
            Figure(
                "until the last was answered; until the last had arrived",
                f"{sent:.0f} s; {took:.0f} s",
            ),
            Figure("the service's memory, at most", f"{memory:.0f} MiB"),
        ]


def _id(mail: object) -> str:
    """The request that a mail is about."""
    return str(mail["Message-ID"]).strip("<>").partition("@")[0]  # type: ignore[index]
