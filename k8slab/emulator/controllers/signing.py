"""Signs approved CertificateSigningRequests (pkg/controller/certificates)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from k8slab.clock import timestamp
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, copy_of, own_key
from k8slab.kube.objects import Obj, condition_is_true, dig
from k8slab.kube.resources import SIGNING_REQUESTS

# Takes a request in PEM, its usages and a time in seconds; returns the certificate in PEM.
Sign = Callable[[bytes, Sequence[str], float], bytes]
_YEAR = 365 * 24 * 3600.0
_KEYS = {"digital signature", "key encipherment"}
# The signers of the cluster, with the usage that each one gives.
_SIGNERS = {
    "kubernetes.io/kube-apiserver-client": "client auth",
    "kubernetes.io/kube-apiserver-client-kubelet": "client auth",
    "kubernetes.io/kubelet-serving": "server auth",
}


class SigningController:
    """Gives each approved request of a signer of the cluster its certificate."""

    name = "csrsigning"
    workers = 1

    def __init__(self, desk: Desk, sign: Sign) -> None:
        self._desk = desk
        self._api = desk.api
        self._requests = desk.informer(SIGNING_REQUESTS)
        self._sign = sign

    def watches(self) -> Sequence[Watch]:
        """React to requests."""
        return (Watch(SIGNING_REQUESTS, own_key),)

    async def sync(self, key: ObjectKey) -> Result:
        """Sign one request, once it is approved."""
        known = self._requests.get("", key.name)
        if known is None or dig(known, "status", "certificate") or condition_is_true(known, "Failed"):
            return DONE
        purpose = _SIGNERS.get(str(dig(known, "spec", "signerName")))
        if purpose is None or not condition_is_true(known, "Approved"):
            return DONE
        request = copy_of(known)
        usages = list(request["spec"]["usages"])
        if purpose not in usages or not set(usages) <= {*_KEYS, purpose}:
            self._fail(request, f"usages did not match {{[{purpose} digital signature key encipherment]}}")
        else:
            seconds = min(float(request["spec"].get("expirationSeconds") or _YEAR), _YEAR)
            made = self._sign(base64.b64decode(request["spec"]["request"]), usages, seconds)
            request.setdefault("status", {})["certificate"] = base64.b64encode(made).decode()
        await self._api.update(SIGNING_REQUESTS, request, subresource="status")
        return DONE

    def _fail(self, request: Obj, message: str) -> None:
        now = timestamp(self._desk.clock.now())
        condition = {
            "type": "Failed", "status": "True", "reason": "SignerValidationFailed", "message": message,
            "lastUpdateTime": now, "lastTransitionTime": now,
        }  # fmt: skip
        request.setdefault("status", {}).setdefault("conditions", []).append(condition)
