"""Each mistake in a configuration is found, with its mend; the recommended one is green."""

import json
from dataclasses import replace

import pytest
from traitlets.config import Config

from jupyter_2i2c import setup_hub
from jupyter_2i2c.hub.doctor.checks import findings
from jupyter_2i2c.hub.doctor.observe import observe
from jupyter_2i2c.hub.doctor.observed import FileFact, Live
from jupyter_2i2c.hub.scopes import ACCESS, SERVER_SCOPES
from jupyter_2i2c.hub.setup import _has_extra_user_scopes

# the roles that the hubs of the sample have
SERVER = ["self", "users:activity!user", "access:services!service=dask-gateway"]
ROLES = [
    {"name": "user", "scopes": ["self", "access:services!service=usage-quota"]},
    {"name": "server", "scopes": SERVER},
]

WELL = Live(
    asked=True,
    service_address="http://127.0.0.1:8000/services/2i2c/",
    since="2026-01-01T00:00:00+00:00",
    hub_version="6.1.1",
    own_listener="http://127.0.0.1:10302/readyz",
    files=(FileFact("the handover", "/srv/jupyter_2i2c.json", True, 0o600),),
    database_known=True,
    older=0,
    running=3,
)


@pytest.fixture
def c(tmp_path, monkeypatch):
    """A configuration on a hub as it is recommended, before `setup_hub`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROXY_PUBLIC_SERVICE_HOST", raising=False)
    monkeypatch.delenv("JPY_COOKIE_SECRET", raising=False)
    c = Config()
    c.JupyterHub.subdomain_host = "https://hub.example.org"
    c.JupyterHub.cookie_secret = bytes(range(32))
    return c


def said(c, live=WELL, before=None):
    """What the checks say, by name."""
    return {each.id: each for each in findings(observe(c, before), live)}


def severities(found, severity):
    return sorted(each.id for each in found.values() if each.severity == severity)


def test_the_recommended_hub_is_green(c):
    setup_hub(c)
    found = said(c)
    assert {each.severity for each in found.values()} == {"green"}
    assert len(found) > 15


def test_the_roles_of_real_hubs_are_green_as_they_stand(c):
    c.JupyterHub.load_roles = ROLES
    setup_hub(c)
    found = said(c)
    assert {each.severity for each in found.values()} == {"green"}
    assert "self is in the role “server”" in found["server-token-mints"].found


def test_the_roles_of_real_hubs_are_red_where_administrators_are_not_looked_after(c):
    c.JupyterHub.load_roles = ROLES
    setup_hub(c, narrow_admin_servers=False)
    finding = said(c)["server-token-mints"]
    assert finding.severity == "red"
    assert "the role “server” gives self" in finding.found
    assert "narrow_admin_servers=True" in finding.mend
    # the lines to paste keep what is harmless in the role
    role = json.loads(finding.mend.splitlines()[-2])
    assert "access:services!service=dask-gateway" in role["scopes"]
    c.JupyterHub.load_roles = [ROLES[0], role]
    assert said(c)["server-token-mints"].severity == "green"


def test_without_setup_hub_the_mend_is_to_call_it(c):
    c.JupyterHub.load_roles = ROLES
    found = said(c)
    assert severities(found, "red") == ["server-access", "server-token-mints", "user-access"]
    assert "setup_hub(c)" in found["server-token-mints"].mend


MINTING = ["self", "inherit", "tokens", "tokens!user", "admin:users", "admin:servers!user"]


@pytest.mark.parametrize("scope", MINTING)
@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("place", ["role", "general", "special"])
def test_a13_a_servers_token_that_could_mint(c, scope, narrow, place):
    scopes = ["users:activity!user", scope]
    if place == "role":
        c.JupyterHub.load_roles = [{"name": "server", "scopes": scopes}]
    elif place == "general":
        c.Spawner.server_token_scopes = scopes
    else:
        c.KubeSpawner.server_token_scopes = scopes
    setup_hub(c, narrow_admin_servers=narrow)
    finding = said(c)["server-token-mints"]
    assert finding.severity == ("green" if narrow else "red")
    assert scope in finding.found


def test_a_role_that_is_not_used_does_not_matter(c):
    c.JupyterHub.load_roles = ROLES
    c.Spawner.server_token_scopes = list(SERVER_SCOPES)
    setup_hub(c, narrow_admin_servers=False)
    assert said(c)["server-token-mints"].severity == "green"


def test_what_a_function_gives_is_not_known_before_it_is_asked(c):
    c.Spawner.server_token_scopes = lambda spawner: ["self"]
    setup_hub(c, narrow_admin_servers=False)
    assert said(c)["server-token-mints"].severity == "not known"


@pytest.mark.parametrize(
    ("scopes", "severity"),
    [
        ([], "green"),
        (["access:services!service=dask-gateway"], "yellow"),
        (["access:servers!server"], "yellow"),
        (["inherit"], "red"),
        (["tokens"], "red"),
        (["self"], "red"),
        (["admin:users"], "red"),
        (["list:users"], "red"),
        (["custom:2i2c:announce"], "red"),
        (["access:services!service=x", "servers!user"], "red"),
        (lambda spawner: ["inherit"], "not known"),
    ],
)
@pytest.mark.parametrize("section", ["Spawner", "KubeSpawner"])
def test_t6_a13_what_servers_may_do_for_their_visitors(c, scopes, severity, section):
    c[section].oauth_client_allowed_scopes = scopes
    setup_hub(c)
    assert said(c)["oauth-scopes-widened"].severity == severity


# (what is set before setup_hub, the check, its severity, words in what was found, words in the mend)
SEEDED = {
    "everybody's role": (
        (
            'hub.load_roles = [{"name": "server", "scopes": ["self"]},'
            ' {"name": "user", "scopes": ["self", "list:users", "servers"]}]'
        ),
        ("server-token-mints-for-helpers", "yellow", "“user” gives list:users, servers", "server"),
    ),
    "legacy admin": (
        'hub.services = [{"name": "old", "admin": True}]',
        ("service-admin", "yellow", "old", '"services": ["old"]'),
    ),
    "auth_state": (
        'hub.load_roles = [{"name": "r", "services": ["s"], "scopes": ["admin:auth_state"]}]',
        ("service-roles", "yellow", "s has admin:auth_state", "role"),
    ),
    "tokens": (
        'hub.load_roles = [{"name": "r", "services": ["s"], "scopes": ["tokens", "proxy"]}]',
        ("service-roles", "yellow", "s has tokens, proxy (role “r”)", "role"),
    ),
    "shutdown": (
        'hub.load_roles = [{"name": "r", "services": ["s"], "scopes": ["shutdown"]}]',
        ("service-roles", "yellow", "shutdown", "role"),
    ),
    "a service with everybody's rights": (
        'hub.services = [{"name": "s", "oauth_client_allowed_scopes": ["inherit"]}]',
        ("service-logins", "yellow", "s gets inherit", "oauth_client_allowed_scopes"),
    ),
    "a group of administrators": (
        (
            "c.GenericOAuthenticator.manage_groups = True\n"
            'hub.load_roles = [{"name": "boss", "groups": ["admin"], "scopes": ["admin:users"]}]'
        ),
        ("admin-groups", "yellow", "the group admin has admin:users", '"users"'),
    ),
    "a group with all rights": (
        (
            "c.Authenticator.manage_groups = True\n"
            'hub.load_roles = [{"name": "admin", "groups": ["it"]}]'
        ),
        ("admin-groups", "yellow", "the group it has all rights", '"users"'),
    ),
    "a role of our own service": (
        'hub.load_roles = [{"name": "r", "services": ["2i2c"], "scopes": ["list:users"]}]',
        ("own-role", "yellow", "2i2c has list:users", "out of that role"),
    ),
    "shared origin": (
        'hub.subdomain_host = ""',
        ("shared-origin", "yellow", "subdomain_host is not set", "subdomain_host ="),
    ),
    "service workers": (
        'hub.subdomain_host = ""',
        ("service-worker-allowed", "yellow", "Service-Worker-Allowed", "proxy_hide_header"),
    ),
    "cookies for every server": (
        'hub.subdomain_host = ""\nhub.cookie_host_prefix_enabled = True',
        ("cookie-host-prefix", "yellow", "cookie_host_prefix_enabled", "= False"),
    ),
    "plain http": (
        'hub.subdomain_host = ""\nhub.bind_url = "http://:8000"',
        ("plain-http", "yellow", "http://:8000", "public_url"),
    ),
    "plain http in a private network": (
        'hub.subdomain_host = ""\nhub.bind_url = "http://10.0.0.1:8000"',
        ("plain-http", "yellow", "http://10.0.0.1:8000", "public_url"),
    ),
    "plain http with subdomains": (
        'hub.subdomain_host = "http://hub.example.org"',
        ("plain-http", "yellow", "http://hub.example.org", "public_url"),
    ),
    "plain http at a public address": (
        'hub.subdomain_host = ""\nhub.public_url = "http://hub.example.org/"',
        ("plain-http", "yellow", "http://hub.example.org/", "public_url"),
    ),
    "credentialed cors": (
        (
            'hub.tornado_settings = {"headers": {"Access-Control-Allow-Origin": "https://x",'
            ' "Access-Control-Allow-Credentials": "true"}}'
        ),
        ("cors", "red", "https://x", "tornado_settings"),
    ),
    "cors": (
        'hub.tornado_settings = {"headers": {"access-control-allow-origin": "*"}}',
        ("cors", "yellow", "*", "tornado_settings"),
    ),
    "frames": (
        (
            'hub.tornado_settings = {"headers": {"Content-Security-Policy":'
            " \"frame-ancestors 'self' https://lms.example\"}}"
        ),
        ("frames", "yellow", "lms.example", "'none'"),
    ),
    "no frame rule at all": (
        'hub.tornado_settings = {"headers": {"Content-Security-Policy": "default-src *"}}',
        ("frames", "yellow", "default-src", "'none'"),
    ),
    "servers that cannot report": (
        'c.Spawner.server_token_scopes = ["access:servers!server"]',
        ("server-activity", "yellow", "lacks users:activity!user", "users:activity!user"),
    ),
}


@pytest.mark.parametrize("seed", SEEDED)
def test_a_seeded_mistake_is_found(c, seed):
    lines, (name, severity, words, mend) = SEEDED[seed]
    exec(lines, {"c": c, "hub": c.JupyterHub})
    setup_hub(c)
    found = said(c)
    assert found[name].severity == severity
    assert words in found[name].found
    assert mend in found[name].mend
    assert found[name].why
    assert severities(found, "red") == ([name] if severity == "red" else [])


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ('hub.load_roles = [{"name": "user", "scopes": ["self"]}]', "user-access"),
        ('c.Spawner.server_token_scopes = ["users:activity!user"]', "server-access"),
        ('c.KubeSpawner.server_token_scopes = ["users:activity!user"]', "server-access"),
    ],
)
def test_a_list_that_replaces_ours_is_red(c, lines, name):
    setup_hub(c)
    exec(lines, {"c": c, "hub": c.JupyterHub})
    finding = said(c)[name]
    assert finding.severity == "red"
    assert f"lacks {ACCESS}" in finding.found
    assert ACCESS in finding.mend


def test_a_role_that_keeps_our_scope_is_green(c):
    setup_hub(c)
    c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", ACCESS]}]
    assert said(c)["user-access"].severity == "green"


def test_roles_of_the_authenticator_are_not_seen_from_here(c):
    c.OAuthenticator.manage_roles = True
    setup_hub(c)
    assert said(c)["user-access"].severity == "not known"


def test_scopes_for_all_users_that_the_hub_passes_over(c):
    c.JupyterHub.extra_user_scopes = {"shares!user"}
    c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self"]}]
    setup_hub(c)
    finding = said(c).get("extra-user-scopes-ignored")
    if _has_extra_user_scopes():
        assert finding.severity == "yellow"
        assert "shares!user" in finding.found
    # the 5.x of JupyterHub does not know the trait at all


@pytest.mark.parametrize(
    "bind_url",
    ["http://127.0.0.1:8000", "http://localhost:8000/", "http://[::1]:80/", "https://0.0.0.0:443"],
)
def test_loopback_and_https_need_no_warning(c, bind_url):
    c.JupyterHub.subdomain_host = ""
    c.JupyterHub.bind_url = bind_url
    setup_hub(c)
    assert said(c)["plain-http"].severity == "green"


def test_the_consoles_own_settings(c):
    setup_hub(c)
    services = c.JupyterHub.services
    c.JupyterHub.services = [each for each in services if each["name"] != "2i2c-console"]
    assert said(c)["console"].severity == "yellow"
    console = {"name": "2i2c-console", "oauth_no_confirm": True}
    console["oauth_client_allowed_scopes"] = ["list:users", "admin:users", "tokens!user=x"]
    c.JupyterHub.services = [*services, console]
    c.JupyterHub.services = [each for each in services if each["name"] == "2i2c"] + [console]
    found = said(c)
    assert found["console"].severity == "green"
    assert found["console-scopes"].severity == "red"
    assert "tokens!user=x" in found["console-scopes"].found
    assert found["console-consent"].severity == "yellow"
    assert "admin:auth_state" in found["admin-users-feature"].found


def test_the_feature_that_adds_users_is_said(c):
    c.HubService.admin_users_feature = True
    setup_hub(c)
    found = said(c)
    assert severities(found, "yellow") == ["admin-users-feature"]


FILE = FileFact("the key", "/srv/key", True, 0o600)
SEEN = {
    "service": ({"service": "nothing answers"}, "service-reachable", "red"),
    "not asked": ({"asked": False}, "service-reachable", "not known"),
    "not ready": ({"ready": "the database is read-only"}, "service-ready", "red"),
    "elsewhere": ({"own_listener": ""}, "service-ready", "not known"),
    "hub": ({"hub": "answers 500"}, "hub-reachable", "red"),
    "old hub": ({"hub_version": "5.5.0"}, "hub-version", "yellow"),
    "unknown hub": ({"hub_version": ""}, "hub-version", "not known"),
    "readable key": ({"files": (replace(FILE, mode=0o640),)}, "private-files", "red"),
    "readable handover": (
        {"files": (replace(FILE, what="the handover", mode=0o604),)},
        "private-files",
        "red",
    ),
    "replaceable key": ({"files": (replace(FILE, replaceable=True),)}, "private-files", "red"),
    "lost key": (
        {"files": (replace(FILE, there=False), replace(FILE, what="the database"))},
        "key",
        "red",
    ),
    "database": ({"database": "made by a newer version"}, "database", "red"),
    "problems": ({"problems": ("c.HubInformation.docs_url: given 1",)}, "configuration", "yellow"),
    "older servers": ({"older": 2}, "servers-older", "yellow"),
    "servers not asked": ({"older": None}, "servers-older", "not known"),
}


@pytest.mark.parametrize("seed", SEEN)
def test_what_is_wrong_now_is_found(c, seed):
    facts, name, severity = SEEN[seed]
    setup_hub(c)
    found = said(c, replace(WELL, **facts))
    assert found[name].severity == severity
    assert severities(found, "red") == ([name] if severity == "red" else [])


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("5.5.0", "yellow"),
        ("5.4.6", "yellow"),
        ("5.5.1rc1", "yellow"),
        ("5.5.1", "green"),
        ("5.5.4", "green"),
        ("6.0.0", "green"),
        ("6.1", "green"),
        ("10.0.0", "green"),
    ],
)
def test_versions_are_compared_as_numbers(c, version, severity):
    setup_hub(c)
    assert said(c, replace(WELL, hub_version=version))["hub-version"].severity == severity
