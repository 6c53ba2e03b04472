"""How one cloud's own things are called in values of a hub. Called by placeholders.py, planning.py and evidence/ties.py.

Tolerations are not among them: one for a taint that no node has keeps nothing from anywhere.
"""

from __future__ import annotations

import re

NODE_LABELS = {
    "node.kubernetes.io/instance-type": "the kind of machine",
    "beta.kubernetes.io/instance-type": "the kind of machine",
    "2i2c/hub-name": "the nodes that are this hub's",
    "2i2c.org/community": "the nodes that are this community's",
    "cloud.google.com/gke-nodepool": "the pool of nodes",
    "cloud.google.com/gke-accelerator": "the kind of GPU",
    "eks.amazonaws.com/nodegroup": "the group of nodes",
    "alpha.eksctl.io/nodegroup-name": "the group of nodes",
    "kubernetes.azure.com/agentpool": "the pool of nodes",
    "agentpool": "the pool of nodes",
    "capi.stackhpc.com/node-group": "the group of nodes",
    "topology.kubernetes.io/zone": "the zone",
    "topology.kubernetes.io/region": "the region",
    "failure-domain.beta.kubernetes.io/zone": "the zone",
    "failure-domain.beta.kubernetes.io/region": "the region",
}
"""Labels of nodes that one cloud or operator sets, and what they tell apart."""

CLOUD_LABEL = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:eks\.amazonaws\.com|k8s\.aws|eksctl\.io|karpenter\.sh|cloud\.google\.com|kubernetes\.azure\.com"
    r"|digitalocean\.com|oraclecloud\.com|lke\.linode\.com|k8s\.ovh\.net|k8s\.scaleway\.com"
    r"|magnum\.openstack\.org|instance\.hetzner\.cloud)/.+"
)
"""Any other label that a cloud gives its nodes."""

OTHER_LABEL = "nodes by what one cloud says of them"

EVERYWHERE = ("kubernetes.io/os", "kubernetes.io/arch", "kubernetes.io/hostname")
"""Labels that every node has."""

SELECTORS = ("nodeSelector", "node_selector")
EXPRESSIONS = ("matchExpressions", "match_expressions")

IDENTITIES = {
    "eks.amazonaws.com/role-arn": "the role at AWS that pods take on",
    "iam.gke.io/gcp-service-account": "the service account at Google that pods take on",
    "azure.workload.identity/client-id": "the identity at Azure that pods take on",
    "azure.workload.identity/tenant-id": "the tenant at Azure that pods belong to",
}
"""Annotations that give pods an identity at a cloud."""

CLOUD_ANNOTATION = re.compile(
    r"service\.beta\.kubernetes\.io/(aws|azure|oci|do|openstack|linode|scw|ovh|gcp)-.*"
    r"|service\.kubernetes\.io/(ibm|qcloud)-.*|loadbalancer\.openstack\.org/.*|load-balancer\.hetzner\.cloud/.*"
    r"|(alb|gce)\.ingress\.kubernetes\.io/.*|appgw\.ingress\.kubernetes\.io/.*"
    r"|(beta\.)?cloud\.google\.com/(?!gke-(nodepool|accelerator)).*|networking\.gke\.io/.*"
    r"|ingress\.gcp\.kubernetes\.io/.*|kubernetes\.digitalocean\.com/.*"
)
"""Annotations by which one cloud's load balancers and the like are set; elsewhere nothing reads them."""

WITHOUT = (
    "do without; what your cloud needs goes into a file of values of yours, given to Helm last"
)
"""What to do about what is left out."""

LOAD_BALANCER = {
    "loadBalancerIP": "the address that a load balancer had",
    "loadBalancerClass": "what one cloud calls a kind of load balancer",
}
"""Settings of a Service that are left out, and what they are."""

INGRESS_CLASS = re.compile(
    r"alb|gce|gce-internal|azure/application-gateway|azure-application-gateway|azure-alb-external"
    r"|webapprouting\.kubernetes\.azure\.com|openstack|oci-.+|ibm-.+"
)
"""Classes of ingress controllers that one cloud runs."""

VOLUMES = {
    "awsElasticBlockStore": ("volumeID",),
    "gcePersistentDisk": ("pdName",),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("shareName",),
    "cinder": ("volumeID",),
    "csi": ("volumeHandle",),
    "volumeAttributes": (
        "bucketName",
        "shareName",
        "storageAccount",
        "fileSystemId",
        "protocol.fs",
    ),
}
"""Kinds of volumes to the keys by which they name what is at one cloud."""

CLOUD_DRIVER = re.compile(
    r"[a-z0-9.-]+\.(csi\.aws\.com|csi\.azure\.com|csi\.storage\.gke\.io|csi\.cloud\.google\.com"
    r"|csi\.openstack\.org|csi\.digitalocean\.com|csi\.oraclecloud\.com|csi\.hetzner\.cloud)"
)
"""Drivers of volumes that one cloud has."""

ACCOUNT_VARIABLE = re.compile(
    r"AWS_(DEFAULT_)?REGION|AWS_ACCOUNT_ID|GOOGLE_CLOUD_PROJECT|GCLOUD_PROJECT|GCP_PROJECT(_ID)?"
    r"|AZURE_(STORAGE_ACCOUNT(_NAME)?|SUBSCRIPTION_ID|TENANT_ID|CLIENT_ID)"
)
"""Variables of the environment that name an account, or a region of one cloud."""
