"""A hub from a deployments repository: its layers, where each value stands, and what stands out."""

import time

import pytest

from jupyter_2i2c.replicate.errors import ReplicateError
from jupyter_2i2c.replicate.importers import computed
from jupyter_2i2c.replicate.importers.checkout import Checkout
from jupyter_2i2c.replicate.importers.infrastructure import read
from jupyter_2i2c.replicate.importers.source import at, from_pointer, pointer
from jupyter_2i2c.replicate.importers.yaml_reading import NotReadable

from . import deployments

REEF = "config/clusters/sea/reef.values.yaml"
HUB_FILE = ("jupyterhub", "hub")


@pytest.fixture
def checkout(tmp_path):
    return deployments.write(tmp_path / "checkout")


def reef(checkout, values=None, **options):
    if values is not None:
        deployments.update(checkout, deployments.with_reef(values))
    return read(checkout, "sea", "reef", **options)


def found(source, kind):
    return [each for each in source.findings if each.id == kind]


def test_clusters_hubs_and_charts_are_found_by_what_files_hold(tmp_path):
    moved = {
        path.replace("config/clusters", "somewhere/else").replace("helm-charts", "c/h"): text
        for path, text in deployments.FILES.items()
    }
    for path, text in moved.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    # one that only looks like it: it has no hubs
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/cluster.yaml").write_text("name: '{{ cluster }}'\n")
    assert Checkout(tmp_path).hubs() == [("sea", "reef"), ("sea", "lagoon")]
    assert reef(tmp_path).values["jupyterhub"]["cull"]["maxAge"] == 604800


def test_layers_are_merged_as_helm_does(checkout):
    source = reef(checkout)
    assert [(each.name, each.kind) for each in source.layers] == [
        ("z2jh", "default"),
        ("chart", "default"),
        ("computed", "computed"),
        ("common.values.yaml", "public"),
        ("reef.values.yaml", "public"),
        ("enc-reef.secret.values.yaml", "secret"),
    ]
    hub = source.values["jupyterhub"]
    assert hub["cull"] == {"enabled": True, "timeout": 3600, "maxAge": 604800}
    # a null deletes z2jh's default, beyond the one of the chart around it
    assert hub["singleuser"]["memory"] == {"limit": None}
    # a null that finds nothing stays
    assert hub["singleuser"]["nodeSelector"] == {
        "2i2c/hub-name": "reef",
        "node.kubernetes.io/instance-type": None,
    }
    assert hub["hub"]["loadRoles"]["user"]["scopes"] == ["self"]
    assert hub["hub"]["config"]["JupyterHub"] == {
        "admin_access": True,
        "authenticator_class": "github",
    }
    assert source.values["nfs"]["pv"]["mountOptions"] == ["soft", "noatime"]
    assert source.hub.value_files[0] == "common.values.yaml"
    assert source.chart["version"] == "4.3.3"
    assert source.umbrella["dependencies"] == {
        "jupyterhub": "4.3.3",
        "jupyterhub-home-nfs": "1.2.0",
    }
    assert source.umbrella["k8s_distribution"] == "eks"


def test_each_value_says_where_it_stands(checkout):
    source = reef(checkout)
    common = "config/clusters/sea/common.values.yaml"

    def where(text):
        return str(source.origin(from_pointer(text)))

    assert where("/jupyterhub/hub/config/JupyterHub/authenticator_class") == f"{common}:10"
    assert where("/jupyterhub/hub/loadRoles/user/scopes") == f"{REEF}:11"
    assert where("/jupyterhub/cull/maxAge") == "helm-charts/basehub/values.yaml:13"
    assert where("/jupyterhub/cull/timeout") == "vendored/jupyterhub-4.3.3/values.yaml:30"
    assert where("/jupyterhub/ingress/hosts") == "helm-charts/basehub/values.jsonnet"
    for place, origin in source.origins.items():
        assert origin.layer, pointer(place)
        assert at(source.values, place, "missing") != "missing", pointer(place)
    layer = next(each for each in source.layers if each.name == "reef.values.yaml")
    assert str(layer.origin((*HUB_FILE, "loadRoles", "user", "scopes"))) == f"{REEF}:11"


