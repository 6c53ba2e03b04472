"""The console's news: written, looked at as it will be read, published, changed and withdrawn; and the same asked for in Lab."""

import html
import re

import pytest

from jupyter_2i2c.hub.actions import BadTarget
from jupyter_2i2c.hub.identity import Identity
from jupyter_2i2c.hub.store import announcements, audit

BOSS = Identity("boss", frozenset())
FIELDS = {
    "title": "Slow today",
    "body": "Starts take **ten minutes**.",
    "severity": "incident",
    "audience": "everyone",
    "groups": "",
    "readers": "dismiss",
    "link": "https://status.example/",
}


async def current(console):
    return await console.store.read(announcements.current)


async def publish(console, **fields):
    """Write, preview and publish one; the page on which it is then."""
    page = await console.boss.see("news/new")
    preview = await console.boss.send(page, do="preview", **{**FIELDS, **fields})
    return await console.boss.send(preview, do="publish", **{**FIELDS, **fields})


async def test_written_looked_at_and_published(console):
    page = await console.boss.see((await console.boss.see("news")).link("news/new"))
    assert 'value="publish"' not in page.source
    preview = await console.boss.send(page, do="preview", **FIELDS)
    assert "As everyone will read it Incident Slow today" in preview.text
    assert "<strong>ten minutes</strong>" in preview.source
    assert "Starts take **ten minutes**." in preview.source  # and can be changed still
    assert await current(console) == []
    done = await console.boss.send(preview, do="publish", **FIELDS)
    assert "Shown now Incident Slow today" in done.text
    assert "Seen by 0 who, nobody is told" in done.text
    (found,) = await current(console)
    assert (found.title, found.severity, found.author) == ("Slow today", "incident", "boss")
    assert len(console.administration.newsroom) == 0  # nobody has asked yet
    (entry,) = await console.store.read(audit.entries, action="publish-announcement")
    assert (entry.actor, entry.result, entry.source) == ("boss", "done", "console")
    assert entry.target == {"announcement": found.id, "title": "Slow today"}
    assert "Slow today" in (await console.boss.see("news")).text


async def test_what_is_wrong_is_told_at_its_place_and_what_was_written_stays(console):
    page = await console.boss.see("news/new")
    wrong = await console.boss.send(
        page,
        do="publish",
        **{
            **FIELDS,
            "title": " ",
            "link": "javascript:alert(1)",
            "body": "kept <b>\n\nas it is",
            "audience": "groups",
            "ends": "yesterday",
        },
    )
    assert wrong.status == 400
    for words in (
        "Give it a title.",
        "The link cannot be used",
        "Say for which groups it is.",
        "is no time",
    ):
        assert words in wrong.text
    assert re.search(
        r'id="title"[^>]*aria-invalid="true" aria-describedby="title-mistake"', wrong.source
    )
    assert "kept &lt;b&gt;\n\nas it is</textarea>" in wrong.source
    assert await current(console) == []


async def test_times_are_those_of_the_form_in_utc(console):
    await publish(console, starts="2100-11-24T06:00", ends="2100-11-24T08:00", readers="stay")
    (found,) = await current(console)
    assert found.starts.isoformat() == "2100-11-24T06:00:00+00:00"
    assert not found.dismissible
    page = await console.boss.see(f"news/{found.id}/edit")
    assert 'name="starts" value="2100-11-24T06:00"' in page.source
    assert '<option value="stay" selected>' in page.source
    assert (
        "2100-11-24 06:00 UTC to 2100-11-24 08:00 UTC"
        in (await console.boss.see("news/" + found.id)).text
    )


