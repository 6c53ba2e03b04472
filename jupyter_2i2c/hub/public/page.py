"""`GET /services/2i2c/`: facts, news and contacts without a login. Read by people in RStudio, in VS Code, or locked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from tornado import web

from ...model import Evidence
from ...replicate.evidence.layers import counted
from ...sources import evidence, sheet_to_json
from ..evidence import HubEvidence
from ..facts import Facts
from ..news.newsroom import Newsroom
from ..proof import Drills
from ..store.announcements import Announcement
from ..store.database import StoreUnavailable
from .pages import digest, style, template

LEVELS = {"MAY": "may be open", "SHOULD": "should be open", "MUST": "must be open"}
PORTABLE = "must be portable"


@dataclass(frozen=True)
class Found:
    """What was found of a layer.

    Attributes:
        at: the day.
        counts: a few words for each kind of thing.
        items: each thing; its names are not shown here.
    """

    at: str
    counts: Mapping[str, str]
    items: tuple[Evidence, ...]


class PublicPageHandler(web.RequestHandler):
    """One page, without scripts and without anything from elsewhere."""

    def initialize(
        self,
        facts: Facts,
        hub_url: str,
        newsroom: Newsroom | None,
        me: str,
        drills: Drills,
        evidence: HubEvidence | None = None,
    ) -> None:
        self._drills = drills
        self._evidence = evidence
        self._facts = facts
        self._hub_url = hub_url
        self._newsroom = newsroom
        self._me = me

    def set_default_headers(self) -> None:
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'sha256-{digest()}'; img-src data:;"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "public, max-age=60")

    async def get(self) -> None:
        """The page."""
        facts = self._facts.sheet.facts
        ordered = sheet_to_json(self._facts.sheet)["facts"]
        self.finish(
            template("page.html").render(
                style=Markup(style()),  # noqa: S704, our own file
                facts=facts,
                contacts=ordered["contacts"],
                principles=[(each.name, evidence(each, facts)) for each in facts.principles],
                promises=[
                    PORTABLE if layer.key == "cloud" else LEVELS.get(layer.level, layer.level)
                    for layer in facts.layers
                ],
                hub_url=self._hub_url,
                news=await self._news(),
                me=self._me,
                proof=self._drills.last(),
                found=await self._found(),
            )
        )

    async def _found(self) -> dict[str, Found]:
        """What was found of each layer, without names, by the layer's key."""
        if self._evidence is None:
            return {}
        sheet = await self._evidence.sheet()
        return {each.key: Found(sheet.at[:10], counted(each), each.items) for each in sheet.layers}

    async def _news(self) -> list[Announcement]:
        """What is shown to everybody; nothing while the store cannot be used, for the rest is needed then."""
        if self._newsroom is None:
            return []
        try:
            return await self._newsroom.for_everybody()
        except StoreUnavailable:
            return []

    async def head(self) -> None:
        """That there is a page; a panel whose server is older than the service asks for this."""
        await self.get()
