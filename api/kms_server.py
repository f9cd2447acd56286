"""A key service as a small process of its own: it has the master key, and wraps and unwraps.

It needs no database. Run it as another user, or on another machine behind TLS: whoever has the
database and this program's settings can then ask it for one key at a time, and copy no master key.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.key_service import MOST
from ledger.master_keys import Item, KeysInFile, VaultError, WrongMasterKey

LONGEST = 4 * 1024 * 1024
SECONDS = 10


class KeyServer(ThreadingHTTPServer):
    """Answers `POST /v1/keys|wrap|unwrap|turn/begin|turn/end` to whoever has the token."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], keys: KeysInFile, token: str) -> None:
        super().__init__(address, _Handler)
        self.keys = keys
        self.token = token
        self.lock = threading.Lock()

    def answer(self, act: str, body: Any) -> dict[str, Any] | None:
        """What is answered to an act; None where there is no such act."""
        with self.lock:
            match act:
                case "wrap":
                    return {"keys": _texts(self.keys.wrap(_items(body)))}
                case "unwrap":
                    return {"keys": _texts(self.keys.unwrap(_items(body)))}
                case "turn/begin":
                    self.keys.begin_turn()
                case "turn/end":
                    self.keys.end_turn()
                case "keys":
                    self.keys.reload()
                case _:
                    return None
            known = [one.hex() for one in self.keys.known()]
            return {"current": self.keys.current().hex(), "known": known}


class _Handler(BaseHTTPRequestHandler):
    server: KeyServer
    timeout = SECONDS
    server_version = "tallystick-kms"
    sys_version = ""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            self._answer(401, {"error": "send the token"})
        elif not (length.isascii() and length.isdigit() and int(length[:9]) <= LONGEST):
            self._answer(413, {"error": "the body is too long or has no length"})
        else:
            self._act(self.rfile.read(int(length)))

    def _act(self, body: bytes) -> None:
        try:
            found = self.server.answer(self.path.removeprefix("/v1/"), json.loads(body or b"{}"))
        except WrongMasterKey as error:
            self._answer(404, {"error": str(error)})
        except VaultError as error:
            self._answer(409, {"error": str(error)})
        except (ValueError, TypeError, KeyError):
            self._answer(400, {"error": "the body cannot be read"})
        else:
            self._answer(200, found) if found is not None else self._answer(
                405, {"error": "there is no such act"}
            )

    def _answer(self, status: int, said: Any) -> None:
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: nothing of what is asked is written anywhere."""


def _items(body: Any) -> list[Item]:
    items = body["items"]
    if not isinstance(items, list) or len(items) > MOST:
        raise ValueError
    return [(_bytes(one["key"]), _bytes(one["bound_to"])) for one in items]


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _texts(keys: list[bytes]) -> list[str]:
    return [base64.b64encode(key).decode() for key in keys]
