import pytest

from k8slab.emulator.node.catalogue.references import parse_reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Nginx:latest", "invalid reference format: repository name (library/Nginx) must be lowercase"),
        ("a/B", "invalid reference format: repository name (a/B) must be lowercase"),
        ("quay.io/A:1", "invalid reference format: repository name (A) must be lowercase"),
        ("nginx:", "invalid reference format"),
        ("ngi nx", "invalid reference format"),
    ],
)
def test_a_name_that_is_none_is_refused_in_the_runtimes_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="invalid") as refused:
        parse_reference(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("nginx", "docker.io/library/nginx:latest"), ("Quay.io/a/b:1", "Quay.io/a/b:1"), ("a/b:T", "docker.io/a/b:T")],
)
def test_short_names_are_completed(text: str, wanted: str) -> None:
    assert str(parse_reference(text)) == wanted
