"""Programs that use the API do it as their pod's ServiceAccount, with the token that is mounted in the pod."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from k8slab.emulator.api import Api, Caller, ContainerLog, ContainerSpec, Program, RunningContainer
from k8slab.emulator.apiserver.authorization.api import AuthorizedApi
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.kube.status import unauthorized

_TOKEN = "var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path


class AccountProgram:
    """``emulator.api.Program`` around one that needs the API; ``make`` builds it for one container.

    ``of_token`` returns whose token it is, or None.
    """

    def __init__(
        self,
        make: Callable[[Api], Program],
        api: Api,
        authorizer: Authorizer,
        of_token: Callable[[str], Caller | None],
    ) -> None:
        self._make = make
        self._api = api
        self._authorizer = authorizer
        self._of_token = of_token

    async def start(self, spec: ContainerSpec, log: ContainerLog) -> RunningContainer:
        """Start the container with an API of its own."""
        api = AuthorizedApi(self._api, self._authorizer, lambda: self._caller(spec))
        return await self._make(api).start(spec, log)

    def _caller(self, spec: ContainerSpec) -> Caller:
        try:
            token = (Path(spec.root) / _TOKEN).read_text()
        except OSError as error:
            raise unauthorized() from error
        found = self._of_token(token)
        if found is None:
            raise unauthorized()
        return found
