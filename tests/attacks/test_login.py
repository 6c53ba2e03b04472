"""The way in: A18, A26, and what the browser is left with (H6)."""

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from .scene import CONSOLE, TWIN, begin

pytestmark = pytest.mark.end_to_end

ELSEWHERE = ("//evil.example/", "/\\evil.example/", "%2f%2fevil.example/", "https://evil.example/")


def callback(scene, visitor, location):
    """The address to which the hub sends a person who has let the console act already."""
    answer = visitor.client.get(urljoin(scene.hub.url, location), follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def absolute(scene, address):
    return (
        scene.hub.address(CONSOLE).rpartition("/services/")[0] + address
        if address.startswith("/")
        else address
    )


@pytest.mark.parametrize("to", ELSEWHERE)
def test_a18_a_login_leads_nowhere_else(scene, to):
    """A service that goes where the address says can be used to lead people away."""
    boss = scene.visitor("boss")
    boss.client.get(scene.hub.address(TWIN))
    address = scene.hub.address(f"{TWIN}onwards")
    answer = boss.client.get(address, params={"next": to}, follow_redirects=False)
    assert "evil.example" in answer.headers["Location"]
    for path in (
        to,
        f"?next={to}",
        f"?next_url={to}",
        f"oauth_callback?next={to}",
        f"logout?next={to}",
    ):
        boss.client.cookies.delete("2i2c-console-session")  # so that it logs in anew
        page = boss.client.get(scene.hub.address(CONSOLE) + path)
        for each in (*page.history, page):
            assert urlsplit(str(each.url)).port == urlsplit(scene.hub.url).port
            assert "evil" not in (urlsplit(str(each.url)).hostname or "")
        boss.see()


def test_a26_a_login_that_somebody_else_began_is_none(scene):
    """mal begins a login, and has boss end it; or gives boss the end of mal's own."""
    boss, mal = scene.visitor("boss"), scene.visitor("mal")
    # it works in the browser that began it
    mal.client.cookies.delete("2i2c-console-session")
    own = mal.client.get(scene.hub.address(CONSOLE), follow_redirects=False)
    end = callback(scene, mal, own.headers["Location"])
    # mal's code and state in the browser of boss: boss would act as mal
    before = [each.value for each in boss.client.cookies.jar if "console" in each.name]
    answer = boss.client.get(absolute(scene, end), follow_redirects=False)
    assert answer.status_code == 403
    assert [
        each.value for each in boss.client.cookies.jar if "console-session" in each.name
    ] == before
    # a login begun by mal, ended with boss's rights at the hub: mal would have boss's code
    location, _ = begin(scene)
    end = callback(scene, boss, location)
    answer = boss.client.get(absolute(scene, end), follow_redirects=False)
    assert answer.status_code == 403
    answer = mal.client.get(absolute(scene, end), follow_redirects=False)
    assert answer.status_code == 403


def test_a26_a_code_counts_once(scene):
    boss = scene.visitor("boss")
    boss.client.cookies.delete("2i2c-console-session")
    begun = boss.client.get(scene.hub.address(CONSOLE), follow_redirects=False)
    state = {each.name: each.value for each in boss.client.cookies.jar}
    end = absolute(scene, callback(scene, boss, begun.headers["Location"]))
    assert boss.client.get(end, follow_redirects=False).status_code == 303
    # with all that the browser had
    cookies = "; ".join(f"{name}={value}" for name, value in state.items())
    answer = boss.client.get(end, headers={"Cookie": cookies}, follow_redirects=False)
    assert answer.status_code == 403


def test_a26_a_code_for_another_service_is_none(scene):
    boss = scene.visitor("boss")
    # the hub sends nobody to a place that is not the console's
    location, _ = begin(scene)
    parts = urlsplit(location)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    hub = f"{scene.hub.url}hub/api/oauth2/authorize"
    for wrong in (
        scene.hub.address(f"{TWIN}oauth_callback"),
        "https://evil.example/",
        "//evil.example/",
    ):
        answer = boss.client.get(
            hub, params={**query, "redirect_uri": wrong}, follow_redirects=False
        )
        assert answer.status_code == 400, wrong
    # a code that the hub gave for the twin, at the console
    address = scene.hub.address(f"{TWIN}oauth_callback")
    twin = {
        **query,
        "client_id": "service-twin",
        "redirect_uri": address if scene.subdomains else urlsplit(address).path,
    }
    answer = boss.client.get(hub, params=twin, follow_redirects=False)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    boss.client.cookies.delete("2i2c-console-session")
    begun = boss.client.get(scene.hub.address(CONSOLE), follow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    answer = boss.client.get(
        scene.hub.address(f"{CONSOLE}oauth_callback"),
        params={"code": code, "state": state},
        follow_redirects=False,
    )
    assert answer.status_code == 403
    assert not [each for each in boss.client.cookies.jar if each.name == "2i2c-console-session"]


def test_h6_no_cookie_holds_a_token_of_the_hub(scene):
    boss = scene.visitor("boss")
    for path in ("users", "audit", "jobs"):
        boss.see(path)
    (cookie,) = [each for each in boss.client.cookies.jar if each.name == "2i2c-console-session"]
    assert cookie.path == f"/{CONSOLE}"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"
    for value in [each.value for each in boss.client.cookies.jar if "console" in each.name]:
        for word in value.replace('"', "").split("|"):
            with scene.hub.browser() as client:
                headers = {"Authorization": f"token {word}"}
                assert client.get("hub/api/user", headers=headers).status_code == 403
    assert len(cookie.value) < 64  # no room for more than an opaque value