def test_what_a_chart_around_the_chart_nests_is_moved_up(checkout):
    source = read(checkout, "sea", "lagoon")
    assert source.values["jupyterhub"]["hub"]["allowNamedServers"] is True
    assert "basehub" not in source.values
    assert source.values["jupyterhub"]["ingress"]["hosts"] == ["lagoon.example.org"]
    assert "gateway" not in source.values.get("dask-gateway", {})
    [stray] = found(source, "stray-top-level-key")
    assert stray.where == "config/clusters/sea/lagoon.values.yaml:6"
    assert stray.pointer == "/dask-gateway"
    assert stray.severity == "warning"
    slots = {each.pointer: each.path for each in source.secrets}
    assert slots["/basehub/jupyterhub/hub/config/GitHubOAuthenticator/client_id"] == (
        *HUB_FILE, "config", "GitHubOAuthenticator", "client_id",
    )  # fmt: skip


def test_charts_may_be_called_otherwise(checkout):
    renamed = {
        path.replace("helm-charts/basehub", "helm-charts/hub").replace("helm-charts/daskhub", "helm-charts/around"):
        text.replace("basehub", "hubchart").replace("daskhub", "around")
        for path, text in deployments.FILES.items()
    }  # fmt: skip
    (checkout / "helm-charts/daskhub/values.jsonnet").unlink()
    deployments.update(checkout, dict.fromkeys(deployments.FILES))
    deployments.update(checkout, renamed)
    (checkout / "helm-charts/around/values.jsonnet").symlink_to("../hub/values.jsonnet")
    source = read(checkout, "sea", "lagoon")
    assert source.umbrella["inner"] == "hubchart"
    assert source.values["jupyterhub"]["hub"]["allowNamedServers"] is True
    assert source.values["jupyterhub"]["ingress"]["hosts"] == ["lagoon.example.org"]
    assert reef(checkout).values["jupyterhub"]["cull"]["maxAge"] == 604800


def test_a_chart_around_the_chart_may_have_defaults(checkout):
    text = "basehub:\n  jupyterhub:\n    cull: {maxAge: , every: 5}\n"
    deployments.update(checkout, {"helm-charts/daskhub/values.yaml": text})
    source = read(checkout, "sea", "lagoon")
    assert source.values["jupyterhub"]["cull"] == {"enabled": True, "timeout": 3600, "every": 5}
    assert (
        str(source.origin(("jupyterhub", "cull", "every"))) == "helm-charts/daskhub/values.yaml:3"
    )


def test_a_hub_may_be_of_the_plain_chart(checkout):
    cluster = deployments.CLUSTER.replace("helm_chart: basehub", "helm_chart: jupyterhub", 1)
    own = "hub:\n  config:\n    DummyAuthenticator: {password: abc}\ncull: {timeout: 7}\n"
    deployments.update(
        checkout, {"config/clusters/sea/cluster.yaml": cluster, REEF: own,
                   "config/clusters/sea/common.values.yaml": "cull: {timeout: 5}\n",
                   "config/clusters/sea/enc-reef.secret.values.yaml": "hub: {}\n"},
    )  # fmt: skip
    source = reef(checkout)
    assert source.values["jupyterhub"]["cull"] == {"enabled": True, "timeout": 7, "maxAge": 0}
    assert source.umbrella == {}
    assert [each.path for each in source.secrets] == [
        (*HUB_FILE, "config", "DummyAuthenticator", "password")
    ]


def test_a_hidden_domain_is_noted(checkout):
    cluster = deployments.CLUSTER.replace(
        "  domain: reef.example.org\n",
        "  domain: reef.example.org\n  domain_override_file: enc-domain.secret.yaml\n",
    )
    deployments.update(checkout, {"config/clusters/sea/cluster.yaml": cluster})
    [finding] = found(reef(checkout), "hidden-domain")
    assert finding.line == 14


def test_jsonnet_gets_the_five_inputs(checkout):
    given = reef(checkout).values["jupyterhub"]["custom"]["given"]
    assert given == ["sea-eks", "aws", "100000000001"]


def test_a_layer_that_was_computed_elsewhere_is_taken(checkout, tmp_path):
    rendered = tmp_path / "rendered"
    (rendered / "sea").mkdir(parents=True)
    (rendered / "sea/reef.values.yaml").write_text("jupyterhub:\n  ingress: {hosts: [a.example]}\n")
    source = reef(checkout, rendered=rendered)
    assert source.values["jupyterhub"]["ingress"]["hosts"] == ["a.example"]
    assert (
        str(source.origin(("jupyterhub", "ingress", "hosts"))) == "rendered/sea/reef.values.yaml:2"
    )
    (checkout / "helm-charts/basehub/values.jsonnet").unlink()
    (rendered / "sea/reef.values.yaml").unlink()
    with pytest.raises(ReplicateError, match="needs it for this hub"):
        reef(checkout, rendered=rendered)
    assert "what the chart computes for each hub" in reef(checkout).not_captured


