"""The recipes' files meet the schemas of Kubernetes and of z2jh's chart, and what they name is there."""

import json
import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml
from traitlets.config import Config

from jupyter_2i2c.hub.app import HubService
from jupyter_2i2c.values import merge

from .conftest import PAGES, RECIPES, commands, documents

OLDEST_KUBERNETES = "1.28"
"""The oldest that z2jh 4.3.3 installs on."""

MANIFESTS = [
    (path, number)
    for path in ("deployment/service.yaml", "deployment/postgresql.yaml")
    for number in range(len(documents(path)))
]
VALUES = ("z2jh/values.yaml", "deployment/values.yaml")
SECRET = "jupyter-2i2c"


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
@pytest.mark.parametrize(("path", "number"), MANIFESTS)
def test_kubernetes_takes_every_object(path, number, version):
    kubernetes_validate.validate(documents(path)[number], version, strict=True)


def test_a_word_that_kubernetes_does_not_know_would_be_found(objects):
    deployment = json.loads(json.dumps(objects["Deployment", "jupyter-2i2c"]))
    deployment["spec"]["template"]["spec"]["containers"][0]["enviroment"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, OLDEST_KUBERNETES, strict=True)


@pytest.mark.parametrize("name", VALUES)
def test_z2jh_takes_the_values(name, corpus):
    chart = corpus / "charts" / "jupyterhub-4.3.3"
    schema = yaml.safe_load((chart / "values.schema.yaml").read_text("utf-8"))
    defaults = yaml.safe_load((chart / "values.yaml").read_text("utf-8"))
    (recipe,) = documents(name)
    validator = jsonschema.Draft7Validator(schema)
    assert list(validator.iter_errors(merge(defaults, recipe))) == []
    recipe["hub"]["networkPolicies"] = {}
    assert list(validator.iter_errors(merge(defaults, recipe)))


