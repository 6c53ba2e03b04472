"""Tokens and cookies where they do not belong: A1 to A4, A12, A13, A27."""

import re

import pytest

from .scene import API, CONSOLE, NAVIGATION, TWIN, Scene, allow, console_routes

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def server_token(scene):
    return scene.server_token("boss")


@pytest.fixture(scope="module")
def all_rights(scene):
    """A token with all that an administrator may do."""
    return scene.person("boss").token()


@pytest.mark.parametrize("which", ["server_token", "all_rights"])
def test_a1_a2_a_token_opens_no_page_of_the_console(scene, which, request, tmp_path):
    headers = {"Authorization": f"token {request.getfixturevalue(which)}"}
    with scene.hub.browser() as client:
        # a service that looks at what the hub calls people gives itself away
        assert client.get(scene.hub.address(f"{TWIN}flag"), headers=headers).text == "secret"
        client.follow_redirects = False
        for _, path in console_routes(tmp_path):
            address = scene.hub.address(CONSOLE + path)
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
                answer = client.request(method, address, headers=headers)
                assert answer.status_code in (403, 405), (method, path)
                # and if it lies as a browser does not
                answer = client.request(method, address, headers={**headers, **NAVIGATION})
                assert answer.status_code in (302, 403, 405), (method, path)
                if answer.status_code == 302:
                    assert "/hub/api/oauth2/authorize" in answer.headers["Location"]
                assert "boss" not in answer.text


def test_a1_a_servers_token_is_no_administrators_at_the_hub(scene, server_token, all_rights):
    routes = [("GET", "users"), ("POST", "users/boss/tokens"), ("DELETE", "users/ada/server")]
    with scene.hub.browser() as client:
        for token, refused in ((all_rights, False), (server_token, True)):
            for method, path in routes:
                headers = {"Authorization": f"token {token}"}
                answer = client.request(method, f"hub/api/{path}", headers=headers)
                assert (answer.status_code in (403, 404)) is refused, (path, answer.status_code)


def test_a2_nothing_is_asked_for_with_a_token_that_could_do_it_itself(scene, all_rights):
    before = len(scene.audit())
    answer = scene.ask(all_rights, json={"kind": "stop-server", "target": {"user": "mal"}})
    assert answer.status_code == 403
    assert "any notebook" in answer.json()["message"]
    assert len(scene.audit()) == before


def test_a3_the_consoles_cookie_is_nothing_to_the_api(scene):
    boss = scene.visitor("boss")
    assert "secret of boss" in boss.client.get(scene.hub.address(TWIN)).text  # as it is elsewhere
    (value,) = [each.value for each in boss.client.cookies.jar if "console" in each.name]
    cookie = {"Cookie": f"2i2c-console-session={value}"}
    for path in ("info", "me", "intents/x"):
        assert boss.client.get(scene.hub.address(API + path), headers=cookie).status_code == 401
    asked = {"kind": "stop-server", "target": {"user": "mal"}}
    answer = boss.client.post(scene.hub.address(f"{API}intents"), headers=cookie, json=asked)
    assert answer.status_code == 401


def test_a4_what_somebody_asked_for_is_there_for_nobody_else(scene):
    key = scene.intent("boss", "stop-server", user="ada")
    own = scene.ask(scene.server_token("boss"), f"intents/{key}", "GET")
    assert own.json()["target"] == {"user": "ada", "server": ""}
    for name in ("mal", "chief"):
        token = scene.person(name).token(scopes=["access:services!service=2i2c"])
        answer = scene.ask(token, f"intents/{key}", "GET")
        absent = scene.ask(token, f"intents/{'x' * len(key)}", "GET")
        assert (answer.status_code, answer.text) == (absent.status_code, absent.text)
        assert answer.status_code == 404
        visitor = scene.visitor(name)
        assert visitor.see(f"intents/{key}").status_code == 404
        assert key not in visitor.see("intents").text