async def test_a_change_is_read_anew_unless_it_is_small_and_its_history_stays(console):
    await publish(console)
    (found,) = await current(console)
    page = await console.boss.see(f"news/{found.id}/edit")
    await console.boss.send(page, do="publish", **{**FIELDS, "title": "Slower"})
    page = await console.boss.see(f"news/{found.id}/edit")
    seen = await console.boss.send(
        page,
        do="publish",
        quietly="yes",
        **{**FIELDS, "title": "Slower.", "readers": "acknowledge"},
    )
    (found,) = await current(console)
    assert (found.title, found.version, found.edition) == ("Slower.", 3, 2)
    assert found.acknowledge
    assert "Acknowledged by 0" in seen.text
    assert re.findall(r"(Published|Edited) by boss", seen.text) == ["Edited", "Edited", "Published"]
    assert "Slow today Starts take **ten minutes**." in seen.text


async def test_two_who_change_it_do_not_overwrite_each_other(console):
    await publish(console)
    (found,) = await current(console)
    first = await console.boss.see(f"news/{found.id}/edit")
    second = await console.boss.see(f"news/{found.id}/edit")
    await console.boss.send(first, do="publish", **{**FIELDS, "title": "First"})
    late = await console.boss.send(second, do="publish", **{**FIELDS, "title": "Second"})
    assert late.status == 409
    assert "Somebody has changed it meanwhile" in late.text
    assert 'value="Second"' in late.source
    assert (await current(console))[0].title == "First"


async def test_what_is_withdrawn_while_somebody_publishes_a_change_is_told(console, monkeypatch):
    await publish(console)
    (found,) = await current(console)
    form = await console.boss.see(f"news/{found.id}/edit")
    write = console.store.write

    async def after_another(function, *arguments, **more):
        await write(announcements.withdraw, found.id, "mary")
        return await write(function, *arguments, **more)

    monkeypatch.setattr(console.store, "write", after_another)
    late = await console.boss.send(form, do="publish", **{**FIELDS, "title": "Second"})
    assert late.status == 409
    assert "It was withdrawn meanwhile" in late.text
    assert 'value="Second"' in late.source
    monkeypatch.undo()
    await console.boss.send(late, do="publish", **{**FIELDS, "title": "Second"})
    assert [each.title for each in await current(console)] == ["Second"]


async def test_withdrawn_it_is_gone_for_readers_and_its_history_stays(console):
    page = await publish(console)
    (found,) = await current(console)
    without = await console.boss.send(page)
    assert "Shown now" in without.text
    gone = await console.boss.send(without, withdraw="yes")
    assert "Withdrawn" in gone.text
    assert await current(console) == []
    assert (await console.boss.see(f"news/{found.id}/edit")).status == 404
    listed = await console.boss.see("news")
    assert "Nothing is shown just now." in listed.text
    assert "Not shown any more" in listed.text
    results = await console.store.read(audit.entries, action="withdraw-announcement")
    assert [entry.actor for entry in results] == ["boss"]


async def test_only_who_may_announce_comes_here(stub, console):
    console.logged_in.token = "helper-token"
    helper = console.visitor()
    for path in ("news", "news/new", "news/x", "news/x/edit"):
        page = await helper.see(path)
        assert page.status == 403
        assert "Your account may not use this page." in page.text
    stub.tokens["helper-token"] = ("helper", ["custom:2i2c:announce"])
    other = console.visitor()
    assert (await other.see("news")).status == 200


async def test_f28_who_lost_the_right_while_writing_publishes_nothing(stub, console):
    stub.tokens["helper-token"] = ("helper", ["custom:2i2c:announce"])
    console.logged_in.token = "helper-token"
    helper = console.visitor()
    page = await helper.see("news/new")
    stub.tokens["helper-token"] = ("helper", [])
    assert (await helper.send(page, do="publish", **FIELDS)).status == 403
    assert await current(console) == []


async def test_what_is_not_there(console):
    assert (await console.boss.see("news/no-such")).status == 404
    assert (await console.boss.see("news/no-such/edit")).status == 404


# --- asked for in Lab -----------------------------------------------------------------------


async def asked(console, kind, target):
    desk = console.administration.desk
    intent = await desk.ask(BOSS, kind, target, "a note", "server:boss/")
    return await console.boss.see(f"intents/{intent.id}"), intent