def test_a_plain_chart_of_ones_own_is_taken(checkout, tmp_path):
    own = tmp_path / "zero-to-jupyterhub-k8s" / "jupyterhub"
    own.mkdir(parents=True)
    (own / "Chart.yaml").write_text("name: jupyterhub\nversion: 9.9.9\n")
    (own / "values.yaml").write_text("cull: {every: 600}\n")
    source = reef(checkout, chart=own.parent)
    assert source.values["jupyterhub"]["cull"] == {"every": 600, "maxAge": 604800}
    [other] = found(source, "other-chart-version")
    assert "9.9.9" in other.message
    # a checkout of the chart does not know its version; it is the operator who chose it
    (own / "Chart.yaml").write_text("name: jupyterhub\nversion: 0.0.1-set.by.chartpress\n")
    source = reef(checkout, chart=own.parent)
    assert source.chart["version"] == "4.3.3"
    assert not found(source, "other-chart-version")
    (checkout / "vendored/jupyterhub-4.3.3/values.yaml").unlink()
    source = reef(checkout)
    assert source.chart["known"] == "no"
    assert "the defaults of the chart jupyterhub" in source.not_captured


def test_a_hub_may_have_dependencies_of_its_own(checkout):
    cluster = deployments.CLUSTER.replace(
        "  helm_chart: basehub\n", "  helm_chart: basehub\n  chart_override: own-chart.yaml\n", 1
    )
    own = deployments.CHART.replace("1.2.0", "7.7.7")
    deployments.update(
        checkout,
        {"config/clusters/sea/cluster.yaml": cluster, "config/clusters/sea/own-chart.yaml": own},
    )
    source = reef(checkout)
    assert source.umbrella["dependencies"]["jupyterhub-home-nfs"] == "7.7.7"
    assert found(source, "chart-override")


def test_encrypted_values_are_slots_by_their_places(checkout):
    source = reef(checkout)
    assert [(each.name, each.type, each.kind, each.line) for each in source.secrets] == [
        ("GITHUBOAUTHENTICATOR_CLIENT_ID", "str", "oauth-client-id", 6),
        ("GITHUBOAUTHENTICATOR_CLIENT_SECRET", "str", "oauth-client-secret", 7),
        ("IMAGE_PULL_SECRET_CREATE", "bool", "setting", 9),
    ]
    assert all(each.effective for each in source.secrets)
    config = source.values["jupyterhub"]["hub"]["config"]["GitHubOAuthenticator"]
    assert config["client_id"] == "<secret:GITHUBOAUTHENTICATOR_CLIENT_ID>"
    assert "sops" not in source.values
    assert "ENC[" not in str(source)


def test_a_slot_that_a_later_file_replaces_is_not_needed(checkout):
    cluster = deployments.CLUSTER.replace(
        "  - reef.values.yaml\n  - enc-reef.secret.values.yaml\n",
        "  - enc-reef.secret.values.yaml\n  - reef.values.yaml\n",
    )
    deployments.update(checkout, {"config/clusters/sea/cluster.yaml": cluster})
    source = reef(
        checkout,
        {"jupyterhub": {"hub": {"config": {"GitHubOAuthenticator": {"client_id": "abc"}}}}},
    )
    effective = {each.name: each.effective for each in source.secrets}
    assert effective["GITHUBOAUTHENTICATOR_CLIENT_ID"] is False
    assert effective["GITHUBOAUTHENTICATOR_CLIENT_SECRET"] is True
    assert found(source, "public-after-secret")


def test_a_stub_is_a_slot_unless_it_is_replaced(checkout):
    stubs = {
        "jupyterhub": {
            "hub": {
                "config": {"GitHubOAuthenticator": {"client_secret": "<set-in-encrypted-values>"}}
            },
            "singleuser": {
                "extraFiles": {"key.pem": {"mountPath": "/key.pem", "stringData": "dummy"}}
            },
        }
    }
    source = reef(checkout, stubs)
    [slot] = [each for each in source.secrets if each.found == "stub"]
    assert slot.kind == "private-key"
    assert slot.path[-2:] == ("key.pem", "stringData")
    assert [each.pointer for each in found(source, "stub-secret")] == [pointer(slot.path)]


def test_anonymous_names_need_the_pepper_they_are_made_with(checkout):
    source = reef(checkout, {"jupyterhub": {"custom": {"auth": {"anonymizeUsername": True}}}})
    [slot] = [each for each in source.secrets if each.found == "required"]
    assert slot.name == "USERNAME_DERIVATION_PEPPER"
    assert "every user gets a new name" in slot.how


