from __future__ import annotations

import pytest

from k8slab.emulator.node.catalogue.images import PullError, find_image


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("nginx", "nginx-debian"), ("nginx:1.27", "nginx-debian"), ("nginx:1.27-alpine", "nginx-alpine"), ("busybox:1.28", "busybox"),
        ("registry.k8s.io/e2e-test-images/nginx:1.14-4", "nginx-debian"), ("registry.k8s.io/e2e-test-images/httpd:2.4.38-4", "httpd"),
        ("registry.k8s.io/e2e-test-images/busybox:1.36.1-1", "busybox"), ("registry.k8s.io/e2e-test-images/agnhost:2.53", "agnhost"),
        ("registry.k8s.io/e2e-test-images/jessie-dnsutils:1.7", "agnhost"), ("curlimages/curl:8.9.1", "alpine"),
        ("traefik/whoami", "scratch"), ("docker.io/library/httpd:2.4", "httpd"), ("alpine:3.20", "alpine"),
    ],
)  # fmt: skip
def test_images_are_known_by_their_last_name(text: str, system: str):
    image, reference = find_image(text)
    assert image.system_for(reference.tag) == system


@pytest.mark.parametrize("text", ["nginx:9.9", "busybox:nope", "redis", "nginx:1.27.99", "httpd:3"])
def test_what_no_registry_has_is_not_found(text: str):
    with pytest.raises(PullError, match="not found"):
        find_image(text)
