"""What kubectl prints of kinds, in the words of the server's printers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.emulator.registry.tables import table
from k8slab.kube.resources import Catalog

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
META = {"name": "x", "creationTimestamp": "2026-01-01T00:00:00Z"}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}}
USED = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 7, "averageValue": "7m"}}}
ROWS: list[tuple[str, dict[str, Any], list[Any]]] = [
    (
        "daemonsets",
        {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}, "status": {"numberReady": 1}},
        ["x", 0, 0, 1, 0, 0, "<none>", "60s", "c", "i", "a=b"],
    ),
    (
        "statefulsets",
        {"spec": {"replicas": 3, "template": TEMPLATE}, "status": {"readyReplicas": 2}},
        ["x", "2/3", "60s", "c", "i"],
    ),
    (
        "cronjobs",
        {"spec": {"schedule": "* * * * *", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}}},
        ["x", "* * * * *", "<none>", "False", 0, "<none>", "60s", "c", "i", "<none>"],
    ),
    ("poddisruptionbudgets", {"spec": {"minAvailable": "50%"}}, ["x", "50%", "N/A", 0, "60s"]),
    (
        "horizontalpodautoscalers",
        {
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "maxReplicas": 5,
                "metrics": [CPU, MEMORY, CPU],
            },
            "status": {"currentMetrics": [USED], "currentReplicas": 2},
        },
        ["x", "Deployment/web", "cpu: 7%/50%, memory: <unknown>/1Gi + 1 more...", "<unset>", 5, 2, "60s"],
    ),
    (
        "persistentvolumeclaims",
        {
            "spec": {"volumeName": "pv", "storageClassName": "standard", "volumeMode": "Filesystem"},
            "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"]},
        },
        ["x", "Bound", "pv", "1Gi", "RWO,RWX", "standard", "<unset>", "60s", "Filesystem"],
    ),
    (
        "resourcequotas",
        {"status": {"hard": {"pods": "2", "limits.cpu": "1"}, "used": {"pods": "1", "limits.cpu": "500m"}}},
        ["x", "pods: 1/2", "limits.cpu: 500m/1", "60s"],
    ),
    (
        "networkpolicies",
        {"spec": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}]}}},
        ["x", "a in (x,y)", "60s"],
    ),
    (
        "certificatesigningrequests",
        {
            "spec": {"username": "u", "expirationSeconds": 86400, "signerName": "s/t"},
            "status": {"conditions": [{"type": "Approved", "status": "True"}], "certificate": "x"},
        },
        ["x", "60s", "s/t", "u", "24h", "Approved,Issued"],
    ),
    (
        "controllerrevisions",
        {"revision": 2, "metadata": {**META, "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": True}
        ]}},
        ["x", "daemonset.apps/d", 2, "60s"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("plural", "parts", "cells"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_shows_what_the_printers_show(plural: str, parts: dict[str, Any], cells: list[Any]):
    resource = next(entry for entry in Catalog() if entry.plural == plural)
    made = table(resource, [{"metadata": META, **parts}], "None", NOW)
    assert made["rows"][0]["cells"] == cells
    assert len(made["columnDefinitions"]) == len(cells)


def test_every_served_kind_has_as_many_cells_as_columns():
    for resource in Catalog():
        made = table(resource, [{"metadata": META}], "None", NOW)
        assert len(made["rows"][0]["cells"]) == len(made["columnDefinitions"]), resource.qualified_name
