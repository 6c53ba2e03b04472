"""What the guide says of a hub that was read from the repository it is deployed from. Called by the package's `guide`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from ..bundle import Bundle
from ..importers.bundled import source_of
from ..importers.source import CHART, HubSource, SecretSlot, at, leaves
from ..lint.all_rules import lint
from ..lint.images import images_of
from ..lint.subject import Subject
from ..manifest import Manifest
from ..plan import KINDS
from ..report_text import plain
from ..targets.k8s.planning import ACCOUNTS_REGISTRY, Design, design
from . import community
from .community import PYTHON
from .content import Guide, Row, Stage
from .opening import COMPARES, COPIES, first_stage, named

HIDDEN = ("code", "configuration", "setting", "unknown")
"""Kinds of slots that hold more, or less, than a credential."""

OF_SECRETS = ("hidden-behaviour", "setting-in-secret-file")

CLOUDS = {
    "aws": "Amazon Web Services",
    "gcp": "Google Cloud",
    "azure": "Microsoft Azure",
    "kubeconfig": "a cluster that was made elsewhere",
}

CHARTS = {
    "jupyterhub-home-nfs": ("a file server for the home directories, with quotas",
                            "https://github.com/2i2c-org/jupyterhub-home-nfs"),
    "dask-gateway": ("Dask clusters that people start", "https://gateway.dask.org/"),
    "binderhub-service": ("building of images that people ask for", "https://github.com/2i2c-org/binderhub-service"),
    "jupyterhub-groups-exporter": ("metrics by group",
                                   "https://github.com/2i2c-org/jupyterhub-groups-exporter"),
}  # fmt: skip
"""What the charts beside the hub are for, and where they are described."""

UNRELEASED = ":set-by-chartpress"
"""What stands for the tag of an image in a chart that is not published yet."""

FORGOTTEN_PLACES = "grep -rn --include='*.yaml' replace-me- for-kubernetes"
FORGOTTEN_SECRETS = "grep -rnE --include='*.yaml' '<secret:[A-Z]' for-kubernetes"

NODES = "hub.jupyter.org/node-purpose"
"""The label by which z2jh's pods choose nodes."""

CLUSTER = "Who runs the cluster"
LOGIN = "Who knows the login"
IMAGES = "Who looks after the images"


def guide_of(bundle: Bundle) -> Guide:
    """All of it.

    Arguments:
        bundle: the hub.

    Raises:
        ReplicateError: it holds no such hub, or is not as it was written.
    """
    source = source_of(bundle)
    planned = design(source)
    found = lint(source)
    manifest = bundle.manifest()
    told = Told(source, planned, manifest)
    # what is hidden has a table of its own
    known = [each for each in found.findings if each.id not in OF_SECRETS]
    loud = [each for each in known if each.severity != "note"]
    slots = _slots(source)
    return Guide(
        hub=source.hub.display_name or source.name,
        about=tuple(told.about()),
        targets=tuple(told.targets()),
        questions=tuple(told.questions()),
        places=tuple(
            (f"`{each.was}`", each.what, each.how, f"`{each.name}`")
            for each in planned.placeholders
        ),
        people=tuple(told.people()),
        skills=tuple(told.skills()),
        ask=tuple(told.ask()),
        stages=tuple(told.stages(bundle)),
        secrets=tuple(_secret(each) for each in slots if each.kind not in HIDDEN)
        + tuple(_templates(planned)),
        hidden=tuple(_secret(each) for each in slots if each.kind in HIDDEN),
        findings=tuple(
            (each.severity, f"`{each.where} {each.pointer}`", each.message, each.mend)
            for each in loud
        ),
        notes=len(known) - len(loud),
        different=tuple(
            (each.what, each.why)
            for kind in KINDS
            if kind not in ("placeholder", "secret")
            for each in planned.plan.of_kind(kind)
        )
        + tuple((each.what, each.why) for each in manifest.transforms),
    )


def _slots(source: HubSource) -> list[SecretSlot]:
    """Each that must be filled, once; what others issue first, because it takes longest."""
    unique = {each.name: each for each in source.secrets if each.effective}
    return sorted(unique.values(), key=lambda each: (each.issued_by == "you", each.kind, each.name))


