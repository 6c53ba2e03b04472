"""What only one cloud knows is nowhere in what is built: a placeholder stands there, or nothing, and the plan says which."""

import re
from pathlib import Path

import pytest
import yaml

from jupyter_2i2c.replicate.importers.source import pointer
from jupyter_2i2c.replicate.targets import k8s
from jupyter_2i2c.replicate.targets.k8s import placeholders
from jupyter_2i2c.replicate.targets.k8s.planning import design
from jupyter_2i2c.replicate.verify import kubernetes

from . import k8s_hub

OF_CLOUDS = """
  proxy:
    service:
      loadBalancerIP: 203.0.113.9
      annotations:
        service.beta.kubernetes.io/aws-load-balancer-type: nlb
        service.beta.kubernetes.io/azure-load-balancer-internal: "true"
        prometheus.io/scrape: "true"
  ingress:
    ingressClassName: alb
    annotations:
      alb.ingress.kubernetes.io/certificate-arn: arn:aws:acm:us-west-2:123456789012:certificate/old
      kubernetes.io/ingress.class: gce-internal
      cert-manager.io/cluster-issuer: letsencrypt-prod
  scheduling:
    userPods:
      nodeAffinity:
        matchNodePurpose: prefer
  singleuser:
    extraAnnotations:
      cloud.google.com/neg: '{"ingress": true}'
    nodeSelector:
      karpenter.sh/capacity-type: spot
      example.org/pool: large
      kubernetes.io/arch: amd64
    extraTolerations:
      - {key: kubernetes.azure.com/scalesetpriority, operator: Exists, effect: NoSchedule}
    extraNodeAffinity:
      required:
        - matchExpressions:
            - {key: cloud.google.com/gke-spot, operator: In, values: ["true"]}
            - {key: topology.kubernetes.io/zone, operator: In, values: [us-west-2b, us-west-2c]}
            - {key: example.org/pool, operator: NotIn, values: [core]}
    extraEnv:
      AWS_DEFAULT_REGION: us-west-2
      SCRATCH_BUCKET:"""

VOLUMES = """
    storage:
      extraVolumes:
        01-disk: {name: disk, awsElasticBlockStore: {volumeID: vol-0a1b2c}}
        02-share: {name: share, csi: {driver: efs.csi.aws.com, volumeHandle: fs-0f9e8d}}
        03-bucket: {name: bucket, csi: {driver: csi.example.org, volumeAttributes: {bucketName: north-data}}}
      extraVolumeMounts:"""

