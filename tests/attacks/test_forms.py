"""Decisions that nobody took: A5, A6, A10, A19, A23, A24, and hostile words (A15)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .scene import CONSOLE, TWIN, text

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def boss(scene):
    return scene.visitor("boss")


@pytest.fixture
def target(scene):
    """Somebody whose server runs."""
    scene.with_server("eve")
    return {"user": "eve"}


def entries(scene, key, *results):
    """What the audit log holds of an intent, of these results."""
    return [
        entry for entry in scene.audit() if key in entry["detail"] and entry["result"] in results
    ]


def test_a5_another_administrator_cannot_approve_it(scene, target):
    key = scene.intent("boss", **target)
    chief = scene.visitor("chief")
    assert chief.see(f"intents/{key}").status_code == 404
    assert entries(scene, key, "denied")
    # with a form that the console gave to chief for something else
    once = chief.once(chief.see("users/eve"))
    answer = chief.send(f"intents/{key}", once=once, decision="approve", asked="yes")
    assert answer.status_code == 403
    assert scene.runs("eve")


def test_a5_an_intent_that_is_too_old_cannot_be_approved(scene, boss, target):
    key = scene.intent("boss", **target)
    page = boss.see(f"intents/{key}")
    scene.age(key)
    answer = boss.send(f"intents/{key}", once=boss.once(page), decision="approve", asked="yes")
    assert "Expired" in text(answer)
    assert scene.runs("eve")
    assert entries(scene, key, "expired")
    assert not entries(scene, key, "done")


def test_a5_a10_a_form_counts_once_and_for_what_it_shows(scene, boss, target):
    key, other = scene.intent("boss", **target), scene.intent("boss", user="mal")
    once = boss.once(boss.see(f"intents/{key}"))
    decision = {"once": once, "decision": "approve", "asked": "yes"}
    # altered: sent for another intent than it was shown for; that uses it up
    assert boss.send(f"intents/{other}", **decision).status_code == 403
    assert boss.send(f"intents/{key}", **decision).status_code == 403
    assert scene.runs("eve")
    # whatever else is in the body, it is the stored intent that is carried out
    answer = boss.decide(key, kind="stop-all", user="boss", target='{"user": "boss"}', actor="mal")
    assert "Done" in text(answer)
    assert not scene.runs("eve")
    assert scene.runs("boss")
    (done,) = entries(scene, key, "done")
    assert (done["actor"], done["action"], done["target_user"]) == ("boss", "stop-server", "eve")
    # replayed
    scene.with_server("eve")
    assert boss.send(f"intents/{key}", **decision).status_code == 403
    boss.see(f"intents/{key}")
    assert scene.runs("eve")
    boss.decide(other, "refuse")


def test_h5_a_stray_click_approves_nothing(scene, boss, target):
    key = scene.intent("boss", **target)
    once = boss.once(boss.see(f"intents/{key}"))
    answer = boss.send(f"intents/{key}", once=once, decision="approve")
    assert answer.status_code == 400
    assert scene.runs("eve")
    boss.decide(key, "refuse")


def test_a6_approved_twice_at_the_same_time_it_is_done_once(scene, boss, target):
    key = scene.intent("boss", **target)
    forms = [boss.once(boss.see(f"intents/{key}")) for _ in range(6)]

    def approve(once):
        with scene.hub.browser() as client:
            return client.post(
                scene.hub.address(f"{CONSOLE}intents/{key}"),
                data={"once": once, "decision": "approve", "asked": "yes"},
                headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
                follow_redirects=False,
            ).status_code

    with ThreadPoolExecutor(len(forms)) as pool:
        assert set(pool.map(approve, forms)) == {303}
    assert len(entries(scene, key, "approved")) <= 1
    assert len(entries(scene, key, "done")) == 1
    assert not entries(scene, key, "failed", "unknown")


def test_a10_a_form_of_somebody_elses_is_none(scene, boss, target):
    # it works where the XSRF check is off
    before = len(scene.done())
    boss.client.get(scene.hub.address(TWIN))
    boss.client.post(scene.hub.address(f"{TWIN}careless"))
    assert scene.done()[before:] == ["boss"]
    key = scene.intent("boss", **target)
    mal = scene.visitor("mal")
    foreign = mal.once(mal.see("logout"))
    cookies = {each.name: each.value for each in boss.client.cookies.jar}
    for once in ("", "x", foreign, cookies["_xsrf"], cookies["2i2c-console-session"]):
        fields = {"once": once, "_xsrf": cookies["_xsrf"]}
        answer = boss.send(f"intents/{key}", decision="approve", asked="yes", **fields)
        assert answer.status_code == 403, once
    assert scene.runs("eve")
    boss.decide(key, "refuse")


AWKWARD = [
    "../users",
    "%2f",
    "%2e%2e%2f",
    "a/../b",
    "a\\b",
    "ä",
    "a%",
    "_",
    "a?b=c",
    "a#b",
    "\u202eadmin",
    "boss/servers/",
]


@pytest.mark.parametrize("name", AWKWARD)
def test_a19_a_name_is_a_name_whatever_is_in_it(scene, boss, name):
    """It leads to no other address of the hub, neither in the API nor in the console."""
    from urllib.parse import quote

    token = scene.person("chief").token(scopes=["access:services!service=2i2c"], expires_in=300)
    quoted = quote(name, safe="")
    for path in (f"users/{quoted}", f"groups/{quoted}", f"users/{quoted}/open"):
        answer = boss.see(path)
        assert answer.status_code in (400, 403, 404), (path, text(answer))
        assert "Last seen" not in text(answer)
    found = boss.see("users", params={"name": name})
    assert found.status_code == 200
    assert "boss" not in text(found).partition("Log out")[2], "a wildcard was taken for a name"
    answer = scene.ask(token, f"intents/{quoted}", "GET")
    assert answer.status_code in (400, 404)


def test_a23_who_loses_the_right_loses_it_at_once(scene, target):
    person = scene.person("boss")
    person.api("POST", "users/deputy").raise_for_status()
    person.api("PATCH", "users/deputy", json={"admin": True}).raise_for_status()
    deputy = scene.visitor("deputy")
    token = deputy.person.token(scopes=["access:services!service=2i2c"])
    asked = {"kind": "stop-server", "target": {"user": "eve", "server": ""}}
    key = scene.ask(token, json=asked).json()["id"]
    pages = ["", "users", "users/eve", "groups", "administrators", "jobs", "audit", "audit?as=csv"]
    for path in pages:
        assert deputy.see(path).status_code == 200, path
    form = deputy.once(deputy.see(f"intents/{key}"))
    again = deputy.once(deputy.see("users/eve"))
    person.api("PATCH", "users/deputy", json={"admin": False}).raise_for_status()
    answer = deputy.send("users/eve", once=again, ask="stop-server:")
    assert answer.status_code == 403
    answer = deputy.send(f"intents/{key}", once=form, decision="approve", asked="yes")
    assert answer.status_code in (400, 403), text(answer)
    assert "Stopped" not in text(answer)
    assert scene.runs("eve")
    for path in pages[1:]:
        assert deputy.see(path).status_code == 403, path
    assert "eve" not in text(deputy.see(""))


@pytest.mark.parametrize(
    "path", ["users", "users/eve", "groups", "administrators", "jobs", "audit", "audit?as=jsonl"]
)
def test_a23_reading_ends_with_the_right(scene, path):
    """Each page on its own, because a refusal ends the login."""
    person = scene.person("boss")
    person.api("POST", "users/reader")  # there already from the second time on
    person.api("PATCH", "users/reader", json={"admin": True}).raise_for_status()
    reader = scene.visitor("reader")
    assert reader.see(path).status_code == 200
    person.api("PATCH", "users/reader", json={"admin": False}).raise_for_status()
    answer = reader.see(path)
    assert answer.status_code in (403, 404)  # of a person who cannot be seen there is no page
    assert "eve" not in text(answer)


def test_a24_who_asks_too_often_is_told_to_wait(scene):
    token = scene.person("chief").token(scopes=["access:services!service=2i2c"])
    asked = {"kind": "start-server", "target": {"user": "ada", "server": ""}}
    answers = [scene.ask(token, json=asked) for _ in range(12)]
    assert [each.status_code for each in answers] == [201] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    # nobody else is kept waiting
    assert scene.intent("boss", "start-server", user="ada", server="")


HOSTILE = "</q><script>alert(1)</script><img src=x onerror=alert(1)>\u202e{{7*7}}"


def test_a15_words_of_the_asking_server_are_words(scene, boss):
    token = scene.server_token("boss")
    asked = {"kind": "stop-server", "target": {"user": "mal", "server": ""}, "note": HOSTILE}
    key = scene.ask(token, json=asked).json()["id"]
    page = boss.see(f"intents/{key}")
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "\u202e" not in page.text
    assert "{{7*7}}" in page.text
    decided = boss.decide(key, "refuse", message=HOSTILE)
    for page in (decided, boss.see("audit"), boss.see("intents")):
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "\u202e" not in page.text
