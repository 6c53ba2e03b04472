"""A hub built for Kubernetes, and the rungs that look at it: each seeded fault is caught by the rung that is named."""

import shutil
from copy import deepcopy
from dataclasses import replace

import pytest
import yaml

from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.importers import infrastructure
from jupyter_2i2c.replicate.importers.source import SecretSlot, at, leaves
from jupyter_2i2c.replicate.targets import k8s
from jupyter_2i2c.replicate.targets.k8s.planning import design
from jupyter_2i2c.replicate.verify import kubernetes, v3_equal
from jupyter_2i2c.replicate.verify.built_k8s import read_built
from jupyter_2i2c.replicate.yaml_text import yaml_text

from . import k8s_hub

GONE = object()


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    return k8s_hub.source(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="module")
def whole(hub, tmp_path_factory):
    return k8s.build(hub, tmp_path_factory.mktemp("whole") / "built").directory


@pytest.fixture
def built(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "built")


@pytest.fixture
def rungs(hub, built, tmp_path):
    def climb(chart=None):
        return kubernetes.climb(
            hub, built=built, chart=chart, wanted=["V1", "V2", "V3"], directory=tmp_path
        )

    return climb


def edit(path, change):
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml_text(value))


def failing(rung):
    return {name: each.why for name, each in rung.items.items() if each.status == "fail"}


def test_what_was_built_holds_up_to_v3(hub, rungs, tmp_path):
    chart = k8s_hub.write(tmp_path / "again") / "charts" / "jupyterhub-4.3.3"
    climbed = rungs(chart)
    assert {name: each.status for name, each in climbed.items()} == {
        "V1": "pass", "V2": "pass", "V3": "pass",
    }, {name: failing(each) for name, each in climbed.items()}  # fmt: skip
    assert all(each.status == "pass" for rung in climbed.values() for each in rung.items.values())


def test_values_are_for_the_plain_chart_and_hold_no_secret(built):
    values = yaml.safe_load((built / "values.yaml").read_text())
    assert "jupyterhub" not in values
    assert values["singleuser"]["profileList"][0]["display_name"] == "Small"
    assert "<secret:" not in (built / "values.yaml").read_text()
    secrets = yaml.safe_load((built / "secrets.values.yaml").read_text())
    assert secrets["hub"]["config"]["GitHubOAuthenticator"]["client_id"].startswith("<secret:")
    assert secrets["imagePullSecret"]["create"].startswith("<secret:")


def test_a_null_reaches_the_chart_whose_default_it_deletes(built):
    values = yaml.safe_load((built / "values.yaml").read_text())
    rules = values["singleuser"]["networkPolicy"]["egressAllowRules"]
    assert rules == {"nonPrivateIPs": None}
    assert values["singleuser"]["storage"]["extraVolumeMounts"]["02-rstudio"] is None


def test_the_umbrellas_objects_are_there(built):
    kinds = {
        f"{document['kind']}/{document['metadata']['name']}"
        for _, document in read_built(built).objects
    }
    assert kinds == {
        "ServiceAccount/user-sa",
        "ConfigMap/basehub-cluster-info",
        "ConfigMap/hub-custom-templates-config",
        "ConfigMap/usage-quotas-config",
        "PersistentVolume/field-home-nfs",
        "PersistentVolumeClaim/home-nfs",
        "Deployment/shared-dirsize-metrics",
        "Secret/prometheus-auth",
    }
    listing = yaml.safe_load((built / "kustomization.yaml").read_text())
    assert listing["namespace"] == "field"
    assert not any("secret" in each for each in listing["resources"])


def test_what_is_bound_to_a_cloud_becomes_a_placeholder(built):
    every = "".join(path.read_text() for path in sorted(built.rglob("*.yaml")))
    for gone in (
        "//north-scratch",
        " n2-highmem-4",
        "10.0.0.9",
        "field.example.org",
        "disks/north",
    ):
        assert gone not in every, gone
    assert "https://replace-me-hub-domain.invalid/hub/oauth_callback" in every
    assert "gs://replace-me-bucket-north-scratch/$(JUPYTERHUB_USER)" in every


