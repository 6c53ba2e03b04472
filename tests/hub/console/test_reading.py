"""The console's pages that only show: users, groups, administrators, what runs, and the log."""

from datetime import datetime, timedelta, timezone

import pytest

from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.hub.store import audit

from ..stub_hub import running

PAGES = ("", "users", "users/boss", "administrators", "groups", "intents", "jobs", "audit")


def many(stub, count=120):
    """Users beside the boss and the helper, each seen a day before the one before."""
    newest = datetime(2026, 11, 1, tzinfo=timezone.utc)
    for number in range(count):
        name = f"u{number:03}"
        stub.add(name)
        seen = newest - timedelta(days=number)
        stub.users[name]["last_activity"] = seen.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def groups(stub, **members):
    """Have the hub know groups."""

    def model(name):
        return {"name": name, "users": members[name], "roles": [], "kind": "group"}

    async def fault(handler):
        parts = handler.request.path.removeprefix("/hub/api/").split("/")
        if handler.request.method != "GET" or parts[0] != "groups":
            return False
        if len(parts) == 2:
            handler.finish(model(parts[1]))
            return True
        start, limit = (int(handler.get_argument(name)) for name in ("offset", "limit"))
        names = sorted(members)
        following = {"offset": start + limit} if start + limit < len(names) else None
        about = {"offset": start, "limit": limit, "total": len(names), "next": following}
        found = [model(each) for each in names[start : start + limit]]
        handler.finish({"items": found, "_pagination": about})
        return True

    stub.fault = fault


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_shows(stub, console, path):
    groups(stub)
    page = await console.boss.see(path)
    assert page.status == 200
    assert "boss (administrator)" in page.text
    assert len(page.source.encode()) < 100_000


@pytest.mark.parametrize(
    "path", ["users", "users/boss", "administrators", "groups", "jobs", "audit"]
)
async def test_whoever_may_not_is_told_so_and_shown_nothing(run, path):
    console = await run(token="helper-token")
    page = await console.boss.see(path)
    assert page.status == 403
    assert "Your account may not use this page" in page.text
    assert "Audit" not in page.text
    first = await console.boss.see()
    assert "may not see this hub’s users" in first.text
    assert "Stop all" not in first.text


async def test_users_page_by_page(stub, console):
    many(stub)
    first = await console.boss.see("users")
    assert first.rows()[:3] == ["boss", "helper", "u000"]
    assert "1 to 50 of 122" in first.text
    assert "Previous page" not in first.text
    last = await console.boss.see((await console.boss.see(first.link("from=50"))).link("from=100"))
    assert last.rows()[-1] == "u119"
    assert len(last.rows()) == 22
    assert "Next page" not in last.text
    assert (await console.boss.see(last.link("from=50"))).rows()[0] == "u048"


async def test_a_page_keeps_what_was_asked_for(stub, console):
    many(stub)
    page = await console.boss.see("users?name=u&state=inactive&order=-name")
    assert page.rows()[0] == "u119"
    later = page.link("from=50")
    assert {"name=u", "state=inactive", "order=-name"} <= set(later.partition("?")[2].split("&"))
    assert (await console.boss.see(later)).rows()[0] == "u069"
    assert 'value="inactive" selected' in page.source


async def test_by_state(stub, console):
    stub.add("grace", servers=["", "gpu"])
    active = await console.boss.see("users?state=active")
    assert active.rows() == ["grace"]
    assert "running, small; gpu: running, small" in active.text
    assert "grace" not in (await console.boss.see("users?state=inactive")).rows()


@pytest.mark.parametrize(("name", "found"), [("%25", ["50%"]), ("_", ["a_b"]), ("A_", ["a_b"])])
async def test_what_the_hub_takes_for_a_wildcard_is_looked_for(stub, console, name, found):
    for each in ("50%", "a_b", "axb"):
        stub.add(each)
    page = await console.boss.see(f"users?name={name}")
    assert page.rows() == found
    assert "of at most" in page.text