def visit(scene):
    """An administrator opens mal's server; the token that mal has for them."""
    scene.with_server("mal")
    boss = scene.visitor("boss")
    scene.done()
    page = allow(boss.client, boss.client.get(scene.hub.address("user/mal/visited")))
    assert "mal's notebook" in page.text
    (token,) = {each["token"] for each in scene.notes() if each.get("visitor") == "boss"}
    return boss, token


def users(scene, **headers):
    with scene.hub.browser() as client:
        return client.get("hub/api/users", headers=headers).status_code


def test_a12_mal_would_have_an_administrators_token_where_the_operator_says_so(hubs):
    """T6: the attack works on a hub that lets visitors' tokens do more."""
    scene = Scene(hubs, "c.Spawner.oauth_client_allowed_scopes = ['inherit']")
    _, token = visit(scene)
    assert users(scene, Authorization=f"token {token}") == 200


def test_a12_an_administrator_who_visits_mal_leaves_nothing_of_use(scene):
    before = len(scene.notes())
    boss, token = visit(scene)
    with scene.hub.browser() as client:
        model = client.get("hub/api/user", headers={"Authorization": f"token {token}"}).json()
    assert model["name"] == "boss"
    assert len(model["scopes"]) <= 4, model["scopes"]
    assert users(scene, Authorization=f"token {token}") == 403
    assert scene.ask(token, "me", "GET").status_code == 403
    # whatever came to mal, by whatever way, is tried for a token and for a cookie
    boss.see("users")
    boss.client.get(scene.hub.address("user/mal/once-more"))
    came = scene.notes()[before:]
    assert len(came) > 1
    words = set(re.findall(r"[A-Za-z0-9_\-]{24,}", str(came)))
    words |= set(
        re.findall(r"[A-Za-z0-9_\-]{24,}", str(scene.with_server("mal").server_environment()))
    )
    for word in words:
        assert users(scene, Authorization=f"token {word}") == 403
    cookies = {
        value for each in came for name, value in each.get("headers", ()) if name == "Cookie"
    }
    assert cookies
    with scene.hub.browser() as client:
        client.follow_redirects = False
        for cookie in cookies:
            assert users(scene, Cookie=cookie) == 403
            answer = client.get(
                scene.hub.address(CONSOLE), headers={"Cookie": cookie, **NAVIGATION}
            )
            assert answer.status_code == 302
    log = (scene.hub.state / "hub.log").read_text()
    assert not [
        word
        for word in re.findall(r"\b[0-9a-f]{32}\b", log)
        if users(scene, Authorization=f"token {word}") == 200
    ]


def test_a13_setup_takes_from_an_administrators_server_what_could_mint_tokens(hubs):
    """Where it is left in, a request is refused, as in A2."""
    strong = "c.Spawner.server_token_scopes = ['self', 'access:services!service=2i2c']"
    scene = Scene(hubs, strong)
    token = scene.server_token("boss")
    headers = {"Authorization": f"token {token}"}
    with scene.hub.browser() as client:
        assert client.post("hub/api/users/boss/tokens", headers=headers).status_code == 403
    answer = scene.ask(token, json={"kind": "stop-all", "target": {}})
    assert answer.status_code == 201, answer.text


def test_a27_no_token_in_an_address_and_no_websocket(scene, all_rights):
    with scene.hub.browser() as client:
        client.follow_redirects = False
        at = f"?token={all_rights}"
        assert "secret of boss" in client.get(scene.hub.address(TWIN + at)).text
        assert client.get(scene.hub.address(f"{API}me{at}")).status_code == 401
        answer = client.get(scene.hub.address(CONSOLE + at), headers=NAVIGATION)
        assert answer.status_code == 302
        assert "authorize" in answer.headers["Location"]
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        # past the proxy, which hangs up where there is no websocket
        for port, path in ((scene.hub.console_port, CONSOLE), (scene.hub.service_port, f"{API}me")):
            answer = client.get(f"http://127.0.0.1:{port}/{path}", headers=upgrade)
            assert answer.status_code in (401, 403)