def test_the_plan_lists_every_place_that_differs(hub):
    plan = design(hub).plan
    placeholders = {step.id: len(step.changes) for step in plan.of_kind("placeholder")}
    assert placeholders["placeholder:replace-me-hub-domain.invalid"] == 2
    assert {step.id for step in plan.of_kind("secret")} == {
        "secret:prometheus-auth",
        "secret:/jupyterhub/hub/config/GitHubOAuthenticator/client_id",
        "secret:/jupyterhub/hub/config/GitHubOAuthenticator/client_secret",
        "secret:/jupyterhub/imagePullSecret/create",
    }
    assert {step.id for step in plan.of_kind("chart")} == {"chart:jupyterhub-home-nfs"}
    told = plan.to_json()["steps"]
    assert all(step["what"] and step["why"] for step in told)


def test_the_same_hub_gives_the_same_bytes(hub, whole):
    files = {
        path.relative_to(whole).as_posix(): path.read_text()
        for path in whole.rglob("*")
        if path.is_file()
    }
    assert k8s.files_of(design(hub), hub) == files


def test_nothing_is_built_over_something(hub, built):
    with pytest.raises(ReplicateError, match="is there already"):
        k8s.build(hub, built)


def test_the_name_of_a_chart_is_no_path(tmp_path):
    text = k8s_hub.HUB + "'../../outside':\n  enabled: true\n"
    hub = k8s_hub.source(tmp_path / "repository", hub=text)
    with pytest.raises(ReplicateError, match="is no chart's name"):
        k8s.build(hub, tmp_path / "built")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["repository"]


def test_the_name_of_a_hub_is_no_command(hub, tmp_path):
    named = replace(hub, hub=replace(hub.hub, name="field; reboot"))
    with pytest.raises(ReplicateError, match="cannot be a namespace"):
        k8s.build(named, tmp_path / "built")


def test_a_secret_that_cannot_be_is_left_dangling(tmp_path):
    text = k8s_hub.UMBRELLA.replace("name: prometheus-auth", "name: ../../outside")
    hub = k8s_hub.source(tmp_path / "repository", umbrella=text)
    made = k8s.build(hub, tmp_path / "built").directory
    climbed = kubernetes.climb(hub, built=made, wanted=["V2"], directory=tmp_path)
    assert "Secret/../../outside:username" in failing(climbed["V2"])
    assert not list(tmp_path.rglob("outside*"))


def test_what_looks_like_a_number_stays_a_text():
    values = {"a": "1234e5", "b": "08", "c": "2024-03-18", "d": "0.1", "e": "null", "f": 0o755}
    text = yaml_text(values)
    assert yaml.safe_load(text) == values
    assert "'1234e5'" in text
    assert "'08'" in text


