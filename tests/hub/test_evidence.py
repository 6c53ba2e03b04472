"""What is open here, as the hub's service tells it: from the record, for those who may, and without names for all others."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from jupyter_2i2c.hub.api.evidence import EvidenceHandler
from jupyter_2i2c.hub.app import HubService
from jupyter_2i2c.hub.evidence import HubEvidence
from jupyter_2i2c.hub.facts import Facts
from jupyter_2i2c.hub.proof import Drills
from jupyter_2i2c.hub.public.page import PublicPageHandler
from jupyter_2i2c.replicate.importers.recording import SCHEMA
from jupyter_2i2c.sources import Stated

LOG = logging.getLogger(__name__)

RECORD = {
    "schema": SCHEMA,
    "at": "2026-03-01T12:00:00Z",
    "config": {
        "KubeSpawner.image": "registry.example.org/matlab:latest",
        "KubeSpawner.storage_class": "premium-of-one-cloud",
        "KubeSpawner.environment": {"SCRATCH_BUCKET": "s3://private-name/scratch"},
        "GitHubOAuthenticator.client_id": "0123456789",
        "Authenticator.admin_users": {"$set": ["ada-the-admin"]},
    },
    "slots": {"GITHUB_SECRET": "somewhere"},
    "kubernetes": None,
    "versions": {"jupyterhub": "0.0", "traitlets": "0.0"},
}


@pytest.fixture
def record(tmp_path):
    """A record's file, to write to."""

    def write(told):
        path = tmp_path / "hub.record.json"
        path.write_text(told if isinstance(told, str) else json.dumps(told))
        return str(path)

    return write


async def answers(handler, headers=(), **arguments):
    listener, port = bind_unused_port()
    server = HTTPServer(web.Application([("/", handler, arguments)]))
    server.add_socket(listener)
    try:
        return await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/", headers=dict(headers))
    finally:
        server.stop()
        await server.close_all_connections()


@pytest.fixture
def let_in(monkeypatch):
    """Who may ask is tested elsewhere."""
    monkeypatch.setattr(EvidenceHandler, "prepare", lambda _: None)


async def page(evidence):
    told = {"facts": Facts(Stated()), "hub_url": "/hub/", "newsroom": None, "me": ""}
    answer = await answers(PublicPageHandler, **told, drills=Drills("", 1), evidence=evidence)
    return answer.body.decode()


async def test_the_api_tells_names_and_never_what_a_setting_is_set_to(record, let_in):
    evidence = HubEvidence(record(RECORD), LOG)
    answer = await answers(EvidenceHandler, identities=None, evidence=evidence)
    told = json.loads(answer.body)
    assert (told["version"], told["at"]) == (1, RECORD["at"])
    items = {
        (layer["key"], each["id"]): each for layer in told["layers"] for each in layer["items"]
    }
    assert items["environment", "images:matlab"]["status"] == "own-licence"
    assert items["cloud", "tie:the-storage-class"]["names"] == ["KubeSpawner.storage_class"]
    assert items["data", "tie:a-bucket-s3"]["names"] == ["KubeSpawner.environment.SCRATCH_BUCKET"]
    # another version runs here than the hub has: its licence is not known
    assert "traitlets 0.0" in items["infrastructure", "hub:not-known"]["names"]
    for value in ("premium-of-one-cloud", "private-name", "0123456789", "ada-the-admin"):
        assert value not in answer.body.decode()
    etag = {"If-None-Match": answer.headers["ETag"]}
    with pytest.raises(HTTPClientError) as again:
        await answers(EvidenceHandler, etag, identities=None, evidence=evidence)
    assert again.value.code == 304


async def test_the_page_names_no_package_image_or_setting(record):
    text = await page(HubEvidence(record(RECORD), LOG))
    assert "MATLAB" in text
    assert "Settings of one cloud: 1 tied" in text
    nothing = await page(HubEvidence(record({**RECORD, "config": {}, "slots": {}}), LOG))
    assert "Here: each server looks into its own" in nothing
    assert "Settings of one cloud: none found" in nothing
    assert 'configuration of <time datetime="2026-03-01"' in text
    for name in ("registry.example.org", "KubeSpawner", "traitlets 0.0", "private-name"):
        assert name not in text
    assert "Found here" not in await page(None)


async def test_it_is_made_once_for_each_record(record, monkeypatch):
    made = []
    make = HubEvidence._make

    def counted(self):
        made.append(1)
        return make(self)

    monkeypatch.setattr(HubEvidence, "_make", counted)
    place = record(RECORD)
    evidence = HubEvidence(place, LOG)
    first = await evidence.sheet()
    assert await evidence.sheet() is first
    record({**RECORD, "at": "2026-03-02T12:00:00Z", "config": {}})
    second = await evidence.sheet()
    assert (second.at, len(made)) == ("2026-03-02T12:00:00Z", 2)
    Path(place).unlink()
    assert {each.key: each.items[0].status for each in (await evidence.sheet()).layers} == {
        "data": "not-known",
        "environment": "not-known",
        "infrastructure": "not-known",
        "cloud": "not-known",
    }


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{",
        "[]",
        {},
        {**RECORD, "schema": 0},
        {**RECORD, "config": []},
        {**RECORD, "versions": None},
        {**RECORD, "kubernetes": {"values": {}}},
        {**RECORD, "config": {"KubeSpawner.profile_list": [1, {"image": {"name": None}}], "": 1}},
    ],
)
async def test_a_record_that_cannot_be_used_says_so_and_breaks_nothing(record, told, caplog):
    evidence = HubEvidence(record(told), LOG)
    sheet = await evidence.sheet()
    assert [each.key for each in sheet.layers] == ["data", "environment", "infrastructure", "cloud"]
    assert all(each.items for each in sheet.layers)
    assert "Right to Replicate" in await page(evidence)


async def test_without_a_record_nothing_is_claimed():
    sheet = await HubEvidence("", LOG).sheet()
    assert {each.status for layer in sheet.layers for each in layer.items} == {"not-known"}
    text = await page(HubEvidence("", LOG))
    assert "keeps no record" in text
    assert "is computed from" not in text


@pytest.mark.parametrize("shown", [True, False])
async def test_an_operator_may_keep_it_off_the_page_that_needs_no_login(
    shown, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/services/2i2c/")
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:9/hub/api")
    service = HubService(public_evidence=shown)
    options = SimpleNamespace(drills=Drills("", 1), exports=SimpleNamespace(record=""))
    service.administration = SimpleNamespace(unusable="no store", options=options)
    service.support = None
    app = service.public_app(Facts(Stated()), None)
    (page,) = [
        rule.target_kwargs for rule in app.wildcard_router.rules if rule.target is PublicPageHandler
    ]
    assert (page["evidence"] is not None) == shown
