"""Faults that are put into a bundle or into what was built of it: each is caught by the rung that is named, and said by its name."""

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.importers.bundled import bundle_of
from jupyter_2i2c.replicate.verify import verify
from jupyter_2i2c.replicate.yaml_text import yaml_text

from . import k8s_hub
from .test_bundle import edit_manifest

CREATED = "2026-01-31T12:00:00Z"


def edit(path, change):
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml_text(value))


def replace(path, before, after):
    text = path.read_text()
    assert text.count(before) == 1, (path, before)
    path.write_text(text.replace(before, after))


def failing(rung):
    return {name for name, each in rung.items.items() if each.status == "fail"}


# for Kubernetes


@pytest.fixture(scope="module")
def north(tmp_path_factory):
    top = tmp_path_factory.mktemp("north")
    source = k8s_hub.source(top / "repository")
    bundle = bundle_of(source, top / "bundle", created=CREATED).place
    assert main(["build", str(bundle), "--target", "k8s", "-o", str(top / "built")]) == 0
    return top


def values(change):
    return lambda _, built: edit(built / "values.yaml", change)


def hook(bundle, built):
    replace(built / "values.yaml", 'model["name"] != "mallory"', 'model["name"] != "malory"')


def admin(hub):
    hub["hub"]["config"]["Authenticator"]["admin_users"] = ["<person>", "mallory"]


def limit(hub):
    hub["singleuser"]["memory"]["limit"] = "2G"


def culler(hub):
    hub["cull"] = {"timeout": 60}


def scope(hub):
    hub["hub"]["loadRoles"]["user"]["scopes"].remove("access:services!service=usage-quota")


def by_list(_, built):
    lost = {"hub": {"loadRoles": {"user": {"scopes": ["self"]}}}}
    edit(built / "secrets.values.yaml", lambda secrets: secrets["hub"].update(lost["hub"]))


def null(hub):
    del hub["singleuser"]["networkPolicy"]


def image(hub):
    hub["singleuser"]["profileList"][0]["kubespawner_override"]["image"] = "example/image:latest"


def config_map(_, built):
    next(built.glob("objects/*usage-quotas-config*")).unlink()


def key(_, built):
    edit(built / "secrets" / "prometheus-auth.yaml", lambda secret: secret["stringData"].clear())


def tampered(bundle, _):
    file = next(each for each in (bundle / "data" / "hub").rglob("*.yaml"))
    file.write_bytes(file.read_bytes().replace(b"1G", b"9G") + b"\n")


def older(bundle, _):
    edit_manifest(bundle, schema_version=0)


KUBERNETES = {
    "one word of an auth hook": (hook, {
        "V3": "values /hub/extraConfig/02-hooks", "V4": "Authenticator.post_auth_hook"}),
    "an added admin": (values(admin), {
        "V3": "values /hub/config/Authenticator/admin_users/1", "V4": "Authenticator.admin_users"}),
    "a changed memory limit": (values(limit), {
        "V3": "values /singleuser/memory/limit"}),
    "a changed culler": (values(culler), {
        "V3": "values /cull/timeout", "V4": "JupyterHub.services[culler]"}),
    "a dropped scope of a role": (values(scope), {
        "V3": "values /hub/loadRoles/user/scopes/1"}),
    "a dangling ConfigMap": (config_map, {
        "V1": "built: kustomization.yaml", "V2": "ConfigMap/usage-quotas-config"}),
    "a missing key of a Secret that is there": (key, {"V2": "Secret/prometheus-auth:username"}),
    "a value that a list replaced": (by_list, {
        "V3": "values /hub/loadRoles/user/scopes/1"}),
    "a null that should delete": (values(null), {
        "V3": "values /singleuser/networkPolicy/egressAllowRules/nonPrivateIPs"}),
    "a swapped tag of an image": (values(image), {
        "V3": "values /singleuser/profileList/0/kubespawner_override/image"}),
    "a tampered file": (tampered, {"V0": ""}),
    "an older schema": (older, {"V1": "manifest.json"}),
}  # fmt: skip
"""Fault to what makes it, and the item of each rung that must name it."""


def caught(verification, rungs):
    for name, item in rungs.items():
        rung = verification.rungs[name]
        if rung.status == "not-run" and "kernel" in rung.why and not os.environ.get("CI"):
            pytest.skip(rung.why)
        assert rung.status == "fail", (name, rung.why)
        assert not item or item in failing(rung), (name, failing(rung))
    assert verification.blockers
    assert not verification.holds
    # and nothing on the way up says more than it may
    below = sorted(set(verification.rungs) - set(rungs))
    assert not [each for each in below if verification.rungs[each].status == "fail"]


@pytest.mark.parametrize("fault", KUBERNETES)
def test_on_kubernetes(fault, north, tmp_path):
    bundle = shutil.copytree(north / "bundle", tmp_path / "bundle")
    built = shutil.copytree(north / "built", tmp_path / "built")
    make, rungs = KUBERNETES[fault]
    make(bundle, built)
    last = max(rungs)
    chart = north / "repository" / "charts" / "jupyterhub-4.3.3"
    caught(verify(bundle, built=built, chart=chart, up_to=last), rungs)


