"""The console's queue of requests for help."""

import re

import pytest

from jupyter_2i2c.hub.store import audit, outbox, requests
from jupyter_2i2c.hub.store.requests import Attachment, Content

SCRIPT = "<script>fetch('/hub/api/users')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def ask(console):
    """Puts a request in the queue."""

    def ask(person="ada", key="key-0001", **fields):
        content = Content(**{"category": "incident", "subject": "It is slow", "text": "", **fields})
        store = console.store
        return store.write_now(requests.create, content, key=key, person=person, route="operator")[
            0
        ]

    return ask


def references(page):
    """What a page calls the requests on it, in their order."""
    return re.findall(r"R-\w{6}", page.text)


def give_up(console, request):
    (row,) = console.store.write_now(outbox.take, 1)
    console.store.write_now(outbox.give_up, row.id, "the mail server knows none of them: 550")


async def test_the_queue_is_shown_the_oldest_first_and_by_who_looks_after_it(console, ask):
    first, second = ask(), ask(key="key-0002", person="grace")
    page = await console.boss.see("requests")
    assert references(page) == [first.reference, second.reference]
    taken = await console.boss.send(
        await console.boss.see(f"requests/{second.id}"), decision="take"
    )
    assert "Looked after by boss" in taken.text
    assert references(await console.boss.see("requests?mine=1")) == [second.reference]
    assert "There is none." in (await console.boss.see("requests?show=closed")).text
    left = await console.boss.send(taken, decision="leave")
    assert "Looked after by nobody" in left.text


async def test_an_answer_is_kept_and_goes_to_the_desk_in_the_same_thread(console, ask):
    request = ask()
    page = await console.boss.see(f"requests/{request.id}")
    empty = await console.boss.send(page, decision="answer", answer="  ")
    assert empty.status == 400
    assert "Write an answer first" in empty.text
    done = await console.boss.send(empty, decision="answer", answer="Take the profile “Large”.")
    assert "State Answered" in done.text
    assert console.store.read_now(requests.get, request.id).answer == "Take the profile “Large”."
    (row,) = console.store.write_now(outbox.take, 9)
    console.store.write_now(outbox.delivered, row.id)
    (row,) = console.store.write_now(outbox.take, 9)
    assert (row.kind, row.body) == ("answer", "Take the profile “Large”.")
    closed = await console.boss.send(done, decision="close")
    assert "State Closed" in closed.text
    late = await console.boss.send(closed, decision="answer", answer="More")
    assert late.status == 409
    entries = console.store.read_now(audit.entries, action="handle-request")
    assert [entry.result for entry in entries] == ["closed", "answered"]
    assert "Large" not in str(entries)
    again = await console.boss.send(
        await console.boss.see(f"requests/{request.id}"), decision="reopen"
    )
    assert "State Sent" in again.text


async def test_what_was_given_up_is_shown_and_tried_again(console, ask):
    request = ask()
    give_up(console, request)
    assert references(await console.boss.see("requests?show=failed")) == [request.reference]
    page = await console.boss.see(f"requests/{request.id}")
    assert "knows none of them: 550 (given up)" in page.text
    again = await console.boss.send(page, decision="retry")
    assert "State Queued" in again.text
    (row,) = console.store.write_now(outbox.take, 9)
    assert row.attempts == 1


async def test_a15_what_people_write_is_only_ever_shown(console, ask):
    request = ask(
        person=SCRIPT,
        subject=SCRIPT,
        text=SCRIPT,
        affected=SCRIPT,
        diagnostics={SCRIPT: SCRIPT},
        attachments=[Attachment(SCRIPT, "text/plain", b"")],
    )
    for path in ("requests", f"requests/{request.id}"):
        page = await console.boss.see(path)
        assert "<script" not in page.source
        assert "<img" not in page.source
        assert "onerror=alert(1)" in page.text


async def test_attachments_are_only_ever_downloads(console, ask):
    html = b"<script>alert(1)</script>"
    request = ask(
        attachments=[Attachment("über.html\r\nX: y", "text/plain", html)],
        diagnostics={"Log": "it stopped"},
        encrypted=b"age-encryption.org/v1 x",
    )
    page = await console.boss.see(f"requests/{request.id}")
    (path,) = [each for each in page.links if each.rpartition("/")[2].isdecimal()]
    answer = (await console.boss.see(path)).answer
    assert answer.content == html
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "X" not in answer.headers
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    file = await console.boss.see(page.link("files/diagnostics.txt"))
    assert file.source == "# Log\n\nit stopped"
    age = await console.boss.see(page.link("files/request.age"))
    assert age.answer.content.startswith(b"age-encryption.org/v1")
    other = ask(key="key-0002")
    number = path.rpartition("/")[2]
    assert (await console.boss.see(f"requests/{other.id}/files/{number}")).status == 404
    assert (await console.boss.see(f"requests/{other.id}/files/request.age")).status == 404


async def test_others_than_those_with_the_scope_are_refused(console, ask):
    assert "Help requests" in (await console.boss.see("")).text
    console.logged_in.token = "helper-token"
    helper = console.visitor()
    for path in ("requests", f"requests/{ask().id}", f"requests/{ask().id}/files/request.age"):
        page = await helper.see(path)
        assert page.status == 403
        assert "may not use this page" in page.text
    assert "Help requests" not in (await helper.see("")).text
