from __future__ import annotations

from k8slab.client.redaction import redacted


def test_values_of_secrets_are_dropped_and_certificates_kept():
    secret = {
        "kind": "Secret",
        "metadata": {
            "name": "s",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "x"},
        },
        "data": {"tls.crt": "QQ==", "tls.key": "Qg==", "password": "Qw=="},
    }
    assert redacted(secret) == {
        "kind": "Secret",
        "metadata": {"name": "s", "annotations": {"mine": "x"}},
        "data": {"tls.crt": "QQ==", "tls.key": "", "password": ""},
    }
