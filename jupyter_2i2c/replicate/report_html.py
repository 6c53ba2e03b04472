"""Bundles and ladders as pages of their own: no script, nothing from elsewhere. Called by replicate/cli.py and verify/report.py.

Every word of a bundle is escaped, and a policy in the page forbids what could slip through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from .manifest import STATUSES
from .verify.ladder import RUNGS, Verification
from .verify.ladder import STATUSES as OUTCOMES

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --good: #1a7f4b; --bad: #b42318; --open: #6b7280; --part: #9a6700; }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }} h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top; overflow-wrap: anywhere;
  border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }}
th {{ font-weight: 600; }}
.bar {{ display: flex; height: .8rem; min-width: 12rem; border-radius: .2rem; overflow: hidden; gap: 1px; }}
.pass, .captured, .transformed, .code-verbatim, .open {{ --colour: var(--good); }}
.fail, .not-captured, .unknown {{ --colour: var(--bad); }}
.not-run, .policy-excluded, .cloud-resource, .not-known {{ --colour: var(--open); }}
.secret-slot, .tied, .own-licence, .unpinned {{ --colour: var(--part); }}
.bar span {{ background: var(--colour); }}
.status {{ color: var(--colour); font-weight: 600; white-space: nowrap; }}
ol.ladder {{ list-style: none; padding: 0; }}
ol.ladder li {{ border-left: .4rem solid var(--colour); padding: .3rem .8rem; margin: .25rem 0; }}
summary {{ cursor: pointer; }}
.layers th, .layers td {{ overflow-wrap: normal; }}
@media (max-width: 40rem) {{ .bar {{ min-width: 4rem; }} .layers {{ font-size: .9rem; }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

LAYERS = {
    "data": "code and data",
    "environment": "environment",
    "infrastructure": "the hub's infrastructure",
    "cloud": "the cloud beneath it",
}
"""The layers of the right to replicate."""

CODE = re.compile("`([^`<>]+)`")

WORDS = {"pass": "passes", "fail": "fails", "not-run": "not run"}


def inspect_page(found: Mapping[str, Any]) -> str:
    """What is in a bundle."""
    return PAGE.format(title=escape(f"Bundle {found['bundle']}"), body=_contents(found))


def verification_page(verification: Verification) -> str:
    """The ladder, from its highest rung down, and each rung's items."""
    return PAGE.format(
        title=escape(f"Verification of {verification.bundle}"), body=_ladder(verification)
    )


def export_page(found: Mapping[str, Any], verification: Verification) -> str:
    """Both: how far a bundle is proven, and what is in it."""
    body = f"<h2>Proof</h2>{_ladder(verification)}<h2>Contents</h2>{_contents(found)}"
    return PAGE.format(title=escape(f"Export {found['bundle']}"), body=body)


def _contents(found: Mapping[str, Any]) -> str:
    source = [("created", found["created"]), *sorted(found["source"].items())]
    parts = [
        _table(("fact", "value"), source),
        "<h2>Layers</h2>",
        _layers(found["layers"]),
        "<h2>Items</h2>",
        _table(
            ("item", "status", "seen", "to know"),
            [
                (
                    each["id"],
                    _Status(each["status"]),
                    each["evidence"],
                    "; ".join(filter(None, [each["reason"], each["action_needed"]])),
                )
                for each in found["items"]
            ],
        ),
    ]
    if any(layer["items"] for layer in found["evidence"]["layers"]):
        head = ("layer", "what", "found", "status", "names", "way out")
        parts += ["<h2>What is open</h2>", _table(head, _evidence(found["evidence"]["layers"]))]
    for title, columns, key in (
        ("Not in it", ("what", "reason"), "not_captured"),
        ("Secrets to supply", ("slot", "where", "how"), "secrets"),
        ("Differences that a rebuild may have", ("what", "why"), "transforms"),
    ):
        if found[key]:
            rows = [tuple(each[column] for column in columns) for each in found[key]]
            parts += [f"<h2>{title}</h2>", _table(columns, rows)]
    return "\n".join(parts)


def _ladder(verification: Verification) -> str:
    highest = escape(verification.highest or "none")
    parts = [f"<p>Highest rung: <strong>{highest}</strong></p>"]
    parts += [f"<p>{escape(verification.asked)}</p>"] if verification.asked else []
    parts.append('<ol class="ladder" reversed>')
    for name in reversed(RUNGS):
        rung = verification.rungs[name]
        parts.append(
            f'<li class="{rung.status}"><strong>{name}</strong> {escape(RUNGS[name])}:'
            f' <span class="status">{WORDS[rung.status]}</span>, {_words(rung.why)}'
            f"{_bar({each: rung.count(each) for each in OUTCOMES})}</li>"
        )
    parts.append("</ol>")
    if verification.blockers:
        items = "".join(f"<li>{_words(each)}</li>" for each in verification.blockers)
        parts.append(f"<h2>Blockers</h2><ul>{items}</ul>")
    for name in RUNGS:
        rung = verification.rungs[name]
        if rung.items:
            rows = [(key, _Status(each.status), each.why) for key, each in rung.items.items()]
            rows.sort(key=lambda row: (row[1] == "pass", row[0]))
            parts.append(
                f"<details><summary>{name}: {len(rows)} items</summary>"
                f"{_table(('item', 'status', 'why'), rows)}</details>"
            )
    return "\n".join(parts)


class _Status(str):
    """A cell that is shown in the colour of its status."""

    __slots__ = ()


def _layers(layers: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for each in layers:
        counts = {status: each["counts"].get(status, 0) for status in STATUSES}
        words = (
            ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "none"
        )
        rows.append(
            f"<tr><th>{escape(each['title'])}</th><td>{_bar(counts)}</td><td>{words}</td></tr>"
        )
    return f'<table class="layers">{"".join(rows)}</table>'


def _bar(counts: Mapping[str, int]) -> str:
    """A bar of the counts; the words beside it say the same."""
    if not sum(counts.values()):
        return ""
    pieces = "".join(
        f'<span class="{status}" style="flex-grow:{count}"></span>'
        for status, count in counts.items()
        if count
    )
    return f'<div class="bar" aria-hidden="true">{pieces}</div>'


def _evidence(layers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """A row for each thing that was looked at."""
    for layer in layers:
        for each in layer["items"]:
            count = f"{each['count']}: " if each["count"] else ""
            yield (
                LAYERS.get(layer["key"], layer["key"]),
                each["what"],
                f"{count}{each['found']}",
                _Status(each["status"]),
                ", ".join(each["names"]),
                each["way_out"],
            )


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in columns)
    body = "".join(f"<tr>{''.join(_cell(each) for each in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, _Status):
        return f'<td class="{escape(value)} status">{escape(value)}</td>'
    return f"<td>{_words(str(value))}</td>"


def _words(text: str) -> str:
    """Text, escaped; what stands between backticks is code."""
    return CODE.sub(r"<code>\1</code>", escape(text))
