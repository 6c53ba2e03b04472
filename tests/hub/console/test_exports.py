"""Exports on the console: asked for with consent, followed, read, compared, downloaded; for whoever may export the hub, and nobody else."""

import asyncio
import hashlib
import json
import re

import pytest

from jupyter_2i2c.hub.actions import BadTarget
from jupyter_2i2c.hub.actions.export import CONSENT
from jupyter_2i2c.hub.api.intents import export_to_json
from jupyter_2i2c.hub.exports import Exports, Settings
from jupyter_2i2c.hub.identity import Identity
from jupyter_2i2c.hub.metrics import Metrics
from jupyter_2i2c.hub.proof import Drills
from jupyter_2i2c.hub.store import audit, exports

from ..exported import done, write_record

BOSS = Identity("boss", frozenset())

PAGE = {
    "created": "2026-11-21T11:00:00Z",
    "source": {"hub": "Our hub"},
    "target": "local",
    "items": 4,
    "files": 3,
    "highest": "V3",
    "layers": [
        {"id": "login", "title": "Login", "counts": {"captured": 12, "secret-slot": 1}},
        {"id": "cloud", "title": "What belongs to one cloud", "counts": {}},
    ],
    "rungs": [
        {
            "name": f"V{number}", "proves": f"thing {number}", "status": status, "why": why,
            "counts": {"pass": 1, "fail": int(status == "fail"), "not-run": 0},
            "open": [{"item": "a.b", "status": "fail", "why": "<b>was</b> `1`"}] if status == "fail" else [],
        }
        for number, (status, why) in enumerate(
            [("pass", "1 of 1"), ("fail", "0 of 1"), ("not-run", "V1 failed"), *[("not-run", "later")] * 6]
        )
    ],
    "blockers": [f"V1 a.b: <script>alert({number})</script>" for number in range(10)],
    "secrets": [{"slot": "OAUTH_CLIENT_SECRET", "where": "config.py:3", "how": "ask with `mail`"}],
    "left_out": [
        {"layer": "Homes", "what": "files", "status": "not-captured", "reason": "theirs", "action": "ask"}
    ],
}  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    return Settings(
        record=str(write_record(tmp_path / "hub")),
        directory=str(tmp_path / "exports"),
        name="Our hub",
    )


@pytest.fixture
def console(run, stub, settings, jp_asyncio_loop):
    """A console of a hub that can be exported."""
    stub.tokens["boss-token"][1].extend(["list:services", "read:hub"])
    stub.groups["ocean"] = ["grace"]
    stub.add("grace")
    return jp_asyncio_loop.run_until_complete(run(exports=settings))


async def log(console, **filters):
    return await console.store.read(audit.entries, **filters)


async def followed(console, page):
    """The page of an export when it has ended, and those that were seen meanwhile."""
    id_ = page.path.removeprefix("intents/")
    if begins := set(console.administration.desk._executing):  # on a slow machine not yet begun
        await asyncio.wait(begins)
    task = console.administration.exports._tasks.get(id_)
    going = await console.boss.see(f"exports/{id_}")
    if task:
        await asyncio.wait({task})
    return going, await console.boss.see(f"exports/{id_}")


