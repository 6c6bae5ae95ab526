import pytest

from k8slab.kube.resources import DEPLOYMENTS, SERVICES, Catalog


@pytest.mark.parametrize("word", ["deploy", "deployment", "deployments", "Deployment", "deployments.apps"])
def test_kubectl_words_find_the_resource(word: str):
    assert Catalog().named(word) is DEPLOYMENTS


def test_paths():
    assert SERVICES.path("default", "web") == "/api/v1/namespaces/default/services/web"
    assert DEPLOYMENTS.path("a", "b", "scale") == "/apis/apps/v1/namespaces/a/deployments/b/scale"
    assert SERVICES.path() == "/api/v1/services"