async def test_who_was_not_seen_since(stub, console):
    many(stub)
    for name in ("boss", "helper"):
        stub.users[name]["last_activity"] = None
    page = await console.boss.see("users?before=2026-07-10")
    assert page.rows()[:2] == ["boss", "helper"]  # never seen, which is before any day
    assert page.rows()[2] == "u119"
    assert set(page.rows()[2:]) == {f"u{number:03}" for number in range(115, 120)}
    assert "Next page" not in page.text
    assert "Next page" in (await console.boss.see("users?before=2026-11-01")).text


@pytest.mark.parametrize("query", ["state=x", "order=x", "from=-1", "from=٣", "before=x", "from="])
async def test_nonsense_in_the_address_is_left_out(console, query):
    page = await console.boss.see(f"users?{query}")
    assert (page.status, page.rows()) == (200, ["boss", "helper"])


async def test_hostile_names_are_text(stub, console):
    name = "<img src=x onerror=alert(1)>/../&?#"
    stub.add(name, groups=["<b>"], servers=["<i>"])
    options = {"profile": "half a pair: \ud800", "image": "\udfff"}  # JSON holds it, no page can
    stub.users[name]["servers"]["<i>"] |= {"display_name": "\ud800", "user_options": options}
    assert "half a pair" in (await console.boss.see()).text
    listed = await console.boss.see("users")
    assert "<img" not in listed.source
    page = await console.boss.see(listed.link("img"))
    assert name in page.text
    assert "<b>" not in page.source.split("<main")[1].replace("<b></b>", "")
    assert page.status == 200
    asked = await console.boss.send(page, ask="stop-server:<i>")
    assert "Stop the server" in asked.text
    assert (await console.boss.approve(asked)).text.count("Done")


async def test_the_administrators_are_found_by_looking_at_everybody(stub, console):
    many(stub, 450)
    stub.add("mary", admin=True)
    page = await console.boss.see("administrators")
    assert "2 of 453 users are administrators" in page.text
    assert "200 users looked at" in page.text
    assert {each for each in page.links if "/users/" in each} == {
        "/services/2i2c-console/users/boss",
        "/services/2i2c-console/users/mary",
    }


async def test_they_are_shown_as_they_are_found_and_leaving_ends_the_search(stub, console, caplog):
    many(stub, 2000)
    await console.boss.see()
    async with console.boss.stream("administrators") as answer:
        async for text in answer.aiter_text():
            if "looked at" in text:
                break
    asked = sum(each[1] == "/users" for each in stub.asked)
    await console.boss.see("users")
    assert asked < 11  # of the eleven pages that there are
    assert "Uncaught" not in caplog.text


async def test_groups_page_by_page_and_their_members(stub, console):
    people = [f"m{number:03}" for number in range(120)]
    for each in people:
        stub.add(each)
    groups(stub, **{f"g{number:02}": people for number in range(25)})
    page = await console.boss.see("groups")
    assert page.rows() == [f"g{number:02}" for number in range(10)]
    assert "Change them on the hub’s page" in page.text
    assert (await console.boss.see(page.link("from=10"))).rows()[0] == "g10"
    group = await console.boss.see("groups/g00")
    assert "120 members" in group.text
    assert group.rows() == people[:50]
    assert (await console.boss.see("groups/g00?from=100")).rows() == people[100:]
    assert (await console.boss.see("groups/g00?from=999")).status == 200


async def test_groups_are_only_shown_where_the_login_decides(stub, run):
    groups(stub, staff=["boss", "gone"])
    console = await run(HubSettings(manage_groups=True))
    assert "decided at login" in (await console.boss.see("groups")).text
    page = await console.boss.see("groups/staff")
    assert page.rows() == ["boss", "gone"]
    assert "never" in page.text
    assert "admin#/groups" not in page.source


