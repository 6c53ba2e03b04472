"""A deployments repository of one umbrella chart and two hubs, written where a test asks for it."""

from jupyter_2i2c.replicate.importers.infrastructure import read

CHART = """\
hub:
  config:
    JupyterHub:
      admin_access: true
      authenticator_class: dummy
  db:
    type: sqlite-pvc
  services: {}
  loadRoles: {}
  extraEnv: {}
  extraConfig: {}
  serviceAccount:
    create: true
    name:
cull:
  enabled: true
  timeout: 3600
singleuser:
  image:
    name: quay.io/jupyterhub/k8s-singleuser-sample
    tag: "4.3.3"
  memory:
    guarantee: 1G
    limit:
  nodeSelector: {}
  networkPolicy:
    egressAllowRules:
      nonPrivateIPs: true
  storage:
    type: dynamic
    extraVolumes:
    extraVolumeMounts:
  profileList: []
ingress:
  enabled: false
scheduling:
  podPriority:
    enabled: false
fullnameOverride: ""
"""

SCHEMA = """\
$schema: http://json-schema.org/draft-07/schema#
type: object
additionalProperties: false
properties:
  custom: {type: object}
  fullnameOverride: {type: [string, "null"]}
  hub:
    type: object
    properties:
      config: {type: object}
      extraEnv: {type: [object, array]}
  cull: {type: object}
  imagePullSecret:
    type: object
    properties:
      create: {type: boolean}
  ingress: {type: object}
  scheduling: {type: object}
  singleuser:
    type: object
    properties:
      memory:
        type: object
        properties:
          limit: {type: [number, string, "null"]}
"""

UMBRELLA = """\
nfs:
  enabled: false
  dirsizeReporter:
    enabled: true
    reportTotalSize: false
  volumeReporter:
    enabled: false
  pv:
    mountOptions: [soft]
    baseShareName: /
nodePlaceholder:
  enabled: false
inClusterNFS:
  enabled: false
global: {}
dask-gateway:
  enabled: false
jupyterhub-home-nfs:
  enabled: true
  fullnameOverride: storage-quota
jupyterhub:
  custom:
    homepage:
      gitRepoUrl: https://example.org/pages
      gitRepoBranch: main
  singleuser:
    serviceAccountName: user-sa
    storage:
      type: static
      static:
        pvcName: home-nfs
      extraVolumeMounts:
        01-shared:
          name: home
          mountPath: /home/jovyan/shared
        02-rstudio:
          name: home
          mountPath: /home/rstudio
    memory:
      limit: 1G
  hub:
    config:
      UsageViewer:
        enable_compute: false
    extraEnv:
      K8S_DIST:
        valueFrom:
          configMapKeyRef:
            name: basehub-cluster-info
            key: K8S_DIST
      METRICS_USER:
        valueFrom:
          secretKeyRef:
            name: prometheus-auth
            key: username
    initContainers:
      - name: templates-clone
        image: example/git:2.40.1
        env:
          - name: GIT_REPO_URL
            valueFrom:
              configMapKeyRef:
                name: hub-custom-templates-config
                key: GIT_REPO_URL
    extraVolumes:
      - name: usage-quotas
        configMap:
          name: usage-quotas-config
    extraVolumeMounts:
      - name: usage-quotas
        mountPath: /usr/local/etc/jupyterhub/jupyterhub_config.d/quotas.py
        subPath: jupyterhub_usage_quotas_config.py
    services:
      usage-quota:
        url: http://hub:9000
      exporter: {}
    loadRoles:
      user:
        scopes:
          - self
          - access:services!service=usage-quota
      server:
        scopes:
          - self
      exporter:
        services: [exporter]
        scopes: [users]
    extraConfig:
      01-theme: |
        c.JupyterHub.template_paths = ["/srv/templates"]
      02-hooks: |
        from escapism_of_the_image import escape
        from kubespawner_of_the_image import KubeSpawner, setup

        class OwnSpawner(KubeSpawner):
            def start(self):
                return super().start()

        def welcome(authenticator, handler, model):
            return model if model["name"] != "mallory" else None

        c.JupyterHub.spawner_class = OwnSpawner
        c.Authenticator.post_auth_hook = welcome
        setup(c, escape("field"), limit=3)
"""

