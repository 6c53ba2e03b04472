"""V4 of a hub on Kubernetes: a chart's own code with the source's values and with what was built. The chart's code here is ours."""

import shutil

import pytest
import yaml

from jupyter_2i2c.replicate.errors import Cancelled, UnsafeBundle
from jupyter_2i2c.replicate.targets import k8s
from jupyter_2i2c.replicate.verify import hub_pod, v4_kubernetes
from jupyter_2i2c.replicate.verify.built_k8s import read_built
from jupyter_2i2c.replicate.work import Work
from jupyter_2i2c.replicate.yaml_text import yaml_text

from . import k8s_hub


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return tmp_path_factory.mktemp("repository")


@pytest.fixture(scope="module")
def hub(repository):
    return k8s_hub.source(repository)


@pytest.fixture(scope="module")
def whole(hub, tmp_path_factory):
    return k8s.build(hub, tmp_path_factory.mktemp("whole") / "built").directory


@pytest.fixture
def built(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "built")


@pytest.fixture
def climb(hub, built, repository, sandbox):
    def climbed(chart=repository / "charts" / "jupyterhub-4.3.3"):
        return v4_kubernetes.check(read_built(built), hub, chart, None, Work())

    return climbed


def edit(path, change):
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml_text(value))


def failing(rung):
    return {name: each.why for name, each in rung.items.items() if each.status == "fail"}


def test_what_was_built_says_the_same_and_says_what_it_could_not_try(climb):
    rung = climb()
    assert rung.status == "pass", (rung.why, failing(rung))
    left = {name: each.why for name, each in rung.items.items() if each.status == "not-run"}
    needs = "needs kubespawner_of_the_image; what is asked of it is equal, call by call (1)"
    assert left["module kubespawner_of_the_image"] == needs
    assert "module escapism_of_the_image" in left
    passing = {name for name, each in rung.items.items() if each.status == "pass"}
    assert {
        "Authenticator.post_auth_hook",
        "JupyterHub.spawner_class",
        "KubeSpawner.mem_limit",
        "OAuthenticator.oauth_callback_url",
        "UsageViewer.enable_compute",  # of the ConfigMap that is mounted
    } <= passing


def test_what_a_person_filled_in_is_no_difference(built, climb):
    for path in built.rglob("*.yaml"):
        text = path.read_text().replace("replace-me-hub-domain.invalid", "hub.south.example")
        path.write_text(text.replace("replace-me-bucket-north-scratch", "south-scratch"))
    rung = climb()
    assert rung.status == "pass", failing(rung)


def test_each_change_is_caught_where_it_is(built, climb):
    def edited(values):
        values["cull"] = {"timeout": 60}
        values["hub"]["config"]["Authenticator"]["admin_users"].append("mallory")
        code = values["hub"]["extraConfig"]["02-hooks"]
        code = code.replace("mallory", "malory").replace("limit=3", "limit=30")
        values["hub"]["extraConfig"]["02-hooks"] = code

    edit(built / "values.yaml", edited)
    path = next(built.glob("objects/*usage-quotas-config*"))
    path.write_text(path.read_text().replace("enable_compute = False", "enable_compute = True"))
    found = failing(climb())
    assert set(found) == {
        "Authenticator.admin_users",
        "Authenticator.post_auth_hook",  # one word, by its bytecode
        "JupyterHub.services[culler]",
        "UsageViewer.enable_compute",  # of a ConfigMap that is mounted
        "module kubespawner_of_the_image",  # called with another argument
    }
    assert "does something else" in found["Authenticator.post_auth_hook"]


def test_code_that_does_not_run_fails_with_its_line(built, climb):
    def edited(values):
        values["hub"]["extraConfig"]["03-broken"] = "raise ValueError('no')\n"

    edit(built / "values.yaml", edited)
    rung = climb()
    assert rung.status == "fail"
    assert "ValueError: no" in rung.why


def test_who_stops_it_stops_both(built, hub, repository):
    asked = iter([False])  # by the first step, and True from then on
    work = Work(cancelled=lambda: next(asked, True))
    with pytest.raises(Cancelled):
        v4_kubernetes.check(
            read_built(built), hub, repository / "charts" / "jupyterhub-4.3.3", None, work
        )


def test_no_name_in_values_leads_out_of_the_directory(tmp_path):
    outside = tmp_path / "outside"
    values = {
        "hub": {
            "extraFiles": {
                "a": {"mountPath": f"/usr/local/etc/jupyterhub/{outside}", "stringData": "x"}
            },
            "services": {f"/../../../../..{outside}": {}},
        }
    }
    pod = hub_pod.Pod(values, {}, "field", "4.3.3", ("", ""), {})
    with pytest.raises(UnsafeBundle, match="leads outside"):
        hub_pod.said_by(pod, tmp_path / "pod", None, Work())
    assert not list(tmp_path.glob("outside*"))


def test_without_the_chart_it_is_not_run(climb, tmp_path):
    assert climb(None).status == "not-run"
    assert "--chart DIR" in climb(None).why
