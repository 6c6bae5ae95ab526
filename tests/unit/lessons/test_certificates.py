from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from k8slab.errors import CommandError
from k8slab.lessons.certificates import write_certificate


def test_certificate_and_key_belong_together_and_name_every_host(tmp_path: Path):
    certificate, key = write_certificate(["demo.example.test", "www.demo.example.test"], tmp_path)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["demo.example.test", "www.demo.example.test"]
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_pair_that_is_there_is_kept(tmp_path: Path):
    certificate, _ = write_certificate(["*.example.test"], tmp_path)
    first = certificate.read_bytes()
    assert write_certificate(["*.example.test"], tmp_path)[0].read_bytes() == first
    assert certificate.name == "wildcard.example.test.crt"


@pytest.mark.parametrize("host", ["", "demo", "../x.test", "a b.test", "demo.example.test\n", "x" * 60 + ".test"])
def test_what_is_no_host_is_refused(host: str, tmp_path: Path):
    with pytest.raises(CommandError, match="not a host name"):
        write_certificate([host], tmp_path)
    assert list(tmp_path.iterdir()) == []
