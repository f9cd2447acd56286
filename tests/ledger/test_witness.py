"""The witness signs what goes on from what it saw, and nothing else."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path

import pytest

from api.witness_server import WitnessServer, ask
from ledger.merkle import root_of
from ledger.notes import Checkpoint, Note, open_note, parse_note, parse_signature, signed_note
from ledger.tiles import Edges, grown, range_hash
from ledger.witness import Witness, WitnessRefused, request_body
from tests.ledger.test_merkle import Tree, leaves
from tests.ledger.test_notes import signer

ORIGIN = "tallystick.example/demo"
LOG = signer(ORIGIN)


def tree(size: int, other: bool = False) -> Tree:
    made = Tree()
    hashes = leaves(size)
    if other and size:
        hashes[0] = hashes[-1]
    made.add(hashes)
    return made


def note(size: int, *, other: bool = False, by: object = None) -> str:
    hashes = leaves(size)
    if other:
        hashes[0] = hashes[-1]
    checkpoint = Checkpoint(ORIGIN, size, root_of(hashes))
    return str(signed_note(checkpoint.text, [by or LOG]))  # type: ignore[list-item]


def proof(old: int, new: int, *, other: bool = False) -> list[bytes]:
    from ledger.merkle import consistency_ranges

    made = tree(new, other)
    return [range_hash(made, lo, hi) for lo, hi in consistency_ranges(old, new)]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = Witness(tmp_path / "w", "witness.example/w1", clock=lambda: 1_700_000_000)
    made.trust(LOG.key)
    return made


def refused(witness: Witness, body: str) -> tuple[int, str]:
    with pytest.raises(WitnessRefused) as caught:
        witness.add_checkpoint(body)
    return caught.value.status, caught.value.body


def test_a_growing_log_is_countersigned(witness: Witness, tmp_path: Path) -> None:
    for old, new in ((0, 5), (5, 5), (5, 300), (300, 301)):
        line = witness.add_checkpoint(request_body(old, proof(old, new) if old else [], note(new)))
        text = parse_note(note(new)).text
        signature = parse_signature(line)
        assert open_note(Note(text, (signature,)), [witness.key]) == [witness.key]
        assert signature.signature[:8] == (1_700_000_000).to_bytes(8, "big")
    again = Witness(tmp_path / "w", "witness.example/w1")
    last = again.last(ORIGIN)
    assert last is not None
    assert (last.size, again.key) == (301, witness.key)


def test_what_is_refused(witness: Witness) -> None:
    good = request_body(0, [], note(5))
    other = signer("tallystick.example/else")
    elsewhere = note(5).replace(ORIGIN, "tallystick.example/else")
    assert refused(witness, "what")[0] == 400
    assert refused(witness, good.replace("old 0", "old 00"))[0] == 400
    assert refused(witness, good.replace("old 0", "old 9"))[0] == 400
    assert refused(witness, request_body(0, [], elsewhere))[0] == 404
    assert refused(witness, request_body(0, [], note(5, by=signer(ORIGIN, 9))))[0] == 403
    assert refused(witness, request_body(0, [], note(5).replace("\n5\n", "\n6\n")))[0] == 403
    assert refused(witness, request_body(0, [b"x" * 32], note(5)))[0] == 422
    assert other.key.name != ORIGIN
    assert witness.last(ORIGIN) is None, "what was refused is not remembered"
    witness.add_checkpoint(good)
    assert refused(witness, good) == (409, "5\n")


def test_a_rewritten_history_is_never_countersigned(witness: Witness) -> None:
    witness.add_checkpoint(request_body(0, [], note(300)))
    assert refused(witness, request_body(300, [], note(300, other=True)))[0] == 409
    for hashes in (proof(300, 400), proof(300, 400, other=True), []):
        body = request_body(300, hashes, note(400, other=True))
        assert refused(witness, body)[0] == 422
    assert refused(witness, request_body(0, [], note(400, other=True))) == (409, "300\n")
    assert refused(witness, request_body(300, [], note(200)))[0] == 400
    last = witness.last(ORIGIN)
    assert last is not None
    assert last.size == 300


def test_an_older_copy_put_back_is_refused(witness: Witness) -> None:
    witness.add_checkpoint(request_body(0, [], note(300)))
    assert refused(witness, request_body(200, [], note(200))) == (409, "300\n")


def test_the_process_answers_as_the_specification_says(witness: Witness) -> None:
    with WitnessServer(("127.0.0.1", 0), witness) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            port = server.server_port
            url = f"http://127.0.0.1:{port}"
            status, line = ask(url, request_body(0, [], note(5)))
            assert (status, line[:2]) == (200, "— ")
            assert ask(url, request_body(0, [], note(5))) == (409, "5\n")
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("POST", "/add-checkpoint", request_body(0, [], note(5)).encode())
            answer = connection.getresponse()
            assert answer.getheader("Content-Type") == "text/x.tlog.size"
            connection.close()
            assert ask(f"{url}/else", "x")[0] == 404
            assert ask(url, "x" * 70_000)[0] == 400
        finally:
            server.shutdown()
            thread.join()


def test_edges_of_the_helper_are_those_of_the_tree() -> None:
    edges: Edges = grown(0, (), leaves(7))[0]
    assert tree(7).edges == edges
