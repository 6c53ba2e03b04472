"""A hub that z2jh's chart runs, captured where it runs: it is built for Kubernetes as from a checkout, and what differs is listed. The chart's code here is ours."""

import json
import shutil
import sys
import types
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
import yaml
from traitlets.config import Config

from jupyter_2i2c.cli import main
from jupyter_2i2c.hub import export_work
from jupyter_2i2c.hub import record as record_of
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.guide import guide
from jupyter_2i2c.replicate.importers.bundled import source_of
from jupyter_2i2c.replicate.importers.chart_record import recorded_chart
from jupyter_2i2c.replicate.importers.recorded import read_record, target_of, write_bundle
from jupyter_2i2c.replicate.importers.running import source_of_record
from jupyter_2i2c.replicate.importers.source import at, leaves, pointer
from jupyter_2i2c.replicate.redact import NO_SECRET_NAME, SECRET_NAME
from jupyter_2i2c.replicate.sandbox.recorder import Rules
from jupyter_2i2c.replicate.sandbox.recorder import record as written
from jupyter_2i2c.replicate.targets.k8s.planning import design
from jupyter_2i2c.replicate.verify import hub_pod, kubernetes, v4_kubernetes, verify
from jupyter_2i2c.replicate.verify.chart import code_of
from jupyter_2i2c.replicate.work import Work

from . import k8s_hub
from .test_corpus_k8s import CHART as CORPUS_CHART
from .test_corpus_k8s import HUBS, read

HUB = k8s_hub.changed(
    k8s_hub.HUB,
    "      Authenticator:\n        admin_users: [ada]\n",
    """\
      Authenticator:
        admin_users: [lovelace]
    extraConfig:
      20-own: |
        c.X.password = "CANARY-in-code"  # CANARY-in-a-comment
      99-2i2c: |
        from jupyter_2i2c import setup_hub
        setup_hub(c)
""",
)


STARTED = f"""\
from jupyterhub.app import JupyterHub
JupyterHub.instance().config_file = "{hub_pod.ETC}/chart_config.py"
"""
"""What a hub knows that was started, and not only executed: which file it is started with."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return k8s_hub.write(tmp_path_factory.mktemp("repository"), hub=HUB)


@pytest.fixture(scope="module")
def chart(repository):
    return repository / "charts" / "jupyterhub-4.3.3"


@pytest.fixture(scope="module")
def checkout(repository):
    return k8s_hub.source(repository, hub=HUB)


@pytest.fixture(scope="module")
def record(checkout, chart, tmp_path_factory, sandbox):
    """What the hub writes down when the chart's own code runs it; as in its pod, but for places and secrets."""
    place = tmp_path_factory.mktemp("pod") / "pod"
    code, module = code_of(chart)
    pod = v4_kubernetes._of_source(checkout, {}, (STARTED + code, module))
    # a hub has what an importer takes out
    pod.values["hub"]["extraConfig"].update(yaml.safe_load(HUB)["jupyterhub"]["hub"]["extraConfig"])
    hub_pod.said_by(replace(pod, secrets={}), place, None, Work())
    file = place / "srv" / "jupyter_2i2c.record.json"
    file.write_text(file.read_text().replace(str(place.resolve() / "etc"), hub_pod.ETC))
    return file


@pytest.fixture(scope="module")
def captured(record, chart, tmp_path_factory):
    bundle = tmp_path_factory.mktemp("captured") / "bundle"
    call = ["--record", str(record), "--chart", str(chart), "--name", "Field school"]
    assert main(["capture", "hub", *call, "-o", str(bundle)]) == 0
    return bundle


@pytest.fixture(scope="module")
def from_checkout(repository, tmp_path_factory):
    bundle = tmp_path_factory.mktemp("checkout") / "bundle"
    call = ["--infrastructure", str(repository), "--rendered", str(repository / "rendered")]
    call += ["--cluster", "north", "--hub", "field"]
    assert main(["capture", "hub", *call, "-o", str(bundle)]) == 0
    return bundle


@pytest.fixture
def built(captured, tmp_path):
    assert main(["build", str(captured), "--target", "k8s", "-o", str(tmp_path / "built")]) == 0
    return tmp_path / "built"