def test_on_kubernetes_nothing_is_caught_where_nothing_is_wrong(north):
    chart = north / "repository" / "charts" / "jupyterhub-4.3.3"
    verification = verify(north / "bundle", built=north / "built", chart=chart, up_to="V4")
    if "kernel" in verification.rungs["V4"].why and not os.environ.get("CI"):
        pytest.skip(verification.rungs["V4"].why)
    assert verification.blockers == []
    assert verification.highest.startswith("V4")


# on one machine

CONFIG = """\
import os
c = get_config()

def allow(authenticator, handler, authentication):
    return authentication if authentication["name"].startswith("member") else None

c.Authenticator.post_auth_hook = allow
c.Authenticator.admin_users = {"boss"}
c.Authenticator.allowed_users = {"ada"}
c.Spawner.mem_limit = "2G"
c.DockerSpawner.image = "example/image:2026.04.29"
c.JupyterHub.cookie_secret = b"a-secret-of-the-hub" * 2
c.JupyterHub.services = [
    {"name": "culler", "command": ["python3", "-m", "jupyterhub_idle_culler", "--timeout=3600"]},
]
c.JupyterHub.load_roles = [
    {"name": "culler", "services": ["culler"], "scopes": ["list:users", "delete:servers"]},
]
c.Spawner.environment = {"PLACE": None, "HELP": "yes"}
c.HubInformation.logo = os.path.join(os.path.dirname(__file__), "logo.svg")
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    top = tmp_path_factory.mktemp("machine")
    (top / "srv").mkdir()
    (top / "srv" / "jupyterhub_config.py").write_text(CONFIG)
    (top / "srv" / "logo.svg").write_text("<svg/>")
    bundle, built = str(top / "bundle"), str(top / "built")
    assert main(["capture", "hub", "--config", str(top / "srv"), "-o", bundle]) == 0
    assert main(["build", bundle, "--target", "local", "-o", built]) == 0
    return top


def code(before, after):
    def change(_, built):
        (file,) = (each for each in built.rglob("*.py") if "def allow" in each.read_text())
        replace(file, before, after)

    return change


def logo(_, built):
    next(built.rglob("logo.svg")).unlink()


def supplied(_, built):
    replace(built / "secrets.env", "\nJUPYTERHUB_COOKIE_SECRET=", "\n#")


def tampered_code(bundle, _):
    (file,) = (each for each in bundle.rglob("*.py") if "def allow" in each.read_text())
    replace(file, "member", "anybody")


MACHINE = {
    "one word of an auth hook": (code("startswith", "endswith"), {"V4": "Authenticator.post_auth_hook"}),
    "an added admin": (code('{"boss"}', '{"boss", "mal"}'), {"V4": "Authenticator.admin_users"}),
    "a changed memory limit": (code('"2G"', '"4G"'), {"V4": "Spawner.mem_limit"}),
    "a changed culler": (code("=3600", "=36000"), {"V4": "JupyterHub.services[culler]"}),
    "a dropped scope of a role": (code('"list:users", ', ""), {"V4": "JupyterHub.load_roles[culler]"}),
    "a file that is gone": (logo, {"V2": "file {config}/logo.svg"}),
    "a missing key of the secrets": (supplied, {"V2": "secret JUPYTERHUB_COOKIE_SECRET"}),
    "a value that a list replaced": (
        code('{"PLACE"', '{}\nc.JupyterHub.load_roles = []\nc.Spawner.environment = {"PLACE"'),
        {"V4": "JupyterHub.load_roles[culler]"}),
    "a null that should delete": (code('"PLACE": None, ', ""), {"V4": "Spawner.environment"}),
    "a swapped tag of an image": (code("2026.04.29", "latest"), {"V4": "DockerSpawner.image"}),
    "a tampered file": (tampered_code, {"V0": ""}),
    "an older schema": (older, {"V1": "manifest.json"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", MACHINE)
def test_on_one_machine(fault, machine, tmp_path):
    bundle = shutil.copytree(machine / "bundle", tmp_path / "bundle")
    built = shutil.copytree(machine / "built", tmp_path / "built")
    make, rungs = MACHINE[fault]
    make(bundle, built)
    verification = verify(bundle, built=built, up_to=max(rungs))
    if verification.rungs["V3"].status == "fail":
        # what was built is not what the bundle says, byte for byte
        assert {Path(each).name for each in failing(verification.rungs["V3"])} & {
            "jupyterhub_config.py", "jupyterhub_config.redacted.py", "logo.svg",
        }  # fmt: skip
        rungs = {**rungs, "V3": ""}
    else:
        assert "V4" not in rungs
    caught(verification, rungs)


def test_on_one_machine_nothing_is_caught_where_nothing_is_wrong(machine):
    verification = verify(machine / "bundle", built=machine / "built", up_to="V4")
    if "kernel" in verification.rungs["V4"].why and not os.environ.get("CI"):
        pytest.skip(verification.rungs["V4"].why)
    assert verification.blockers == []
    assert verification.highest.startswith("V4")
    told = json.loads(json.dumps(verification.to_json()))
    assert told["rungs"]["V3"]["status"] == "pass"
