"""A witness as a small process: one address that takes checkpoints (C2SP tlog-witness).

It needs no database and nothing of the program's settings: a folder, a name, the logs it follows.
"""

from __future__ import annotations

import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from ledger.witness import CONTENT_TYPE_SIZE, Witness, WitnessRefused

LONGEST = 64 * 1024
SECONDS = 10


class WitnessServer(ThreadingHTTPServer):
    """`POST /add-checkpoint`; everything else is not there."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, _Handler)
        self.witness = witness


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    timeout = SECONDS
    server_version = "tallystick-witness"
    sys_version = ""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if urlsplit(self.path).path != "/add-checkpoint":
            self._answer(404, "there is only /add-checkpoint\n")
        elif not length.isdigit() or int(length) > LONGEST:
            self._answer(400, "the body is too long or has no length\n")
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, body: bytes) -> None:
        try:
            self._answer(200, self.server.witness.add_checkpoint(body.decode()))
        except UnicodeDecodeError:
            self._answer(400, "the body is not UTF-8\n")
        except WitnessRefused as refused:
            kind = CONTENT_TYPE_SIZE if refused.body else "text/plain; charset=utf-8"
            self._answer(refused.status, refused.body or f"{refused}\n", kind)

    def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: what was signed stands in the folder."""


def ask(url: str, body: str) -> tuple[int, str]:
    """Send a body to a witness: the status and the answer."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read(LONGEST).decode("utf-8", "replace")
    finally:
        connection.close()