def test_it_is_planned_built_and_equal(captured, built, chart, capsys):
    assert main(["plan", str(captured), "--target", "k8s", "--json"]) == 0
    capsys.readouterr()
    told = verify(captured, built=built, chart=chart)
    assert told.blockers == []
    assert told.highest.startswith("V4 with")
    assert {name for name, each in told.rungs["V4"].items.items() if each.status == "pass"} > {
        "Authenticator.post_auth_hook",
        "UsageViewer.enable_compute",
        "JupyterHub.services[2i2c]",
    }
    assert all(each.status == "pass" for each in told.rungs["V2"].items.values())
    # what stands in no value, but in the pod
    assert yaml.safe_load(next(built.glob("objects/*cluster-info*")).read_text())["data"] == {
        "K8S_DIST": "gke"
    }
    whole = b"".join(each.read_bytes() for each in captured.rglob("*") if each.is_file())
    assert b"CANARY" not in whole
    assert b"lovelace" not in whole


def different(mine, theirs):
    """The places of leaves that are not the same in two values."""
    places = {path for each in (mine, theirs) for path, _ in leaves(each)}
    return {pointer(each) for each in places if at(mine, each, "none") != at(theirs, each, "none")}


def test_it_is_what_a_capture_of_its_checkout_is_but_for_what_a_running_hub_cannot_see(
    captured, from_checkout, built, tmp_path
):
    with opened(captured) as one, opened(from_checkout) as other:
        running, read = source_of(one), source_of(other)
        layers = [each.manifest().layers for each in (one, other)]
    assert list(layers[0]) == list(layers[1])
    # of what is encrypted and no secret, a checkout knows the place alone
    assert different(running.values["jupyterhub"], read.values["jupyterhub"]) == {
        "/imagePullSecret/create"
    }
    names = {each.name for each in running.secrets}
    assert {each.name for each in read.secrets} - names == {"IMAGE_PULL_SECRET_CREATE"}
    assert names <= {each.name for each in read.secrets}
    assert running.extra_config == read.extra_config
    other = tmp_path / "other"
    assert main(["build", str(from_checkout), "--target", "k8s", "-o", str(other)]) == 0
    values = [yaml.safe_load((each / "values.yaml").read_text()) for each in (built, other)]
    assert different(*values) == {"/imagePullSecret/create"}
    objects = [
        {(each["kind"], each["metadata"]["name"]): each
         for each in map(yaml.safe_load, (path.read_text() for path in top.glob("objects/*.yaml")))}
        for top in (built, other)
    ]  # fmt: skip
    assert objects[1].keys() - objects[0].keys() == {
        ("PersistentVolume", "field-home-nfs"),
        ("Deployment", "shared-dirsize-metrics"),
    }
    assert objects[0].keys() <= objects[1].keys()
    assert {key for key in objects[0] if objects[0][key] != objects[1][key]} == {
        ("ServiceAccount", "user-sa"),  # its identity at a cloud
        ("PersistentVolumeClaim", "home-nfs"),  # the server of it
    }
    assert {each.name for each in built.glob("secrets/*")} == {
        each.name for each in other.glob("secrets/*")
    }


def test_the_target_that_cannot_be_built_of_it_is_refused_in_a_line(captured, tmp_path, capsys):
    for call in (
        ["plan", str(captured), "--target", "local"],
        ["build", str(captured), "--target", "local", "-o", str(tmp_path / "b")],
        ["build", str(captured), "--target", "tljh", "-o", str(tmp_path / "b")],
        ["verify", str(captured), "--target", "local"],
    ):
        assert main(call) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "--target k8s" in error


def test_without_the_chart_what_it_deletes_is_not_known_until_the_chart_is_there(
    record, chart, tmp_path
):
    write_bundle(read_record(record), tmp_path / "bundle")
    assert verify(tmp_path / "bundle", rebuild=True, up_to="V3").highest.startswith("V3")
    told = verify(tmp_path / "bundle", rebuild=True, chart=chart, up_to="V3")
    place = "/singleuser/networkPolicy/egressAllowRules/nonPrivateIPs"
    assert told.blockers == [f"V3 values {place}: the source has nothing here; built was True"]