async def test_an_intent_from_lab_is_seen_as_it_will_be_read_and_published_once(console):
    target = {
        "title": "Workshop",
        "body": "At **ten**. <script>alert(1)</script>",
        "audience": {"kind": "groups", "groups": ["waves"]},
        "starts": "2100-11-24T06:00Z",
        "acknowledge": True,
    }
    page, intent = await asked(console, "publish-announcement", target)
    assert "Publish this announcement?" in page.text
    assert "For the group waves" in page.text
    assert "<strong>ten</strong>" in page.source
    assert "<script" not in page.source
    assert await current(console) == []
    done = await console.boss.approve(page)
    assert "Done Published for the group waves." in done.text
    (found,) = await current(console)
    assert (found.id, found.author, found.acknowledge) == (intent.id, "boss", True)
    results = await console.store.read(audit.entries, action="publish-announcement")
    assert [entry.result for entry in results] == ["done", "approved", "asked"]


async def test_intents_change_and_withdraw(console):
    page, _ = await asked(console, "publish-announcement", {"title": "One"})
    await console.boss.approve(page)
    (found,) = await current(console)
    page, _ = await asked(
        console, "edit-announcement", {"id": found.id, "version": 1, "title": "Two"}
    )
    stale, _ = await asked(
        console, "edit-announcement", {"id": found.id, "version": 1, "title": "Three"}
    )
    assert "Done Changed" in (await console.boss.approve(page)).text
    assert "Somebody has changed it meanwhile" in (await console.boss.approve(stale)).text
    assert (await current(console))[0].title == "Two"
    page, _ = await asked(console, "withdraw-announcement", {"id": found.id})
    assert "Title Two" in page.text
    assert "Done Withdrawn." in (await console.boss.approve(page)).text
    assert await current(console) == []
    again, _ = await asked(console, "withdraw-announcement", {"id": found.id})
    assert "There is no such announcement" in again.text


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("publish-announcement", {}),
        ("publish-announcement", {"title": "x", "colour": "red"}),
        ("publish-announcement", {"title": "x" * 121}),
        ("publish-announcement", {"title": "x", "body": "x" * 1_000_000}),
        ("publish-announcement", {"title": ["x"]}),
        ("publish-announcement", {"title": "x", "audience": "everyone"}),
        ("publish-announcement", {"title": "x", "audience": {"kind": "groups", "groups": [[]]}}),
        ("publish-announcement", {"title": "x", "ends": "2001-01-01T00:00Z"}),
        ("publish-announcement", {"title": "x", "starts": 5}),
        ("publish-announcement", {"title": "x", "dismissible": "no"}),
        ("edit-announcement", {"id": "x", "title": "x"}),
        ("edit-announcement", {"id": "x", "title": "x", "version": "1"}),
        ("edit-announcement", {"title": "x", "version": 1}),
        ("withdraw-announcement", {"id": "x" * 65}),
        ("withdraw-announcement", {"id": "x", "user": "ada"}),
    ],
)
async def test_intents_that_make_no_sense_are_refused(console, kind, target):
    with pytest.raises(BadTarget):
        await console.administration.desk.ask(BOSS, kind, target, "", "server:boss/")


async def test_a_right_that_ends_before_the_approval_publishes_nothing(stub, console):
    page, _ = await asked(console, "publish-announcement", {"title": "One"})
    stub.tokens["boss-token"][1].remove("admin-ui")
    refused = await console.boss.approve(page)
    assert "The hub does not grant you what this needs" in refused.text
    assert await current(console) == []


async def test_a14_hostile_words_are_only_words(console):
    title = '<img src=x onerror=alert(1)>"\u202eevil'
    body = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <svg onload=alert(1)>"
    page = await publish(console, title=title, body=body)
    for source in (page.source, (await console.boss.see("news")).source):
        assert "<script" not in source
        assert "<img" not in source
        assert "<svg" not in source
        assert "\u202e" not in source
    assert html.escape("<img src=x onerror=alert(1)>") in page.source
