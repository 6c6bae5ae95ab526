import pytest

from k8slab.kube.apply import Shapes
from k8slab.kube.schema import Schema


@pytest.fixture(scope="module")
def shapes() -> Shapes:
    return Shapes(Schema.load())
