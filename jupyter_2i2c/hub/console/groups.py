"""`/groups` and below: groups, and their members page by page. Opened from the navigation."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

from ..hub_api import NotFound, Person
from .base import ConsolePage
from .pages import Page

GROUPS = 10
"""Groups on a page: the hub reads every member of each before it answers."""

MEMBERS = 50


class GroupsPage(ConsolePage):
    """Groups, with how many are in them."""

    needs = "list:groups"

    async def get(self) -> None:
        """Show a page of them."""
        page = await self.hub.groups(self.number("from"), GROUPS)
        self.show(
            "groups.html",
            page=page,
            managed=self.console.administration.settings.manage_groups,
            earlier=self.link("groups", **{"from": max(page.offset - GROUPS, 0)})
            if page.offset
            else "",
            later=self.link("groups", **{"from": page.next}) if page.next is not None else "",
        )


class GroupPage(ConsolePage):
    """The members of one group."""

    needs = "list:groups"

    async def get(self, name: str) -> None:
        """Show a page of them, with what the hub knows of each."""
        group = await self.hub.group(name)
        offset = min(self.number("from"), max(len(group.members) - 1, 0))
        names = sorted(group.members)[offset : offset + MEMBERS]
        following = offset + MEMBERS
        self.show(
            "group.html",
            group=group,
            members=await asyncio.gather(*(self._member(each) for each in names)),
            managed=self.console.administration.settings.manage_groups,
            first=offset + 1,
            earlier=self.link("groups", name, **{"from": max(offset - MEMBERS, 0)})
            if offset
            else "",
            later=self.link("groups", name, **{"from": following})
            if following < len(group.members)
            else "",
            now=datetime.now(timezone.utc),
        )

    async def _member(self, name: str) -> Person:
        try:
            return await self.hub.user(name)
        except NotFound:  # deleted meanwhile
            return Person(name, sees_servers=False)


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    routes: tuple[tuple[str, Any], ...] = (
        (r"groups/?", GroupsPage),
        (r"groups/([^/]+)", GroupPage),
    )
    return (Page("groups", "Groups", "list:groups", routes),)
