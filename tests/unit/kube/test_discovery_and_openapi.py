from __future__ import annotations

import json

import pytest

from k8slab.kube import discovery, openapi
from k8slab.kube.resources import Catalog
from k8slab.kube.schema import Schema

CATALOG = Catalog()


def test_both_forms_of_discovery_name_every_resource_and_subresource():
    legacy = {
        (row["name"], tuple(row["verbs"]))
        for group, version in discovery.group_versions(CATALOG)
        for row in discovery.resource_list(CATALOG, group, version)["resources"]
    }
    aggregated = set()
    for core in (True, False):
        for group in discovery.aggregated(CATALOG, core=core)["items"]:
            for row in group["versions"][0]["resources"]:
                aggregated.add((row["resource"], tuple(row["verbs"])))
                for inner in row.get("subresources", []):
                    aggregated.add((f"{row['resource']}/{inner['subresource']}", tuple(inner["verbs"])))
    assert legacy == aggregated
    assert ("deployments/scale", ("get", "patch", "update")) in legacy


def test_what_is_not_served_is_none():
    assert discovery.group(CATALOG, "nowhere") is None
    assert discovery.resource_list(CATALOG, "apps", "v2") is None
    assert openapi.document(Schema.load(), CATALOG, "apps", "v2") is None


@pytest.mark.parametrize(("group", "version"), discovery.group_versions(CATALOG))
def test_every_reference_of_a_document_leads_somewhere(group: str, version: str):
    document = openapi.document(Schema.load(), CATALOG, group, version)
    text = json.dumps(document)
    references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= set(document["components"]["schemas"])
    patches = [path["patch"] for path in document["paths"].values() if "patch" in path]
    assert all("fieldValidation" in {entry["name"] for entry in patch["parameters"]} for patch in patches)


def test_index_and_documents_agree():
    assert set(openapi.index(CATALOG)["paths"]) == {
        f"apis/{group}/{version}" if group else f"api/{version}" for group, version in discovery.group_versions(CATALOG)
    }