def test_what_helm_drops_is_said_with_file_and_line(checkout):
    text = "jupyterhub:\n  cull:\n    timeout: 1\n    timeout: 2\n---\na: 1\n"
    source = reef(checkout, text)
    [twice] = found(source, "duplicate-key")
    assert (twice.where, twice.pointer) == (f"{REEF}:4", "/jupyterhub/cull/timeout")
    assert "line 3" in twice.message
    [more] = found(source, "second-document")
    assert more.where == f"{REEF}:5"
    assert source.values["jupyterhub"]["cull"]["timeout"] == 2


def test_a_list_in_several_files_tells_what_is_lost(checkout):
    admins = {"jupyterhub": {"hub": {"config": {"Authenticator": {"admin_users": ["grace"]}}}}}
    [finding] = found(reef(checkout, admins), "list-in-several-files")
    assert finding.severity == "warning"
    assert "2 of the other are lost" in finding.message
    admins["jupyterhub"]["hub"]["config"]["Authenticator"]["admin_users"] += ["ada", "keeper-one"]
    [finding] = found(reef(checkout, admins), "list-in-several-files")
    assert finding.severity == "note"


def test_a_template_of_helm_in_a_value_is_noted(checkout):
    value = '{{ include "jupyterhub.hub.fullname" . }}'
    source = reef(checkout, {"jupyterhub": {"hub": {"extraEnv": {"A": value}}}})
    assert found(source, "helm-template-in-value")
    assert source.values["jupyterhub"]["hub"]["extraEnv"]["A"] == value


def test_templates_of_the_spawner_stay_as_they_are(checkout):
    own = {"A": "{value}", "B": "$(JUPYTERHUB_USER)", "C": "{escaped_username}", "D": "null"}
    source = reef(checkout, {"jupyterhub": {"singleuser": {"extraEnv": own}}})
    assert source.values["jupyterhub"]["singleuser"]["extraEnv"] == own


def test_code_is_carried_without_its_comments(checkout):
    source = reef(checkout)
    assert source.extra_config["05-hook"] == (
        "\ndef hook(spawner):\n"[1:] + '\n    spawner.environment["A"] = "b"\n'
        "c.Spawner.pre_spawn_hook = hook\n"
    )
    assert "ada@" not in source.extra_config["10-own"]
    assert source.code["/jupyterhub/hub/extraConfig/10-own"].own
    assert not source.code["/jupyterhub/hub/extraConfig/05-hook"].own
    kept = reef(checkout, keep_comments=True)
    assert "# a reason" in kept.extra_config["05-hook"]