class TestSeededFaults:
    """Each is caught by the rung that is named."""

    def test_a_dropped_role_scope_is_v3s(self, built, rungs):
        edit(built / "values.yaml", lambda v: v["hub"]["loadRoles"]["user"]["scopes"].pop())
        found = failing(rungs()["V3"])
        assert list(found) == ["values /hub/loadRoles/user/scopes/1"]
        assert "it is lost" in found["values /hub/loadRoles/user/scopes/1"]

    def test_a_changed_memory_limit_is_v3s(self, built, rungs):
        edit(built / "values.yaml", lambda v: v["singleuser"]["memory"].update(limit="2G"))
        assert failing(rungs()["V3"]) == {
            "values /singleuser/memory/limit": "the source has '1G', built was '2G'"
        }

    def test_a_swapped_image_tag_is_v3s(self, built, rungs):
        def swap(values):
            override = values["singleuser"]["profileList"][0]["kubespawner_override"]
            override["image"] = "example/image:2026.04.30"

        edit(built / "values.yaml", swap)
        place = "values /singleuser/profileList/0/kubespawner_override/image"
        assert list(failing(rungs()["V3"])) == [place]

    def test_an_added_admin_is_v3s(self, built, rungs):
        def add(values):
            values["hub"]["config"]["Authenticator"]["admin_users"].append("mallory")

        edit(built / "values.yaml", add)
        found = failing(rungs()["V3"])
        assert list(found) == ["values /hub/config/Authenticator/admin_users/1"]
        assert "the source has nothing here" in next(iter(found.values()))

    def test_a_value_lost_by_list_replacement_is_v3s(self, built, rungs):
        scopes = {"hub": {"loadRoles": {"user": {"scopes": ["self"]}}}}
        edit(built / "secrets.values.yaml", lambda v: v["hub"].update(scopes["hub"]))
        assert "values /hub/loadRoles/user/scopes/1" in failing(rungs()["V3"])

    def test_a_null_that_should_delete_is_v3s(self, built, rungs):
        def forget(values):
            del values["singleuser"]["networkPolicy"]

        edit(built / "values.yaml", forget)
        found = failing(rungs()["V3"])
        place = "values /singleuser/networkPolicy/egressAllowRules/nonPrivateIPs"
        assert found == {place: "the source has nothing here; built was True"}

    def test_a_dangling_configmap_is_v2s(self, built, rungs):
        next(built.glob("objects/*usage-quotas-config*")).unlink()
        climbed = rungs()
        found = failing(climbed["V2"])
        assert list(found) == ["ConfigMap/usage-quotas-config"]
        assert "Deployment/hub" in found["ConfigMap/usage-quotas-config"]
        assert "kustomization.yaml" in failing(climbed["V1"])

    @pytest.mark.parametrize("change", [
        {"namespace": "kube-system"}, {"images": [{"name": "a", "newTag": "b"}]}, {"namePrefix": "x-"},
    ])  # fmt: skip
    def test_a_listing_that_changes_the_objects_is_v1s(self, change, built, rungs):
        edit(built / "kustomization.yaml", lambda v: v.update(change))
        [why] = failing(rungs()["V1"]).values()
        assert why == f"{next(iter(change))} is not as it was built"

    def test_roles_of_another_kind_stop_no_rung(self, built, rungs):
        edit(built / "values.yaml", lambda v: v["hub"]["loadRoles"].update(extra=1))
        assert failing(rungs()["V3"])

    def test_a_missing_key_in_an_existing_secret_is_v2s(self, built, rungs):
        edit(built / "secrets" / "prometheus-auth.yaml", lambda v: v["stringData"].clear())
        found = failing(rungs()["V2"])
        assert list(found) == ["Secret/prometheus-auth:username"]
        assert "without the key username" in found["Secret/prometheus-auth:username"]

    def test_a_key_of_the_hubs_own_secret_must_be_a_services(self, built, rungs):
        reference = {"secretKeyRef": {"name": "hub", "key": "hub.services.exporters.apiToken"}}

        def refer(values):
            values["hub"]["extraEnv"]["TOKEN"] = {"valueFrom": reference}

        edit(built / "values.yaml", refer)
        assert "Secret/hub:hub.services.exporters.apiToken" in failing(rungs()["V2"])

    def test_a_mount_without_volume_is_v2s(self, built, rungs):
        def unmount(values):
            values["singleuser"]["storage"]["type"] = "none"

        edit(built / "values.yaml", unmount)
        assert any(name.startswith("Volume/home") for name in failing(rungs()["V2"]))

    def test_a_role_for_no_service_is_v2s(self, built, rungs):
        edit(built / "values.yaml", lambda v: v["hub"]["services"].pop("exporter"))
        assert "service/exporter of role exporter" in failing(rungs()["V2"])

    def test_a_hook_that_no_code_defines_is_v2s(self, built, rungs):
        def rename(values):
            code = values["hub"]["extraConfig"]["02-hooks"]
            values["hub"]["extraConfig"]["02-hooks"] = code.replace("def welcome", "def welcom")

        edit(built / "values.yaml", rename)
        found = failing(rungs()["V2"])
        assert list(found) == ["hook c.Authenticator.post_auth_hook of 02-hooks"]

    def test_an_object_that_kubernetes_refuses_is_v1s(self, built, rungs):
        path = next(built.glob("objects/*persistentvolumeclaim*"))
        edit(path, lambda v: v["spec"].update(accessMode=["ReadWriteMany"]))
        assert path.relative_to(built).as_posix() in failing(rungs()["V1"])

    def test_a_container_that_kubernetes_refuses_is_v1s(self, built, rungs):
        edit(built / "values.yaml", lambda v: v["hub"]["initContainers"][0].update(img="x"))
        assert "values.yaml /hub/initContainers/0" in failing(rungs()["V1"])

    def test_a_value_that_the_chart_refuses_is_v1s(self, built, rungs, tmp_path):
        chart = k8s_hub.write(tmp_path / "again") / "charts" / "jupyterhub-4.3.3"
        edit(built / "values.yaml", lambda v: v.update(singelUser={}))
        found = failing(rungs(chart)["V1"])
        assert "singelUser" in found["values.yaml"]

    def test_a_changed_object_is_v3s(self, built, rungs):
        path = next(built.glob("objects/*persistentvolume-*"))
        edit(path, lambda v: v["spec"]["nfs"].update(path="/elsewhere"))
        assert "/spec/nfs/path" in failing(rungs()["V3"])["PersistentVolume/field-home-nfs"]

    def test_another_chart_version_is_v3s(self, built, rungs):
        notes = built / "build.json"
        text = notes.read_text().replace("4.3.3", "4.4.0").replace("charts.example", "evil.example")
        notes.write_text(text)
        found = set(failing(rungs()["V3"]))
        assert found == {"version of jupyterhub", "repository of jupyterhub"}


