"""Whole hubs

Twenty-seven hubs of a deployments repository, each captured, planned, built for Kubernetes and verified to V3,
in two processes; then V4 of each, which executes a chart's own code twice, one after the other. The hubs
are of `BENCH_HUBS` (a checkout; with `BENCH_RENDERED` where there is no jsonnet), or else synthetic ones of
the size that real ones have; the chart is of `BENCH_CHART`, zero-to-jupyterhub-k8s as a checkout or
unpacked. Memory is the most that one process held.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.importers.bundled import bundle_of, source_of
from jupyter_2i2c.replicate.importers.checkout import Checkout
from jupyter_2i2c.replicate.importers.infrastructure import read_from
from jupyter_2i2c.replicate.targets import k8s
from jupyter_2i2c.replicate.verify import verify

from .environments import ROOT
from .figures import Figure, at_most

HUBS = 27
PROCESSES = 2
CREATED = "2026-01-31T12:00:00Z"


@dataclass(frozen=True)
class Checked:
    """What a process did.

    Attributes:
        highest: the highest rung of each hub, by its cluster and name.
        memory: bytes that it held at most.
    """

    highest: dict[str, str]
    memory: int


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".bench") as directory:
        scratch = Path(directory)
        place, rendered, kind = _repository(scratch / "repository")
        chart = _directory("BENCH_CHART")
        checkout = Checkout(place, rendered=rendered, chart=chart)
        hubs = checkout.hubs()[:HUBS]
        figures = _up_to_v3(place, rendered, chart, hubs, scratch, kind)
        return [*figures, *_v4(chart, hubs, scratch)]


def _up_to_v3(
    place: Path,
    rendered: Path | None,
    chart: Path | None,
    hubs: list[tuple[str, str]],
    scratch: Path,
    kind: str,
) -> list[Figure]:
    parts = [(place, rendered, chart, hubs[n::PROCESSES], scratch) for n in range(PROCESSES)]
    begin = time.perf_counter()
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, fresh) as pool:
        done = list(pool.map(check, parts))
    took = time.perf_counter() - begin
    highest = {name: rung for each in done for name, rung in each.highest.items()}
    reached = sum(each.startswith("V3") for each in highest.values())
    memory = max(each.memory for each in done) / 2**20
    return [
        at_most(
            f"{len(hubs)} {kind} hubs captured, built and verified to V3, on {PROCESSES} cores",
            took,
            10,
            " s",
        ),
        Figure("of them, V3 is reached by", f"{reached}", str(len(hubs)), reached == len(hubs)),
        at_most("memory of a process, at most", memory, 500, " MiB"),
    ]


def check(part: tuple[Path, Path | None, Path | None, list[tuple[str, str]], Path]) -> Checked:
    """Take some hubs to V3, as the commands do one after the other."""
    place, rendered, chart, hubs, scratch = part
    checkout = Checkout(place, rendered=rendered, chart=chart)
    highest = {}
    for cluster, hub in hubs:
        bundle = scratch / f"{cluster}-{hub}"
        bundle_of(read_from(checkout, cluster, hub), bundle, created=CREATED)
        built = scratch / f"{cluster}-{hub}.built"
        with opened(bundle) as whole:
            k8s.build(source_of(whole), built)
        highest[f"{cluster}/{hub}"] = verify(bundle, built=built, chart=chart, up_to="V3").highest
    return Checked(highest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _v4(chart: Path | None, hubs: list[tuple[str, str]], scratch: Path) -> list[Figure]:
    if chart is None:
        return [Figure("V4 of a hub", "not measured: BENCH_CHART names no chart", "at most 4 s")]
    seconds, passed = [], 0
    for cluster, hub in hubs:
        bundle, built = scratch / f"{cluster}-{hub}", scratch / f"{cluster}-{hub}.built"
        begin = time.perf_counter()
        verification = verify(bundle, built=built, chart=chart, up_to="V4")
        seconds.append(time.perf_counter() - begin)
        passed += verification.rungs["V4"].status == "pass"
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        at_most(
            "a hub verified to V4, the slowest",
            max(seconds),
            4,
            " s",
            f" (median {statistics.median(seconds):.1f} s)",
        ),
        Figure("of them, V4 passes for", f"{passed}", str(len(hubs)), passed == len(hubs)),
        at_most("memory of what executes a configuration, at most", children, 500, " MiB"),
    ]


def _directory(variable: str) -> Path | None:
    return Path(os.environ[variable]) if os.environ.get(variable) else None


def _repository(top: Path) -> tuple[Path, Path | None, str]:
    """A checkout, its computed layers, and what kind of hubs it has."""
    given = _directory("BENCH_HUBS")
    if given is not None:
        return given, _directory("BENCH_RENDERED"), "given"
    for name, text in _synthetic().items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return top, top / "rendered", "synthetic"


def _synthetic() -> dict[str, str]:
    """Three clusters of nine hubs below one umbrella chart; each has some 700 values and ten pieces of Python."""
    files = {
        "charts/basehub/Chart.yaml": UMBRELLA_CHART,
        "charts/basehub/values.yaml": UMBRELLA + _code(10),
        "charts/jupyterhub-4.3.3/values.yaml": DEFAULTS,
    }
    for cluster in ("north", "east", "west"):
        listed = ""
        for number in range(HUBS // 3):
            name = f"hub-{number}"
            listed += HUB_ENTRY.format(name=name, cluster=cluster)
            files[f"clusters/{cluster}/{name}.values.yaml"] = HUB.format(name=name) + _profiles(8)
            files[f"clusters/{cluster}/enc-{name}.secret.values.yaml"] = ENCRYPTED
            files[f"rendered/{cluster}/{name}.values.yaml"] = COMPUTED.format(name=name)
        files[f"clusters/{cluster}/cluster.yaml"] = CLUSTER.format(name=cluster) + listed
    return files


def _code(pieces: int) -> str:
    lines = ["    extraConfig:"]
    for number in range(pieces):
        lines += [f"      {number:02}-piece: |", f"        def hook_{number}(spawner):"]
        lines += [f"            spawner.environment['A_{each}'] = '{each}'" for each in range(40)]
        lines += [f"        c.Piece{number}.hook = hook_{number}"]
    return "\n".join(lines) + "\n"


def _profiles(count: int) -> str:
    lines = ["    profileList:"]
    for number in range(count):
        lines += [f"      - display_name: Size {number}", "        profile_options:", "          image:",
                  "            display_name: Image", "            choices:"]  # fmt: skip
        for choice in range(8):
            lines += [f"              {choice:02}-image:", f"                display_name: Image {choice}",
                      "                kubespawner_override:",
                      f"                  image: example.org/image-{choice}:2026.01.{choice + 1:02}"]  # fmt: skip
        lines += ["        kubespawner_override:", f"          mem_limit: {number + 1}G",
                  f"          mem_guarantee: {number + 1}G"]  # fmt: skip
    return "\n".join(lines) + "\n"


UMBRELLA_CHART = """\
apiVersion: v2
name: basehub
version: 0.1.0
dependencies:
  - {name: jupyterhub, version: 4.3.3, repository: "https://hub.jupyter.org/helm-chart/"}
