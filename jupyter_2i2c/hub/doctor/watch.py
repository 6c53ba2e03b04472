"""Notes what an operator's own function gives to administrators' servers, for the checks. Called by handover.py, in the hub.

`Spawner.server_token_scopes` may be a function, whose answer shows only when a server starts. The
function stays theirs: its answer is looked at, not changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from traitlets.config import Config
from traitlets.log import get_logger

from ..scopes import ServerTokenScopes, is_administrator, mints_tokens
from .observe import token_sections
from .observed import Observed, TokenFact

Note = Callable[[str, tuple[str, ...] | None], None]
"""Told the section, and the minting scopes that an administrator's server was given there; None
where the function answers with nothing, which leaves the token to the role ``server``."""


class Watched:
    """An operator's function that names the scopes of a server's token, and who is told its answers.

    Args:
        function: theirs.
        section: where it is set.
        note: called for each answer that an administrator's server is the first to get.
    """

    def __init__(self, function: Callable[[Any], Any], section: str, note: Note) -> None:
        self.function = function
        self._section = section
        self._note = note
        self._noted: set[tuple[str, ...] | None] = set()

    async def __call__(self, spawner: Any) -> Any:
        scopes = self.function(spawner)
        if inspect.isawaitable(scopes):
            scopes = await scopes
        try:
            self._look(spawner, scopes)
        except Exception as error:  # whatever goes wrong here, the server starts
            get_logger().warning("jupyter_2i2c: doctor cannot note a server's scopes: %r", error)
        return scopes

    def _look(self, spawner: Any, scopes: Any) -> None:
        if is_administrator(spawner):
            minting = tuple(sorted(each for each in scopes if mints_tokens(each)))
            said = minting if scopes else None
            if said not in self._noted:
                self._note(self._section, said)
                self._noted.add(said)


def watch(c: Config, observed: Observed, put: Callable[[Observed], None]) -> None:
    """Watch each function that `setup_hub` has composed with.

    Args:
        c: the hub's configuration.
        observed: what is known of it so far.
        put: called with what is known whenever that changes.
    """
    tokens = {each.section: each for each in observed.tokens}

    def note(section: str, minting: tuple[str, ...] | None) -> None:
        before = tokens.get(section, TokenFact(section))
        # what one administrator's server got stays true when another's gets less
        tokens[section] = replace(
            before,
            asked=True,
            seen=tuple(sorted({*before.seen, *(minting or ())})),
            left_to_role=before.left_to_role or minting is None,
        )
        put(replace(observed, tokens=tuple(tokens.values())))

    for section in token_sections(c):
        composed = c[section].get("server_token_scopes")
        if isinstance(composed, ServerTokenScopes) and callable(composed.before):
            function = composed.before
            if isinstance(function, Watched):
                function = function.function
            composed.before = Watched(function, section, note)