def test_no_single_value_changes_or_goes_unnoticed(hub, built):
    """Every leaf of everything that was built, one at a time: changed, and taken away."""
    read = read_built(built)
    missed = []
    for path, value in list(leaves({"values": read.values, "charts": read.charts})):
        other = not value if isinstance(value, bool) else f"{value}x"
        text = str(value)
        if "replace-me-" in text or "<secret:" in text:
            other = None  # where a person is to put something, anything else than nothing is taken
        for now in (other, GONE):
            parts = {"values": deepcopy(read.values), "charts": deepcopy(read.charts)}
            around = at(parts, path[:-1])
            if now is GONE:
                del around[path[-1]]
            else:
                around[path[-1]] = now
            changed = replace(read, values=parts["values"], charts=parts["charts"])
            if v3_equal.check(changed, hub).status != "fail":
                missed.append((path, now))
    # a null that finds no default to delete says as much as nothing
    assert [path for path, _ in missed if at({"values": read.values}, path) is not None] == []


def test_what_a_person_filled_in_is_equal(built, rungs):
    for path in built.rglob("*.yaml"):
        text = path.read_text()
        text = text.replace("replace-me-hub-domain.invalid", "hub.south.example")
        text = text.replace("replace-me-instance-type-n2-highmem-4", "r5.xlarge")
        text = text.replace("<secret:IMAGE_PULL_SECRET_CREATE>", "true")
        path.write_text(text)
    edit(built / "secrets.values.yaml", lambda v: v["imagePullSecret"].update(create=True))
    climbed = rungs()
    assert climbed["V3"].status == "pass", failing(climbed["V3"])
    assert climbed["V2"].status == "pass"


def test_a_placeholder_filled_in_twice_must_be_the_same(built, rungs):
    def fill(values):
        values["ingress"]["hosts"] = ["one.example"]
        values["hub"]["config"]["OAuthenticator"]["oauth_callback_url"] = (
            "https://two.example/hub/oauth_callback"
        )

    edit(built / "values.yaml", fill)
    found = failing(rungs()["V3"])
    assert len(found) == 1
    assert "elsewhere" in next(iter(found.values()))


def test_no_chart_means_that_its_schema_was_not_asked(rungs):
    rung = rungs()["V1"]
    assert rung.status == "pass"
    assert rung.items["values.yaml"].status == "not-run"