COMPUTED = """\
nfs:
  pv:
    serverIP: 10.0.0.9
jupyterhub:
  hub:
    config:
      OAuthenticator:
        oauth_callback_url: https://{hub}.example.org/hub/oauth_callback
  ingress:
    enabled: true
    hosts: [{hub}.example.org]
  singleuser:
    nodeSelector:
      node.kubernetes.io/instance-type: n2-highmem-4
userServiceAccount:
  enabled: true
  annotations:
    iam.gke.io/gcp-service-account: north-{hub}@example.iam.gserviceaccount.com
"""

HUB = """\
nfs:
  enabled: true
jupyterhub:
  hub:
    config:
      JupyterHub:
        authenticator_class: github
      Authenticator:
        admin_users: [ada]
  singleuser:
    extraEnv:
      SCRATCH_BUCKET: gs://north-scratch/$(JUPYTERHUB_USER)
    storage:
      extraVolumeMounts:
        02-rstudio:
    networkPolicy:
      egressAllowRules:
        nonPrivateIPs:
    profileList:
      - display_name: Small
        default: true
        kubespawner_override:
          image: example/image:2026.04.29
          mem_limit: 2G
          mem_guarantee: 2G
jupyterhub-home-nfs:
  gke:
    volumeId: projects/example/disks/north
"""

SECRET = """\
jupyterhub:
  hub:
    config:
      GitHubOAuthenticator:
        client_id: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
        client_secret: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
  imagePullSecret:
    create: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:bool]
sops:
  version: 3.9.0
  mac: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]
"""

CLUSTER = """\
name: north
provider: gcp
gcp:
  project: example
hubs:
  - name: field
    display_name: Field school
    domain: field.example.org
    helm_chart: basehub
    helm_chart_values_files: [field.values.yaml, enc-field.secret.values.yaml]
"""

VERSIONS = """\
apiVersion: v2
name: basehub
version: 0.1.0
dependencies:
  - name: jupyterhub
    version: 4.3.3
    repository: https://charts.example.org/
  - name: jupyterhub-home-nfs
    version: 1.2.0
    repository: oci://registry.example.org/home-nfs
"""

CONFIG = """\
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from tornado.httpclient import AsyncHTTPClient
from z2jh import get_config as get

AsyncHTTPClient.configure("tornado.curl_httpclient.CurlAsyncHTTPClient")
c = get_config()
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.KubeSpawner.mem_limit = get("singleuser.memory.limit")
c.KubeSpawner.profile_list = get("singleuser.profileList")
c.KubeSpawner.environment = get("singleuser.extraEnv", {})
c.JupyterHub.services = [{"name": "culler", "command": ["cull", f"--timeout={get('cull.timeout')}"]}]
for name, role in get("hub.loadRoles", {}).items():
    c.JupyterHub.load_roles.append({"name": name, **role})
for section, told in get("hub.config", {}).items():
    c[section].update(told)
directory = "/usr/local/etc/jupyterhub/jupyterhub_config.d"
for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
    exec(open(os.path.join(directory, name)).read())
for name, code in sorted(get("hub.extraConfig", {}).items()):
    exec(code)
"""

MODULE = """\
import yaml


def get_config(key, default=None):
    with open("/usr/local/etc/jupyterhub/secret/values.yaml") as file:
        value = yaml.safe_load(file)
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value
"""


def write(top, hub=HUB, umbrella=UMBRELLA, secret=SECRET, cluster=CLUSTER):
    """The repository, with any of its files in other words."""
    files = {
        "charts/basehub/Chart.yaml": VERSIONS,
        "charts/basehub/values.yaml": umbrella,
        "charts/jupyterhub-4.3.3/values.yaml": CHART,
        "charts/jupyterhub-4.3.3/values.schema.yaml": SCHEMA,
        "charts/jupyterhub-4.3.3/files/hub/jupyterhub_config.py": CONFIG,
        "charts/jupyterhub-4.3.3/files/hub/z2jh.py": MODULE,
        "clusters/north/cluster.yaml": cluster,
        "clusters/north/field.values.yaml": hub,
        "clusters/north/enc-field.secret.values.yaml": secret,
        "rendered/north/field.values.yaml": COMPUTED.format(hub="field"),
    }
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top


def source(top, **changed):
    """The hub of a repository that is written now."""
    write(top, **changed)
    return read(top, "north", "field", rendered=top / "rendered")


def changed(text, old, new):
    """A text with one place in other words, which must be there."""
    assert text.count(old) == 1, old
    return text.replace(old, new)
