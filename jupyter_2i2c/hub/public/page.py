"""`GET /services/2i2c/`: facts, news and contacts without a login. Read by people in RStudio, in VS Code, or locked out."""

from __future__ import annotations

from markupsafe import Markup
from tornado import web

from ...sources import evidence, sheet_to_json
from ..facts import Facts
from ..news.newsroom import Newsroom
from ..proof import Drills
from ..store.announcements import Announcement
from ..store.database import StoreUnavailable
from .pages import digest, style, template

LEVELS = {"MAY": "may be open", "SHOULD": "should be open", "MUST": "must be open"}
PORTABLE = "must be portable"


class PublicPageHandler(web.RequestHandler):
    """One page, without scripts and without anything from elsewhere."""

    def initialize(
        self, facts: Facts, hub_url: str, newsroom: Newsroom | None, me: str, drills: Drills
    ) -> None:
        self._drills = drills
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
            )
        )

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
