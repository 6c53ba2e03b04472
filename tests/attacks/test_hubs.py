"""Approving on hubs that are not like most: F37, F40, F41, subdomains (F38) and internal SSL (F39)."""

from urllib.parse import quote

import httpx
import pytest

from .scene import Scene, text

pytestmark = pytest.mark.end_to_end

NAMED = "c.JupyterHub.allow_named_servers = True"

AWKWARD = "ädä+o'x@x.example"
PEOPLE = f"c.Authenticator.allowed_users = {{'eve', {AWKWARD!r}}}"


def assert_it_is_stopped(scene, name, server=""):
    """The whole story: asked in boss's server, approved on the console, done at the hub, told."""
    scene.with_server(name, server)
    key = scene.intent("boss", "stop-server", user=name, server=server)
    boss = scene.visitor("boss")
    shown = text(boss.see(f"intents/{key}"))
    assert name in shown
    assert server in shown
    answer = boss.decide(key, message="The node is full.")
    assert f"Stopped the server of “{name}”" in text(answer) or server in text(answer), text(answer)
    assert not scene.runs(name, server)
    (done,) = [
        entry for entry in scene.audit() if key in entry["detail"] and entry["result"] == "done"
    ]
    assert done["target_user"] == name
    page = boss.see(f"users/{quote(name, safe='')}")
    assert page.status_code == 200
    assert "The node is full." in text(page)
    token = scene.person(name).token(scopes=["access:services!service=2i2c"])
    (told,) = scene.ask(token, "me", "GET").json()["done"]
    assert (told["actor"], told["reason"]) == ("boss", "The node is full.")


def test_f37_f40_f41_below_another_address_a_named_server_of_a_name_to_escape(hubs):
    scene = Scene(hubs, NAMED, PEOPLE, base_url="/some/where/")
    assert_it_is_stopped(scene, AWKWARD, "two")


def test_f38_on_a_hub_with_subdomains(hubs):
    assert_it_is_stopped(Scene(hubs, subdomains=True), "eve")


INTERNAL_SSL = """
c.Authenticator.allowed_users = {"eve"}
c.JupyterHub.internal_ssl = True
c.JupyterHub.internal_certs_location = os.environ["LOCAL_HUB_STATE"] + "/certificates"
c.JupyterHub.hub_bind_url = c.JupyterHub.hub_bind_url.replace("http:", "https:")
c.ConfigurableHTTPProxy.api_url = c.ConfigurableHTTPProxy.api_url.replace("http:", "https:")
"""


def test_f39_on_a_hub_with_internal_ssl(hubs):
    scene = Scene(hubs, stage=INTERNAL_SSL)
    info = scene.with_server("eve").ask_server("jupyter-2i2c/info")
    assert info["service"]["state"] == "ok", info["service"]
    assert_it_is_stopped(scene, "eve")
    # what listens has the hub's certificate, and takes only who has one of its own
    for port in (scene.hub.service_port, scene.hub.console_port):
        with httpx.Client(trust_env=False, verify=False) as client, pytest.raises(httpx.HTTPError):
            client.get(f"https://127.0.0.1:{port}/services/2i2c/")
