"""A guide as Markdown. Called by the package's `guide`.

What stands in a bundle is other people's text: none of it becomes a heading, a link, a cell or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..manifest import Manifest
from ..report_text import plain
from .content import Guide, Row, Stage

# a line between letters and a mark of exclamation before other than a bracket are only that
MARKUP = re.compile(r"([\\`*\[\]|#~$]|(?<!\w)_|_(?!\w)|!(?=\[))")
CODE = re.compile(r"`([^`]+)`")


def text_of(guide: Guide, manifest: Manifest, bundle: str, digest: str) -> str:
    """All of it.

    Arguments:
        guide: what it says.
        manifest: of the bundle.
        bundle: its name.
        digest: SHA-256 of the bundle's list of checksums, which names every byte in it.
    """
    lines = [
        f"# Leaving with {escaped(guide.hub)}",
        "",
        f"Written for this hub by `jupyter 2i2c guide`, on the bundle {code(bundle)} of {escaped(manifest.created)}.",
        "Commands are to be typed in the directory that holds it. Which bundle it was, to the byte, is said",
        f"by the SHA-256 of its `manifest-sha256.txt`: {code(digest)}.",
        "",
        "This guide says what to do; it proves nothing. What was compared, and what was not, is in",
        "the report that `jupyter 2i2c verify` writes.",
    ]
    lines += _section("The hub", ("", ""), guide.about)
    lines += _section(
        "Where it can go", ("to", "takes", "for this hub"), guide.targets,
    )  # fmt: skip
    lines += _section(
        "Decide first", ("question", "now", "what depends on it"), guide.questions,
        "In writing, before anything is built. Whoever speaks for the community decides.",
    )  # fmt: skip
    lines += _section(
        "What belongs to the old place", ("now", "what it is", "how to decide", "stands in what is built"),
        guide.places, "Each needs a value of your own.",
    )  # fmt: skip
    lines += _section(
        "People", ("who", "does", "why here"), guide.people,
        "One person may be several of these. Name two for each, so that one can be away.",
    )  # fmt: skip
    lines += _section("Skills", ("skill", "why here", "where to learn it"), guide.skills)
    lines += _section(
        "Ask the old operator for", ("what", "why"), guide.ask,
        "While there still is a contract; nobody else has it.",
    )  # fmt: skip
    lines += ["", "## Steps, in order"]
    for number, stage in enumerate(guide.stages, 1):
        lines += _stage(number, stage)
    lines += _section(
        "Secrets to supply", ("variable", "what it is", "issued by", "how to get it", "stood at"),
        guide.secrets, "No value of them is in the bundle. Get new ones, and leave the old ones where they are.",
    )  # fmt: skip
    lines += _section(
        "Encrypted, and more than a credential",
        ("variable", "what it is", "issued by", "how to get it", "stood at"), guide.hidden,
        "Nobody without the old operator's key knows what the hub does here.",
    )  # fmt: skip
    notes = f"{guide.notes} notes of less weight are left out." if guide.notes else ""
    lines += _section(
        "Mistakes that would come along",
        ("how bad", "where", "what", "mend"),
        guide.findings,
        notes,
    )
    lines += _section("Not in the bundle", ("what", "why", "do"), _missing(manifest))
    lines += _section("What will be different", ("what", "why"), guide.different)
    return "\n".join(lines) + "\n"


def _missing(manifest: Manifest) -> tuple[Row, ...]:
    gone = [
        (f"{manifest.layers.get(each.layer, each.layer)}: `{each.id.partition(':')[2]}`",
         each.reason, each.action_needed)
        for each in manifest.items
        if each.status in ("not-captured", "unknown", "policy-excluded")
    ]  # fmt: skip
    return tuple(gone) + tuple((each.what, each.reason, "") for each in manifest.not_captured)


def _section(title: str, head: Row, rows: Iterable[Row], before: str = "") -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield from ("", f"## {title}", "")
    if before:
        yield from (before, "")
    yield _line(head)
    yield _line("---" for _ in head)
    yield from (_line(escaped(each) for each in row) for row in rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _stage(number: int, stage: Stage) -> Iterator[str]:
    yield from ("", f"### {number}. {escaped(stage.title)}", "", f"_{escaped(stage.who)}_")
    for each in stage.texts:
        yield from ("", escaped(each))
    if stage.points:
        yield from ("", *(f"* {escaped(each)}" for each in stage.points))
    if stage.commands:
        yield from ("", "```shell", *map(plain, stage.commands), "```")
    yield from ("", f"Done when {escaped(stage.done)}.")


def code(text: str) -> str:
    """Somebody's text as a word of code, in a cell, too."""
    return f"`{plain(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def escaped(text: str) -> str:
    """Somebody's text, in which only words between backticks are more than text."""
    pieces = CODE.split(" ".join(text.split()))
    shown = []
    for number, each in enumerate(pieces):
        if number % 2:
            shown.append(code(each))
            continue
        inert = each.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        shown.append(MARKUP.sub(r"\\\1", plain(inert)))
    return "".join(shown)