GONE = (
    "203.0.113.9", "service.beta.kubernetes.io", "alb.ingress", "arn:aws", "cloud.google.com/neg", ": alb\n",
    "gce-internal", ": spot", "us-west-2", "vol-0a1b2c", "efs.csi.aws.com", "fs-0f9e8d", "north-data",
)  # fmt: skip
"""What belongs to clouds."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    text = k8s_hub.HUB
    for before, after in (
        ("\n  singleuser:\n    extraEnv:\n      SCRATCH_BUCKET:", OF_CLOUDS),
        ("\n    storage:\n      extraVolumeMounts:", VOLUMES),
    ):
        assert before in text
        text = text.replace(before, after)
    return k8s_hub.source(tmp_path_factory.mktemp("repository"), hub=text)


@pytest.fixture(scope="module")
def built(hub, tmp_path_factory) -> Path:
    return k8s.build(hub, tmp_path_factory.mktemp("built") / "built").directory


def test_nothing_of_it_stands_in_what_is_built(built):
    every = "".join(path.read_text() for path in sorted(built.rglob("*.yaml")))
    # a placeholder's name may tell what it was
    every = re.sub(r"replace-me-\S+", "", every)
    assert [each for each in GONE if each in every] == []
    values = yaml.safe_load((built / "values.yaml").read_text())
    # what every Kubernetes reads stays
    assert values["proxy"]["service"] == {"annotations": {"prometheus.io/scrape": "true"}}
    assert values["ingress"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt-prod"
    selector = values["singleuser"]["nodeSelector"]
    assert selector["example.org/pool"] == "large"
    assert selector["kubernetes.io/arch"] == "amd64"
    required = values["singleuser"]["extraNodeAffinity"]["required"][0]["matchExpressions"]
    assert [each["values"] for each in required] == [
        ["replace-me-gke-spot-true"],
        ["replace-me-zone-us-west-2b", "replace-me-zone-us-west-2c"],
        ["core"],
    ]
    volumes = values["singleuser"]["storage"]["extraVolumes"]
    assert volumes["03-bucket"]["csi"]["driver"] == "csi.example.org"
    # one for a taint that no node has keeps nothing from anywhere
    assert values["singleuser"]["extraTolerations"][0]["key"].startswith("kubernetes.azure.com/")


def test_the_plan_and_the_readme_say_what_became_of_each(hub, built):
    plan = design(hub).plan
    left_out = {
        step.id: [pointer(each.path) for each in step.changes]
        for step in plan.of_kind("left-out")
        if all(len(each.path) > 1 for each in step.changes) and step.changes
    }
    assert left_out == {
        "left-out:loadBalancerIP": ["/jupyterhub/proxy/service/loadBalancerIP"],
        **{
            f"left-out:{name}": [f"/jupyterhub/{place}/{name.replace('/', '~1')}"]
            for place, name in (
                ("proxy/service/annotations", "service.beta.kubernetes.io/aws-load-balancer-type"),
                ("proxy/service/annotations", "service.beta.kubernetes.io/azure-load-balancer-internal"),
                ("ingress/annotations", "alb.ingress.kubernetes.io/certificate-arn"),
                ("singleuser/extraAnnotations", "cloud.google.com/neg"),
            )
        },
    }  # fmt: skip
    assert all(step.action for step in plan.of_kind("left-out") if step.id in left_out)
    told = {step.id.removeprefix("placeholder:replace-me-") for step in plan.of_kind("placeholder")}
    assert told >= {
        "ingress-class-alb", "ingress-class-gce-internal", "capacity-type-spot", "gke-spot-true",
        "zone-us-west-2b", "zone-us-west-2c", "volume-vol-0a1b2c", "volume-driver-efs.csi.aws.com",
        "volume-fs-0f9e8d", "volume-north-data", "account-us-west-2",
    }  # fmt: skip
    readme = (built / "README.md").read_text()
    assert "aws-load-balancer-type: nlb" in readme
    assert "| `replace-me-ingress-class-alb` | `alb` |" in readme


def test_where_binderhub_puts_images_and_as_whom_is_to_be_decided_anew():
    binder = {
        "config": {
            "BinderHub": {
                "image_prefix": "registry.example.org/old-lab/north-",
                "use_registry": True,
            },
            "DockerRegistry": {
                "url": "https://registry.example.org",
                "username": "old-lab+builder",
            },
        },
        "buildPodsRegistryCredentials": {"username": "old-lab+builder"},
    }
    prefix, user = placeholders.Placeholders({"binderhub-service": binder}, "", "north")
    assert prefix.name == "replace-me-image-prefix-registry.example.org-old-lab-north"
    assert user.name == "replace-me-registry-user-old-lab-builder"
    assert [pointer(path) for path, _, _ in user.places] == [
        "/binderhub-service/config/DockerRegistry/username",
        "/binderhub-service/buildPodsRegistryCredentials/username",
    ]


def test_what_must_be_there_already_is_said(hub):
    needs = "\n".join(design(hub).plan.needs)
    assert "nodes labelled example.org/pool=large: pods ask for them" in needs
    assert "K8S_DIST of the ConfigMap basehub-cluster-info tells it gke" in needs
    # a placeholder says so, and every node has an architecture
    for told in ("ingress controller", "kubernetes.io/arch", "karpenter", "instance-type"):
        assert told not in needs


def test_v3_holds_and_sees_what_comes_back(hub, built, tmp_path):
    def v3():
        wanted = ["V1", "V2", "V3"]
        return kubernetes.climb(hub, built=built, chart=None, wanted=wanted, directory=tmp_path)[
            "V3"
        ]

    assert v3().status == "pass"
    path = built / "values.yaml"
    before = path.read_text()
    values = yaml.safe_load(before)
    values["proxy"]["service"]["annotations"][
        "service.beta.kubernetes.io/aws-load-balancer-type"
    ] = "nlb"
    path.write_text(yaml.safe_dump(values))
    try:
        rung = v3()
    finally:
        path.write_text(before)
    assert [name for name, each in rung.items.items() if each.status == "fail"] == [
        "values /proxy/service/annotations/service.beta.kubernetes.io~1aws-load-balancer-type"
    ]
