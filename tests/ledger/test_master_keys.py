"""Master keys: in the environment, in a file, in a key service; turned into another and forgotten."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.kms_server import KeyServer
from ledger.key_service import KeysInService
from ledger.keys import write_new
from ledger.master_keys import (
    KeysAtHand,
    KeysInFile,
    MasterKeys,
    VaultError,
    WrongMasterKey,
    id_of,
)

ONE, TWO = bytes(range(32)), bytes(range(1, 33))
ITEMS = [(bytes([n]) * 32, f"person {n}".encode()) for n in range(5)]
TOKEN = "a0b1c2d3e4f5g6h7"


def key_file(folder: Path) -> Path:
    path = folder / "master.key"
    write_new(path, base64.b64encode(ONE) + b"\n")
    return path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[KeysInService]:
    with KeyServer(("127.0.0.1", 0), KeysInFile(key_file(tmp_path)), TOKEN) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield KeysInService(f"http://127.0.0.1:{server.server_port}", TOKEN)
        server.shutdown()
        thread.join(10)


def unwrapped(masters: MasterKeys, wrapped: list[bytes]) -> list[bytes]:
    bound = [to for _, to in ITEMS]
    return masters.unwrap(list(zip(wrapped, bound, strict=True)))


def turned(masters: MasterKeys) -> None:
    """What holds of every way to keep a master key."""
    first, old = masters.current(), masters.wrap(ITEMS)
    assert unwrapped(masters, old) == [key for key, _ in ITEMS]
    assert {id_of(one) for one in old} == {first}
    second = masters.begin_turn()
    assert masters.begin_turn() == second != first, "while it is under way the same one goes on"
    new = masters.wrap(ITEMS)
    assert {id_of(one) for one in new} == {second}
    assert set(masters.known()) == {first, second}
    assert unwrapped(masters, old) == unwrapped(masters, new), "both can be read"
    masters.end_turn()
    masters.end_turn()
    assert unwrapped(masters, new) == [key for key, _ in ITEMS]
    with pytest.raises(WrongMasterKey):
        unwrapped(masters, old)


def test_a_key_in_a_file_is_turned_and_the_old_one_is_gone(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    turned(KeysInFile(path))
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
    assert base64.b64decode(path.read_bytes()) != ONE
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_service_is_turned_without_handing_a_key_out(
    service: KeysInService, tmp_path: Path
) -> None:
    turned(service)
    assert base64.b64decode((tmp_path / "master.key").read_bytes()) != ONE


def test_keys_of_the_environment_are_turned_where_both_are_set() -> None:
    alone = KeysAtHand(ONE)
    with pytest.raises(VaultError, match="TALLYSTICK_MASTER_KEY_PREVIOUS"):
        alone.begin_turn()
    old = alone.wrap(ITEMS)
    both = KeysAtHand(ONE, TWO)
    assert both.begin_turn() == both.current() != alone.current()
    assert unwrapped(both, old) == [key for key, _ in ITEMS]
    both.end_turn()
    with pytest.raises(WrongMasterKey):
        unwrapped(both, old)


@pytest.mark.parametrize("killed_after", ["begin", "link", "replace"])
def test_a_turn_of_the_file_that_was_cut_off_goes_on(tmp_path: Path, killed_after: str) -> None:
    path = key_file(tmp_path)
    masters = KeysInFile(path)
    second = masters.begin_turn()
    if killed_after != "begin":
        path.with_name("master.key.old").hardlink_to(path)
    if killed_after == "replace":
        path.with_name("master.key.next").replace(path)
    again = KeysInFile(path)
    assert again.current() == second
    if killed_after != "replace":
        assert again.begin_turn() == second
    again.end_turn()
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
    assert KeysInFile(path).current() == second


def test_a_process_that_began_before_the_turn_reads_what_the_new_key_wrapped(
    tmp_path: Path,
) -> None:
    path = key_file(tmp_path)
    early, late = KeysInFile(path), KeysInFile(path)
    late.begin_turn()
    new = late.wrap(ITEMS)
    late.end_turn()
    assert unwrapped(early, new) == [key for key, _ in ITEMS]


@pytest.mark.parametrize("content", ["", "AAAA", "not base64!", "键"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content, "utf-8")
    with pytest.raises(VaultError):
        KeysInFile(path)


def test_a_key_wrapped_for_one_person_opens_for_no_other() -> None:
    masters = KeysAtHand(ONE)
    [wrapped] = masters.wrap(ITEMS[:1])
    for altered in (
        (wrapped, ITEMS[1][1]),
        (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), ITEMS[0][1]),
        (b"\x02" + wrapped[1:], ITEMS[0][1]),
        (b"", ITEMS[0][1]),
    ):
        with pytest.raises(VaultError):
            masters.unwrap([altered])


def test_a_key_service_that_refuses_or_is_away_is_named_as_the_cause(
    service: KeysInService,
) -> None:
    address = service._url.geturl()
    with pytest.raises(VaultError, match="401"):
        KeysInService(address, "another-token-16").current()
    with pytest.raises(VaultError, match="does not answer"):
        KeysInService("http://127.0.0.1:9", TOKEN).current()
    with pytest.raises(VaultError, match="405"):
        service._ask("key", {})
    with pytest.raises(VaultError, match="400"):
        service._ask("unwrap", {"items": [{"key": "!", "bound_to": ""}]})
    with pytest.raises(VaultError, match="400"):
        service._ask("unwrap", [])


def test_more_keys_than_one_request_takes_are_wrapped_in_order(service: KeysInService) -> None:
    items = [(n.to_bytes(32, "big"), str(n).encode()) for n in range(4100)]
    wrapped = service.wrap(items)
    back = service.unwrap([(one, to) for one, (_, to) in zip(wrapped, items, strict=True)])
    assert back == [key for key, _ in items]