def test_who_asks_for_what_is_not_there_is_told_what_is(checkout, tmp_path):
    with pytest.raises(ReplicateError, match="there are: sea"):
        read(checkout, "lake", "reef")
    with pytest.raises(ReplicateError, match="there are: reef, lagoon"):
        read(checkout, "sea", "atoll")
    (other,) = (tmp_path / "checkout").rglob("sea/cluster.yaml")
    other.write_text("name: sea\nhubs:\n  reef: {domain: reef.example.org}\n")
    with pytest.raises(ReplicateError, match=r"sea/cluster\.yaml:2: hubs is no list"):
        read(checkout, "sea", "reef")
    with pytest.raises(ReplicateError, match=r"no cluster\.yaml"):
        read(tmp_path / "checkout/vendored", "sea", "reef")
    with pytest.raises(ReplicateError, match="no directory"):
        read(tmp_path / "nowhere", "sea", "reef")
    twice = tmp_path / "checkout/copy/cluster.yaml"
    twice.parent.mkdir()
    twice.write_text(deployments.CLUSTER)
    with pytest.raises(ReplicateError, match="both of a cluster 'sea'"):
        read(checkout, "sea", "reef")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({REEF: None}, r"reef\.values\.yaml cannot be read.*\(config/clusters/sea/cluster\.yaml:17 lists it"),
        ({REEF: "jupyterhub: [\n"}, r"reef\.values\.yaml:2 is no YAML"),
        ({REEF: b"\x00\x01"}, r"reef\.values\.yaml:1 is no YAML"),
        ({"config/clusters/sea/cluster.yaml": "name: sea\nhubs:\n- name: reef\n  helm_chart_values_files: 3\n"},
         "helm_chart_values_files is no list"),
        ({"config/clusters/sea/cluster.yaml": "name: sea\nhubs: [\n"}, r"cluster\.yaml:3 is no YAML"),
        ({"config/clusters/sea/cluster.yaml": 'name: sea\nhubs:\n- name: reef\n  helm_chart_values_files: ["a\\0b"]\n'},
         "cannot be read: .*embedded null"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_its_line(tmp_path, files, why):
    checkout = tmp_path / "checkout"
    deployments.write(checkout, files)
    with pytest.raises(NotReadable, match=why):
        reef(checkout)


def test_a_file_that_leads_out_of_the_checkout_is_not_read(checkout, tmp_path):
    (tmp_path / "outside.yaml").write_text("jupyterhub: {}\n")
    (checkout / REEF).unlink()
    (checkout / REEF).symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(NotReadable, match="leads out of"):
        reef(checkout)
    (checkout / REEF).unlink()
    cluster = deployments.CLUSTER.replace("- reef.values.yaml", "- ../../../../outside.yaml")
    deployments.update(checkout, {"config/clusters/sea/cluster.yaml": cluster})
    with pytest.raises(NotReadable, match="leads out of"):
        reef(checkout)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import '/etc/passwd'", "import of /etc/passwd is refused"),
        ("importstr '../../../outside.txt'", "is refused: it leads out of the checkout"),
        ("import 'missing.libsonnet'", "is refused: No such file"),
        ("{", "does not evaluate"),
        ("{a: std.extVar('UNKNOWN')}", "Undefined external variable"),
        ("local f(x) = f(x + 1); {a: f(1)}", "max stack frames"),
        ("[1]", "evaluates to no mapping"),
        ("{a: error 'no'}", "does not evaluate: RUNTIME ERROR: no"),
    ],
)
def test_jsonnet_that_is_not_as_it_should_be_is_named(checkout, tmp_path, program, why):
    (tmp_path / "outside.txt").write_text("outside")
    deployments.update(checkout, {"helm-charts/basehub/values.jsonnet": program})
    with pytest.raises(NotReadable, match=why) as error:
        reef(checkout)
    assert "helm-charts/basehub/values.jsonnet" in str(error.value)


def test_jsonnet_that_never_ends_is_stopped(checkout, monkeypatch):
    monkeypatch.setattr(computed, "CPU_SECONDS", 1)
    loop = "local f(x) = if x < 0 then 1 else f(x + 1) tailstrict; {a: f(1)}"
    deployments.update(checkout, {"helm-charts/basehub/values.jsonnet": loop})
    begin = time.process_time()
    with pytest.raises(NotReadable, match="was stopped"):
        reef(checkout)
    assert time.process_time() - begin < 30


def test_jsonnet_that_takes_all_memory_is_stopped(checkout, monkeypatch):
    monkeypatch.setattr(computed, "MEMORY", 1200 << 20)
    bomb = "{a: std.foldl(function(a, b) a + a, std.range(1, 40), 'aaaaaaaaaaaaaaaa')}"
    deployments.update(checkout, {"helm-charts/basehub/values.jsonnet": bomb})
    with pytest.raises(NotReadable, match="was stopped"):
        reef(checkout)


def test_who_lacks_the_evaluator_is_told_what_to_do(checkout, tmp_path, monkeypatch):
    child = tmp_path / "child.py"
    text = computed.CHILD.read_text()
    child.write_text(text.replace("import _gojsonnet", "import _gojsonnet_that_is_not_there"))
    monkeypatch.setattr(computed, "CHILD", child)
    with pytest.raises(ReplicateError, match=r"install jupyter_2i2c\[replicate\], or .*--rendered"):
        reef(checkout)


def test_jsonnet_may_import_from_the_checkout(checkout):
    deployments.update(
        checkout,
        {
            "helm-charts/basehub/values.jsonnet": "{nfs: import '../lib.libsonnet'}",
            "helm-charts/lib.libsonnet": "{pv: {serverIP: '10.9.9.9'}}",
        },
    )
    assert reef(checkout).values["nfs"]["pv"]["serverIP"] == "10.9.9.9"


def test_the_commit_of_a_checkout_is_noted(checkout):
    assert reef(checkout).commit == ""
    commit = "0123456789" * 4
    deployments.update(
        checkout, {".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": commit}
    )
    assert reef(checkout).commit == commit
    deployments.update(
        checkout, {".git/HEAD": "ref: refs/heads/x\n", ".git/packed-refs": f"# p\n{commit} refs/heads/x\n"}
    )  # fmt: skip
    assert reef(checkout).commit == commit
    deployments.update(checkout, {".git/HEAD": "ref: ../../../../etc/passwd\n"})
    assert reef(checkout).commit == ""
