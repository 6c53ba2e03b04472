"""Each rule of lint finds what it is for, and nothing in a hub that is as it should be."""

import json

import pytest

from jupyter_2i2c.cli import main
from jupyter_2i2c.replicate.lint.all_rules import lint

from . import k8s_hub

AS_IT_SHOULD_BE = k8s_hub.UMBRELLA.replace(
    """\
      server:
        scopes:
          - self
""",
    """\
      server:
        scopes:
          - users:activity!user
""",
)


def found(tmp_path, **files):
    """What is found in a hub, by the finding's id; notes are left out unless they are asked for."""
    source = k8s_hub.source(tmp_path, **{"umbrella": AS_IT_SHOULD_BE, **files})
    return {each.id: each for each in lint(source).findings}


def loud(findings):
    return {key for key, each in findings.items() if each.severity != "note"}


def with_line(old, new, text=k8s_hub.HUB):
    return k8s_hub.changed(text, old, new)


def under_hub(lines):
    return with_line("jupyterhub:\n  hub:\n", f"jupyterhub:\n  hub:\n{lines}")


def test_a_hub_as_it_should_be_has_no_error_or_warning(tmp_path):
    assert loud(found(tmp_path)) == set()


SEEDED = {
    "wrong-kind": (
        {"hub": under_hub("    extraConfig: [one]\n")},
        "error",
        "clusters/north/field.values.yaml:5",
    ),
    "role-lost-scope": (
        {"hub": under_hub("    loadRoles: {user: {scopes: [self]}}\n")},
        "error",
        "clusters/north/field.values.yaml:5",
    ),
    "server-mints-tokens": (
        {"umbrella": k8s_hub.UMBRELLA},
        "warning",
        "charts/basehub/values.yaml:83",
    ),
    "role-without-service": (
        {"hub": under_hub("    loadRoles: {extra: {services: [gone], scopes: [users]}}\n")},
        "error",
        "clusters/north/field.values.yaml:5",
    ),
    "service-with-all-rights": (
        {"hub": under_hub("    services: {exporter: {admin: true}}\n")},
        "note",
        "clusters/north/field.values.yaml:5",
    ),
    "misplaced-in-override": (
        {"hub": with_line("          mem_limit: 2G\n", "          default: true\n")},
        "warning",
        "clusters/north/field.values.yaml:24",
    ),
    "guarantee-over-limit": (
        {"hub": with_line("          mem_limit: 2G\n", "          mem_limit: 1024M\n")},
        "error",
        "clusters/north/field.values.yaml:25",
    ),
    "several-defaults": (
        {
            "hub": with_line(
                "      - display_name: Small\n",
                "      - display_name: Large\n        default: true\n      - display_name: Small\n",
            )
        },
        "warning",
        "clusters/north/field.values.yaml:23",
    ),
    "unpinned-image": (
        {"hub": with_line("image:2026.04.29", "image:latest")},
        "note",
        "clusters/north/field.values.yaml:23",
    ),
    "template-branch": ({}, "note", "charts/basehub/values.yaml:25"),
    "empty-value": ({}, "note", "clusters/north/field.values.yaml:18"),
    "dangling-reference": (
        {
            "hub": under_hub(
                "    extraEnv: {A: {valueFrom: {configMapKeyRef: {name: gone, key: a}}}}\n"
            )
        },
        "error",
        "clusters/north/field.values.yaml:5",
    ),
    "mount-without-volume": (
        {"hub": with_line("    storage:\n", "    storage:\n      type: none\n")},
        "error",
        "charts/basehub/values.yaml:34",
    ),
    "placeholder": (
        {"hub": with_line("volumeId: projects/example/disks/north", "volumeId: fill-me")},
        "warning",
        "clusters/north/field.values.yaml:28",
    ),
    "dummy-login": (
        {"hub": with_line("authenticator_class: github", "authenticator_class: dummy")},
        "error",
        "clusters/north/field.values.yaml:7",
    ),
    "no-authenticator": (
        {"hub": with_line("authenticator_class: github", "authenticator_class:")},
        "warning",
        "",
    ),
    "broken-link": (
        {
            "hub": with_line(
                "jupyterhub:\n",
                "jupyterhub:\n  custom:\n    homepage:\n      templateVars:\n"
                "        learn_more: '<a href=\"our pages\">more</a>'\n",
            )
        },
        "warning",
        "clusters/north/field.values.yaml:7",
    ),
    "no-class": (
        {"hub": with_line("      Authenticator:\n", "      loadRoles: {}\n      Authenticator:\n")},
        "error",
        "clusters/north/field.values.yaml:8",
    ),
    "no-python": (
        {"hub": under_hub("    extraConfig: {02-own: 'def broken(:'}\n")},
        "error",
        "clusters/north/field.values.yaml:5",
    ),
    "stub-secret": (
        {
            "hub": under_hub(
                "    extraFiles: {key.pem: {mountPath: /etc/key.pem, stringData: dummy}}\n"
            )
        },
        "warning",
        "clusters/north/field.values.yaml:5",
    ),
}
"""Rule to a hub with its mistake, how bad that is, and where it stands."""


