"""`GET /services/2i2c/`: facts and contacts without a login. Read by people in RStudio, in VS Code, or locked out."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from tornado import web

from ...sources import evidence, sheet_to_json
from ..facts import Facts

LEVELS = {"MAY": "may be open", "SHOULD": "should be open", "MUST": "must be open"}
PORTABLE = "must be portable"


@lru_cache(maxsize=1)
def _style() -> str:
    return files(__package__).joinpath("templates/page.css").read_text("utf-8")


@lru_cache(maxsize=1)
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


class PublicPageHandler(web.RequestHandler):
    """One page, without scripts and without anything from elsewhere."""

    def initialize(self, facts: Facts, hub_url: str) -> None:
        self._facts = facts
        self._hub_url = hub_url

    def set_default_headers(self) -> None:
        digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "public, max-age=60")

    def get(self) -> None:
        """The page."""
        facts = self._facts.sheet.facts
        ordered = sheet_to_json(self._facts.sheet)["facts"]
        self.finish(
            _template().render(
                style=_style(),
                facts=facts,
                contacts=ordered["contacts"],
                principles=[(each.name, evidence(each, facts)) for each in facts.principles],
                promises=[
                    PORTABLE if layer.key == "cloud" else LEVELS.get(layer.level, layer.level)
                    for layer in facts.layers
                ],
                hub_url=self._hub_url,
            )
        )

    def head(self) -> None:
        """That there is a page; a panel whose server is older than the service asks for this."""
        self.get()
