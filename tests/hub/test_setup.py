"""`setup_hub` composes with what a configuration has, and overwrites nothing."""

import json
import ssl
import stat

import pytest
from traitlets.config import Config

from jupyter_2i2c import setup_hub
from jupyter_2i2c.hub.internal_ssl import let_the_hub_ask
from jupyter_2i2c.hub.scopes import ACCESS, CUSTOM_SCOPES, ServerTokenScopes, mints_tokens
from jupyter_2i2c.hub.setup import _has_extra_user_scopes
from jupyter_2i2c.replicate.importers.secret_forms import secrets_in


@pytest.fixture
def c(tmp_path, monkeypatch):
    """A configuration that is being read, by no running hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROXY_PUBLIC_SERVICE_HOST", raising=False)
    return Config()


def service(c, name="2i2c"):
    (found,) = [each for each in c.JupyterHub.services if each["name"] == name]
    return found


def test_an_empty_configuration_gets_service_scopes_and_address(c, tmp_path):
    setup_hub(c)
    ours = service(c)
    assert ours["url"] == "http://127.0.0.1:10300"
    assert ours["command"][-2:] == ["-m", "jupyter_2i2c.hub"]
    console = service(c, "2i2c-console")
    assert ours["environment"] == {
        "JUPYTER_2I2C_CONFIG_FILE": str(tmp_path / "jupyter_2i2c.json"),
        "JUPYTER_2I2C_CONSOLE_BIND": "http://127.0.0.1:10301",
        "JUPYTER_2I2C_CONSOLE_TOKEN": console["api_token"],
        "JUPYTER_2I2C_CONSOLE_URL": "/services/2i2c-console/",
    }
    assert console["url"] == "http://127.0.0.1:10301"
    assert console["oauth_no_confirm"] is False
    assert len(console["api_token"]) == 64
    assert c.JupyterHub.custom_scopes == CUSTOM_SCOPES
    assert c.Spawner.environment == {
        "JUPYTER_2I2C_SERVICE_URL": "http://127.0.0.1:8000/services/2i2c/"
    }
    assert isinstance(c.Spawner.server_token_scopes, ServerTokenScopes)
    if _has_extra_user_scopes():
        assert c.JupyterHub.extra_user_scopes == {ACCESS}
    else:
        assert c.JupyterHub.load_roles == [{"name": "user", "scopes": ["self", ACCESS]}]


def test_what_is_there_stays(c):
    other = {"name": "other", "api_token": "x" * 32}
    role = {"name": "user", "scopes": ["self", "shares!user"], "description": "mine"}
    c.JupyterHub.services = [other]
    c.JupyterHub.load_roles = [{"name": "else"}, role]
    c.JupyterHub.custom_scopes = {"custom:mine": {"description": "mine"}}
    c.Spawner.environment = {"MINE": "1", "JUPYTER_2I2C_SERVICE_URL": "http://mine/"}
    setup_hub(c)
    assert c.JupyterHub.services[0] == other
    assert c.JupyterHub.load_roles == [
        {"name": "else"},
        {"name": "user", "scopes": ["self", "shares!user", ACCESS], "description": "mine"},
    ]
    assert role["scopes"] == ["self", "shares!user"]  # their object is not changed
    assert set(c.JupyterHub.custom_scopes) == {"custom:mine", *CUSTOM_SCOPES}
    assert c.Spawner.environment == {"MINE": "1", "JUPYTER_2I2C_SERVICE_URL": "http://mine/"}


def test_lists_that_are_only_appended_to_are_understood(c):
    c.JupyterHub.services.append({"name": "other"})
    c.JupyterHub.load_roles.append({"name": "user"})
    c.Spawner.environment.update({"MINE": "1"})
    setup_hub(c)
    assert [each["name"] for each in c.JupyterHub.services] == ["other", "2i2c", "2i2c-console"]
    if _has_extra_user_scopes():
        assert c.JupyterHub.load_roles.get_value([]) == [{"name": "user"}]
        assert c.JupyterHub.extra_user_scopes == {ACCESS}
    else:
        assert c.JupyterHub.load_roles == [{"name": "user", "scopes": ["self", ACCESS]}]
    assert c.Spawner.environment["MINE"] == "1"


def test_calling_it_twice_changes_nothing_more(c):
    setup_hub(c)
    before = (str(c.JupyterHub), c.Spawner.server_token_scopes, dict(c.Spawner.environment))
    setup_hub(c)
    assert before == (str(c.JupyterHub), c.Spawner.server_token_scopes, c.Spawner.environment)


def test_a_spawner_that_sets_its_own_is_composed_with(c):
    c.KubeSpawner.environment = {"MINE": "1"}
    c.KubeSpawner.server_token_scopes = ["users:activity!user"]
    c.DockerSpawner.image = "x"
    setup_hub(c)
    assert set(c.KubeSpawner.environment) == {"MINE", "JUPYTER_2I2C_SERVICE_URL"}
    assert c.KubeSpawner.server_token_scopes.before == ["users:activity!user"]
    assert "environment" not in c.DockerSpawner


def test_a_service_that_runs_elsewhere_keeps_what_it_says_and_gets_what_it_lacks(c):
    c.HubInformation.name = "A hub"
    external = {"name": "2i2c", "url": "http://2i2c-service:10300", "api_token": "x" * 32}
    c.JupyterHub.services = [{**external, "display": False, "info": {"mine": 1}}]
    setup_hub(c)
    ours = service(c)
    assert external.items() <= ours.items()
    assert not {"command", "environment"} & set(ours)
    assert (ours["display"], ours["oauth_no_confirm"], ours["info"]["mine"]) == (False, True, 1)
    assert ours["info"]["jupyter_2i2c"]["facts"] == {"name": "A hub"}
    assert [each["name"] for each in c.JupyterHub.services] == ["2i2c"]  # no console but by wish
    setup_hub(c)
    assert service(c) == ours


def test_a_console_that_runs_elsewhere_asks_for_the_same(c):
    console = {"name": "2i2c-console", "url": "http://2i2c-service:10301", "api_token": "y" * 32}
    c.JupyterHub.services = [{"name": "2i2c", "url": "http://2i2c-service:10300"}, console]
    setup_hub(c)
    elsewhere = service(c, "2i2c-console")
    c.JupyterHub.services = []
    setup_hub(c)
    beside = service(c, "2i2c-console")
    elsewhere.pop("timeout", None)
    assert elsewhere == {**beside, **console}


def test_a_service_elsewhere_may_read_its_own_entry_and_no_other(c):
    c.JupyterHub.services = [{"name": "2i2c", "url": "http://2i2c-service:10300"}]
    setup_hub(c)
    setup_hub(c)
    roles = [role for role in c.JupyterHub.load_roles if role["name"] == "service-2i2c"]
    assert [role["scopes"] for role in roles] == [["read:services!service=2i2c"]]
    assert roles[0]["services"] == ["2i2c"]


def test_how_the_service_runs_is_not_shown_in_its_entry_and_not_lost_in_silence(c, caplog):
    c.HubService.database_url = "postgresql://jupyter_2i2c:secret@db/x"
    c.HubService.admin_users_feature = True
    c.JupyterHub.services = [{"name": "2i2c", "url": "http://2i2c-service:10300"}]
    setup_hub(c)
    assert "secret" not in json.dumps(service(c))
    assert "does not see c.HubService.database_url; set it in the service's own file" in caplog.text


def test_a_managed_service_may_have_its_own_environment(c):
    c.JupyterHub.services = [
        {"name": "2i2c", "command": ["mine"], "environment": {"A": "1"}, "url": "http://x:1"}
    ]
    setup_hub(c)
    ours = service(c)
    assert (ours["command"], ours["url"]) == (["mine"], "http://x:1")
    assert {"A", "JUPYTER_2I2C_CONFIG_FILE", "JUPYTER_2I2C_CONSOLE_TOKEN"} <= set(
        ours["environment"]
    )
    assert service(c, "2i2c-console")["url"] == "http://x:2"


def test_the_console_asks_for_what_it_needs_and_no_more(c):
    setup_hub(c)
    scopes = set(service(c, "2i2c-console")["oauth_client_allowed_scopes"])
    assert {"admin-ui", "list:users", "servers", *CUSTOM_SCOPES} <= scopes
    forbidden = {"tokens", "proxy", "shutdown", "inherit", "self", "access:servers"}
    assert scopes.isdisjoint(forbidden)
    assert not any(mints_tokens(scope) for scope in scopes)


def test_people_are_added_from_the_console_only_where_the_operator_wants_it(c):
    c.HubService.admin_users_feature = True
    setup_hub(c)
    assert "admin:users" in service(c, "2i2c-console")["oauth_client_allowed_scopes"]


def test_a_console_that_is_declared_keeps_what_it_says(c):
    own = {"name": "2i2c-console", "api_token": "x" * 32, "url": "http://x:3", "display": False}
    c.JupyterHub.services = [own]
    setup_hub(c)
    console = service(c, "2i2c-console")
    assert (console["api_token"], console["url"], console["display"]) == (
        "x" * 32,
        "http://x:3",
        False,
    )
    assert service(c)["environment"]["JUPYTER_2I2C_CONSOLE_TOKEN"] == "x" * 32


@pytest.mark.parametrize(
    ("hub", "address"),
    [
        ({"base_url": "/jupyter"}, "/jupyter/services/2i2c-console/"),
        ({"bind_url": "http://:9000/x/"}, "/x/services/2i2c-console/"),
        (
            {"subdomain_host": "https://hub.example:8443"},
            "https://2i2c-console--service.hub.example:8443/services/2i2c-console/",
        ),
    ],
)
def test_f37_f38_the_service_knows_where_browsers_find_the_console(c, hub, address):
    c.JupyterHub.update(hub)
    setup_hub(c)
    assert service(c)["environment"]["JUPYTER_2I2C_CONSOLE_URL"] == address


@pytest.mark.parametrize(
    ("hub", "address"),
    [
        ({}, "http://127.0.0.1:8000/services/2i2c/"),
        ({"base_url": "/jupyter"}, "http://127.0.0.1:8000/jupyter/services/2i2c/"),
        ({"bind_url": "http://10.0.0.1:80/x/"}, "http://10.0.0.1:80/x/services/2i2c/"),
        ({"bind_url": "http://:9000"}, "http://127.0.0.1:9000/services/2i2c/"),
        ({"bind_url": "http://0.0.0.0:9000"}, "http://127.0.0.1:9000/services/2i2c/"),
        ({"bind_url": "http://[::]:9000"}, "http://[::1]:9000/services/2i2c/"),
        ({"ip": "10.0.0.2", "port": 81}, "http://10.0.0.2:81/services/2i2c/"),
        ({"ip": "fd00::1", "port": 81}, "http://[fd00::1]:81/services/2i2c/"),
        ({"ssl_key": "k", "port": 443}, "https://127.0.0.1:443/services/2i2c/"),
    ],
)
def test_f36_f37_servers_reach_the_service_through_the_proxy(c, hub, address):
    c.JupyterHub.update(hub)
    setup_hub(c)
    assert c.Spawner.environment["JUPYTER_2I2C_SERVICE_URL"] == address


@pytest.mark.parametrize(
    ("url", "console"),
    [
        ("http://127.0.0.1:10300", "http://127.0.0.1:10301"),
        ("http://[::1]:10300", "http://[::1]:10301"),
    ],
)
def test_f36_the_console_listens_at_the_next_port(c, url, console):
    setup_hub(c, url=url)
    assert service(c)["environment"]["JUPYTER_2I2C_CONSOLE_BIND"] == console


def test_on_kubernetes_the_proxy_has_a_service_of_its_own(c, monkeypatch):
    monkeypatch.setenv("PROXY_PUBLIC_SERVICE_HOST", "10.0.0.1")
    c.JupyterHub.base_url = "/x/"
    setup_hub(c)
    address = c.Spawner.environment["JUPYTER_2I2C_SERVICE_URL"]
    assert address == "http://proxy-public/x/services/2i2c/"


def test_on_kubernetes_with_certificates_of_the_charts_own_the_proxy_is_asked_behind_them(
    c, monkeypatch
):
    monkeypatch.setenv("PROXY_PUBLIC_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("PROXY_HTTP_SERVICE_HOST", "10.0.0.2")
    setup_hub(c)
    address = c.Spawner.environment["JUPYTER_2I2C_SERVICE_URL"]
    assert address == "http://proxy-http:8000/services/2i2c/"


def test_on_a_hub_with_subdomains_servers_ask_for_the_services_host(c):
    c.JupyterHub.subdomain_host = "https://hub.example:8443"
    setup_hub(c)
    assert c.Spawner.environment["JUPYTER_2I2C_SERVICE_HOST"] == "2i2c--service.hub.example:8443"


def test_the_operator_can_say_where_the_service_is(c):
    c.JupyterHub.subdomain_host = "https://hub.example"
    setup_hub(c, service_url="https://hub.example/services/2i2c/")
    assert c.Spawner.environment == {
        "JUPYTER_2I2C_SERVICE_URL": "https://hub.example/services/2i2c/"
    }


def test_the_service_gets_a_file_that_only_its_owner_can_read(c, tmp_path):
    c.HubInformation.name = "A hub"
    c.HubInformation.docs_url = "nope"
    c.HubService.metrics_bind = "127.0.0.1:1"
    setup_hub(c)
    path = tmp_path / "jupyter_2i2c.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text())
    assert document["facts"] == {"name": "A hub"}
    assert document["service"] == {"metrics_bind": "127.0.0.1:1"}
    assert [path.name for path in tmp_path.iterdir()] == ["jupyter_2i2c.json"]


@pytest.mark.parametrize("piece", ["A", "a1-", "x=", "://", '{"a": 1}, ', "--flag "])
@pytest.mark.timeout(60)
def test_long_values_do_not_keep_a_hub_from_starting(piece):
    # twice as long must not take four times as long: a picture's address has so many characters
    value = piece * (200_000 // len(piece))
    assert list(secrets_in(value)) == []


def test_mistakes_are_told_in_the_hubs_log(c, caplog):
    c.HubInformation.docs_url = "nope"
    setup_hub(c)
    assert (
        "jupyter_2i2c: c.HubInformation.docs_url in the hub's configuration: given" in caplog.text
    )


def test_a_hub_starts_even_where_the_file_cannot_be_written(c, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    setup_hub(c, config_file=tmp_path / "file" / "x.json")
    assert service(c)
    assert "set config_file" in caplog.text


@pytest.mark.parametrize(
    ("scope", "mints"),
    [
        ("self", True),
        ("inherit", True),
        ("tokens", True),
        ("tokens!user=ada", True),
        ("admin:users", True),
        ("admin:servers!user", True),
        ("read:tokens!user", False),
        ("users:activity!user", False),
        ("access:servers!server", False),
        ("servers!user", False),
        (ACCESS, False),
    ],
)
def test_a13_scopes_that_could_mint_an_administrators_token_are_known(scope, mints):
    assert mints_tokens(scope) is mints


def test_f39_with_internal_ssl_the_service_is_asked_by_https(c):
    c.JupyterHub.internal_ssl = True
    other = {"name": "other", "url": "http://127.0.0.1:9000"}
    c.JupyterHub.services = [other]
    setup_hub(c, console_url="http://127.0.0.1:9999")
    assert c.JupyterHub.services[0] == other
    assert service(c)["url"] == "https://127.0.0.1:10300"
    assert service(c, "2i2c-console")["url"] == "https://127.0.0.1:9999"


async def test_f39_a_hub_that_asks_with_a_context_for_listening_is_given_none():
    """JupyterHub 6.0 to 6.1.1; then it makes the right one. A right one is left to it."""

    class Hub:
        async def start_service(self, name, service, ssl_context=None):
            return (name, service, ssl_context)

    hub = Hub()
    let_the_hub_ask(hub)
    for protocol, given in ((ssl.PROTOCOL_TLS_SERVER, False), (ssl.PROTOCOL_TLS_CLIENT, True)):
        context = ssl.SSLContext(protocol)
        answer = await hub.start_service("2i2c", "service", context)
        assert answer == ("2i2c", "service", context if given else None)