@pytest.mark.parametrize("rule", SEEDED)
def test_a_seeded_mistake_is_found_where_it_stands(rule, tmp_path):
    files, severity, where = SEEDED[rule]
    findings = found(tmp_path, **files)
    assert rule in findings, sorted(findings)
    assert findings[rule].severity == severity
    if where:
        assert findings[rule].where == where
    assert loud(findings) <= {rule}


@pytest.mark.parametrize(
    "values",
    [
        "jupyterhub:\n  hub: [1]\n  singleuser: 5\n",
        "jupyterhub:\n  custom: 4\n  hub: {extraConfig: [1], loadRoles: [a], services: 5, config: x}\n",
        "jupyterhub:\n  hub: {loadRoles: {a: 1}, config: {JupyterHub: [1]}}\n",
        "jupyterhub:\n  singleuser: {profileList: {a: 1}, memory: 5, storage: [1]}\n",
        "jupyterhub:\n  singleuser:\n    profileList: [1, {kubespawner_override: 3}]\n",
        "jupyterhub:\n  singleuser:\n    profileList: [{profile_options: {a: [1], b: {choices: 5}}}]\n",
        "jupyterhub:\n  singleuser:\n    profileList: [{profile_options: {c: {choices: {d: 1}}}}]\n",
    ],
)
def test_values_of_another_kind_are_said_to_be_and_stop_no_rule(values, tmp_path):
    finding = found(tmp_path, hub=values)["wrong-kind"]
    assert finding.line > 0
    assert "no mapping" in finding.message or "no list" in finding.message


def test_a_list_that_is_longer_loses_nothing(tmp_path):
    more = "    loadRoles: {user: {scopes: [self, shares!user, 'access:services!service=usage-quota']}}\n"
    assert loud(found(tmp_path, hub=under_hub(more))) == set()


def test_a_service_that_does_not_run_needs_no_scope(tmp_path):
    lines = "    loadRoles: {user: {scopes: [self]}}\n    services: {usage-quota: }\n"
    assert "role-lost-scope" not in found(tmp_path, hub=under_hub(lines))


@pytest.fixture
def repository(tmp_path):
    def written(**files):
        return k8s_hub.write(tmp_path / "repository", **{"umbrella": AS_IT_SHOULD_BE, **files})

    return written


def run(top, *more):
    return main(["lint", "--infrastructure", str(top), "--rendered", str(top / "rendered"), *more])


def test_the_command_says_file_and_line_and_counts(repository, capsys):
    top = repository(hub=SEEDED["role-lost-scope"][0]["hub"])
    assert run(top) == 1
    text = capsys.readouterr().out
    assert "north/field" in text
    assert "error   clusters/north/field.values.yaml:5  role-lost-scope" in text
    assert "1 hub looked at: 1 error, 0 warnings," in text
    assert "--all shows the notes, too." in text


