"""All hubs of a sample of real repositories, read and bundled, against the facts that are known of them."""

import json

import pytest

from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.importers.bundled import bundle_of, source_of
from jupyter_2i2c.replicate.importers.checkout import Checkout
from jupyter_2i2c.replicate.importers.infrastructure import read_from
from jupyter_2i2c.replicate.importers.source import leaves, pointer
from jupyter_2i2c.replicate.verify import v0_bag, v1_schema
from jupyter_2i2c.replicate.work import Work


@pytest.fixture(scope="module")
def sources(corpus):
    """Each hub with what is known of it."""
    expected = json.loads((corpus / "expected.json").read_text())["hubs"]
    checkout = Checkout(corpus, rendered=corpus / "rendered")
    assert {f"{cluster}/{hub}" for cluster, hub in checkout.hubs()} == set(expected)
    return {name: (read_from(checkout, *name.split("/")), told) for name, told in expected.items()}


def file_name(path):
    return path.rpartition("/")[2]


def test_what_the_cluster_lists(sources):
    for name, (source, told) in sources.items():
        hub = source.hub
        assert hub.helm_chart == told["chart"], name
        assert hub.chart_override == (told["chart_override"] or ""), name
        assert hub.provider == told["provider"], name
        assert hub.domain == told["domain"], name
        assert hub.display_name == told["display_name"], name
        assert list(hub.value_files) == told["values_files"], name


def test_secret_slots_are_the_expected_ones(sources):
    for name, (source, told) in sources.items():
        slots = {
            (file_name(each.file), each.pointer, each.type)
            for each in source.secrets
            if each.found == "encrypted"
        }
        assert slots == {(each["file"], each["pointer"], each["type"]) for each in told["secret_slots"]}, name  # fmt: skip
        for each in source.secrets:
            assert each.kind != "unknown", (name, each.pointer)
            assert each.what, (name, each.name)
            assert each.how, (name, each.name)


def test_effective_settings(sources):
    for name, (source, told) in sources.items():
        hub = source.values["jupyterhub"]
        config = hub["hub"]["config"]
        assert config["JupyterHub"]["authenticator_class"] == told["authenticator_class"], name
        assert {
            key: len(each["admin_users"])
            for key, each in config.items()
            if isinstance(each, dict) and "admin_users" in each
        } == told["admin_users"], name
        assert {key: hub["cull"][key] for key in told["cull"]} == told["cull"], name
        assert hub["singleuser"]["defaultUrl"] == told["default_url"], name
        assert hub["singleuser"]["storage"]["type"] == told["storage_type"], name
        assert len(hub["singleuser"]["profileList"] or []) == told["profiles"], name
        assert hub["hub"]["allowNamedServers"] == told["named_servers"], name
        assert hub["hub"]["loadRoles"]["user"]["scopes"] == told["user_scopes"], name
        assert hub["hub"]["loadRoles"]["server"]["scopes"] == told["server_scopes"], name
        assert source.values["dask-gateway"]["enabled"] == told["dask_gateway"], name
        assert source.values["binderhub-service"]["enabled"] == told["binderhub_service"], name
        assert source.values["jupyterhub-home-nfs"]["enabled"] == told["home_nfs"], name
        own = {
            each.path[-1]
            for each in source.code.values()
            if each.own and each.path[:-1] == ("jupyterhub", "hub", "extraConfig")
        }
        assert own == set(told["hub_extra_config"]), name


def test_what_stands_out(sources):
    for name, (source, told) in sources.items():
        findings = told["findings"]
        found = {}
        for each in source.findings:
            found.setdefault(each.id, []).append(each)
        assert [
            {"file": file_name(each.file), "key": each.pointer[1:]}
            for each in found.get("stray-top-level-key", [])
        ] == findings["stray_top_level_keys"], name
        assert sorted(each.pointer for each in found.get("list-in-several-files", [])) == sorted(
            each if isinstance(each, str) else each["pointer"]
            for each in findings["lists_defined_in_several_files"]
        ), name
        assert bool(found.get("public-after-secret")) == findings["public_file_after_secret_file"], name  # fmt: skip
        nulls = {
            pointer(path)
            for layer in source.layers
            if layer.kind == "public"
            for path, value in leaves(layer.values)
            if value is None
        }
        assert nulls == set(findings["null_pointers"]), name
        assert not {each.id for each in source.findings} & {"duplicate-key", "second-document"}, (
            name
        )


def test_readable_secrets_are_those_that_are_known(sources):
    readable = {
        (name, slot.name)
        for name, (source, _) in sources.items()
        for slot in source.secrets
        if slot.found != "encrypted"
    }
    assert readable == {
        ("hhmi/staging", "MYSQL_ROOT_PASSWORD"),
        ("hhmi/spyglass", "MYSQL_ROOT_PASSWORD"),
    }


def test_each_value_says_where_it_stands(sources):
    for name, (source, _) in sources.items():
        for path, _ in leaves(source.values):
            origin = source.origin(path)
            assert origin.file, (name, pointer(path))
            assert origin.line, (name, pointer(path))


def test_they_become_bundles_that_hold(sources, tmp_path):
    for name in ("leap/prod", "utoronto/prod", "cloudbank/gpu-demo", "hhmi/spyglass"):
        source, told = sources[name]
        captured = bundle_of(source, tmp_path / name, created="2026-01-31T12:00:00Z")
        with opened(captured.place) as bundle:
            assert v0_bag.check(bundle, None, Work()).status == "pass", name
            assert v1_schema.check(bundle, Work()).status == "pass", name
            again = source_of(bundle)
        assert again.values == captured.source.values, name
        assert again.origins == captured.source.origins, name
        staff = told["staff_auto_admin"]
        snippets = again.extra_config
        assert not [key for key in snippets if "staff" in key], name
        if staff["enabled"]:
            assert captured.manifest.transforms, name
        for file in captured.place.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert b"octo-staff" not in data, (name, file.name)
                assert b"staff-0" not in data, (name, file.name)
                assert b"ENC[" not in data, (name, file.name)
