"""The hub's facts as a user's server knows them: from the service, kept with their age, over local configuration. Called by info.py."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from typing import Any

from traitlets.config import Config

from ..config import read
from ..model import Problem, to_json
from ..sources import Stated, from_service, resolve, sheet_to_json
from .hub_client import HubClient, HubError

MAX_AGE = 300.0
"""Seconds after which the facts are asked for again, once somebody looks."""

MIN_AGE = 5.0
"""Seconds within which even somebody who presses *refresh* gets what is known."""


class Information:
    """Asks the service when somebody looks and what is known has grown old; never by itself.

    Args:
        config: the server's configuration, for `HubInformation`.
        hub: the way to the service.
        log: for what an administrator should mend.
    """

    def __init__(self, config: Config, hub: HubClient, log: logging.Logger | Any) -> None:
        self._hub = hub
        self._local = read(config, "local", "this server's configuration")
        for problem in self._local.problems:
            log.warning("jupyter_2i2c: %s", problem)
        self._stated = self._filled_in = Stated()
        self._etag = ""
        self._state = HubError("ok", "")
        self._known_since: float | None = None
        self._ask_again = 0.0
        self._asking: asyncio.Task[None] | None = None
        self._body = b""
        self._build()

    async def answer(self, refresh: bool = False) -> bytes:
        """The JSON for the panel.

        What is known is answered at once, and asked for again behind it when it is old. Only the
        first look, and one that asks to refresh, wait for the service.
        """
        now = time.monotonic()
        due = now >= self._ask_again
        if refresh and self._known_since is not None:
            due = due or now - self._known_since >= MIN_AGE
        if due or self._asking:
            task = self._ask_once()
            if refresh or self._known_since is None:
                await asyncio.shield(task)
        age = b"null"
        if self._known_since is not None:
            age = b"%d" % (time.monotonic() - self._known_since)
        return self._body + age + b"}}"

    def _ask_once(self) -> asyncio.Task[None]:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
        return self._asking

    async def _ask(self) -> None:
        try:
            answer = await self._hub.ask_service("v1/info", self._etag)
            if answer.body is not None:
                self._stated, self._filled_in = from_service(answer.body)
                self._etag = answer.etag
            self._state = HubError("ok", "")
            self._known_since = time.monotonic()
            wait = MAX_AGE
        except ValueError as error:
            self._state = HubError("unavailable", f"the hub's service: {error}")
            wait = self._state.retry_after
        except HubError as error:
            self._state = error
            # what cannot change while this server runs is not asked for again
            wait = MAX_AGE if error.state in ("no-hub", "no-service") else error.retry_after
        finally:
            self._asking = None
        self._ask_again = time.monotonic() + wait * random.uniform(0.9, 1.1)
        self._build()

    def _build(self) -> None:
        """Prepare the answer up to the age, which is all that changes between two of them."""
        sheet = resolve(self._stated, self._local, self._filled_in)
        self.facts = sheet.facts
        body = {
            **sheet_to_json(sheet),
            "problems": [to_json(each) for each in self._problems()],
            "service": {"state": self._state.state, "message": self._state.message, "age": None},
        }
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self._body = text.removesuffix("null}}").encode()

    def _problems(self) -> tuple[Problem, ...]:
        return self._local.problems
