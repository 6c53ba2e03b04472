"""The service's side of asking for help in this process: beside a hub that a test decides about, with a mail server."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from traitlets.config import Config

from jupyter_2i2c.config import read
from jupyter_2i2c.hub.administration import Administration, Options
from jupyter_2i2c.hub.api.requests import OfferHandler, RequestHandler, RequestsHandler
from jupyter_2i2c.hub.app import MAX_BODY
from jupyter_2i2c.hub.delivery.smtp import Smtp
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.identity import HubIdentities
from jupyter_2i2c.hub.settings import HubSettings
from jupyter_2i2c.hub.store import outbox
from jupyter_2i2c.hub.support import Support
from jupyter_2i2c.hub.support_traits import SupportOptions

from ..stub_hub import StubHub
from .mail_server import MailServer

ACCESS = "access:services!service=2i2c"
SENDER = "Coastal Hub <hub@coastal.example>"
CONTACTS = [
    {"role": "community", "name": "Coastal Lab support", "email": "help@lab.example"},
    {"role": "operator", "name": "The operator", "email": "desk@operator.example"},
]


@pytest.fixture
def serve_mail(jp_asyncio_loop):
    """Starts mail servers."""
    started = []

    async def serve(**options):
        started.append(await MailServer(**options).start())
        return started[-1]

    yield serve

    async def end():
        for server in started:
            await server.stop()

    jp_asyncio_loop.run_until_complete(end())


@pytest.fixture
def mail_server(jp_asyncio_loop, serve_mail):
    """One without encryption or login."""
    return jp_asyncio_loop.run_until_complete(serve_mail())


@pytest.fixture
def stub(jp_asyncio_loop):
    """A hub with ada and mal, users; and rep, a community representative."""
    stub = jp_asyncio_loop.run_until_complete(StubHub().start())
    for name in ("ada", "mal", "rep", "tom@lab.example"):
        stub.add(name)
        stub.tokens[f"{name.partition('@')[0]}-token"] = (
            name,
            [ACCESS, f"access:servers!server={name}/"],
        )
    yield stub
    jp_asyncio_loop.run_until_complete(stub.stop())


@pytest.fixture
def quick(monkeypatch):
    """No waiting between attempts."""
    monkeypatch.setattr(outbox, "FIRST_DELAY", timedelta(milliseconds=20))


@pytest.fixture
def begin(stub, tmp_path, jp_asyncio_loop):
    """Starts the service's side of it, with these channels."""
    started = []

    async def begin(channels, contacts=CONTACTS, courier=True, **more):
        options = Options(f"sqlite:///{tmp_path}/store.sqlite", str(tmp_path / "key"), "/console/")
        administration = Administration(options, HubSettings(), stub.url)
        config = Config()
        config.HubInformation.name = "Coastal Hub"
        config.HubInformation.url = "https://hub.example/"
        config.HubInformation.contacts = contacts
        facts = Facts(read(config, "service", "the test"))
        chosen = SupportOptions(
            frozenset({"rep"}), frozenset({"speakers"}), channels=channels, **more
        )
        store = None if administration.unusable else administration.store
        support = Support(chosen, facts, store)
        given = {
            "identities": HubIdentities(stub.url),
            "administration": administration,
            "support": support,
        }
        application = web.Application(
            [
                (r"/api/v1/support", OfferHandler, given),
                (r"/api/v1/requests", RequestsHandler, given),
                (r"/api/v1/requests/([A-Za-z0-9_-]{1,64})", RequestHandler, given),
            ],
            log_function=lambda handler: None,
        )
        sock, port = bind_unused_port()
        server = HTTPServer(application, max_body_size=MAX_BODY)
        server.add_socket(sock)
        if courier:
            support.start()
        service = Service(f"http://127.0.0.1:{port}/api/v1/", administration, support, server)
        started.append(service)
        return service

    yield begin

    async def end():
        for service in started:
            await service.stop()

    jp_asyncio_loop.run_until_complete(end())


class Service:
    """The service, as users' servers see it."""

    def __init__(self, url, administration, support, server):
        self.url = url
        self.administration = administration
        self.store = getattr(administration, "store", None)
        self.support = support
        self._server = server
        self._client = AsyncHTTPClient(force_instance=True)
        self._running = True

    async def stop(self):
        if self._running:
            self._running = False
            self._server.stop()
            await self.support.close()
            await self.administration.close()
            self._client.close()
            await self._server.close_all_connections()

    async def ask(self, path, who="ada", body=None, **more):
        answer = await self._client.fetch(
            self.url + path,
            method="POST" if body is not None or more else "GET",
            headers={"Authorization": f"token {who}-token"},
            body=body if isinstance(body, bytes | None) else json.dumps(body),
            raise_error=False,
            **more,
        )
        return SimpleNamespace(
            status=answer.code, json=json.loads(answer.body), headers=answer.headers
        )

    async def send(self, who="ada", **fields):
        """Ask for help."""
        return await self.ask("requests", who, request(**fields))

    async def settled(self, id_, who="ada", states=("sent",)):
        """The request, once it is in one of these states."""
        while (found := (await self.ask(f"requests/{id_}", who)).json)["state"] not in states:
            await asyncio.wait_for(_next_turn(), 30)
        return found


async def _next_turn():
    loop = asyncio.get_running_loop()
    turn = loop.create_future()
    loop.call_later(0.01, turn.set_result, None)
    await turn


def request(**fields):
    """A request as a user's server sends it."""
    return {
        "key": "key-0001",
        "category": "incident",
        "outage": "slow",
        "subject": "My kernel dies",
        "text": "When I open the large file.",
        "affected": "only me",
        "reply_to": "ada@lab.example",
        "diagnostics": None,
        "attachments": [],
        "encrypted": None,
        **fields,
    }


def attachment(name, data=b"words", kind="text/plain"):
    return {"name": name, "type": kind, "data": base64.b64encode(data).decode()}


def plain(server, **options):
    """Both routes by this mail server, without encryption."""
    smtp = Smtp("127.0.0.1", server.port, SENDER, security="none", **options)
    return {"community": smtp, "operator": smtp}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for this machine, its key, and both as contexts of a server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    today = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("certificate")
    (directory / "mail.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "mail.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "mail.pem", directory / "mail.key")
    return SimpleNamespace(file=str(directory / "mail.pem"), context=context)
