#!/usr/bin/env python3
"""Writes schemas.json.gz: the schemas of the kinds that k8s/ uses, cut down to what validates.

    for module in k8s.io/kubernetes@v1.34.4 github.com/kedacore/keda/v2@v2.18.1 \\
        knative.dev/serving@v0.51.0 sigs.k8s.io/gateway-api@v1.4.1 \\
        github.com/prometheus-operator/prometheus-operator@v0.85.0 \\
        github.com/cert-manager/cert-manager@v1.19.1
    do go mod download -json $module; done
    python3 schemas.py $(go env GOMODCACHE)          # needs PyYAML

Of Kubernetes it reads the OpenAPI document, of the others the CustomResourceDefinitions; all are
under the Apache Licence 2.0. Texts for people are left out. The same input gives the same bytes.
"""

import gzip
import json
import pathlib
import sys

import yaml

KUBERNETES = "k8s.io/kubernetes@v1.34.4"
KINDS = [
    ("", "v1", ["ConfigMap", "Namespace", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"]),
    ("apps", "v1", ["Deployment"]),
    ("autoscaling", "v2", ["HorizontalPodAutoscaler"]),
    ("batch", "v1", ["CronJob", "Job"]),
    ("networking.k8s.io", "v1", ["NetworkPolicy"]),
    ("node.k8s.io", "v1", ["RuntimeClass"]),
    ("policy", "v1", ["PodDisruptionBudget"]),
    ("rbac.authorization.k8s.io", "v1", ["Role", "RoleBinding"]),
    ("scheduling.k8s.io", "v1", ["PriorityClass"]),
]
CUSTOM = [
    ("github.com/kedacore/keda/v2@v2.18.1", "config/crd/bases/keda.sh_scaledobjects.yaml"),
    ("github.com/kedacore/keda/v2@v2.18.1", "config/crd/bases/keda.sh_triggerauthentications.yaml"),
    ("knative.dev/serving@v0.51.0", "config/core/300-resources/service.yaml"),
    ("sigs.k8s.io/gateway-api@v1.4.1", "config/crd/standard/gateway.networking.k8s.io_gateways.yaml"),
    ("sigs.k8s.io/gateway-api@v1.4.1", "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml"),
    ("sigs.k8s.io/gateway-api@v1.4.1", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
    ("sigs.k8s.io/gateway-api@v1.4.1", "config/crd/standard/gateway.networking.k8s.io_backendtlspolicies.yaml"),
    ("github.com/prometheus-operator/prometheus-operator@v0.85.0",
     "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"),
    ("github.com/prometheus-operator/prometheus-operator@v0.85.0",
     "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"),
    ("github.com/cert-manager/cert-manager@v1.19.1", "deploy/crds/cert-manager.io_certificates.yaml"),
    ("github.com/cert-manager/cert-manager@v1.19.1", "deploy/crds/cert-manager.io_issuers.yaml"),
]
# What the apiserver takes for these fields; its OpenAPI document does not list it.
VALUES = {
    "io.k8s.api.core.v1.Container": {"imagePullPolicy": ["Always", "IfNotPresent", "Never"]},
    "io.k8s.api.core.v1.ContainerPort": {"protocol": ["TCP", "UDP", "SCTP"]},
    "io.k8s.api.core.v1.ServicePort": {"protocol": ["TCP", "UDP", "SCTP"]},
    "io.k8s.api.core.v1.ServiceSpec": {"type": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]},
    "io.k8s.api.core.v1.HTTPGetAction": {"scheme": ["HTTP", "HTTPS"]},
    "io.k8s.api.core.v1.PodSpec": {"restartPolicy": ["Always", "OnFailure", "Never"]},
    "io.k8s.api.core.v1.ImageVolumeSource": {"pullPolicy": ["Always", "IfNotPresent", "Never"]},
    "io.k8s.api.core.v1.SeccompProfile": {"type": ["RuntimeDefault", "Localhost", "Unconfined"]},
    "io.k8s.api.core.v1.Toleration": {
        "operator": ["Exists", "Equal"], "effect": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
    "io.k8s.api.core.v1.TopologySpreadConstraint": {"whenUnsatisfiable": ["DoNotSchedule", "ScheduleAnyway"]},
    "io.k8s.api.apps.v1.DeploymentStrategy": {"type": ["Recreate", "RollingUpdate"]},
    "io.k8s.api.batch.v1.CronJobSpec": {"concurrencyPolicy": ["Allow", "Forbid", "Replace"]},
    "io.k8s.api.batch.v1.PodFailurePolicyRule": {"action": ["FailJob", "FailIndex", "Ignore", "Count"]},
    "io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement": {"operator": ["In", "NotIn"]},
    "io.k8s.api.networking.v1.NetworkPolicyPort": {"protocol": ["TCP", "UDP", "SCTP"]},
    "io.k8s.api.policy.v1.PodDisruptionBudgetSpec": {"unhealthyPodEvictionPolicy": ["AlwaysAllow", "IfHealthyBudget"]},
}
KEPT = ["type", "enum", "required", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
        "minProperties", "maxProperties"]
MAP_KEYS = "x-kubernetes-list-map-keys"


def cut(schema):
    """What of a schema decides whether an object is one of it."""
    result = {key: schema[key] for key in KEPT if key in schema}
    if "$ref" in schema:
        result["$ref"] = schema["$ref"].removeprefix("#/definitions/")
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        result = {"type": "int-or-string"}
    if schema.get("x-kubernetes-preserve-unknown-fields") and "properties" not in schema:
        result["open"] = True
    if "properties" in schema:
        result["properties"] = {name: cut(each) for name, each in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = cut(schema["additionalProperties"])
    if "items" in schema:
        result["items"] = cut(schema["items"])
    key = schema.get("x-kubernetes-patch-merge-key")
    if key:
        result["mergeKey"] = key
    elif schema.get("x-kubernetes-list-type") == "map" and len(schema.get(MAP_KEYS, [])) == 1:
        result["mergeKey"] = schema[MAP_KEYS][0]
    return result


def references(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for each in schema.values():
            yield from references(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from references(each)


def main():
    modules = pathlib.Path(sys.argv[1])
    document = json.loads((modules / KUBERNETES / "api/openapi-spec/swagger.json").read_text())
    kinds, definitions, waiting = {}, {}, []
    for name, schema in document["definitions"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            for group, version, names in KINDS:
                if (kind["group"], kind["version"]) == (group, version) and kind["kind"] in names:
                    kinds[f"{group}/{version}".lstrip("/") + "/" + kind["kind"]] = {"$ref": name}
                    waiting.append(name)
    metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    while waiting:
        name = waiting.pop()
        if name in definitions:
            continue
        definitions[name] = cut(document["definitions"][name])
        for field, values in VALUES.get(name, {}).items():
            definitions[name]["properties"][field]["enum"] = values
        waiting += references(definitions[name])
    # A number, though written as text in the document.
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": "quantity"}
    for module, path in CUSTOM:
        resource = yaml.safe_load((modules / module / path).read_text())["spec"]
        for version in resource["versions"]:
            if version.get("served", True):
                schema = cut(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"$ref": metadata}
                schema["properties"].setdefault("apiVersion", {"type": "string"})
                schema["properties"].setdefault("kind", {"type": "string"})
                kinds[f"{resource['group']}/{version['name']}/{resource['names']['kind']}"] = schema
    missing = [f"{group}/{version}/{name}" for group, version, names in KINDS for name in names
               if f"{group}/{version}/{name}".lstrip("/") not in kinds]
    assert not missing, missing
    content = json.dumps({"sources": sorted({KUBERNETES} | {module for module, _ in CUSTOM}), "kinds": kinds,
                          "definitions": definitions}, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    with open(pathlib.Path(__file__).parent / "schemas.json.gz", "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(content)
    print(len(kinds), "kinds,", len(definitions), "definitions,", len(content), "bytes")


main()
