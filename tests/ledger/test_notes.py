"""Notes, checkpoints and cosignatures as the C2SP specifications write them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.notes import (
    COSIGNATURE,
    BadNote,
    Checkpoint,
    Note,
    Signer,
    VerifierKey,
    open_checkpoint,
    open_note,
    parse_note,
    parse_signature,
    signed_note,
)

# Published with Go's golang.org/x/mod/sumdb/note, which the specification was written from.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
EXAMPLE = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
EXAMPLE_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
BEHIND_THE_SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""


def signer(name: str = "tallystick.example/demo", seed: int = 1, **more: int) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), **more)


def test_published_notes_open() -> None:
    key = VerifierKey.parse(VKEY)
    assert key.vkey == VKEY
    assert open_note(parse_note(NOTE), [key]) == [key]
    assert open_note(parse_note(EXAMPLE_NOTE), [key, EXAMPLE]) == [EXAMPLE]
    assert str(parse_note(NOTE)) == NOTE


@pytest.mark.parametrize(
    "vkey",
    ["", "a", VKEY.replace("c74f20a3", "c74f20a4"), VKEY.replace("+ARpc", "+AQpc"), VKEY[:-4]],
)
def test_a_key_that_does_not_fit_its_id_is_refused(vkey: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(vkey)


def test_a_checkpoint_as_the_specification_shows_it() -> None:
    checkpoint = Checkpoint.parse(BEHIND_THE_SOFA)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == BEHIND_THE_SOFA
    assert Checkpoint.parse(BEHIND_THE_SOFA + "an extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        BEHIND_THE_SOFA[:-1],
        BEHIND_THE_SOFA + "\n",
        BEHIND_THE_SOFA.replace("20852163", "020852163"),
        BEHIND_THE_SOFA.replace("20852163", "-1"),
        BEHIND_THE_SOFA.replace("q2I=", "q2J="),
        BEHIND_THE_SOFA.replace("CsUY", ""),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_a_checkpoint_is_believed_only_with_a_key_that_is_trusted() -> None:
    ours, other = signer(), signer(seed=2)
    checkpoint = Checkpoint("tallystick.example/demo", 7, b"r" * 32)
    note = str(signed_note(checkpoint.text, [ours, other]))
    assert open_checkpoint(note, [ours.key]) == checkpoint
    assert open_note(parse_note(note), [ours.key, other.key]) == [ours.key, other.key]
    with pytest.raises(BadNote, match="no key that is trusted"):
        open_checkpoint(note, [signer("tallystick.example/else").key])
    with pytest.raises(BadNote, match="is wrong"):
        open_checkpoint(note.replace("\n7\n", "\n8\n"), [ours.key])


def test_a_cosignature_is_bound_to_its_time_and_to_the_checkpoint() -> None:
    witness = signer("witness.example/w1", kind=COSIGNATURE)
    made = witness.cosign(BEHIND_THE_SOFA, 1679315147)
    assert base64.b64decode(made.line.split(" ")[2])[4:12] == (1679315147).to_bytes(8, "big")
    assert open_note(Note(BEHIND_THE_SOFA, (made,)), [witness.key]) == [witness.key]
    assert VerifierKey.parse(witness.key.vkey) == witness.key
    assert witness.key.key_id != signer("witness.example/w1").key.key_id
    later = parse_signature(made.line)
    stamped = (1679315148).to_bytes(8, "big") + later.signature[8:]
    wrong = type(later)(later.name, later.key_id, stamped)
    with pytest.raises(BadNote):
        open_note(Note(BEHIND_THE_SOFA, (wrong,)), [witness.key])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\u2003b"])
def test_a_name_with_spaces_or_plus_is_no_key_name(name: str) -> None:
    with pytest.raises(BadNote):
        signer(name)


@given(st.text())
def test_any_text_is_a_note_or_is_refused(text: str) -> None:
    try:
        note = parse_note(text)
    except BadNote:
        return
    assert str(note) == text


@given(st.integers(0, len(EXAMPLE_NOTE) - 1), st.characters(exclude_categories=["Cs"]))
def test_no_changed_character_of_a_note_is_believed(place: int, character: str) -> None:
    changed = EXAMPLE_NOTE[:place] + character + EXAMPLE_NOTE[place + 1 :]
    if changed == EXAMPLE_NOTE:
        return
    with pytest.raises(BadNote):
        open_note(parse_note(changed), [EXAMPLE])
