"""Make somebody an administrator, or no longer. Offered where `admin_users_feature` is on; called through the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from ..hub_api import Hub, NotFound, Person, walk
from .base import Action, Asked, Context, Effect, Outcome, name, only


class _Right(Action):
    """What granting and revoking have in common."""

    scopes = frozenset({"admin:users"})

    def __init__(self, context: Context) -> None:
        self._context = context

    @override
    def check(self, target: Mapping[str, Any]) -> dict[str, Any]:
        only(target, "user")
        return {"user": name(target, "user", "user")}

    def sources(self, person: Person) -> tuple[tuple[str, str, str], ...]:
        """Where somebody's rights come from, as rows of an effect."""
        rows = []
        if person.admin:
            rows.append(("The hub's database", "administrator", "a flag that is set there"))
        if person.name in self._context.admin_users:
            rows.append(
                (
                    "Configuration",
                    "Authenticator.admin_users",
                    "names this person; set again at every start of the hub and at every login",
                )
            )
        for group in person.groups:
            if group in self._context.admin_groups:
                rows.append(
                    ("Group", group, "its members are made administrators when they log in")
                )
        for role in person.roles:
            if role not in ("user", "admin"):
                rows.append(("Role", role, "what it allows is in the hub's configuration"))
        return tuple(rows) or (("Where rights come from", "none", "an ordinary user"),)

    async def _person(self, hub: Hub, user: str) -> Person | None:
        try:
            return await hub.user(user)
        except NotFound:
            return None


class GrantAdmin(_Right):
    """Make a user an administrator."""

    name = "grant-admin"

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        user = target["user"]
        person = await self._person(hub, user)
        why = ""
        if person is None:
            why = f"There is no user “{user}” on this hub, or you may not see them."
        elif person.admin:
            why = f"“{user}” is an administrator already."
        warnings = []
        warnings.append(
            "This is kept in the hub's database only. A hub that is set up anew does not know of it:"
            " to make it last, name the person in Authenticator.admin_users."
        )
        if self._context.admin_groups:
            warnings.append(
                "On this hub membership of a group decides at each login who is an administrator,"
                " which may take the right back."
            )
        return Effect(
            f"Make “{user}” an administrator?",
            "Grant all rights",
            "an administrator sees and changes everybody's servers and files, adds and removes people,"
            " and can make others administrators",
            self.sources(person) if person else (),
            "Make administrator",
            dangerous=True,
            type_to_confirm=user,
            tells=user,
            warnings=tuple(warnings),
            impossible=why,
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        return _outcome(target["user"], True, await hub.set_admin(target["user"], True))

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        return _outcome(target["user"], True, (await hub.user(target["user"])).admin)


class RevokeAdmin(_Right):
    """Take an administrator's rights."""

    name = "revoke-admin"

    @override
    async def describe(self, hub: Hub, target: Mapping[str, Any], actor: str) -> Effect:
        user = target["user"]
        person = await self._person(hub, user)
        warnings = []
        if user in self._context.admin_users:
            warnings.append(
                "The configuration puts it back: Authenticator.admin_users names this person, which is"
                " read at every start of the hub and at every login. Take the name out there, too."
            )
        if person and not self._context.admin_groups.isdisjoint(person.groups):
            warnings.append(
                "The next login puts it back: this person is in a group whose members are made"
                " administrators. Take them out of it where the group is kept."
            )
        return Effect(
            f"Take the administrator's rights of “{user}”?",
            "Revoke all rights",
            "the account, its files and its running servers stay",
            self.sources(person) if person else (),
            "Revoke the rights",
            dangerous=True,
            type_to_confirm=user,
            tells=user,
            warnings=tuple(warnings),
            impossible=await self._guard(hub, user, person, actor),
        )

    @override
    async def execute(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome:
        user = target["user"]
        # what was shown may be minutes old, and another administrator may have gone since
        if why := await self._guard(hub, user, await self._person(hub, user), intent.actor):
            return Outcome("failed", why)
        return _outcome(user, False, await hub.set_admin(user, False))

    @override
    async def settle(self, hub: Hub, target: Mapping[str, Any], intent: Asked) -> Outcome | None:
        return _outcome(target["user"], False, (await hub.user(target["user"])).admin)

    async def _guard(self, hub: Hub, user: str, person: Person | None, actor: str) -> str:
        """Why these rights cannot be taken; empty if they can."""
        if person is None:
            return f"There is no user “{user}” on this hub, or you may not see them."
        if user == actor:
            return "Nobody takes their own rights here. Ask another administrator."
        if not person.admin:
            return (
                f"“{user}” has no flag that could be taken. Rights that come from a role or a group are"
                " in the hub's configuration."
            )
        async for other in walk(hub):
            # by the flag in the database, or by a role that the configuration gives them
            if other.name != user and (other.admin or "admin" in other.roles):
                return ""
        return f"“{user}” is the last administrator. Make somebody else one first."


def _outcome(user: str, wanted: bool, found: bool) -> Outcome:
    if found != wanted:
        return Outcome("failed", f"The hub did not change the rights of “{user}”.")
    now = "is an administrator now" if wanted else "is no administrator any more"
    return Outcome("done", f"“{user}” {now}.")
