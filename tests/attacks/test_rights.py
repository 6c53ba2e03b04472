"""Rights that end or change while they are used: A22, F27 to F29, and the same thing twice at a time (F33)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .scene import allow, text

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def boss(scene):
    return scene.visitor("boss")


def administrator(scene, name):
    """Somebody who is made an administrator for one test, at the console."""
    boss = scene.person("boss")
    boss.api("POST", f"users/{name}")  # there already from the second time on
    boss.api("PATCH", f"users/{name}", json={"admin": True}).raise_for_status()
    return scene.visitor(name)


def is_administrator(scene, name):
    return scene.person("boss").api("GET", f"users/{name}").json()["admin"]


def denied(scene, key):
    """Who was denied an intent, and why."""
    return [
        entry["actor"]
        for entry in scene.audit()
        if key in entry["detail"] and entry["result"] == "denied"
    ]


def test_a22_nobody_demotes_themselves(scene):
    visitor = administrator(scene, "deputy")
    # the hub itself lets them
    visitor.person.api("PATCH", "users/deputy", json={"admin": False}).raise_for_status()
    assert not is_administrator(scene, "deputy")
    visitor = administrator(scene, "deputy")
    asked = visitor.send(
        "users/deputy", once=visitor.once(visitor.see("users/deputy")), ask="revoke-admin:"
    )
    assert "Nobody takes their own rights" in text(asked)
    key = str(asked.url).rpartition("/")[2]
    token = visitor.person.token(scopes=["access:services!service=2i2c"])
    other = {"kind": "revoke-admin", "target": {"user": "deputy"}}
    from_lab = scene.ask(token, json=other).json()["id"]
    for each in (key, from_lab):
        assert visitor.decide(each, typed="deputy").status_code == 400
    assert is_administrator(scene, "deputy")


def test_a22_two_who_demote_each_other_leave_one(scene):
    visitors = {name: administrator(scene, name) for name in ("left", "right")}
    forms = {}
    for name, other in (("left", "right"), ("right", "left")):
        visitor = visitors[name]
        page = visitor.send(
            f"users/{other}", once=visitor.once(visitor.see(f"users/{other}")), ask="revoke-admin:"
        )
        forms[name] = (str(page.url).rpartition("/")[2], visitor.once(page), other)

    def approve(name):
        key, once, other = forms[name]
        return visitors[name].send(
            f"intents/{key}", once=once, decision="approve", asked="yes", typed=other
        )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(approve, forms))
    assert [is_administrator(scene, name) for name in forms].count(True) >= 1


def test_a22_stopping_all_stops_the_approvers_own_server_last(scene, boss):
    for name in ("eve", "boss", "mal"):
        scene.with_server(name)
    page = boss.send("", once=boss.once(boss.see()), ask="stop-all")
    assert "Your own server is among them" in text(page)
    key = str(page.url).rpartition("/")[2]
    # without the words that must be typed nothing happens
    assert boss.decide(key).status_code == 400
    assert scene.runs("eve")
    boss.decide(key, typed="stop all")
    scene.hub.until("the end", lambda: "Stopped 3 servers" in text(boss.see(f"intents/{key}")))
    stopped = [
        entry["target_user"]
        for entry in scene.audit()
        if entry["action"] == "stop-server" and entry["result"] == "done"
    ]
    assert stopped[-1] == "boss"
    assert set(stopped[-3:]) == {"boss", "eve", "mal"}


def test_f27_f28_a_revoked_login_approves_nothing_and_that_is_written_down(scene):
    visitor = administrator(scene, "deputy")
    scene.with_server("eve")
    token = visitor.person.token(scopes=["access:services!service=2i2c"])
    asked = {"kind": "stop-server", "target": {"user": "eve", "server": ""}}
    key = scene.ask(token, json=asked).json()["id"]
    form = visitor.once(visitor.see(f"intents/{key}"))
    tokens = visitor.person.api("GET", "users/deputy/tokens").json()["api_tokens"]
    logins = [each["id"] for each in tokens if "2i2c-console" in str(each["oauth_client"])]
    # with one of them all that the console holds of this person end
    visitor.person.api("DELETE", f"users/deputy/tokens/{logins[0]}").raise_for_status()
    answer = visitor.send(f"intents/{key}", once=form, decision="approve", asked="yes")
    assert answer.status_code == 403
    assert scene.runs("eve")
    assert denied(scene, key) == ["deputy"]
    # the login begins anew, the hub asks again, and what was asked for still waits
    allow(visitor.client, visitor.see())
    assert "Done" in text(visitor.decide(key))


def test_f29_a_rotated_token_asks_for_nothing_more(scene):
    """A server that starts anew has another token; what still holds the old one is a stranger."""
    old = scene.server_token("boss")
    question = {"kind": "start-server", "target": {"user": "ada", "server": ""}}
    assert scene.ask(old, "info", "GET").status_code == 200
    assert scene.ask(old, "me", "GET").status_code == 200
    scene.person("boss").api("DELETE", "users/boss/server").raise_for_status()
    scene.hub.until("the stop", lambda: not scene.runs("boss"))
    new = scene.server_token("boss")
    assert new != old
    before = len(scene.audit())
    assert scene.ask(old, json=question).status_code in (401, 403)
    assert len(scene.audit()) == before
    assert scene.ask(new, json=question).status_code == 201


def test_f33_what_two_tabs_see_and_decide_is_one(scene, boss):
    """Two tabs of Lab follow the same intent, two of the console show its form; it is done once."""
    scene.with_server("eve")
    key = scene.intent("boss", user="eve")
    token = scene.server_token("boss")
    forms = [boss.once(boss.see(f"intents/{key}")) for _ in range(2)]
    answers = [
        text(boss.send(f"intents/{key}", once=once, decision=decision, asked="yes"))
        for once, decision in zip(forms, ("approve", "refuse"), strict=True)
    ]
    for page in answers:
        assert "Stopped the server of “eve”" in page
    seen = [scene.ask(token, f"intents/{key}", "GET").json() for _ in range(2)]
    assert seen[0] == seen[1]
    assert seen[0]["state"] == "done"
    done = [each for each in scene.audit() if key in each["detail"] and each["result"] == "done"]
    assert len(done) == 1
