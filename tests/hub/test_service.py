"""The service beside a real hub: what it tells to whom."""

import json

import httpx
import psutil
import pytest

pytestmark = pytest.mark.end_to_end

INFO = "services/2i2c/api/v1/info"
ACCESS = "access:services!service=2i2c"


def ask(hub, path=INFO, token="", **headers):
    if token:
        headers["Authorization"] = f"token {token}"
    return httpx.get(hub.url + path, headers=headers, trust_env=False)


def test_a_user_with_a_token_gets_the_facts(hub, ada):
    answer = ask(hub, token=ada.token(scopes=[ACCESS]))
    assert answer.status_code == 200
    body = answer.json()
    assert body["version"] == 1
    assert body["facts"]["name"] == "Test hub"
    assert (
        body["provenance"]["name"]["source"] == "c.HubInformation.name in the hub's configuration"
    )
    components = {each["name"]: each["version"] for each in body["facts"]["components"]}
    assert components["JupyterHub"] == hub.version


def test_the_answer_can_be_kept_and_comes_small(hub, ada):
    token = ada.token()
    answer = ask(hub, token=token)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    again = ask(hub, token=token, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = ask(hub, token=token, **{"Accept-Encoding": "identity"})
    assert plain.json() == answer.json()
    assert "Content-Encoding" not in plain.headers


def test_what_is_open_is_told_from_the_hubs_own_record(hub, ada):
    path = "services/2i2c/api/v1/evidence"
    answer = ask(hub, path, token=ada.token(scopes=[ACCESS]))
    layers = {each["key"]: each["items"] for each in answer.json()["layers"]}
    assert [each["id"] for each in layers["cloud"]] == ["none"]
    assert layers["infrastructure"][0]["id"] == "hub:open"
    assert layers["infrastructure"][0]["count"] > 10
    assert "Packages of the hub" in ask(hub, "services/2i2c/").text
    assert (ask(hub, path).status_code, ask(hub, path, token="made-up").status_code) == (401, 403)


def test_nobody_else_gets_anything_from_the_api(hub, ada, boss):
    nobody = [
        (401, ask(hub)),
        (401, ask(hub, Authorization="Basic YTpi")),
        (401, ask(hub, INFO + f"?token={ada.token()}")),
        (403, ask(hub, token="made-up")),
        (403, ask(hub, token=ada.token(scopes=["read:users:name!user"]))),
        (403, ask(hub, token=boss.token(scopes=["list:users"]))),
        (401, ada.browser.get(INFO)),  # with the hub's cookies
        (401, boss.browser.get(INFO)),
    ]
    for status, answer in nobody:
        assert answer.status_code == status, answer.request.headers
        assert list(answer.json()) == ["message"]
        assert answer.json()["message"]


def test_every_method_and_path_of_the_api_refuses_who_may_not(hub, ada):
    token = ada.token()
    for path in (INFO, "services/2i2c/api/", "services/2i2c/api/v1/", "services/2i2c/api/v2/info"):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            url = hub.url + path
            assert httpx.request(method, url, trust_env=False).status_code == 401
            if (method, path) != ("GET", INFO):
                headers = {"Authorization": f"token {token}"}
                status = httpx.request(method, url, headers=headers, trust_env=False).status_code
                assert status in (404, 405), (method, path)


def test_anybody_can_read_the_public_page(hub):
    answer = ask(hub, "services/2i2c/")
    assert answer.status_code == 200
    assert "Test hub" in answer.text
    assert "mailto:a@b.example" in answer.text
    assert "with or without 2i2c." in answer.text
    assert "<script" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_panel_can_ask_whether_the_page_is_there(hub):
    answer = httpx.head(f"{hub.url}services/2i2c/", trust_env=False)
    assert (answer.status_code, answer.content) == (200, b"")


def test_what_is_not_there_says_so_without_telling_more(hub):
    answer = ask(hub, "services/2i2c/nothing")
    assert answer.status_code == 404
    assert "tornado" not in answer.text.lower()


def test_health_and_metrics_have_a_listener_of_their_own(hub, ada):
    assert ask(hub, "services/2i2c/healthz").status_code == 404
    assert ask(hub, "services/2i2c/metrics").status_code == 404
    here = f"http://127.0.0.1:{hub.metrics_port}"
    assert httpx.get(f"{here}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{here}/readyz").json() == {"status": "ok"}
    assert ask(hub).status_code == 401
    metrics = httpx.get(f"{here}/metrics").text
    assert "jupyter_2i2c_remembered_tokens" in metrics
    assert 'jupyter_2i2c_requests_total{status="4xx",surface="api"}' in metrics
    assert 'jupyter_2i2c_hub_errors_total{asked_by="jobs"} 0.0' in metrics
    assert "ada" not in metrics


def test_an_action_is_asked_for_by_a_server_and_told_to_its_actor_alone(hub, ada, boss):
    token = boss.token(scopes=[ACCESS])
    url = hub.url + "services/2i2c/api/v1/"
    headers = {"Authorization": f"token {token}"}
    me = httpx.get(url + "me", headers=headers).json()
    assert me["administrator"] is True
    assert me["console"] == "/services/2i2c-console/"
    news = {f"{verb}-announcement" for verb in ("publish", "edit", "withdraw")}
    assert set(me["actions"]) == {"export-hub", "start-server", "stop-all", "stop-server", *news}
    question = {"kind": "stop-server", "target": {"user": "ada"}, "note": "full"}
    answer = httpx.post(url + "intents", headers=headers, json=question)
    assert answer.status_code == 201
    intent = answer.json()
    assert intent["state"] == "pending"
    assert intent["url"] == f"/services/2i2c-console/intents/{intent['id']}"
    path = f"{url}intents/{intent['id']}"
    assert httpx.get(path, headers=headers).json() == intent
    others = {"Authorization": f"token {ada.token()}"}
    assert httpx.get(path, headers=others).status_code == 404
    ours = httpx.get(url + "me", headers=others).json()
    assert ours == {"version": 1, "console": "", "administrator": False, "actions": [], "done": []}
    metrics = httpx.get(f"http://127.0.0.1:{hub.metrics_port}/metrics").text
    assert 'jupyter_2i2c_actions_total{action="stop-server",result="asked"} 1.0' in metrics
    assert 'jupyter_2i2c_intents{state="pending"} 1.0' in metrics
    for name in ("ada", "boss", intent["id"]):
        assert name not in metrics


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        (
            b'{"kind": "publish-announcement", "target": {"title": "x", "audience": {"kind": 1}}}',
            400,
        ),
        (b'{"kind": "erase-hub", "target": {}}', 404),
        (b'{"kind": "stop-server", "target": {"user": ""}}', 400),
        (b'{"kind": "stop-server", "target": {"user": "ada", "actor": "boss"}}', 400),
    ],
)
def test_what_makes_no_sense_is_not_asked_for(hub, boss, body, status):
    headers = {"Authorization": f"token {boss.token(scopes=[ACCESS])}"}
    url = hub.url + "services/2i2c/api/v1/intents"
    answer = httpx.post(url, headers=headers, content=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_a13_a_token_that_could_mint_an_administrators_is_refused(hub, boss):
    headers = {"Authorization": f"token {boss.token()}"}
    question = {"kind": "stop-server", "target": {"user": "ada"}}
    answer = httpx.post(hub.url + "services/2i2c/api/v1/intents", headers=headers, json=question)
    assert answer.status_code == 403
    assert "narrow_admin_servers" in answer.json()["message"]


def test_a_users_server_reaches_it_with_its_own_token(ada):
    answer = ada.ask_server("jupyter-2i2c/info")
    assert answer["service"]["state"] == "ok"
    assert answer["facts"]["name"] == "Test hub"


def test_the_session_is_told_as_the_hub_knows_it(hub, ada):
    session = ada.ask_server("jupyter-2i2c/session")
    assert session["server"]["owner"] == "ada"
    assert session["server"]["started"]
    assert session["server"]["can_stop"] is True
    assert session["hub_version"] == hub.version
    assert session["you"] == {"name": "ada", "admin": False, "owner": True}


def test_a_visiting_administrator_is_not_taken_for_the_owner(hub, ada, boss):
    token = boss.token()
    address = f"{hub.url}user/ada/jupyter-2i2c"
    headers = {"Authorization": f"token {token}"}
    session = httpx.get(f"{address}/session", headers=headers).json()
    assert session["you"] == {"name": "boss", "admin": True, "owner": False}
    refused = httpx.request("DELETE", f"{address}/server", headers=headers)
    assert refused.status_code == 403
    assert "only its owner" in refused.json()["message"]


def test_its_file_holds_no_token(hub):
    handed = (hub.state / "jupyter_2i2c.json").read_text()
    assert json.loads(handed)["facts"]["name"] == "Test hub"
    (environment,) = [
        process.environ()
        for process in psutil.Process(hub.process.pid).children()
        if "jupyter_2i2c.hub" in process.cmdline()
    ]
    for name in ("JUPYTERHUB_API_TOKEN", "JUPYTER_2I2C_CONSOLE_TOKEN"):
        assert len(environment[name]) >= 32
        assert environment[name] not in handed


def test_z_its_owner_can_stop_a_server(ada):
    token = ada.token()
    answer = httpx.request(
        "DELETE",
        f"{ada.hub.url}user/ada/jupyter-2i2c/server",
        headers={"Authorization": f"token {token}"},
        timeout=30,
    )
    assert answer.status_code == 202
    ada.hub.until(
        "the server has stopped", lambda: not ada.api("GET", "users/ada").json()["server"]
    )