@pytest.mark.parametrize("name", VALUES)
def test_kubernetes_takes_what_the_chart_passes_on(name):
    """The chart's schema leaves rules and ports to Kubernetes."""
    (values,) = documents(name)
    for policy in (values["hub"]["networkPolicy"], values["proxy"]["chp"]["networkPolicy"]):
        rules = {way: policy[way] for way in ("ingress", "egress") if way in policy}
        check("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, **rules})
    check("v1", "Service", {"ports": values["hub"].get("service", {}).get("extraPorts", [])})


def check(version, kind, spec):
    whole = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    kubernetes_validate.validate(whole, OLDEST_KUBERNETES, strict=True)


# --- names --------------------------------------------------------------------------------------


def pods(objects):
    """Each workload's pod template."""
    return {
        name: one["spec"]["template"]
        for (kind, name), one in objects.items()
        if kind in ("Deployment", "StatefulSet")
    }


def labels_of_the_chart():
    """The pods that z2jh makes, as far as the recipes name them."""
    return [{"app": "jupyterhub", "component": each} for each in ("hub", "proxy")]


def keys_of_secrets():
    """The keys of each Secret: the chart's, for the services in the values, and what a command makes."""
    (values,) = documents("deployment/values.yaml")
    (create,) = [line for line in commands("deployment.md") if line[1:3] == ["create", "secret"]]
    assert create[4] == SECRET
    literals = [word.partition("=")[2] for word in create if word.startswith("--from-literal=")]
    return {
        "hub": {f"hub.services.{name}.apiToken" for name in values["hub"]["services"]},
        SECRET: {word.partition("=")[0] for word in literals},
    }


def test_every_secret_and_its_key_is_made_by_somebody(objects):
    made = keys_of_secrets()
    used = set()
    text = (PAGES / "deployment.md").read_text("utf-8")
    for pod in pods(objects).values():
        for container in pod["spec"]["containers"]:
            for each in container.get("env", []):
                reference = each.get("valueFrom", {}).get("secretKeyRef")
                if reference and reference.get("optional"):
                    assert f"--from-literal={reference['key']}=" in text
                elif reference:
                    used.add((reference["name"], reference["key"]))
        for volume in pod["spec"].get("volumes", []):
            if "secret" in volume:
                name = volume["secret"]["secretName"]
                used |= {(name, item["key"]) for item in volume["secret"]["items"]}
    assert used == {(name, key) for name, keys in made.items() for key in keys}


def test_every_mount_has_its_volume_and_every_volume_its_object(objects):
    for (kind, _), one in objects.items():
        if kind not in ("Deployment", "StatefulSet"):
            continue
        pod = one["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        claims = {each["metadata"]["name"] for each in one["spec"].get("volumeClaimTemplates", [])}
        volumes = {each["name"] for each in pod["volumes"]}
        assert {each["name"] for each in container["volumeMounts"]} == volumes | claims
        for volume in pod["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in objects


def test_services_lead_to_pods_that_listen(objects):
    (values,) = documents("deployment/values.yaml")
    listening = {}
    for (kind, name), service in objects.items():
        if kind != "Service":
            continue
        (pod,) = [
            each
            for each in pods(objects).values()
            if service["spec"]["selector"].items() <= each["metadata"]["labels"].items()
        ]
        (container,) = pod["spec"]["containers"]
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
            listening[port["name"]] = f"{name}:{port['port']}"
        for probe in ("livenessProbe", "readinessProbe"):
            if "httpGet" in container.get(probe, {}):
                assert container[probe]["httpGet"]["port"] in ports
    services = values["hub"]["services"]
    assert services["2i2c"]["url"] == f"http://{listening['api']}"
    assert services["2i2c-console"]["url"] == f"http://{listening['console']}"
    environment = environment_of(objects)
    assert listening["postgresql"] == f"{environment['PGHOST']['value']}:5432"
    for name, port in (("JUPYTERHUB_SERVICE_URL", "api"), ("JUPYTER_2I2C_CONSOLE_BIND", "console")):
        assert environment[name]["value"].rpartition(":")[2] == listening[port].rpartition(":")[2]


def test_the_services_file_sets_what_the_service_knows(objects):
    (text,) = objects["ConfigMap", "jupyter-2i2c"]["data"].values()
    for lines in (text, text.replace("# c.", "c.")):
        c = Config()
        exec(lines, {"c": c})
        assert list(c) == ["HubService"]
        assert set(c.HubService) <= set(HubService.class_trait_names(config=True))
    assert len(c.HubService) > 4  # with what is commented out


def environment_of(objects):
    (container,) = objects["Deployment", "jupyter-2i2c"]["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each for each in container["env"]}


def policies(objects):
    """Each rule of the network: whose it is, and which way."""
    for (kind, name), one in objects.items():
        if kind == "NetworkPolicy":
            for way, peers in (("ingress", "from"), ("egress", "to")):
                for rule in one["spec"][way]:
                    yield name, way, rule[peers], rule["ports"]


def test_network_policies_speak_of_pods_that_there_are(objects):
    labels = [
        *labels_of_the_chart(),
        *(pod["metadata"]["labels"] for pod in pods(objects).values()),
    ]
    for name, _, peers, _ in policies(objects):
        for peer in peers:
            if "podSelector" in peer:
                wanted = peer["podSelector"]["matchLabels"].items()
                assert any(wanted <= each.items() for each in labels), (name, wanted)
        chosen = objects["NetworkPolicy", name]["spec"]["podSelector"]["matchLabels"].items()
        assert any(chosen <= each.items() for each in labels)


def test_users_pods_reach_neither_the_service_nor_its_database_but_by_the_proxy(objects):
    user = {"app": "jupyterhub", "component": "singleuser-server"}
    user |= {"hub.jupyter.org/network-access-hub": "true"}
    for name, way, peers, _ in policies(objects):
        for peer in peers if way == "ingress" else []:
            assert set(peer) <= {"podSelector", "namespaceSelector"}, name
            if "podSelector" in peer:
                assert not peer["podSelector"]["matchLabels"].items() <= user.items()
            else:
                assert peer["namespaceSelector"]["matchLabels"]
    for name in VALUES:
        (values,) = documents(name)
        for rule in values["hub"]["networkPolicy"].get("ingress", []):
            for peer in rule["from"]:
                assert not peer["podSelector"]["matchLabels"].items() <= user.items()
        assert "allowedIngressPorts" not in values["hub"]["networkPolicy"]


def test_numbers_are_on_a_port_that_the_proxy_does_not_reach(objects):
    for name, way, peers, ports in policies(objects):
        if way == "ingress" and {"protocol": "TCP", "port": "operations"} in ports:
            assert not any("podSelector" in peer for peer in peers), name
    service = objects["Service", "jupyter-2i2c"]
    assert "operations" not in {each["name"] for each in service["spec"]["ports"]}


def test_pods_have_no_more_rights_than_they_need(objects):
    for pod in pods(objects).values():
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        for container in pod["spec"]["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


# --- images and pages ---------------------------------------------------------------------------


def test_images_install_what_the_package_offers(objects):
    project = Path(__file__).parents[2] / "pyproject.toml"
    text = project.read_text("utf-8").partition("[project.optional-dependencies]")[2]
    extras = set(re.findall(r"^(\w+) = \[", text.partition("\n[")[0], re.M))
    wanted = {"hub": {"hub"}, "service": {"hub", "postgresql"}, "user": set()}
    for image, expected in wanted.items():
        text = (RECIPES / "images" / f"{image}.Containerfile").read_text("utf-8")
        (installed,) = re.findall(
            r"pip install --no-cache-dir '?jupyter_2i2c(?:\[([\w,]*)\])?", text
        )
        found = set(filter(None, installed.split(",")))
        assert found == expected
        assert found <= extras
    service = (RECIPES / "images" / "service.Containerfile").read_text("utf-8")
    pod = objects["Deployment", "jupyter-2i2c"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert f"WORKDIR {container['workingDir']}" in service
    assert f"CMD {json.dumps([*container['command'], *container['args']])}" in service
    assert f"USER {pod['securityContext']['runAsUser']}" in service
    hub = (RECIPES / "images" / "hub.Containerfile").read_text("utf-8")
    for name in VALUES:
        assert f"k8s-hub:{documents(name)[0]['hub']['image']['tag']}" in hub


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_a_page_names_files_that_are_there(page):
    text = page.read_text("utf-8")
    shown = re.findall(r"\{literalinclude\} (\S+)", text)
    for name in shown:
        assert (page.parent / name).is_file(), name
    for line in commands(page.name):
        for word in line[1:]:
            if word.endswith((".yaml", ".Containerfile")) and not word.startswith("your"):
                assert (page.parent / word).is_file(), word


def test_every_file_is_shown_on_a_page():
    shown = {
        (PAGES / name).resolve()
        for page in PAGES.glob("*.md")
        for name in re.findall(r"\{literalinclude\} (\S+)", page.read_text("utf-8"))
    }
    assert {path for path in RECIPES.rglob("*") if path.is_file()} == shown
