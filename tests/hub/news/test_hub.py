"""News beside a real hub: published on the hub's side, read by users' tokens, without a login, and on a person's own page."""

import json
import subprocess
import sys

import httpx
import pytest

from ...attacks.scene import NAVIGATION, allow

API = "services/2i2c/api/v1/announcements"
ME = "services/2i2c/me"
CONSOLE = "services/2i2c-console/"


def announce(hub, *words):
    """Run `jupyter 2i2c announce` in the hub's directory."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_2i2c", "announce", *words, "--json"],
        cwd=hub.state,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ask(hub, token, **headers):
    headers["Authorization"] = f"token {token}"
    return httpx.get(hub.address(API), headers=headers, trust_env=False)


@pytest.fixture(scope="module")
def published(hub):
    """For everybody, and for administrators; noticed by the service."""
    all_ = announce(hub, "publish", "--title", "For all", "--body", "**Read** <b>this</b>")
    few = announce(hub, "publish", "--title", "For few", "--administrators")

    def shown():
        with hub.browser() as anybody:
            return "For all" in anybody.get(hub.address("services/2i2c/")).text

    hub.until("the service notices it", shown)
    return all_, few


@pytest.mark.end_to_end
def test_published_read_seen(hub, ada, boss, published):
    all_, few = published
    token, chief = ada.token(), boss.token()
    answer = ask(hub, token)
    assert [each["title"] for each in answer.json()["announcements"]] == ["For all"]
    assert ask(hub, token, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert len(ask(hub, chief).json()["announcements"]) == 2
    headers = {"Authorization": f"token {token}"}
    for id_, status in ((all_["id"], 204), (few["id"], 404)):
        marked = httpx.post(
            hub.address(f"{API}/{id_}/seen"),
            headers=headers,
            json={"what": "seen"},
            trust_env=False,
        )
        assert marked.status_code == status
    assert ask(hub, token).json()["announcements"][0]["seen"]
    assert announce(hub, "show", all_["id"])["counts"]["seen"] == 1


def test_the_hubs_page_shows_what_is_for_everybody(hub, published):
    with hub.browser() as anybody:
        page = anybody.get(hub.address("services/2i2c/"))
    assert "<strong>Read</strong> &lt;b&gt;this&lt;/b&gt;" in page.text
    assert "For few" not in page.text
    assert "sandbox" not in page.headers["Content-Security-Policy"]


@pytest.fixture
def visitor(hubs, hub):
    """Somebody's browser, as it says how it comes."""

    def visitor(name):
        person = hubs.log_in(hub, name)
        person.browser.headers.update(NAVIGATION)
        return person.browser

    return visitor


@pytest.mark.end_to_end
def test_a_persons_own_page_shows_what_is_theirs(hub, published, visitor):
    person = visitor("ada")
    page = allow(person, person.get(hub.address(ME)))
    assert page.status_code == 200
    assert page.url.path == f"/{ME}"
    assert "For all" in page.text
    assert "For few" not in page.text
    assert "You have none" in page.text
    boss = visitor("boss")
    assert "For few" in allow(boss, boss.get(hub.address(ME))).text


def test_t13_h1_the_own_page_has_no_origin_and_opens_only_by_itself(hub, published, visitor):
    person = visitor("ada")
    page = allow(person, person.get(hub.address(ME)))
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox" in policy.split("; ")
    assert "default-src 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    (cookie,) = (each for each in person.cookies.jar if each.name == "2i2c-me")
    assert cookie.path == f"/{ME}"
    assert cookie.has_nonstandard_attr("HttpOnly")
    for name in NAVIGATION:
        del person.headers[name]
    for said in (
        {},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ):
        refused = person.get(hub.address(ME), headers=said)
        assert refused.status_code == 403
        assert "For all" not in refused.text


def test_a3_its_cookie_reads_this_page_and_nothing_else(hub, published, visitor):
    person = visitor("ada")
    allow(person, person.get(hub.address(ME)))
    id_ = published[0]["id"]
    for method, path in (
        ("GET", API),
        ("POST", f"{API}/{id_}/seen"),
        ("GET", "services/2i2c/api/v1/me"),
    ):
        answer = person.request(method, hub.address(path), content=b'{"what": "seen"}')
        assert answer.status_code in (401, 403), path
    assert person.post(hub.address(ME)).status_code == 405
    secret = next(each.value for each in person.cookies.jar if each.name == "2i2c-me")
    with hub.browser() as other:
        other.headers.update(NAVIGATION)
        other.cookies.set("2i2c-console-session", secret)
        assert "/hub/" in str(other.get(hub.address(CONSOLE)).url)


def test_a26_a_login_that_was_begun_elsewhere_is_refused(hub, visitor):
    person = visitor("ada")
    refused = person.get(hub.address("services/2i2c/oauth_callback?code=x&state=y"))
    assert refused.status_code == 403
    assert "was not begun in this browser" in refused.text
