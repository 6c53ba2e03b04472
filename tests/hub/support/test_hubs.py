"""A request for help on a real hub, from a user's server to a real mail server; and a hub from which all of us is removed."""

import email
import email.policy
import queue
import sqlite3
from contextlib import closing

import httpx
import pytest
from aiosmtpd.controller import Controller

from jupyter_2i2c.demo.local_hub import free_ports

from ...hubs import SETUP

pytestmark = pytest.mark.end_to_end

API = "services/2i2c/api/v1/"


class Mailbox:
    """What a mail server took."""

    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        self.mails.put(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    with free_ports(0, 1) as (port,):
        pass
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.port = port
    yield box
    controller.stop()


@pytest.fixture(scope="module")
def hub(hubs, mailbox):
    return hubs.start(
        SETUP,
        f"""
        c.HubInformation.name = "Coastal Hub"
        c.HubInformation.contacts = [
            {{"role": "community", "name": "Coastal Lab", "email": "help@lab.example"}}
        ]
        c.HubService.support_sender = "Coastal Hub <hub@coastal.example>"
        c.HubService.support_smtp_host = "127.0.0.1"
        c.HubService.support_smtp_port = {mailbox.port}
        c.HubService.support_smtp_security = "none"
        c.JupyterHub.cleanup_servers = False
        """,
    )


def test_a_users_server_asks_and_a_mail_arrives(hubs, hub, mailbox):
    ada = hubs.log_in(hub, "ada")
    ada.start_server()
    environment = ada.server_environment()
    headers = {"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}"}
    offer = httpx.get(hub.url + API + "support", headers=headers, trust_env=False)
    assert offer.status_code == 200, offer.text
    assert (offer.json()["offered"], offer.json()["reader"]) == (True, "Coastal Lab")
    asked = {
        "key": "one-request",
        "category": "incident",
        "subject": "My kernel dies",
        "text": "Again and again.",
        "reply_to": "ada@lab.example",
    }
    url = hub.url + API + "requests"
    answer = httpx.post(url, headers=headers, json=asked, trust_env=False)
    assert answer.status_code == 201
    mail = mailbox.mails.get(timeout=60)
    assert mail["To"] == "help@lab.example"
    assert answer.json()["reference"] in mail["Subject"]
    assert "Again and again." in mail.get_content()
    assert environment["JUPYTERHUB_API_TOKEN"] not in str(mail)

    def sent():
        (own,) = httpx.get(url, headers=headers, trust_env=False).json()["requests"]
        return own["state"] == "sent"

    hub.until("the request is sent", sent)
    metrics = httpx.get(f"http://127.0.0.1:{hub.metrics_port}/metrics", trust_env=False).text
    assert "jupyter_2i2c_outbox_depth 0.0" in metrics
    assert "ada" not in metrics


def test_z_taken_out_of_its_configuration_nothing_of_us_is_left_on_the_hub(hubs, hub):
    assert _left(hub)
    hub.restart(hubs.config("c.JupyterHub.cleanup_servers = False"), service=False)
    boss, ada = hubs.log_in(hub, "boss"), hubs.log_in(hub, "ada")
    # the token of a server that ran keeps the name of a scope, which opens nothing any more
    assert [table for table, _ in _left(hub)] == ["api_tokens"]
    assert boss.api("GET", "services").json() == {}
    answer = httpx.get(
        f"{hub.url}hub/api/user",
        headers={"Authorization": f"token {ada.token()}"},
        trust_env=False,
    )
    assert "2i2c" not in answer.text
    assert httpx.get(f"{hub.url}services/2i2c/", trust_env=False).status_code in (302, 403, 404)


def _left(hub):
    """Where in the hub's database there is a word of ours."""
    with closing(sqlite3.connect(hub.state / "jupyterhub.sqlite")) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return [
            (table, row)
            for (table,) in tables
            for row in database.execute(f'SELECT * FROM "{table}"')
            if "2i2c" in str(row)
        ]