def _secret(slot: SecretSlot) -> Row:
    where = f"{slot.where} {slot.pointer}"
    return (f"`{slot.name}`", slot.what, slot.issued_by, slot.how, f"`{where}`")


def _templates(planned: Design) -> Iterator[Row]:
    """Secrets that the old operator made beside the chart."""
    for each in planned.secrets:
        name = each["metadata"]["name"]
        for key in each["stringData"]:
            yield (f"`{key}` of the Secret `{name}`", "stood in no file of the hub", "you, or what it is for",
                   f"fill in `secrets/{name}.yaml` of what was built", "the old cluster")  # fmt: skip


class Told:
    """What is said of one hub.

    Arguments:
        source: it.
        planned: what it becomes.
        manifest: of its bundle.
    """

    def __init__(self, source: HubSource, planned: Design, manifest: Manifest) -> None:
        self.source = source
        self.planned = planned
        self.manifest = manifest
        self.staff = any(each.id.startswith("login:staff") for each in manifest.items)
        self.values: Mapping[str, object] = source.values.get(CHART) or {}
        named_images = {image for _, image in images_of(Subject(source))}
        # the chart names the rest itself, when it is published
        self.images = sorted(each for each in named_images if not each.endswith(UNRELEASED))
        self.code = [each for each in source.code.values() if each.own]
        self.login = str(
            at(self.values, ("hub", "config", "JupyterHub", "authenticator_class")) or "not known"
        )
        self.homes = any(each["kind"] == "PersistentVolume" for each in planned.objects)
        self.hidden = [each for each in _slots(source) if each.kind in ("code", "configuration")]
        self.buckets = [each for each in planned.placeholders if "bucket" in each.name]

    def about(self) -> Iterator[Row]:
        """What is known of the hub as it runs now."""
        hub = self.source.hub
        cluster = f" of the cluster `{hub.cluster}`" if hub.cluster else ", captured where it runs"
        yield "hub", f"`{hub.name}`{cluster}"
        yield "address", f"`{hub.domain}`" if hub.domain else "not known"
        cloud = CLOUDS.get(hub.provider, hub.provider or "not known")
        yield "cloud", f"{cloud}, {hub.region}" if hub.region else cloud
        version = self.source.chart.get("version") or "of a version that is not known"
        yield "chart", f"`{CHART}` {version}, out of `{hub.helm_chart or CHART}`"
        if self.planned.charts:
            yield "charts beside it", ", ".join(f"`{each.name}`" for each in self.planned.charts)
        yield "login", f"`{self.login}`"
        yield "images", ", ".join(f"`{each}`" for each in self.images) or "none is named"
        yield "Python of its own", f"pieces: {len(self.code)}"
        yield (
            "commit of the repository",
            f"`{self.source.commit}`" if self.source.commit else "not known",
        )
        plan = self.planned.plan
        yield "to decide", f"values that belong to the old place: {len(self.planned.placeholders)}"
        yield (
            "to supply",
            f"places of secrets and of what was encrypted with them: {len(plan.of_kind('secret'))}",
        )
        yield "hidden", f"behaviour that is encrypted: {len(self.hidden)}"

    def targets(self) -> Iterator[Row]:
        """Where it can go."""
        yield (
            "any Kubernetes: `--target k8s`",
            "a cluster, its administrator, a login of your own",
            "what this guide describes: the plain chart of JupyterHub, with all objects around it",
        )
        lost = []
        if len(at(self.values, ("singleuser", "profileList")) or []) > 1:
            lost.append("the choice of servers")
        if self.images:
            lost.append("an image for each server")
        lost += [CHARTS[each.name][0] for each in self.planned.charts if each.name in CHARTS]
        takes = (
            "a Linux server, and a capture of the running hub: `jupyter 2i2c capture hub --record`"
        )
        if self.source.seen == "c":
            takes = "a Linux server, and a configuration of its own: this one asks for what only a pod has"
        yield (
            "one machine: `--target tljh` or `local`",
            takes,
            f"not from this bundle, and it would lose {', '.join(lost) or 'nothing that is seen here'}",
        )
        yield (
            "another operator",
            "a contract",
            "give them the bundle and this guide: secrets are taken out; names of people are in it if they were asked for",
        )

    def questions(self) -> Iterator[Row]:
        """What only people can decide."""
        hub = self.source.hub
        yield (
            "Who pays, and whose account is it?",
            f"the old operator's, at {CLOUDS.get(hub.provider, hub.provider or 'a place not known')}",
            "everything below: nothing can be made before",
        )
        yield from community.address(f"`{hub.domain or 'not known'}`")
        named_by = ", ".join(f"`{each}`" for each in self._names_of_people())
        yield community.login(
            f"`{self.login}`" + (f"; people are named by {named_by}" if named_by else "")
        )
        yield (
            "Who administers?",
            "the old operator's staff was taken out"
            if self.staff
            else "whom the values name; the old operator's staff may be among them",
            "administrators can read everybody's files; name your own before the start",
        )
        yield (
            "What becomes of people's files?",
            self._where_files_are(),
            "who copies them, when nobody may write, and who says so to people",
        )
        for each in self.buckets:
            yield (
                f"What becomes of the bucket `{each.was}`?",
                "of the old account",
                "moving data out of a cloud may cost money and days",
            )
        yield from community.afterwards()

    def people(self) -> Iterator[Row]:
        """Who is needed."""
        yield community.DECIDING
        charts = len(self.planned.charts) + 1
        yield (
            CLUSTER,
            "makes the cluster, installs, watches, renews, mends",
            f"charts: {charts}, objects: {len(self.planned.objects)}; and upgrades for as long as it runs",
        )
        yield LOGIN, "registers a new client, says who may log in", f"the login is `{self.login}`"
        if self.code or self.hidden:
            yield (
                PYTHON,
                "reads the hub's own code, and writes anew what is hidden",
                f"pieces of its own: {len(self.code)}, hidden: {len(self.hidden)}",
            )
        yield (
            IMAGES,
            "keeps copies, builds new ones, updates packages",
            f"images: {len(self.images)}",
        )
        yield community.HELPING

    def skills(self) -> Iterator[Row]:
        """What they must know."""
        yield "Kubernetes and Helm", "everything runs there", "https://z2jh.jupyter.org/"
        provider = self.source.hub.provider
        if provider in CLOUDS and provider != "kubeconfig":
            yield (
                CLOUDS[provider],
                "if you stay there; else the new cloud, for nodes, disks and rights",
                "https://z2jh.jupyter.org/en/stable/kubernetes/setup-kubernetes.html",
            )
        yield "JupyterHub", "users, roles, the culler", "https://jupyterhub.readthedocs.io/"
        if self.login.lower() not in ("dummy", "null", "tmp", "shared-password", "not known"):
            yield ("OAuth", f"the login `{self.login}`", "https://oauthenticator.readthedocs.io/")
        if self.code or self.hidden:
            yield (
                "Python", "code of this hub runs inside of it",
                "https://jupyterhub-kubespawner.readthedocs.io/",
            )  # fmt: skip
        if self._needs("cert-manager"):
            yield "cert-manager", "certificates", "https://cert-manager.io/docs/"
        if self.images:
            yield (
                "Container images",
                f"they age; there are {len(self.images)}",
                "https://repo2docker.readthedocs.io/",
            )
        for each in self.planned.charts:
            if each.name in CHARTS:
                yield f"the chart `{each.name}`", *CHARTS[each.name]
        yield "Prometheus and Grafana", "to see that it is well", "https://prometheus.io/docs/"

    def ask(self) -> Iterator[Row]:
        """What only the old operator can give."""
        for each in self.hidden:
            yield f"what `{each.name}` holds, without its credentials", each.what
        if not self._users_are_there():
            yield (
                "users, groups and administrators, from `/hub/api/users` and `/hub/api/groups`",
                "those that were added while it ran are in no file; it is personal data, and they must consent",
            )
        yield "a copy of the home directories, or a way to read them", "no bundle of a hub has them"
        for bucket in self.buckets:
            yield f"read access to `{bucket.was}`", "it belongs to the old account"
        registries = {match[0] for each in self.images if (match := ACCOUNTS_REGISTRY.match(each))}
        for registry in sorted(registries):
            yield f"the images at `{registry}`", "it is the registry of one account"
        if self.source.hub.domain:
            yield (
                f"the name `{self.source.hub.domain}`, or a redirection from it for some months",
                "people have links to it",
            )
        if page := self._home_page():
            yield f"a copy of the home page, {page}", "it is fetched from there at every start"
        yield community.PRICE
        yield community.SWITCHED_OFF

    def stages(self, bundle: Bundle) -> Iterator[Stage]:
        """The way, in order."""
        name = named(bundle.top)
        yield first_stage(bundle, CLUSTER)
        yield community.decide()
        yield Stage(
            "Make the place", CLUSTER,
            ("These must be there before the hub can start:",),
            (*self._labelling(), "kubectl get nodes --show-labels", "kubectl get storageclass,ingressclass"),
            "each of them is there", self.planned.plan.needs,
        )  # fmt: skip
        yield Stage(
            "Get the secrets", LOGIN,
            ("The table of secrets says who issues each; begin with what others must issue.",),
            (), "none is missing, and they are kept where secrets are kept",
        )  # fmt: skip
        if self.images:
            yield Stage(
                "Keep the images", IMAGES,
                (("Each into a registry of yours, while you can fetch it; what is at another account may be gone"
                 " tomorrow. Write the digest down: it says to the byte which image it was."),),
                ("skopeo copy --all docker://IMAGE docker://YOUR-REGISTRY/NAME:TAG",
                 "skopeo inspect --format '{{.Digest}}' docker://YOUR-REGISTRY/NAME:TAG"),
                "each of these is in a registry of yours, or you know who keeps it",
                tuple(f"`{each}`" for each in self.images),
            )  # fmt: skip
        yield Stage(
            "Build", CLUSTER,
            ("Nothing of the bundle is executed by this.",),
            (f"jupyter 2i2c plan {name} --target k8s", f"jupyter 2i2c build {name} --target k8s -o for-kubernetes",
             f"jupyter 2i2c verify {name} --built for-kubernetes --up-to V3"),
            "verify names no blocker up to V3",
        )  # fmt: skip
        yield Stage(
            "Fill in", CLUSTER,
            ("Put your values in place of these words, in a repository of your own; the secrets not.",
             "Mend the mistakes that are listed below, or decide that they stay."),
            (FORGOTTEN_PLACES, FORGOTTEN_SECRETS),
            "neither finds anything, and each list of people has its names", tuple(self._names_to_give()),
        )  # fmt: skip
        if self.code or self.hidden:
            yield Stage(
                "Read the code", PYTHON,
                (f"It is in `data/hub/extraConfig` of the bundle; {len(self.code)} of the pieces are the hub's own.",
                 "See what each reaches: addresses, names, packages of the hub's image."),
                (), "somebody of yours can say what each does",
            )  # fmt: skip
        if fetching := self._fetching():
            yield Stage(
                "Compare what the hub will do", CLUSTER,
                ("The chart's own code is executed in a sandbox, with the old values and with yours.",
                 "What could not be run here is named; it needs packages of the hub's image."),
                (fetching, f"jupyter 2i2c verify {name} --built for-kubernetes --chart {CHART} --up-to V4"),
                "verify names no blocker but what you changed on purpose",
            )  # fmt: skip
        yield Stage(
            "Start", CLUSTER,
            ("`for-kubernetes/README.md` has every command with names and versions, and a dry run before.",),
            ("kubectl kustomize for-kubernetes",),
            "the hub answers at its new address, and one administrator can log in",
        )  # fmt: skip
        if community.has_announcements(self.manifest):
            namespace = shlex.quote(self.source.name)
            yield Stage(
                "Restore the announcements", CLUSTER,
                ("Where the hub's image has jupyter_2i2c, and its service runs beside the hub.",
                 "What was for groups whose names were left out is named, to be published anew."),
                ((f"kubectl exec --stdin --namespace {namespace} deployment/hub -- jupyter 2i2c announce restore -"
                  f" < {name}/data/hub/announcements.json"),),
                "`jupyter 2i2c announce list` in the same place names them",
            )  # fmt: skip
        if community.has_people(self.manifest):
            yield community.enter_people(CLUSTER, name)
        yield community.compare_running(CLUSTER, name, "for-kubernetes")
        yield Stage(
            "Try it", IMAGES,
            (f"Two people who are no administrators log in, and start each kind of server ({self._profiles()}).",
             "They run a notebook of theirs, stop, and find their files again."),
            (), "each kind of server has run a notebook",
        )  # fmt: skip
        yield community.back_up(
            CLUSTER, "the hub's database, your values and secrets, and the home directories"
        )
        yield community.tell()
        yield Stage(
            "Move the data", CLUSTER,
            ("Once beforehand, and once more when nobody may write any more; compare checksums.",
             "Names of directories must be those that the new login gives people. `OLD` and `NEW` are where both are mounted.",
             "Directories that are shared stand beside them, and come along; a bucket is copied with your cloud's own tool."),
            (COPIES, COMPARES), "the second line names nothing",
        )  # fmt: skip
        yield community.change_address(
            CLUSTER, (f"kubectl get ingress --namespace {self.source.name}",)
        )
        yield community.stay()
        yield community.close()
        yield community.keep(
            CLUSTER, "Watch it, renew its certificate, and upgrade the chart with every release."
        )

    def _fetching(self) -> str:
        """How the plain chart is fetched; empty where nobody knows from where."""
        chart = self.planned.hub
        if not chart.repository or not chart.version or chart.repository.startswith("oci:"):
            return ""
        repository = shlex.quote(plain(chart.repository))
        return f"helm pull {chart.name} --repo {repository} --version {chart.version} --untar"

    def _needs(self, word: str) -> bool:
        """Whether something of this name must be there before the hub."""
        return any(word in each for each in self.planned.plan.needs)

    def _labelling(self) -> Iterator[str]:
        if self._needs(NODES):
            for purpose in ("core", "user"):
                yield f"kubectl label nodes NODE {NODES}={purpose}"

    def _where_files_are(self) -> str:
        if at(self.values, ("singleuser", "storage", "type")) == "none" and not self.homes:
            return "nowhere, as far as the values tell: servers keep nothing"
        return "on a file server of the old cluster" if self.homes else "in the old cluster"

    def _names_of_people(self) -> list[str]:
        """What of an account at the login becomes a person's name on the hub."""
        config = at(self.values, ("hub", "config")) or {}
        found = {
            str(value) for path, value in leaves(config) if path and path[-1] == "username_claim"
        }
        return sorted(found)

    def _home_page(self) -> str:
        told = at(self.values, ("custom", "homepage")) or {}
        address, branch = told.get("gitRepoUrl"), told.get("gitRepoBranch")
        return f"`{address}`, branch `{branch}`" if address else ""

    def _names_to_give(self) -> Iterator[str]:
        """Lists of people that are empty in what is built."""
        for each in self.manifest.items:
            # others are lists of the hub's API, which have no place in values
            in_values = each.id.startswith("people:/")
            if each.status == "policy-excluded" and in_values:
                place = each.id.partition(":")[2].removeprefix(f"/{CHART}")
                yield f"names at `{place}` of `values.yaml`: {each.action_needed}"
        config = at(self.values, ("hub", "config")) or {}
        known = [path for path, value in leaves(config) if "admin_users" in path and value]
        left_out = any(each.id.endswith("/admin_users") for each in self.manifest.items)
        if not known and not left_out:
            yield (
                "names at `/hub/config/Authenticator/admin_users` of `values.yaml`, where there are none:"
                " nobody administers the hub unless the login says so"
            )

        if self._users_are_there():
            yield (
                "administrators whom only the old database knew: `data/hub/users.json` of the bundle has them. Name"
                " yours at `/hub/config/Authenticator/admin_users` of `values.yaml`, not the old operator's staff;"
                " everybody else is entered when the hub runs"
            )

    def _users_are_there(self) -> bool:
        """Whether the hub's API was asked for people, with their consent."""
        return any(
            each.id == "people:users" and each.status == "captured" for each in self.manifest.items
        )

    def _profiles(self) -> int:
        return max(1, len(at(self.values, ("singleuser", "profileList")) or []))