def test_exit_status_is_by_severity(repository, capsys):
    top = repository()
    assert run(top) == 0
    assert run(top, "--fail-on", "note") == 1
    top = repository(umbrella=k8s_hub.UMBRELLA)
    assert run(top) == 0
    assert run(top, "--fail-on", "warning") == 1


def test_json_is_for_ci(repository, capsys):
    run(repository(), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["hubs"] == 1
    assert told["summary"]["error"] == 0
    first = told["findings"][0]
    assert {
        "cluster",
        "hub",
        "id",
        "severity",
        "file",
        "line",
        "pointer",
        "message",
        "mend",
    } == set(first)


def test_a_hub_that_cannot_be_read_is_a_finding_and_the_rest_is_looked_at(repository, capsys):
    cluster = k8s_hub.CLUSTER + k8s_hub.CLUSTER.partition("hubs:\n")[2].replace("field", "wood")
    assert run(repository(cluster=cluster)) == 1
    text = capsys.readouterr().out
    assert "cannot-be-read" in text
    assert "2 hubs looked at" in text


def test_what_cannot_be_read_says_file_and_line(repository, capsys):
    top = repository(hub="jupyterhub: [\n")
    run(top, "--json")
    told = json.loads(capsys.readouterr().out)
    (found,) = (each for each in told["findings"] if each["id"] == "cannot-be-read")
    assert (found["file"], found["line"]) == ("clusters/north/field.values.yaml", 2)
    assert (found["cluster"], found["hub"]) == ("north", "field")


def test_examples_and_templates_of_clusters_are_no_hubs(repository, capsys):
    top = repository()
    for name, text in {
        "tests/clusters/one": k8s_hub.CLUSTER.replace("north", "one"),
        "templates/gcp": "name: {{ cluster_name }}\nhubs: []\n",
        "broken": "name: [\nhubs: []\n",
    }.items():
        (top / name).mkdir(parents=True)
        (top / name / "cluster.yaml").write_text(text)
    assert run(top, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    by_id = {}
    for each in told["findings"]:
        by_id.setdefault(each["id"], []).append(each["file"])
    assert sorted(by_id["passed-over"]) == [
        "templates/gcp/cluster.yaml", "tests/clusters/one/cluster.yaml",
    ]  # fmt: skip
    assert by_id["cannot-be-read"] == ["broken/cluster.yaml"]
    # what is of no single hub counts, too
    assert (told["summary"]["hubs"], told["summary"]["error"]) == (1, 1)
    # who asks for it is told what is missing
    asked = ["lint", "--infrastructure", str(top), "--cluster", "one", "--hub", "field"]
    assert main(asked) == 2
    assert "tests/clusters/one/field.values.yaml cannot be read" in capsys.readouterr().err


def test_where_no_hub_has_files_none_is_an_example(repository, capsys):
    top = repository()
    for each in (top / "clusters" / "north").glob("*.values.yaml"):
        each.unlink()
    assert run(top) == 1
    assert "cannot-be-read" in capsys.readouterr().out


def test_two_hubs_at_one_address(repository, capsys):
    second = k8s_hub.CLUSTER.partition("hubs:\n")[2].replace("name: field", "name: wood")
    top = repository(cluster=k8s_hub.CLUSTER + second)
    (top / "rendered/north/wood.values.yaml").write_text(k8s_hub.COMPUTED.format(hub="field"))
    assert run(top) == 1
    assert "same-address" in capsys.readouterr().out


def test_a_hub_needs_its_cluster(repository, capsys):
    assert run(repository(), "--hub", "field") == 2
    assert "give --cluster with --hub" in capsys.readouterr().err


def test_text_of_a_configuration_cannot_write_to_the_terminal(repository, capsys):
    link = '"<a href=\\"\\e[31m x\\">more</a>"'
    hub = with_line(
        "jupyterhub:\n",
        f"jupyterhub:\n  custom:\n    homepage:\n      templateVars:\n        learn_more: {link}\n",
    )
    run(repository(hub=hub))
    text = capsys.readouterr().out
    assert "broken-link" in text
    assert "\x1b" not in text