async def test_what_runs_now(stub, console):
    stub.add("grace", servers=["", "gpu"])
    stub.users["grace"]["servers"]["gpu"] = running(
        "gpu",
        started="2026-11-01T00:00:00.000000Z",
        ready=False,
        pending="stop",
        user_options={"image": "quay.example/gpu:1"},
    )
    stub.add("ada", servers=[""])
    page = await console.boss.see()
    assert "2 people are on 3 servers 1 starting or stopping" in page.text
    assert "small 2 not known 1" in page.text
    assert "not known 2 quay.example/gpu:1 1" in page.text
    oldest = page.text.split("Running longest")[1]
    assert oldest.index("gpu") < oldest.index("default")


async def test_the_operators_dashboards_are_linked(run):
    console = await run(grafana_url="https://grafana.example/?a=1&b")
    assert "https://grafana.example/?a=1&b" in (await console.boss.see()).links


async def test_what_was_done_to_somebody_is_on_their_page(stub, console):
    stub.add("grace")
    await console.store.write(
        audit.append, "boss", "stop-server", {"user": "grace", "server": ""}, "done", reason="<b>!"
    )
    page = await console.boss.see("users/grace")
    assert "Stop a server done boss <b>!" in page.text


async def test_nobody_of_that_name(console):
    page = await console.boss.see("users/nobody")
    assert page.status == 404
    assert "nothing of that name" in page.text


def written(console):
    """A hundred and twenty entries, by two people, of two actions."""

    def write(c):
        for number in range(120):
            actor, user = ("boss", "ada") if number % 2 else ("mary", "grace, =1+1")
            target = {"user": user, "server": ""}
            action = "stop-server" if number % 3 else "start-server"
            audit.append(c, actor, action, target, "done", reason=f"because {number}")

    return console.store.write(write)


async def test_the_log_page_by_page_and_filtered(console):
    await written(console)
    first = await console.boss.see("audit")
    assert first.rows()[0] == "120"
    later = await console.boss.see(first.link("before="))
    assert later.rows()[0] == "70"
    assert (await console.boss.see(later.link("before="))).rows()[-1] == "1"
    marys = await console.boss.see("audit?actor=mary&target=grace%2C+%3D1%2B1&action=stop-server")
    assert marys.rows()[0] == "119"
    for action in ("start-server", "Start a server", "start%20a%20server"):
        page = await console.boss.see(f"audit?action={action}")
        assert page.rows()[:2] == ["118", "115"]
    assert "actor=mary" in marys.link("as=csv")
    assert "Nothing in the log is like that" in (await console.boss.see("audit?actor=x")).text
    today = datetime.now(timezone.utc).date()
    assert (await console.boss.see(f"audit?since={today}&until={today}")).rows()[0] == "120"
    before = today - timedelta(days=1)
    assert "Nothing in the log" in (await console.boss.see(f"audit?until={before}")).text
    for nonsense in ("until=9999-12-31", "since=0000-00-00&until=x"):
        assert (await console.boss.see(f"audit?{nonsense}")).rows()[0] == "120"


@pytest.mark.parametrize(("form", "heading"), [("csv", 1), ("jsonl", 0)])
async def test_the_log_as_a_file(console, form, heading):
    await written(console)
    page = await console.boss.see("audit?actor=boss")
    answer = (await console.boss.see(page.link(f"as={form}"))).answer
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit.{form}"'
    lines = answer.text.splitlines()
    assert len(lines) == 60 + heading
    assert "because 119" in lines[heading]
    everything = (await console.boss.see(f"audit?as={form}")).answer.text
    assert len(everything.splitlines()) == 120 + heading
    assert ",=1+1" not in everything  # what a spreadsheet would take for a formula


async def test_the_log_is_only_for_whom_the_hub_still_lets(stub, console):
    await written(console)
    assert (await console.boss.see("audit")).status == 200
    stub.tokens["boss-token"][1].remove("admin-ui")
    page = await console.boss.see("audit")
    assert page.status == 403
    assert "because" not in page.text