async def test_the_whole_story(stub, console):
    page = await console.boss.see("exports")
    assert "Export this hub…" in page.text
    asked = await console.boss.send(page, people="yes", announcements="yes")
    assert "3 users and 1 group, and who is in them" in asked.text
    assert CONSENT in asked.text
    assert "checked" not in asked.source
    refused = await console.boss.approve(asked)
    assert refused.status == 400
    assert "Say that you consent, or refuse it. Nothing was done." in refused.text
    assert not await console.store.read(exports.recent)
    told = await console.boss.approve(refused, consent="yes", message="We move.")
    assert "Under way The hub is being exported." in told.text
    assert told.link("exports/") == f"{told.answer.url.path.replace('intents', 'exports')}"
    going, page = await followed(console, told)
    assert "Exporting this hub" in going.text
    assert going.answer.headers["Refresh"] == "2"
    assert "Refresh" not in page.answer.headers
    (export,) = await console.store.read(exports.recent)
    assert export.state == "done", export.message
    assert "what was built of it holds up to V4" in page.text
    assert export.sha256 in page.text
    assert "with names of people and announcements" in page.text
    assert "V4 the executed hub configuration is equal holds" in page.text
    assert "fifth command below" in page.text
    bundle = (await console.boss.see(page.link("/bundle"))).answer
    assert hashlib.sha256(bundle.content).hexdigest() == export.sha256
    assert bundle.headers["Content-Disposition"] == f'attachment; filename="{export.file}"'
    assert bundle.headers["X-Content-Type-Options"] == "nosniff"
    assert bundle.headers["Cache-Control"] == "no-store"
    for part in ("report.html", "report.json", "guide.md"):
        answer = (await console.boss.see(page.link(part))).answer
        name = f"{export.file.removesuffix('.tar.zst')}.{part}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    own = await console.boss.see(page.link("/own"))
    assert "Spawner.mem_limit" in own.text
    entries = [(each.action, each.result) for each in reversed(await log(console))]
    assert entries.count(("download-export", "done")) == 4
    told = {each.result: each for each in await log(console, action="export-hub")}
    assert told["approved"].reason == "We move."
    started = next(each for each in await log(console) if each.result == "started")
    assert started.detail["consent"] == CONSENT
    assert "holds up to V4" in (await console.boss.see("exports")).text


async def test_followed_from_lab_and_cancelled(console, monkeypatch):
    begun, never = asyncio.Event(), asyncio.Event()

    async def make(*_):
        begun.set()
        await never.wait()

    monkeypatch.setattr(Exports, "_make", make)
    page = await console.boss.ask("exports", "")
    told = await console.boss.approve(page)
    await begun.wait()
    going = await console.boss.see(told.link("exports/"))
    assert "without names of people or announcements" in going.text
    second = await console.boss.see("exports")
    assert "One is under way" in second.text
    intent = await console.administration.desk.ask(BOSS, "export-hub", {})
    busy = await console.boss.see(f"intents/{intent.id}")
    assert "Another export is under way" in busy.text
    (export,) = await console.store.read(exports.recent)
    assert export_to_json(export, "https://hub/c/") == {
        "id": export.id, "state": "waiting", "step": "", "done": 0, "total": 0,
        "url": f"https://hub/c/exports/{export.id}", "highest": "", "blockers": 0, "not_run": 0,
    }  # fmt: skip
    page = await console.boss.send(going, decision="cancel")
    assert "Export cancelled Cancelled by “boss”. Nothing was kept." in page.text
    again = await console.boss.send(page, decision="cancel") if "once" in page.source else None
    assert again is None or again.status == 409
    assert "Cancelled" in (await console.boss.see(f"intents/{export.id}")).text


@pytest.mark.parametrize(
    "target", [{"people": "yes"}, {"people": 1}, {"everything": True}, {"announcements": None}]
)
async def test_what_makes_no_sense_is_not_asked_for(console, target):
    with pytest.raises(BadTarget):
        await console.administration.desk.ask(BOSS, "export-hub", target)


async def test_a_page_that_says_what_failed(console, settings):
    export = done(console.store, settings, page=PAGE, blockers=10, highest="V0")
    page = await console.boss.see(f"exports/{export.id}")
    assert "<script>alert(0)</script>" in page.text
    assert "<script" not in page.source
    assert "And 2 more, below at the rungs that fail." in page.text
    assert "<b>was</b>" not in page.source
    assert "ask with <code>mail</code>" in page.source
    assert "What belongs to one cloud nothing of it here" in page.text
    assert "Captured Secret to supply" in page.text
    assert "Homes files theirs ask" in page.text
    assert "V2 thing 2 not run V1 failed" in page.text
    assert "10 checks failed" in (await console.boss.see("exports")).text


async def test_a_hub_on_kubernetes_gets_its_own_commands(console, settings):
    export = done(console.store, settings, page={**PAGE, "target": "k8s"})
    page = await console.boss.see(f"exports/{export.id}")
    assert "--target k8s --chart" in page.text
    assert "--target local" not in page.text
    assert "fifth command" not in page.text


