"""What is done from the console: asked there or elsewhere, shown, approved; people, rights, other people's servers, jobs."""

import asyncio
import re

import pytest

from jupyter_2i2c.hub.identity import Identity
from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.hub.store import audit, jobs

BOSS = Identity("boss", frozenset())


async def log(console, **filters):
    return await console.store.read(audit.entries, **filters)


# --- intents ------------------------------------------------------------------------------------


async def test_asked_shown_approved_and_written_down(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    assert "Stop the server of “grace”?" in page.text
    assert "checked" not in page.source
    done = await console.boss.approve(page, message="The node is full.")
    assert "Done Stopped the server of “grace”" in done.text
    assert stub.running() == set()
    (entry, *_) = await log(console, action="stop-server")
    assert (entry.actor, entry.result, entry.reason) == ("boss", "done", "The node is full.")
    listed = (await console.boss.see("intents")).text
    assert "Stop a server grace Done just now , in the console" in listed


async def test_what_is_not_known_yet_comes_anew_until_it_is(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    away = False

    async def lost(handler):
        nonlocal away
        if handler.request.method == "DELETE":
            del stub.users["grace"]["servers"][""]  # it worked, and then the hub went away
            away = True
        if away:
            handler.set_status(503)
        return away

    stub.fault = lost
    unknown = await console.boss.approve(page)
    assert "Not known yet" in unknown.text
    assert unknown.answer.headers["Refresh"] == "5"
    stub.fault = None
    done = await console.boss.see(unknown.path)
    assert "Stopped the server of “grace”" in done.text
    assert "Refresh" not in done.answer.headers


async def test_the_question_is_quoted_and_never_becomes_the_message(stub, console):
    stub.add("grace", servers=[""])
    intent = await console.administration.desk.ask(
        BOSS, "stop-server", {"user": "grace"}, "<script>approve()</script>", "server:boss/"
    )
    page = await console.boss.see(f"intents/{intent.id}")
    assert "<script>approve()</script>" in page.text
    assert "<script" not in page.source
    assert re.search(r'name="message" value=""', page.source)
    await console.boss.approve(page)
    (entry, *_) = await log(console, action="stop-server")
    assert "approve()" not in entry.reason


async def test_without_a_choice_nothing_happens_and_what_was_written_stays(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    again = await console.boss.send(page, decision="approve", message="Maintenance & more")
    assert again.status == 400
    assert "Say that you asked for this" in again.text
    assert 'value="Maintenance &amp; more"' in again.source
    assert stub.running() == {("grace", "")}
    assert "Done" in (await console.boss.approve(again, message="Maintenance")).text


async def test_a_form_is_good_once(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    refused = await console.boss.send(page, decision="refuse")
    assert "You refused it. Nothing was done." in refused.text
    again = await console.boss.approve(page)
    assert again.status == 403
    assert "was sent already" in again.text
    assert stub.running() == {("grace", "")}


async def test_two_tabs_decide_once(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    other = await console.boss.see(page.path)
    pages = await asyncio.gather(console.boss.approve(page), console.boss.approve(other))
    assert {each.status for each in pages} == {200}
    assert stub.stopped["grace", ""] == 1
    assert stub.stopped_again == []


async def test_somebody_elses_intent_is_not_there_and_that_is_written_down(stub, console):
    stub.add("grace", servers=[""])
    stub.add("mary", admin=True)
    stub.tokens["mary-token"] = ("mary", stub.tokens["boss-token"][1])
    page = await console.boss.ask("users/grace", "stop-server:")
    console.logged_in.token = "mary-token"
    mary = console.visitor()
    assert (await mary.see(page.path)).status == 404
    assert [entry.result for entry in await log(console, actor="mary")] == ["denied"]


async def test_what_has_changed_since_it_was_asked_is_seen_before_anything_is_done(stub, console):
    stub.add("grace", servers=[""])
    page = await console.boss.ask("users/grace", "stop-server:")
    stub.users["grace"]["servers"].clear()
    answer = await console.boss.approve(page)
    assert answer.status == 400
    assert "Refuse" in answer.text
    assert not stub.stopped


# --- people and rights --------------------------------------------------------------------------


async def test_people_are_added_after_a_preview(stub, run):
    console = await run(admin_users_feature=True)
    stub.add("ada")
    page = await console.boss.see((await console.boss.see("users")).link("add-users"))
    names = "grace\nAda\n\ngrace\nbad/name\n"
    preview = await console.boss.send(page, names=names)
    assert "New 1 grace" in preview.text
    assert "Already there 1 Ada; not changed" in preview.text
    assert "Not valid 1 bad/name; left out" in preview.text
    assert "grace" not in stub.users
    done = await console.boss.approve(preview)
    assert "Added 1 user" in done.text
    assert "grace" in stub.users


async def test_people_are_added_from_a_file(stub, run):
    console = await run(admin_users_feature=True)
    page = await console.boss.see("add-users")
    file = "\ufeffEmail,Username\nx@y.example,grace\nz@y.example,=katherine\n".encode()
    preview = await console.boss.send(page, files={"file": ("people.csv", file)}, names="")
    assert "New 2 grace, =katherine" in preview.text


@pytest.mark.parametrize("names", ["", "\n".join(f"n{number}" for number in range(501))])
async def test_a_list_that_cannot_be_taken_is_kept(run, names):
    console = await run(admin_users_feature=True)
    page = await console.boss.send(await console.boss.see("add-users"), names=names)
    assert page.status == 400
    assert names in page.source
    assert 'role="alert"' in page.source


async def test_rights_are_granted_and_taken_by_typing_the_name(stub, run):
    settings = HubSettings(admin_users=frozenset({"grace"}))
    console = await run(settings, admin_users_feature=True)
    stub.add("grace")
    page = await console.boss.ask("users/grace", "grant-admin:")
    wrong = await console.boss.approve(page, typed="grac")
    assert wrong.status == 400
    assert "type “grace” to confirm" in wrong.text
    assert 'value="grac"' in wrong.source
    assert not stub.users["grace"]["admin"]
    assert "Done" in (await console.boss.approve(wrong, typed="grace", message="welcome")).text
    assert stub.users["grace"]["admin"]
    page = await console.boss.ask("users/grace", "revoke-admin:")
    assert "The hub's database administrator" in page.text
    assert "The configuration puts it back" in page.text
    await console.boss.approve(page, typed="grace")
    assert not stub.users["grace"]["admin"]
    assert "welcome" in (await console.boss.see("users/grace")).text


async def test_where_people_are_not_changed_here_the_hubs_page_is_linked(stub, console):
    stub.add("grace")
    assert "/hub/admin" in " ".join((await console.boss.see("users")).links)
    page = await console.boss.see("users/grace")
    assert "/hub/admin" in " ".join(page.links)
    for kind in ("grant-admin:", "revoke-admin:", "delete-user:", ""):
        answer = await console.boss.send(await console.boss.see("users/grace"), ask=kind)
        assert answer.status == 404
        assert "does not offer that action" in answer.text
    assert (await console.boss.ask("users/grace", "stop-server:")).status == 200


# --- other people's servers ---------------------------------------------------------------------


async def test_a_server_is_opened_for_a_reason_that_its_owner_reads(stub, run):
    console = await run(HubSettings(subdomains=True), server_access=True)
    stub.add("grace", servers=["", "gpu 1"])
    page = await console.boss.ask("users/grace", "open-server:gpu 1")
    assert "private window" not in page.text
    empty = await console.boss.send(page, reason="  ")
    assert empty.status == 400
    assert await log(console, action="open-server") == []
    page = await console.boss.ask("users/grace", "open-server:gpu 1")
    opened = await console.boss.send(page, reason="she asked for help")
    assert opened.link("/user/grace").endswith("/user/grace/gpu%201/")
    (entry,) = await log(console, action="open-server")
    assert entry.target == {"user": "grace", "server": "gpu 1"}
    assert (entry.actor, entry.reason) == ("boss", "she asked for help")
    assert "she asked for help" in (await console.boss.see("users/grace")).text
    elsewhere = await console.boss.see("users/grace/open?server=../mal")
    assert elsewhere.status == 404


async def test_on_a_shared_origin_it_warns_and_where_it_is_off_it_is_off(stub, run):
    stub.add("grace", servers=[""])
    console = await run(server_access=True)
    assert "private window" in (await console.boss.ask("users/grace", "open-server:")).text
    console = await run()
    page = await console.boss.see("users/grace")
    assert "Open…" not in page.text
    assert (await console.boss.see("users/grace/open")).status == 403


# --- jobs ---------------------------------------------------------------------------------------


async def stop_all(console, count):
    """Approve that all servers are stopped; the page of the job."""
    page = await console.boss.send(await console.boss.see(), ask="stop-all")
    assert f"Stop all {count} servers" in page.text
    outcome = await console.boss.approve(page, typed="stop all", message="Maintenance")
    return await console.boss.see(outcome.link("/jobs/"))


async def until(console, page, state):
    """The job's page, when the job is in this state."""
    id_ = page.path.rpartition("/")[2]
    task = console.administration.runner._tasks.get(id_)
    if task:
        await asyncio.wait({task}, timeout=20)
    assert (await console.store.read(jobs.get, id_)).state == state
    return await console.boss.see(page.path)


async def test_a_job_that_fails_in_part_names_whom_and_tries_them_again(stub, console):
    for number in range(12):
        stub.add(f"u{number}", servers=[""])
    bad = {"u3", "u7"}

    async def fault(handler):
        if handler.request.method == "DELETE" and handler.path_asked.split("/")[2] in bad:
            handler.set_status(500)
            return True
        return False

    stub.fault = fault
    page = await until(console, await stop_all(console, 12), "done")
    assert "Ended." in page.text
    assert "12 of 12" in page.text
    assert sorted(page.rows()) == ["u3", "u7"]
    assert "Refresh" not in page.answer.headers
    bad.clear()
    again = await console.boss.send(page, decision="retry")
    page = await until(console, again, "done")
    assert "Failed" not in page.text
    assert stub.running() == set()
    assert page.path in " ".join((await console.boss.see("jobs")).links)


async def test_a_job_whose_login_ends_pauses_and_goes_on_with_another(stub, console):
    for number in range(12):
        stub.add(f"u{number}", servers=[""])
    rights = stub.tokens["boss-token"][1]

    stub.tokens["new-token"] = ("boss", rights)

    async def fault(handler):
        if stub.stopped:
            stub.tokens.pop("boss-token", None)
            console.logged_in.token = "new-token"  # what the hub gives the next login
        return False

    stub.fault = fault
    page = await until(console, await stop_all(console, 12), "paused")
    assert "Paused." in page.text
    stub.add("mary", admin=True)
    stub.tokens["mary-token"] = ("mary", rights)
    console.logged_in.token = "mary-token"
    mary = console.visitor()
    page = await mary.see(page.path)
    page = await mary.send(page, decision="resume")
    await until(console, page, "done")
    assert stub.running() == set()
    assert "mary" in [entry.actor for entry in await log(console)]


async def test_the_rest_of_a_job_is_cancelled(stub, console):
    for number in range(30):
        stub.add(f"u{number}", servers=[""])
    go_on = asyncio.Event()

    async def fault(handler):
        if handler.request.method == "DELETE":
            await go_on.wait()
        return False

    stub.fault = fault
    page = await stop_all(console, 30)
    assert "Under way." in page.text
    assert page.answer.headers["Refresh"] == "2"
    cancelled = await console.boss.send(page, decision="cancel")
    go_on.set()
    page = await until(console, cancelled, "cancelled")
    assert "Cancelled." in page.text
    assert stub.running()
    late = await console.boss.post(page.path, decision="cancel", once="x")
    assert late.status == 403


async def test_there_is_no_such_job(console):
    page = await console.boss.see("jobs/nope")
    assert page.status == 404
    assert "no such job" in page.text
