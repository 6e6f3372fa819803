"""
A credential that was good once, used again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from ..errors import DeviceError, NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.undo import Undo
from ..protocols import NoAnswer, Roles, Shell
from ._attack import Attacking, AttackStrike, Target


class ReplayedCredential:
    """
    Logs in as a user would, with a credential that is signed by the DUT's own key, and then, as who has overheard it,
    with the very same one again. Proven by the DUT's answer to the second; the first must be taken.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Attacking):
        """
        `key` is the file with the key on the DUT, from the folder in which the role `shell` is, which reads it there,
        and the DUT's clock. `user` logs in.

        The body is a JSON object with `timestamp` (whole seconds since 1970), `nonce`, `user` and `signature`: the
        HMAC-SHA256, in hex digits, of the lines `session`, timestamp, nonce and user.
        """

        path: str = "/session"
        shell: str = "shell"
        key: str
        user: str = "operator"

        def __post_init__(self) -> None:
            Attacking.__post_init__(self)
            if not self.key:
                raise UsageError("must be a file's path", key="key")

    expects_loss = False
    levels_v = (0.0, 0.0)
    undo: tuple[Undo, ...] = ()

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, ReplayedCredential.Config)
        self._config = spec.config
        self._target = Target(spec, spec.config, roles)
        self._shell = roles.get(roles.sibling(spec.role, spec.config.shell), Shell)
        self._nonce = f"{Random(spec.seed).getrandbits(128):032x}"
        self.strikes = self._target.strikes

    def plan(self) -> list[tuple[float, str]]:
        """
        Two requests.
        """
        name, path = self._target.service.name, self._config.path
        return [(0.0, f"{name}: a credential to {path}, and the same again")]

    @asynccontextmanager
    async def inject(self) -> AsyncIterator[AttackStrike]:
        """
        Logs in and attacks on entering; nothing is left to be undone.
        """
        credential = await self._credential()
        strike = AttackStrike(self._target, credential, "replayed credential")
        try:
            first = await self._target.post(credential)
        except NoAnswer as error:
            raise NotProven(f"the credential was not answered: {error}") from error
        if first.status != 200:
            raise NotProven(f"the credential was answered with {first.status} for the first time: {first.body[:80]!r}")
        try:
            await strike.send()
            yield strike
        finally:
            strike.end()

    async def _credential(self) -> dict[str, str | int]:
        key = (await self._told("cat", self._config.key)).strip()
        at_s = int(await self._told("date", "+%s"))
        lines = "\n".join(["session", str(at_s), self._nonce, self._config.user])
        signature = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
        return {"timestamp": at_s, "nonce": self._nonce, "user": self._config.user, "signature": signature}

    async def _told(self, *argv: str) -> bytes:
        """
        What a command on the DUT says. Raises NotProven, DeviceError.
        """
        try:
            answer = await self._shell.run(argv, timeout_s=self._config.answer_s)
        except NoAnswer as error:
            raise NotProven(f"{' '.join(argv)} was not answered: {error}") from error
        if answer.code:
            raise DeviceError(self._shell.name, f"{' '.join(argv)} ended with {answer.code}: {answer.stderr[:80]!r}")
        return answer.stdout
