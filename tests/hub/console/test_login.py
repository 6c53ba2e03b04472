"""Logging in to the console at a real hub, and what the hub and the console answer before that."""

import html
import re

import pytest

from ...hubs import SETUP
from .conftest import NAVIGATION

pytestmark = pytest.mark.end_to_end

CONSOLE = "services/2i2c-console/"
COOKIE = "2i2c-console-session"
PAGE = "users?name=a%25b&state=active"


@pytest.fixture(scope="module")
def people(hubs, hub):
    """Whoever logs in to that hub, each with a client of their own, which navigates as a browser does."""

    def log_in(name):
        person = hubs.log_in(hub, name)
        person.browser.headers.update(NAVIGATION)
        return person

    return log_in


def consent(person, answer):
    """Send the hub's form in which people let the console act for them."""
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', answer.text))
    scopes = re.findall(r'name="scopes"[^>]*value="([^"]*)"', answer.text)
    data = {"_xsrf": html.unescape(fields["_xsrf"]), "scopes": scopes}
    return person.browser.post(str(answer.url), data=data)


def test_the_hub_asks_once_and_the_wanted_page_comes_after(people):
    boss = people("boss")
    asked = boss.browser.get(CONSOLE + PAGE)
    assert "/oauth2/authorize" in str(asked.url)
    page = consent(boss, asked)
    assert str(page.url) == boss.hub.url + CONSOLE + PAGE
    assert "Nobody is like that" in page.text
    (cookie,) = [each for each in boss.browser.cookies.jar if each.name == COOKIE]
    assert cookie.path == "/" + CONSOLE
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"
    assert len(cookie.value) == 43

    # the login ends: the next page begins another by itself, and comes
    boss.browser.cookies.delete(COOKIE, domain=cookie.domain, path=cookie.path)
    again = boss.browser.get(CONSOLE + PAGE)
    assert str(again.url) == boss.hub.url + CONSOLE + PAGE
    assert "Nobody is like that" in again.text
    renewed = boss.browser.cookies.get(COOKIE)
    assert renewed != cookie.value


def test_a_user_who_may_nothing_is_stopped_by_the_hub(people):
    ada = people("ada")
    answer = ada.browser.get(CONSOLE)
    assert answer.status_code == 403
    assert not ada.browser.cookies.get(COOKIE)


@pytest.mark.parametrize(
    "path", ["", "users", "oauth_callback", "oauth_callback?code=x&state=y", "nothing", "logout"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_every_answer_carries_the_headers(hub, method, path):
    with hub.browser() as client:
        client.headers.update(NAVIGATION)
        answer = client.request(method, CONSOLE + path, follow_redirects=False)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-forms allow-scripts allow-downloads" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert method == "GET" or answer.status_code in (403, 405)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=["not said", "a script", "a frame"],
)
def test_only_a_navigation_is_answered(hub, headers):
    with hub.browser() as client:
        answer = client.get(CONSOLE + "users", headers=headers, follow_redirects=False)
    assert answer.status_code == 403
    assert "Location" not in answer.headers


def test_without_its_store_the_console_and_its_api_say_so_and_the_rest_goes_on(hubs):
    hub = hubs.start(SETUP, "c.HubService.database_url = 'sqlite:////dev/null/store'")
    ada = hubs.log_in(hub, "ada")
    token = ada.token(scopes=["access:services!service=2i2c"])
    headers = {"Authorization": f"token {token}"}
    api = "services/2i2c/api/v1/"
    assert ada.browser.get(api + "info", headers=headers).status_code == 200
    for method, path in (("GET", "me"), ("POST", "intents"), ("GET", "intents/x")):
        answer = ada.browser.request(method, api + path, headers=headers, json={})
        assert answer.status_code == 503, path
        assert "cannot use its store" in answer.json()["message"]
    page = ada.browser.get(CONSOLE + "users", headers=NAVIGATION)
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "The console is off" in page.text


def test_whoever_holds_a_role_uses_what_it_includes_and_no_more(hubs):
    hub = hubs.start(
        SETUP,
        """
        c.JupyterHub.load_roles = [
            {
                "name": "auditors",
                "users": ["ada"],
                "scopes": ["access:services!service=2i2c-console", "custom:2i2c:audit:read"],
            },
            {
                "name": "announcers",
                "users": ["mal"],
                "scopes": ["access:services!service=2i2c-console", "custom:2i2c:announce"],
            },
        ]
        """,
    )

    def offered(person):
        """What this person's server is told to offer."""
        token = person.token(scopes=["access:services!service=2i2c"])
        headers = {"Authorization": f"token {token}"}
        me = person.browser.get("services/2i2c/api/v1/me", headers=headers).json()
        return me["administrator"], me["actions"]

    ada = hubs.log_in(hub, "ada")
    ada.browser.headers.update(NAVIGATION)
    page = consent(ada, ada.browser.get(CONSOLE + "audit"))
    assert "Audit log" in page.text
    assert "ada" in page.text
    assert "(administrator)" not in page.text
    assert ada.browser.get(CONSOLE + "users").status_code == 403
    assert "may not see this hub’s users" in ada.browser.get(CONSOLE).text
    assert offered(ada) == (False, [])
    mal = hubs.log_in(hub, "mal")
    mal.browser.headers.update(NAVIGATION)
    assert offered(mal) == (False, [])  # nobody knows before the first login to the console
    consent(mal, mal.browser.get(CONSOLE))
    news = ["edit-announcement", "publish-announcement", "withdraw-announcement"]
    assert offered(mal) == (True, news)
