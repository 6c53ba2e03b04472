"""What ties a hub down, from its record and from its files."""

import json

import pytest

from jupyter_2i2c.replicate.evidence.configuration import (
    from_record,
    from_source,
    images_of,
    setting,
)
from jupyter_2i2c.replicate.evidence.hub import layers_of, packages_beside
from jupyter_2i2c.replicate.evidence.licences import of_name
from jupyter_2i2c.replicate.evidence.packages import Package
from jupyter_2i2c.replicate.importers.checkout import Checkout
from jupyter_2i2c.replicate.importers.infrastructure import read_from
from jupyter_2i2c.replicate.targets.k8s.placeholders import Placeholders
from jupyter_2i2c.replicate.targets.k8s.planning import design

VALUES = {
    "custom": {"homepage": {"gitRepoUrl": "https://example.org/t", "gitRepoBranch": "main"}},
    "hub": {
        "image": {"name": "quay.io/operator/hub", "tag": "1"},
        "config": {"GitHubOAuthenticator": {"client_id": "abc", "client_secret": "<secret:S>"}},
        "extraConfig": {"05-staff-access": "c.x = 1"},
    },
    "ingress": {"hosts": ["hub.example.org"]},
    "proxy": {
        "service": {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}}
    },
    "singleuser": {
        "nodeSelector": {"node.kubernetes.io/instance-type": "r5.xlarge"},
        "extraEnv": {"SCRATCH_BUCKET": "s3://secret-bucket/$(JUPYTERHUB_USER)"},
        "storage": {"dynamic": {"storageClass": "gp3"}},
        "image": {"name": "quay.io/pangeo/notebook", "tag": "latest"},
        "profileList": [
            {"kubespawner_override": {"image": "example.org/matlab:2024.1"}},
            {
                "profile_options": {
                    "image": {
                        "unlisted_choice": {"enabled": True},
                        "choices": {
                            "a": {
                                "kubespawner_override": {
                                    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/own:1"
                                }
                            }
                        },
                    }
                }
            },
        ],
    },
}


SLOT = {
    "name": "S", "path": ("jupyterhub", "hub", "config", "GitHubOAuthenticator", "client_secret"),
    "found": "running", "type": "str", "kind": "oauth-client-secret", "what": "a secret",
    "issued_by": "GitHub", "how": "ask", "file": "", "line": 0, "pointer": "",
}  # fmt: skip


def record(values=None, **config):
    document = {"config": config, "slots": {"S": "somewhere"}, "versions": {}}
    if values:
        document["kubernetes"] = {
            "values": values, "secrets": [SLOT], "config_maps": {}, "withheld": {},
            "chart": {"Version": "4.3.3"}, "release": "our", "namespace": "our", "refused": "",
        }  # fmt: skip
    return document


def found(document, packages=()):
    """Layer and id to evidence."""
    layers = layers_of(from_record(document), packages)
    items = {(layer.key, each.id): each for layer in layers for each in layer.items}
    assert len(items) == sum(len(layer.items) for layer in layers)
    return items


@pytest.fixture
def chart():
    """What is found of a hub that a chart runs."""
    return found(record(VALUES))


def test_a_charts_hub(chart):
    by_status = {key: (each.status, each.count) for key, each in chart.items()}
    expected = {
        ("data", "tie:a-bucket-s3"): ("tied", 1),
        ("environment", "images:matlab"): ("own-licence", 1),
        ("environment", "images:moving"): ("unpinned", 1),
        ("environment", "images:tagged"): ("unpinned", 2),
        ("environment", "images-free"): ("not-known", 1),
        ("infrastructure", "hub-image"): ("tied", 1),
        ("infrastructure", "login"): ("tied", 1),
        ("infrastructure", "staff"): ("tied", 1),
        ("infrastructure", "secrets"): ("tied", 1),
        ("infrastructure", "home-page"): ("tied", 1),
        ("infrastructure", "home-page-branch"): ("unpinned", 1),
        ("infrastructure", "tie:the-address-of-the-hub"): ("tied", 1),
        ("cloud", "tie:the-storage-class"): ("tied", 1),
        ("cloud", "registries"): ("tied", 1),
        ("cloud", "annotations"): ("tied", 1),
    }
    assert expected.items() <= by_status.items()
    assert ("cloud", "none") not in chart
    for each in chart.values():
        assert each.source
        assert each.way_out or each.status == "open"