def test_a_checkout_without_the_chart_holds_too(tmp_path):
    top = k8s_hub.write(tmp_path / "repository")
    chart = shutil.move(top / "charts" / "jupyterhub-4.3.3", tmp_path / "jupyterhub")
    hub = infrastructure.read(top, "north", "field", rendered=top / "rendered")
    assert hub.chart["known"] == "no"
    made = k8s.build(hub, tmp_path / "built").directory
    for given in (None, chart, tmp_path):  # as a checkout has it, too
        climbed = kubernetes.climb(
            hub, built=made, chart=given, wanted=["V1", "V2", "V3"], directory=tmp_path
        )
        found = {name: failing(each) for name, each in climbed.items()}
        assert found == {"V1": {}, "V2": {}, "V3": {}}


def test_nothing_built_is_not_run(hub, tmp_path):
    climbed = kubernetes.climb(hub, wanted=["V1", "V2"], directory=tmp_path)
    assert {each.status for each in climbed.values()} == {"not-run"}


def test_a_directory_that_is_none_is_said(hub, tmp_path):
    climbed = kubernetes.climb(hub, built=tmp_path, wanted=["V1"], directory=tmp_path)
    assert "is not what `build --target k8s` makes" in climbed["V1"].why


def test_a_list_with_a_secret_moves_whole(tmp_path):
    text = k8s_hub.changed(
        k8s_hub.HUB,
        "  singleuser:\n    extraEnv:\n",
        """\
  singleuser:
    extraContainers:
      - name: database
        image: example/mysql:8.0
        env:
          - name: MYSQL_ROOT_PASSWORD
            value: correct-horse-battery
          - name: MYSQL_DATABASE
            value: field
    extraEnv:
""",
    )
    hub = k8s_hub.source(tmp_path / "repository", hub=text)
    made = k8s.build(hub, tmp_path / "built")
    values = yaml.safe_load((made.directory / "values.yaml").read_text())
    secrets = yaml.safe_load((made.directory / "secrets.values.yaml").read_text())
    assert "extraContainers" not in values["singleuser"]
    assert secrets["singleuser"]["extraContainers"][0]["env"][1]["value"] == "field"
    climbed = kubernetes.climb(
        hub, built=made.directory, wanted=["V1", "V2", "V3"], directory=tmp_path
    )
    assert {each.status for each in climbed.values()} == {"pass"}


def test_code_finds_its_secrets_in_the_environment(hub, tmp_path):
    path = ("jupyterhub", "hub", "extraConfig", "01-theme")
    slot = SecretSlot(
        "WEBHOOK_KEY", path, "plain", "str", "token", "a key", "us", "make one", "", 0, ""
    )
    code = "key = __import__('os').environ['WEBHOOK_KEY']\n"
    values = {**hub.values}
    layers = []
    for layer in hub.layers:
        if layer.name == "chart":
            jupyterhub = {**layer.values["jupyterhub"]}
            jupyterhub["hub"] = {**jupyterhub["hub"], "extraConfig": {"01-theme": code}}
            layer = replace(layer, values={**layer.values, "jupyterhub": jupyterhub})
        layers.append(layer)
    values["jupyterhub"] = {**values["jupyterhub"]}
    values["jupyterhub"]["hub"] = {
        **values["jupyterhub"]["hub"],
        "extraConfig": {"01-theme": code},
    }
    hub = replace(hub, values=values, layers=tuple(layers), secrets=(*hub.secrets, slot))
    made = k8s.build(hub, tmp_path / "built").directory
    built = read_built(made)
    reference = built.values["hub"]["extraEnv"]["WEBHOOK_KEY"]["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "replica-secrets", "key": "WEBHOOK_KEY"}
    assert (made / "secrets" / "replica-secrets.yaml").is_file()
    climbed = kubernetes.climb(hub, built=made, wanted=["V1", "V2", "V3"], directory=tmp_path)
    assert {name: failing(each) for name, each in climbed.items()} == {"V1": {}, "V2": {}, "V3": {}}
