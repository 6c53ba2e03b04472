"""`/exports` and below: the last proven replica, exports of the hub, what each proves, what changed between two, and their files. Opened from the navigation and from intents."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from tornado.iostream import StreamClosedError

from ..administration import Administration
from ..exports import BUNDLE, PARTS, CannotExport, NoFile
from ..store import exports
from ..store.exports import ACTION, DOWNLOAD, Export, NotGoing
from .base import ConsolePage, Refusal
from .pages import Page
from .users import ask

REPLICATE = "custom:2i2c:replicate"

LISTED = 50
CHUNK = 256 << 10

ID = "([A-Za-z0-9_-]{1,64})"

GONE = "There is no such export, or its files have been removed. Ask for another one."

WORDS = {
    "captured": "Captured",
    "code-verbatim": "Code as it is",
    "transformed": "Transformed",
    "secret-slot": "Secret to supply",
    "cloud-resource": "Of the old cloud",
    "policy-excluded": "Left out",
    "not-captured": "Not captured",
    "unknown": "Not known",
}
"""What became of items, as heads of columns."""

HINTS = {
    "V6": "not tried beside a hub that people work on: it starts the replica. Run the fifth command below",
    "V7": "the same: somebody logs in to the replica, and a notebook runs",
}
"""Why a rung was not climbed here, where the report only knows that it was not asked for."""

TYPES = {BUNDLE: "application/zstd", **PARTS}


class _ExportsPage(ConsolePage):
    """What all of these share: whoever may export the hub sees every export of it."""

    needs = REPLICATE
    fresh = True

    async def find(self, id_: str) -> Export:
        """An export.

        Raises:
            Refusal: there is none.
        """
        found: Export | None = await self.console.store.read(exports.get, id_)
        if found is None:
            raise Refusal(404, GONE)
        return found


class ExportsPage(_ExportsPage):
    """The last drill and what failed in it; the exports, and the form that asks for one."""

    async def get(self) -> None:
        """Show them, newest first."""
        administration = self.console.administration
        drills = administration.options.drills
        found = await self.console.store.read(exports.recent, LISTED)
        action, once = self.once("exports")
        self.show(
            "exports.html",
            drills=drills,
            proof=drills.last(),
            blockers=drills.blockers(),
            offered=ACTION in administration.desk.actions,
            going=next((each for each in found if each.going), None),
            exports=found,
            kept=[each for each in found if each.kept],
            settings=administration.options.exports,
            action=action,
            once=once,
        )

    async def post(self) -> None:
        """Ask for an export, which is then decided on a page of its own."""
        target = {
            name: self.get_body_argument(name, "") == "yes" for name in ("people", "announcements")
        }
        self.see(await ask(self, ACTION, target))


class ExportPage(_ExportsPage):
    """One export: how far it is, and then what it proves. While it goes on, the page comes anew by itself."""

    async def get(self, id_: str) -> None:
        """Show it."""
        export = await self.find(id_)
        if export.going:
            self.set_header("Refresh", "2")
        told: dict[str, Any] | None = None
        if export.kept:
            try:
                told = await self.console.administration.exports.told(export, "page.json")
            except NoFile:
                told = None
        action, once = self.once("exports", export.id)
        self.show(
            "export.html",
            export=export,
            told=told,
            hints=HINTS,
            words=WORDS,
            statuses=[each for each in WORDS if told and _any(told["layers"], each)],
            name=export.file.removesuffix(".tar.zst"),
            settings=self.console.administration.options.exports,
            action=action,
            once=once,
        )

    async def post(self, id_: str) -> None:
        """Cancel it, or remove its files."""
        export = await self.find(id_)
        decision = self.get_body_argument("decision", "")
        if decision == "cancel":
            try:
                await self.console.administration.exports.cancel(export.id, self.user)
            except NotGoing:
                raise Refusal(409, "It has ended already.") from None
        elif decision == "remove" and export.kept:
            await self.console.administration.exports.remove(export, self.user)
        self.see(self.link("exports", export.id))


class ComparisonPage(_ExportsPage):
    """What changed on this hub from one export to another."""

    async def get(self) -> None:
        """Show it."""
        first, second = [
            await self.find(self.get_query_argument(name, "")) for name in ("from", "to")
        ]
        if first.id == second.id:
            raise Refusal(400, "Choose two exports that are not the same one.")
        if first.created > second.created:
            first, second = second, first
        try:
            told = await self.console.administration.exports.compare(first, second)
        except NoFile:
            raise Refusal(404, GONE) from None
        except CannotExport as error:
            raise Refusal(409, f"They cannot be compared: {error}.") from None
        self.show("comparison.html", first=first, second=second, told=told)


class OwnPage(_ExportsPage):
    """What of an export is this hub's own, as against what any hub of its kind has."""

    async def get(self, id_: str) -> None:
        """Show it."""
        export = await self.find(id_)
        try:
            told = await self.console.administration.exports.told(export, "own.json")
        except NoFile:
            raise Refusal(404, GONE) from None
        self.show("own.html", export=export, told=told)


class ExportFile(_ExportsPage):
    """A file of an export. That somebody took it is written down."""

    async def get(self, id_: str, part: str) -> None:
        """Send it."""
        export = await self.find(id_)
        try:
            path = self.console.administration.exports.file(export, part)
            file = path.open("rb")
        except (NoFile, OSError):
            raise Refusal(404, GONE) from None
        with file:
            stem = export.file.removesuffix(".tar.zst")
            name = export.file if part == BUNDLE else f"{stem}.{part}"
            await self.console.store.write(
                exports.tell_audit,
                export,
                self.user,
                "done",
                action=DOWNLOAD,
                source="console",
                detail={"file": name, **({"sha256": export.sha256} if part == BUNDLE else {})},
            )
            self.set_header("Content-Type", TYPES[part])
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
            self.set_header("Content-Length", os.fstat(file.fileno()).st_size)
            try:
                while chunk := file.read(CHUNK):
                    self.write(chunk)
                    await self.flush()
            except StreamClosedError:
                return  # the person cancelled it
        await self.finish()


def _any(layers: Iterable[Mapping[str, Any]], status: str) -> bool:
    return any(status in each["counts"] for each in layers)


def offered(administration: Administration) -> bool:
    """Whether there is anything to show: exports, or drills."""
    options = administration.options
    return options.drills.configured or ACTION in administration.desk.actions


def pages() -> tuple[Page, ...]:
    """What this room adds to the console."""
    parts = "|".join(part.replace(".", r"\.") for part in TYPES)
    routes: tuple[tuple[str, Any], ...] = (
        (r"exports/?", ExportsPage),
        (r"exports/compare", ComparisonPage),
        (rf"exports/{ID}", ExportPage),
        (rf"exports/{ID}/own", OwnPage),
        (rf"exports/{ID}/({parts})", ExportFile),
    )
    return (Page("exports", "Exports", REPLICATE, routes),)