async def test_what_has_changed(console, settings, monkeypatch):
    first, second = (done(console.store, settings, page=PAGE) for _ in range(2))
    told = {
        "changes": [
            {"layer": "login", "what": "A.b", "kind": "changed", "before": "<1>", "after": "2", "diff": "-1\n+2"},
            {"layer": "login", "what": "A.c", "kind": "added", "before": "", "after": "3", "source": "f:1"},
        ],
        "same": 1234, "left_out": 5, "notes": ["see `this`"], "titles": {"roles": "Roles", "login": "Login"},
    }  # fmt: skip
    asked = []

    async def compare(_, one, other):
        asked.append((one.id, other.id))
        return told

    monkeypatch.setattr(Exports, "compare", compare)
    # asked for in whichever order, it is told from the older one on
    page = await console.boss.see(f"exports/compare?from={second.id}&to={first.id}")
    assert asked == [(first.id, second.id)]
    assert "A.b &lt;1&gt; 2 Line by line -1 +2" in page.text.replace("<1>", "&lt;1&gt;")
    assert "A.c f:1 not there 3" in page.text
    assert "As they were: 1,234." in page.text
    assert "Roles" not in page.text.split("What has changed")[1]
    same = await console.boss.see(f"exports/compare?from={first.id}&to={first.id}")
    assert same.status == 400
    for query in ("", f"from={first.id}", f"from={first.id}&to=none"):
        assert (await console.boss.see(f"exports/compare?{query}")).status in (400, 404)
    page = await console.boss.see("exports")
    assert re.findall(r"<option value=\"([^\"]*)\" selected", page.source) == [first.id]


async def test_two_real_ones_are_compared_in_a_process_of_their_own(console, settings, tmp_path):
    page = await console.boss.ask("exports", "")
    await followed(console, await console.boss.approve(page))
    write_record(tmp_path / "hub", memory="3G")
    page = await console.boss.ask("exports", "")
    await followed(console, await console.boss.approve(page))
    second, first = await console.store.read(exports.recent)
    for _ in range(2):  # made, and then kept
        page = await console.boss.see(f"exports/compare?from={first.id}&to={second.id}")
        assert re.search(r'Spawner\.mem_limit\S* "2G" "3G"', page.text), page.text
    (kept,) = console.administration.exports.file(second, "bundle").parent.glob("since-*")
    assert kept.stat().st_mode & 0o077 == 0
    console.administration.exports.file(first, "bundle").unlink()
    assert (await console.boss.see(f"exports/{first.id}/bundle")).status == 404
    await console.administration.exports.remove(second)
    page = await console.boss.see(f"exports/compare?from={first.id}&to={second.id}")
    assert page.status == 404


async def test_files_are_removed_when_somebody_says_so(console, settings):
    export = done(console.store, settings, page=PAGE)
    page = await console.boss.see(f"exports/{export.id}")
    gone = await console.boss.send(page, decision="remove")
    assert "Its files were removed" in gone.text
    assert export.sha256 in gone.text
    for part in ("bundle", "report.html", "own"):
        assert (await console.boss.see(f"exports/{export.id}/{part}")).status == 404
    (entry, *_) = await log(console, action="export-hub", actor="boss")
    assert entry.result == "removed"


async def test_only_ids_and_known_files_are_taken_from_the_address(console, settings, tmp_path):
    export = done(console.store, settings, page=PAGE)
    (tmp_path / "exports" / "secret").write_text("secret")
    for path in (
        "exports/..%2Fsecret", "exports/..%2F..%2Fstore.key/bundle", "exports/%2E%2E%2Fsecret",
        f"exports/{export.id}/..%2F..%2Fsecret", f"exports/{export.id}/page.json",
        f"exports/{export.id}/log", f"exports/{export.id}/replica-x.tar.zst", "exports/x/bundle",
        f"exports/{export.id}%00/bundle", f"exports/export-{export.id}/bundle", "exports/" + "x" * 65,
    ):  # fmt: skip
        page = await console.boss.see(path)
        assert page.status == 404, path
        assert "secret" not in page.text


