"""A deployments repository of invented hubs, with every habit that real ones have."""

import textwrap

import yaml

Z2JH = """
# the plain chart
global: {}
hub:
  config:
    JupyterHub:
      admin_access: true
      authenticator_class: dummy
  db:
    pvc:
      storage: 1Gi
  loadRoles: {}
  extraConfig: {}
  extraFiles: {}
  services: {}
  allowNamedServers: false
  nodeSelector: {}
singleuser:
  nodeSelector: {}
  defaultUrl:
  storage:
    type: dynamic
    extraVolumes: []
  cmd: jupyterhub-singleuser
  memory:
    limit:
    guarantee: 1G
cull:
  enabled: true
  timeout: 3600
  maxAge: 0
"""

UMBRELLA = """
nfs:
  enabled: false
  pv:
    mountOptions: [soft, noatime]
    serverIP: 10.0.0.1
jupyterhub-home-nfs:
  enabled: true
  eks:
    enabled: true
jupyterhub:
  cull:
    maxAge: 604800
  custom:
    auth:
      anonymizeUsername: false
    2i2c:
      add_staff_user_ids_to_admin_users: false
      add_staff_user_ids_of_type: ""
      staff_github_ids: [keeper-one, keeper-two]
      staff_google_ids: [keeper@operator.example]
  singleuser:
    storage:
      extraVolumes:
      - name: home
    memory:
      guarantee: 2G
  hub:
    services:
      hub-health:
        admin: true
    loadRoles:
      user:
        scopes: [self, "access:services!service=usage-quota"]
    extraConfig:
      03-add-staff-user-ids: |
        # who runs this hub
        c.Authenticator.admin_users = {"keeper-one"}
      05-hook: |
        def hook(spawner):
            # a reason
            spawner.environment["A"] = "b"  # why
        c.Spawner.pre_spawn_hook = hook
"""

JSONNET = """
local hub = std.extVar('VARS_2I2C_HUB_NAME');
local config = {
  jupyterhub: {
    ingress: { hosts: [std.extVar('VARS_2I2C_HUB_DOMAIN')] },
    singleuser: { nodeSelector: { '2i2c/hub-name': hub } },
    custom: {
      given: [
        std.extVar('VARS_2I2C_CLUSTER_NAME'),
        std.extVar('VARS_2I2C_PROVIDER'),
        std.extVar('VARS_2I2C_ACCOUNT_ID'),
      ],
    },
  },
};
if std.splitLimitR(std.thisFile, '/', 3)[2] == 'daskhub' then { basehub: config } else config
"""

CHART = """
apiVersion: v2
name: basehub
version: "0.1.0"
dependencies:
- name: jupyterhub
  version: 4.3.3
  repository: https://charts.example/
- name: jupyterhub-home-nfs
  version: 1.2.0
  repository: https://charts.example/nfs
  condition: jupyterhub-home-nfs.enabled
"""

DASKHUB = """
apiVersion: v2
name: daskhub
version: "0.1.0"
dependencies:
- name: basehub
  version: "0.1.0"
  repository: file://../basehub
"""

CLUSTER = """
name: sea
provider: aws
aws:
  account: 100000000001
  clusterName: sea-eks
  region: us-west-2
support:
  helm_chart_values_files: [support.values.yaml]
hubs:
- name: reef
  display_name: Reef
  domain: reef.example.org
  helm_chart: basehub
  helm_chart_values_files:
  - common.values.yaml
  - reef.values.yaml
  - enc-reef.secret.values.yaml
- name: lagoon
  display_name: Lagoon
  domain: lagoon.example.org
  helm_chart: daskhub
  helm_chart_values_files:
  - lagoon.values.yaml
  - enc-lagoon.secret.values.yaml
"""

COMMON = """
jupyterhub:
  custom:
    2i2c:
      add_staff_user_ids_to_admin_users: true
      add_staff_user_ids_of_type: github
  hub:
    config:
      JupyterHub:
        authenticator_class: github
      GitHubOAuthenticator:
        allowed_organizations: [reef-org, "operator:hub-access-for-operator-staff"]
      Authenticator:
        admin_users: [ada, keeper-one]
"""

REEF = """
jupyterhub:
  singleuser:
    memory:
      guarantee:
    nodeSelector:
      node.kubernetes.io/instance-type:
  hub:
    loadRoles:
      user:
        scopes: [self]
    extraConfig:
      10-own: |
        c.JupyterHub.template_vars = {"a": 1}  # ask ada@reef.example
"""

ENCRYPTED = """
jupyterhub:
  hub:
    config:
      GitHubOAuthenticator:
        client_id: {e}
        client_secret: {e}
  imagePullSecret:
    create: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:bool]
sops:
  mac: {e}
  version: 3.10.2
""".replace("{e}", "ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]")

LAGOON = """
basehub:
  jupyterhub:
    hub:
      allowNamedServers: true
dask-gateway:
  gateway: {}
"""


def nested(text):
    """The same values below ``basehub:``; what is sops' own stays outside."""
    own, _, sops = text.partition("sops:\n")
    inside = textwrap.indent(own.strip("\n"), "  ")
    return f"basehub:\n{inside}\n" + (f"sops:\n{sops}" if sops else "")


FILES = {
    "config/clusters/sea/cluster.yaml": CLUSTER,
    "config/clusters/sea/support.values.yaml": "prometheus: {}\n",
    "config/clusters/sea/common.values.yaml": COMMON,
    "config/clusters/sea/reef.values.yaml": REEF,
    "config/clusters/sea/enc-reef.secret.values.yaml": ENCRYPTED,
    "config/clusters/sea/lagoon.values.yaml": LAGOON,
    "config/clusters/sea/enc-lagoon.secret.values.yaml": nested(ENCRYPTED),
    "helm-charts/basehub/Chart.yaml": CHART,
    "helm-charts/basehub/values.yaml": UMBRELLA,
    "helm-charts/basehub/values.jsonnet": JSONNET,
    "helm-charts/daskhub/Chart.yaml": DASKHUB,
    "vendored/jupyterhub-4.3.3/values.yaml": Z2JH,
}


def update(top, files):
    """Write files into a repository; a path to None removes it."""
    for path, text in files.items():
        place = top / path
        if text is None:
            place.unlink(missing_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())


def write(top, files=None):
    """Write the repository; `files` are other contents by path, None for none.

    Returns:
        Its directory.
    """
    update(top, {**FILES, **(files or {})})
    (top / "helm-charts/daskhub/values.jsonnet").symlink_to("../basehub/values.jsonnet")
    return top


def with_reef(values):
    """The files, with other values of the hub `reef`; a mapping or YAML."""
    text = values if isinstance(values, str) else yaml.safe_dump(values, sort_keys=False)
    return {"config/clusters/sea/reef.values.yaml": text}