"""

DEFAULTS = """\
hub:
  config: {JupyterHub: {admin_access: true, authenticator_class: dummy}}
  db: {type: sqlite-pvc}
  services: {}
  loadRoles: {}
  extraEnv: {}
  extraConfig: {}
  serviceAccount: {create: true, name: }
cull: {enabled: true, timeout: 3600, every: 600, concurrency: 10, maxAge: 0}
proxy: {secretToken: , service: {type: LoadBalancer}}
singleuser:
  image: {name: quay.io/jupyterhub/k8s-singleuser-sample, tag: "4.3.3"}
  memory: {guarantee: 1G, limit: }
  nodeSelector: {}
  storage: {type: dynamic, extraVolumes: [], extraVolumeMounts: []}
  profileList: []
  networkPolicy: {enabled: true}
ingress: {enabled: false, hosts: []}
scheduling: {podPriority: {enabled: false}}
"""

UMBRELLA = """\
nfs:
  enabled: false
  pv: {mountOptions: [soft], baseShareName: /}
jupyterhub-home-nfs: {enabled: false}
dask-gateway: {enabled: false}
jupyterhub:
  custom:
    homepage: {gitRepoUrl: "https://example.org/pages", gitRepoBranch: main}
  singleuser:
    serviceAccountName: user-sa
    extraEnv: {A: b}
  hub:
    services: {usage: {url: "http://hub:9000"}}
    loadRoles:
      user: {scopes: [self, "access:services!service=usage"]}
"""

HUB = """\
jupyterhub:
  hub:
    config:
      JupyterHub: {{authenticator_class: github}}
      GitHubOAuthenticator: {{allowed_organizations: ["{name}-org"], scope: ["read:org"]}}
  singleuser:
    defaultUrl: /lab
    memory: {{limit: 2G, guarantee: 2G}}
    nodeSelector: {{node.kubernetes.io/instance-type: n2-highmem-4}}
"""

ENCRYPTED = """\
jupyterhub:
  hub:
    config:
      GitHubOAuthenticator:
        client_id: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
        client_secret: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
sops: {version: 3.9.0, mac: "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"}
"""

COMPUTED = """\
jupyterhub:
  hub:
    config:
      OAuthenticator: {{oauth_callback_url: "https://{name}.example.org/hub/oauth_callback"}}
  ingress: {{enabled: true, hosts: ["{name}.example.org"]}}
userServiceAccount: {{enabled: true}}
"""

CLUSTER = """\
name: {name}
provider: gcp
gcp: {{project: example}}
hubs:
"""

HUB_ENTRY = """\
  - name: {name}
    display_name: "{name}"
    domain: {name}.{cluster}.example.org
    helm_chart: basehub
    helm_chart_values_files: [{name}.values.yaml, enc-{name}.secret.values.yaml]
"""