async def test_without_the_right_nothing_is_seen_or_done(stub, console, settings):
    export = done(console.store, settings, page=PAGE)
    forms = [await console.boss.see(path) for path in ("exports", f"exports/{export.id}")]
    paths = [
        "exports", f"exports/{export.id}", f"exports/{export.id}/own", f"exports/{export.id}/bundle",
        f"exports/{export.id}/report.json", f"exports/compare?from={export.id}&to={export.id}",
    ]  # fmt: skip
    rights = stub.tokens["boss-token"][1]
    rights.remove("admin-ui")  # taken while the pages are open
    for path in paths:
        page = await console.boss.see(path)
        assert page.status == 403, path
        assert export.sha256 not in page.text
    assert (await console.boss.post(forms[0].hidden()[0], once="x" * 43)).status == 403
    for form in forms:
        assert (await console.boss.send(form, decision="remove", people="yes")).status == 403
    assert (await console.store.read(exports.get, export.id)).kept
    assert [each.result for each in await log(console, action="use-console")] == ["denied"] * 2
    assert not [link for link in (await console.boss.see()).links if "exports" in link]
    rights.append("custom:2i2c:replicate")
    assert [(await console.boss.see(path)).status for path in paths] == [
        200, 200, 404, 200, 404, 400,
    ]  # fmt: skip


async def test_a_form_of_elsewhere_asks_for_nothing_and_ends_nothing(console, settings):
    export = done(console.store, settings, page=PAGE)
    form = await console.boss.see("exports")
    other = await console.boss.see(f"exports/{export.id}")
    for action, once in (
        ("exports", ""),
        ("exports", other.hidden()[1]),
        (f"exports/{export.id}", form.hidden()[1]),
    ):
        page = await console.boss.post(action, once=once, decision="remove")
        assert page.status == 403
        assert "not the console's own" in page.text
    assert (await console.store.read(exports.get, export.id)).kept
    assert len(await console.store.read(exports.recent)) == 1


async def test_no_script_and_no_frame_gets_a_file(console, settings):
    export = done(console.store, settings, page=PAGE)
    await console.boss.see("exports")
    for mode, dest in (("cors", "empty"), ("no-cors", "image"), ("navigate", "iframe")):
        headers = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        page = await console.boss.see(f"exports/{export.id}/bundle", headers=headers)
        assert page.status == 403
        assert "bytes" not in page.text
    assert not await log(console, action="download-export")


async def test_how_many_there_are_is_counted(console, settings):
    done(console.store, settings)
    metrics = Metrics()
    await console.administration.measure(metrics)
    assert b'jupyter_2i2c_exports{state="done"} 1.0' in metrics.text()


async def test_where_there_is_no_record_nothing_is_offered(run):
    console = await run()
    page = await console.boss.see()
    assert not [link for link in page.links if "exports" in link]
    assert (await console.boss.see("exports")).status == 404
    assert "export-hub" not in console.administration.desk.actions


async def test_a_record_that_goes_away_is_said_before_anything_is_done(console, tmp_path):
    page = await console.boss.ask("exports", "")
    (tmp_path / "hub" / "jupyter_2i2c.record.json").unlink()
    answer = await console.boss.approve(page)
    assert answer.status == 400
    assert "cannot be read. Restart the hub" in answer.text


# --- drills -------------------------------------------------------------------------------------

DRILL = {"at": "2026-03-01T12:00:00Z", "holds": True, "highest": "V7", "blockers": []}


@pytest.mark.parametrize(
    ("drill", "said", "reminder"),
    [
        (None, "Nobody has tried yet whether this hub starts elsewhere", True),
        (DRILL, "built on 2026-03-01 , and what was checked held, up to V7.", False),
        ({**DRILL, "at": "2020-03-01T12:00:00Z"}, "meant to be tried every 36500", True),
        ({**DRILL, "holds": False, "blockers": ["V4 <b>"]}, "1 check failed; it held up to V7.", True),
    ],
)  # fmt: skip
async def test_the_last_proven_replica(run, stub, tmp_path, drill, said, reminder):
    limit = 36500 if drill and drill["at"] > "2025" else 1
    if drill:
        (tmp_path / "latest.json").write_text(json.dumps(drill))
    console = await run(drills=Drills(str(tmp_path), limit))
    for path in ("", "exports"):
        page = await console.boss.see(path)
        assert said.replace("36500", "1 day") in page.text
        assert ('class="warning"' in page.source) == reminder
    assert ("V4 <b>" in page.text) == bool(drill and drill["blockers"])
    assert "<b>" not in page.source
    stub.tokens["boss-token"][1].remove("admin-ui")
    page = await console.boss.see()
    assert said.replace("36500", "1 day") in page.text  # it is public, what failed is not
    assert "V4 &lt;b&gt;" not in page.source
    assert (await console.boss.see("exports")).status == 403


async def test_nobody_drills(console):
    assert "Last proven replica" not in (await console.boss.see()).text