def test_a_drill_builds_what_the_record_is_of(record, chart, tmp_path, capsys):
    call = ["--record", str(record), "--chart", str(chart), "--up-to", "V2", "--json"]
    assert main(["drill", *call, "-o", str(tmp_path / "drills")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["highest"] == "V2"
    assert "ConfigMap/usage-quotas-config" in {
        name.partition(":")[0] for name in told["rungs"]["V2"]["items"]
    }


def test_its_guide_says_where_the_people_of_the_database_go(record, tmp_path):
    api = {"users": [{"name": "ada", "admin": True}], "groups": [], "services": [], "info": {}}
    texts = {}
    for people in (False, True):
        place = tmp_path / str(people)
        told = {**api, "refused": []}
        write_bundle(read_record(record), place, api=told, people=people, name="Field school")
        with opened(place) as bundle:
            texts[people] = guide(bundle)
    assert "whom only the old database knew" in texts[True]
    assert "from `/hub/api/users`" not in texts[True]
    assert "from `/hub/api/users`" in texts[False]
    assert "whom only the old database knew" not in texts[False]
    assert "names at `users`" not in texts[False]
    assert "`/hub/config/Authenticator/admin_users` of `values.yaml`: name your own" in texts[False]
    assert "captured where it runs" in texts[False]


def test_a_chart_of_another_version_is_refused(record, chart, tmp_path):
    other = shutil.copytree(chart, tmp_path / "chart")
    (other / "Chart.yaml").write_text("name: jupyterhub\nversion: 9.9.9\n")
    with pytest.raises(ReplicateError, match=r"9\.9\.9, and the hub runs 4\.3\.3"):
        write_bundle(read_record(record), tmp_path / "bundle", chart=other)
    assert not (tmp_path / "bundle").exists()


@pytest.fixture
def exported(record, tmp_path):
    """Exports the hub as the console does; what the report says of V4 and the chart's schema."""

    def export(chart=""):
        directory = Path(mkdtemp(dir=tmp_path))
        told = export_work.export(
            {
                "record": str(record), "directory": str(directory), "file": "replica.tar.zst",
                "name": "Field school", "created": "2026-01-31T12:00:00Z", "people": False,
                "api": {"refused": ["users", "groups", "services", "info"]}, "announcements": None, "unread": "", "chart": str(chart),
            },
            Work(),
        )  # fmt: skip
        rungs = json.loads((directory / export_work.REPORT).read_text())["rungs"]
        return told["highest"], rungs["V4"], rungs["V1"]["items"]["built: values.yaml"]

    return export


def test_an_export_with_the_chart_is_proven_up_to_v4(exported, chart):
    highest, v4, schema = exported(chart)
    assert (highest, v4["status"], schema["status"]) == ("V4", "pass", "pass")
    assert v4["items"]["Authenticator.post_auth_hook"]["status"] == "pass"


def test_an_export_without_a_chart_that_fits_says_which_setting_names_it(exported, chart, tmp_path):
    trait = "c.HubService.exports_chart"
    highest, v4, schema = exported()
    assert highest == "V3"
    assert v4["status"] == schema["status"] == "not-run"
    assert (
        v4["why"] == schema["why"] == f"{trait} names no directory with the chart that runs the hub"
    )
    other = shutil.copytree(chart, tmp_path / "chart")
    (other / "Chart.yaml").write_text("name: jupyterhub\nversion: 9.9.9\n")
    highest, v4, _ = exported(other)
    assert highest == "V3"
    assert v4["why"] == f"{trait} names version 9.9.9 of the chart, and 4.3.3 runs the hub"
    shutil.rmtree(other)
    highest, v4, _ = exported(other)
    assert highest == "V3"
    assert v4["why"] == f"{trait} names {other}, which holds no chart that the service can read"


def test_each_change_is_caught(captured, built, chart):
    path = built / "values.yaml"
    values = yaml.safe_load(path.read_text())
    values["singleuser"]["memory"]["limit"] = "2G"
    values["hub"]["extraEnv"]["K8S_DIST"]["valueFrom"]["configMapKeyRef"]["name"] = "gone"
    path.write_text(yaml.safe_dump(values))
    next(built.glob("objects/*user-sa*")).unlink()
    told = verify(captured, built=built, chart=chart)
    failing = {
        name: {key for key, each in rung.items.items() if each.status == "fail"}
        for name, rung in told.rungs.items()
    }
    assert failing["V2"] == {"ConfigMap/gone:K8S_DIST", "ServiceAccount/user-sa"}
    assert {"values /singleuser/memory/limit", "ServiceAccount/user-sa"} <= failing["V3"]
    assert "KubeSpawner.mem_limit" in failing["V4"]


def chart_says(values, monkeypatch, environment=None):
    """The record of a chart's hub with these values."""
    told = {
        **values,
        "Chart": {"Name": "jupyterhub", "Version": "4.3.3"},
        "Release": {"Name": "field", "Namespace": "field"},
    }
    z2jh = types.ModuleType("z2jh")
    z2jh.get_config = told.get
    z2jh._load_config = lambda: told
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    rules = Rules(SECRET_NAME.pattern, NO_SECRET_NAME.pattern)
    return json.loads(json.dumps(recorded_chart(rules, environment or {})))


def test_what_config_maps_bring_is_kept_but_for_secrets(tmp_path, monkeypatch):
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / "own.py").write_text("A = 1  # why\n")
    (mounted / "login.py").write_text("password = 'CANARY-mounted'\n")
    (mounted / "..data").write_text("how Kubernetes exchanges files")
    hub = {
        "extraEnv": [
            {"name": "PLACE", "valueFrom": {"configMapKeyRef": {"name": "facts", "key": "place"}}},
            {"name": "API", "valueFrom": {"configMapKeyRef": {"name": "facts", "key": "api"}}},
        ],
        "extraVolumes": [{"name": "v", "configMap": {"name": "code"}}],
        "extraVolumeMounts": [{"name": "v", "mountPath": str(mounted)}],
        "extraConfig": {"1": "c.X.api_key = 'CANARY-of-the-api'\n"},
    }
    environment = {"PLACE": "here", "API": "CANARY-of-the-api"}
    told = chart_says({"hub": hub}, monkeypatch, environment)
    assert told["config_maps"] == {"facts": {"place": "here"}, "code": {"own.py": "A = 1\n"}}
    assert set(told["withheld"]) == {"api of the ConfigMap facts", "login.py of the ConfigMap code"}
    assert "CANARY" not in json.dumps(told)


def test_keys_that_nobody_knows_here_and_whole_numbers_are_kept(monkeypatch):
    told = chart_says({"later": {"a": 6.048e05}, "cull": {"timeout": 0.5}}, monkeypatch)
    assert told["values"] == {"later": {"a": 604800}, "cull": {"timeout": 0.5}}
    assert isinstance(told["values"]["later"]["a"], int)
    assert target_of({"kubernetes": told}) == "k8s"
    assert target_of({}) == "local"


def test_what_the_charts_code_puts_into_its_values_is_not_taken_for_them(monkeypatch):
    z2jh = types.ModuleType("z2jh")

    @cache
    def load():
        return {"hub": {"services": {"own": {}}}}

    load()["hub"]["services"]["own"]["api_token"] = "CANARY-made-by-the-chart"
    z2jh._load_config = load
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    told = recorded_chart(Rules(SECRET_NAME.pattern, NO_SECRET_NAME.pattern), {})
    assert told["values"] == {"hub": {"services": {"own": {}}}}


def test_keys_of_objects_of_kubernetes_are_no_secrets(record, tmp_path, monkeypatch):
    assert read_record(record)["refused"] == []
    label = "hub.example.org/purpose-of-a-node"
    # as the chart's own code has it, and as it stands in the values of many a hub
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(f"c = get_config()\nc.KubeSpawner.tolerations = [dict(key={label!r})]\n")
    chart_says({"singleuser": {"extraTolerations": [{"key": label}]}}, monkeypatch)
    c = Config()
    c.KubeSpawner.tolerations = [{"key": label}]
    path = tmp_path / "a.record.json"
    record_of.write(path, c, file, tmp_path)
    told = read_record(path)
    assert told["refused"] == []
    assert told["kubernetes"]["values"]["singleuser"]["extraTolerations"] == [{"key": label}]
    c = Config()
    c.KubeSpawner.tolerations = [{"key": "purpose-of-this-node", "effect": "NoSchedule"}]
    c.KubeSpawner.volumes = {"files": {"secret": {"items": [{"key": "a-file-of-it.json"}]}}}
    assert "$secret" not in json.dumps(
        written(c, Rules(SECRET_NAME.pattern, NO_SECRET_NAME.pattern))
    )


def test_what_any_hub_refers_to_is_there_or_a_decision(monkeypatch, tmp_path):
    values = {
        "imagePullSecrets": [{"name": "registry"}],
        "hub": {
            "image": {"name": "quay.io/jupyterhub/k8s-hub", "tag": "4.3.3"},
            "extraConfig": {"1": "c.X.password = 'CANARY-in-code'\n"},
            "extraVolumes": [{"name": "pages", "configMap": {"name": "pages"}}],
        },
        "singleuser": {
            "profileList": [
                {"kubespawner_override": {
                    "priority_class_name": "gpus",
                    "volumes": [{"persistentVolumeClaim": {"claimName": "data"}}],
                }},
            ],
        },
    }  # fmt: skip
    source = source_of_record({"kubernetes": chart_says(values, monkeypatch)})
    rungs = kubernetes.climb(source, rebuild=True, wanted=["V2"], directory=tmp_path)
    assert {name for name, each in rungs["V2"].items.items() if each.status == "pass"} >= {
        "Secret/registry:.dockerconfigjson", "ConfigMap/pages", "PriorityClass/gpus",
        "PersistentVolumeClaim/data", "Secret/replica-secrets:HUB_EXTRA_CONFIG_1_X_PASSWORD",
    }  # fmt: skip
    assert rungs["V2"].status == "pass"
    planned = design(source)
    assert {each.name for each in planned.placeholders} == {
        "replace-me-storage-class",
        "replace-me-pages-what-is-in-it",
    }
    ids = [each.id for each in planned.plan.steps]
    assert len(ids) == len(set(ids))
    assert not [each for each in planned.plan.needs if "image" in each]


def test_names_of_people_and_of_staff_go_from_all_that_is_written(monkeypatch, tmp_path):
    config = {
        "Authenticator": {"admin_users": ["a-person", "a-keeper"], "allowed_users": ["a-person"]},
        "JupyterHub": {"load_groups": {"class": {"users": ["a-person"]}, "old": ["a-person"]}},
    }
    staff = {"staff_github_ids": ["a-keeper"], "add_staff_user_ids_to_admin_users": True}
    values = {"custom": {"2i2c": staff}, "hub": {"config": config}}
    (tmp_path / "jupyterhub_config.py").write_text("c = get_config()\n")
    chart_says(values, monkeypatch)
    c = Config()
    c.Authenticator.update(config["Authenticator"])
    c.JupyterHub.load_groups = config["JupyterHub"]["load_groups"]
    c.JupyterHub.load_roles = [{"name": "help", "users": ["a-person"], "scopes": ["list:users"]}]
    path = tmp_path / "a.record.json"
    record_of.write(path, c, tmp_path / "jupyterhub_config.py", tmp_path)
    write_bundle(read_record(path), tmp_path / "bundle")
    whole = b"".join(
        each.read_bytes() for each in (tmp_path / "bundle").rglob("*") if each.is_file()
    )
    assert b"a-person" not in whole
    assert b"a-keeper" not in whole
    write_bundle(read_record(path), tmp_path / "with", people=True)
    with opened(tmp_path / "with") as bundle:
        told = source_of(bundle).values["jupyterhub"]["hub"]["config"]
    assert told["Authenticator"]["admin_users"] == ["a-person"]


def test_code_that_cannot_be_cleaned_refuses_the_capture(monkeypatch):
    hub = {"extraConfig": {"1": "c.X.password = f('abcdefghijk')\n"}}
    assert "computes the secret" in chart_says({"hub": hub}, monkeypatch)["refused"]


@pytest.mark.parametrize("hub", HUBS or ["none"])
def test_real_hubs_are_built_from_what_they_would_write_down(hub, corpus, monkeypatch, tmp_path):
    checkout = read(hub)
    samples = {each.placeholder: v4_kubernetes._sample(each) for each in checkout.secrets}
    values = v4_kubernetes._with_stand_ins(checkout.values["jupyterhub"], samples)
    document = {"kubernetes": chart_says(values, monkeypatch)}
    assert document["kubernetes"]["refused"] == ""
    source = source_of_record(document, CORPUS_CHART)
    rungs = kubernetes.climb(
        source, rebuild=True, chart=CORPUS_CHART, wanted=["V1", "V2", "V3"], directory=tmp_path
    )
    assert {name: each.status for name, each in rungs.items()} == {
        "V1": "pass", "V2": "pass", "V3": "pass",
    }, [(name, each.why) for rung in rungs.values() for name, each in rung.items.items()
        if each.status == "fail"]  # fmt: skip
    assert set(checkout.extra_config) == set(source.extra_config)