def test_names_are_of_settings_and_images_and_never_what_a_setting_is_set_to(chart):
    text = json.dumps([vars(each) for each in chart.values()])
    assert "singleuser.extraEnv.SCRATCH_BUCKET" in text
    for value in ("secret-bucket", "r5.xlarge", "gp3", "abc", "hub.example.org", "example.org/t"):
        assert value not in text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("jupyterhub", "singleuser", "a", 0, "b"), "singleuser.a[0].b"),
        (("jupyterhub", "hub", "config", "A", "b"), "A.b"),
        (("KubeSpawner", "hook", "$code", "uses", "x"), "KubeSpawner.hook"),
        (("KubeSpawner", "group_overrides", "the-ill", "x"), "KubeSpawner.group_overrides"),
        (("jupyterhub", "hub", "extraConfig", "of-ada", "x"), "hub.extraConfig"),
        (("jupyterhub", "hub", "x", "ada@example.org", "y"), "hub.x.….y"),
        (("a", "x" * 100), "a.…"),
        (("a", 1.5, True), "a.1.5.True"),
    ],
)
def test_keys_that_people_chose_after_people_are_not_told(path, name):
    assert setting(path) == name


def test_a_plain_hub_is_tied_to_nothing():
    items = found(record(**{"Spawner.mem_limit": "1G", "JupyterHub.services[culler]": {"a": "b"}}))
    assert items["cloud", "none"].status == "open"
    assert items["cloud", "none"].found == "none found among 2 settings"
    assert not [key for key in items if key[0] in ("data", "environment")]


def test_traits_are_looked_at_as_values_are():
    items = found(
        record(
            **{
                "KubeSpawner.node_selector": {"node.kubernetes.io/instance-type": "big"},
                "KubeSpawner.environment": {"DATA": "gs://bucket"},
                "KubeSpawner.profile_list": {"$code": {"name": "profiles"}},
                "DockerSpawner.image": "example.org/stata",
                "DockerSpawner.allowed_images": {"one": "example.org/a@sha256:00"},
                "CILogonOAuthenticator.client_id": {"$secret": "CLIENT"},
            }
        )
    )
    assert items["data", "tie:a-bucket-gs"].names == ("KubeSpawner.environment.DATA",)
    assert items["environment", "images:stata"].names == ("example.org/stata",)
    assert items["environment", "images:moving"].names == ("example.org/stata",)
    assert items["environment", "images-content"].count == 2
    assert items["environment", "images-computed"].names == ("KubeSpawner.profile_list",)
    assert items["infrastructure", "login"].names == ("CILogonOAuthenticator.client_id",)
    (cloud,) = [each for key, each in items.items() if key[0] == "cloud"]
    assert cloud.names == ("KubeSpawner.node_selector.node.kubernetes.io/instance-type",)


def test_packages_beside_the_hub_are_those_of_its_process():
    here = [Package("a", "1", of_name("MIT")), Package("b", "1", of_name("MIT"))]
    packages = packages_beside(here, {"a": "1", "b": "2", "c": "1"})
    items = found(record(), packages)
    assert items["infrastructure", "hub:open"].count == 1
    assert items["infrastructure", "hub:not-known"].names == ("b 2", "c 1")


@pytest.mark.parametrize("document", [{}, {"config": []}, {"config": None}])
def test_what_is_no_record_is_refused(document):
    with pytest.raises(ValueError, match="no configuration"):
        from_record(document)


@pytest.fixture(scope="module")
def sources(corpus):
    checkout = Checkout(corpus, rendered=corpus / "rendered")
    return {f"{c}/{h}": read_from(checkout, c, h) for c, h in checkout.hubs()}


def test_ties_are_what_the_plan_for_kubernetes_decides_anew(sources):
    for name, source in sources.items():
        planned = design(source).placeholders
        layers = layers_of(from_source(source))
        ties = [each for layer in layers for each in layer.items if each.id.startswith("tie:")]
        by_what: dict[str, set[str]] = {}
        for each in planned:
            by_what.setdefault(each.what, set()).update(setting(path) for path, _, _ in each.places)
        assert {each.found: set(each.names) for each in ties} == by_what, name
        assert sum(each.count for each in ties) == sum(len(each.places) for each in planned), name
        text = json.dumps([vars(each) for layer in layers for each in layer.items])
        for each in planned:
            if each.was not in ("shared",) and len(each.was) > 12:
                assert f'"{each.was}"' not in text, (name, each.was)


def test_a_running_hub_tells_the_same_ties_as_its_files(sources):
    """As far as they are its chart's own: it sees none of the charts around it."""
    for name, source in sources.items():
        document = record(source.values["jupyterhub"])
        document["kubernetes"]["secrets"] = []
        of_files = Placeholders({"jupyterhub": source.values["jupyterhub"]}, "", "")
        known = {setting(path) for each in of_files for path, _, _ in each.places}
        running = {
            each
            for layer in layers_of(from_record(document))
            for item in layer.items
            if item.id.startswith("tie:")
            for each in item.names
        }
        assert running == known, name
        assert running, name


def test_images_are_those_that_are_known_of_real_hubs(sources, corpus):
    expected = json.loads((corpus / "expected.json").read_text())["hubs"]
    for name, source in sources.items():
        users = set(images_of(from_source(source)).users)
        known = {*expected[name]["profile_image_refs"], expected[name]["default_image"]}
        assert {each for each in known if "{" not in each} <= users, name
