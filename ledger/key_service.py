"""Master keys in a key service: another process wraps and unwraps, and never hands a master key out.

Four addresses, JSON over HTTP, with a token: `POST /v1/keys`, `/v1/wrap`, `/v1/unwrap`, `/v1/turn/begin`
and `/v1/turn/end`. `tallystick kms` is one such service; a company's own can stand in its place by
answering the same.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from ledger.master_keys import Item, VaultError, WrongMasterKey

SECONDS = 10
MOST = 2000
"""Keys of one request."""


class KeysInService:
    """A client of a key service. Raises VaultError where it does not answer as it should."""

    def __init__(self, url: str, token: str) -> None:
        self._url = urlsplit(url if "//" in url else f"http://{url}")
        self._token = token

    def current(self) -> bytes:
        """The id of the master key that wraps now."""
        return bytes.fromhex(self._ask("keys", {})["current"])

    def known(self) -> list[bytes]:
        """The ids of all master keys that unwrap."""
        return [bytes.fromhex(one) for one in self._ask("keys", {})["known"]]

    def wrap(self, items: Sequence[Item]) -> list[bytes]:
        """The keys wrapped by the current master key."""
        return self._many("wrap", items)

    def unwrap(self, items: Sequence[Item]) -> list[bytes]:
        """The keys again. Raises WrongMasterKey for an unknown id."""
        return self._many("unwrap", items)

    def begin_turn(self) -> bytes:
        """Let a new master key wrap; the old one still unwraps."""
        return bytes.fromhex(self._ask("turn/begin", {})["current"])

    def end_turn(self) -> None:
        """Forget every master key but the current one."""
        self._ask("turn/end", {})

    def reload(self) -> None:
        """The service knows; nothing is kept here."""

    def _many(self, act: str, items: Sequence[Item]) -> list[bytes]:
        found: list[bytes] = []
        for first in range(0, len(items), MOST):
            part = items[first : first + MOST]
            sent = [{"key": _text(key), "bound_to": _text(to)} for key, to in part]
            answer = self._ask(act, {"items": sent})["keys"]
            if len(answer) != len(part):
                raise VaultError("the key service answered for another number of keys")
            found += [base64.b64decode(one) for one in answer]
        return found

    def _ask(self, act: str, body: Any) -> dict[str, Any]:
        kind = (
            http.client.HTTPSConnection
            if self._url.scheme == "https"
            else http.client.HTTPConnection
        )
        connection = kind(self._url.hostname or "", self._url.port, timeout=SECONDS)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            path = f"{self._url.path.rstrip('/')}/v1/{act}"
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            status, data = answer.status, answer.read()
            said = json.loads(data)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise VaultError(f"the key service does not answer ({type(error).__name__})") from error
        finally:
            connection.close()
        return _answered(status, said)


def _answered(status: int, said: Any) -> dict[str, Any]:
    if status == 200 and isinstance(said, dict):
        return said
    why = str(said.get("error", ""))[:300] if isinstance(said, dict) else ""
    if status == 404:
        raise WrongMasterKey(why or "the key service does not know the master key")
    raise VaultError(f"the key service refuses ({status}): {why}")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
