#!/usr/bin/env python3
"""Check an audit bundle: hashes, proofs, signatures, payslips. Nothing of the program is imported.

    python verify_bundle.py BUNDLE.zip [--key 'NAME+ID+KEY'] [--witness 'NAME+ID+KEY']
                                       [--checkpoint FILE]

Needs Python 3.9 or later and the package `cryptography`. Exit status 0: everything holds; 1: not.

What is checked, in this order:
 1. every key is introduced by a statement that the key before it signed too, and the facts that
    hand the log over say the same;
 2. the checkpoint was signed by one of the keys (yours, if you give one), and by your witnesses;
 3. every fact hashes to a leaf that its proof leads from to the root of that checkpoint, and
    stands at the position that its own first line says;
 4. the files to read (payslips, law tables, documents) say what the facts say;
 5. every payslip adds up: each line is its unrounded value rounded half up to the fen, net is the
    sum of the lines, and so are gross, contributions and tax; a payout is the net of its payslip;
    the sums of a run are the sums of its payslips where the bundle holds all of them;
 6. with --checkpoint: a checkpoint you kept, if of the same size, is the same.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from decimal import ROUND_HALF_UP, Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DASH = "— "
FEN = Decimal("0.01")
ED25519, COSIGNATURE = 1, 4


class Wrong(Exception):
    """Something does not hold."""


class Key:
    """A public key as text: name + id + base64(type, 32 bytes). C2SP signed-note."""

    def __init__(self, vkey: str) -> None:
        self.vkey = vkey.strip()
        name, _, rest = self.vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = base64.b64decode(encoded)
        self.name, self.kind, self.public = name, data[0], data[1:]
        wanted = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        if len(data) != 33 or wanted.hex() != key_id:
            raise Wrong(f"{vkey.strip()!r} is no key")
        self.key_id = wanted

    def signed(self, text: str, signatures: list[tuple[str, bytes]]) -> bool:
        """Whether this key signed a text; a wrong signature under its name is an error."""
        for name, data in signatures:
            if name != self.name or data[:4] != self.key_id:
                continue
            signature, message = data[4:], text.encode()
            if self.kind == COSIGNATURE:
                stamp = int.from_bytes(signature[:8], "big")
                signature = signature[8:]
                message = f"cosignature/v1\ntime {stamp}\n{text}".encode()
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            except InvalidSignature:
                raise Wrong(f"a signature of {self.name} is wrong") from None
            return True
        return False


def open_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and its signatures: (name, key id and signature)."""
    text, separator, rest = note.rpartition("\n\n")
    signatures = []
    for line in rest.splitlines():
        if not line.startswith(DASH):
            raise Wrong("a note is malformed")
        name, _, encoded = line[len(DASH) :].partition(" ")
        signatures.append((name, base64.b64decode(encoded)))
    if not separator:
        raise Wrong("a note is malformed")
    return text + "\n", signatures


# RFC 6962, section 2.1


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    if index >= size:
        raise Wrong(f"there is no leaf {index} in a tree of {size}")
    place, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Wrong("the proof is too long")
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return root


class Bundle:
    """The files of a bundle."""

    def __init__(self, path: str) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.facts = {
            int(name[6:-4]): data
            for name, data in sorted(self.files.items())
            if name.startswith("facts/") and name.endswith(".txt")
        }
        self.lines = {position: self.split(position) for position in self.facts}
        """Position → the three lines of the fact: place, act, payload."""

    def split(self, position: int) -> list[dict]:
        parts = self.facts[position].split(b"\n", 2)
        if len(parts) != 3:
            raise Wrong(f"fact {position} does not have three lines")
        return [json.loads(part) for part in parts]

    def text(self, name: str) -> str:
        if name not in self.files:
            raise Wrong(f"{name} is missing")
        return self.files[name].decode()

    def named(self, name: str) -> list[tuple[int, dict, dict]]:
        """The facts of a stored name: position, place, payload."""
        return [
            (position, place, payload)
            for position, (place, _, payload) in self.lines.items()
            if place["name"] == name
        ]


# 1 and 2: keys and checkpoint


def check_keys(bundle: Bundle) -> list[Key]:
    """The keys of the log, each handed over by the one before."""
    keys: list[Key] = []
    for name in sorted(one for one in bundle.files if one.endswith(".vkey")):
        key = Key(bundle.text(name))
        text, signatures = open_note(bundle.text(name[:-5] + ".note"))
        needed = [*keys[-1:], key]
        said = text.splitlines()
        if [one.vkey for one in needed] != said[1 : 1 + len(needed)]:
            raise Wrong(f"the statement about {name} says something else")
        if not all(one.signed(text, signatures) for one in needed):
            raise Wrong(f"the statement about {name} lacks a signature")
        keys.append(key)
    if not keys:
        raise Wrong("there is no key")
    notes = [bundle.text(name) for name in sorted(bundle.files) if name.endswith(".note")]
    made = [[a.vkey, b.vkey, note] for a, b, note in zip(keys, keys[1:], notes[1:])]  # noqa: B905
    names = ("before", "after", "statement")
    facts = [payload for _, _, payload in bundle.named("log.key_rotated.v1")]
    told = [[str(fact[name]) for name in names] for fact in facts]
    if told != made[: len(told)]:
        raise Wrong("the facts that hand the log to another key say something else")
    return keys


def check_checkpoint(
    bundle: Bundle, keys: list[Key], trusted: list[Key], witnesses: list[Key]
) -> tuple[str, int, bytes]:
    """Origin, size and root of the checkpoint, signed by the log and by every witness given."""
    text, signatures = open_note(bundle.text("checkpoint.txt"))
    for key in trusted:
        if key.vkey not in [one.vkey for one in keys]:
            raise Wrong(f"the log's keys are not the one you gave ({key.vkey})")
    if not any(key.signed(text, signatures) for key in keys):
        raise Wrong("no key of the log signed the checkpoint")
    for witness in witnesses:
        if not witness.signed(text, signatures):
            raise Wrong(f"the witness {witness.name} did not sign the checkpoint")
    origin, size, root = text.splitlines()[:3]
    if any(key.name != origin for key in keys):
        raise Wrong("the checkpoint is another log's")
    return origin, int(size), base64.b64decode(root)


# 3: facts


def check_facts(bundle: Bundle, size: int, root: bytes) -> None:
    """Every fact stands where it says, in the tree of the checkpoint."""
    listed = json.loads(bundle.text("bundle.json"))
    if sorted(entry["position"] for entry in listed["facts"]) != sorted(bundle.facts):
        raise Wrong("the facts are not those that bundle.json lists")
    checkpoint = bundle.text("checkpoint.txt")
    for position, fact in bundle.facts.items():
        place = bundle.lines[position][0]
        if place["position"] != position or place["tenant"] != listed["tenant"]:
            raise Wrong(f"fact {position} says that it stands at {place['position']}")
        head, _, note = bundle.text(f"proofs/{position:010}.tlog-proof").partition("\n\n")
        header, index, *hashes = head.splitlines()
        if header != "c2sp.org/tlog-proof@v1" or index != f"index {position - 1}":
            raise Wrong(f"the proof of fact {position} is another's")
        if note != checkpoint:
            raise Wrong(f"the proof of fact {position} leads to another checkpoint")
        proof = [base64.b64decode(one) for one in hashes]
        if root_from(position - 1, size, leaf_hash(fact), proof) != root:
            raise Wrong(f"fact {position} is not in the log")


# 4: files to read


def check_readable(bundle: Bundle) -> int:
    """Payslips, law tables and documents say what the facts say; how many there are."""
    expected = {}
    for _, _, payload in bundle.named("pay.payslip_computed.v1"):
        slip = payload["payslip"]
        expected[f"payslips/{payload['run']}.{slip['contract']}.json"] = slip
    for _, _, payload in bundle.named("law.table_published.v1"):
        expected[f"law/{payload['table']}-{payload['table_version']}.json"] = payload
    found = {n for n in bundle.files if n.startswith(("payslips/", "law/"))}
    if found != set(expected):
        raise Wrong(f"no fact says {sorted(found ^ set(expected))[0]}, or its file is missing")
    for name, said in expected.items():
        if json.loads(bundle.files[name]) != said:
            raise Wrong(f"{name} is not what its fact says")
    for position, place, payload in bundle.named("contract.sent.v1"):
        name = f"documents/{place['stream'].partition('/')[2]}.txt"
        if hashlib.sha256(bundle.text(name).encode()).hexdigest() != payload["document_sha256"]:
            raise Wrong(f"{name} is not the document of fact {position}")
    return len(expected)


# 5: pay


def fen(value: Decimal) -> Decimal:
    """Half up to the fen: 0.005 is 0.01 and -0.005 is -0.01."""
    return value.quantize(FEN, ROUND_HALF_UP)


def check_payslip(position: int, slip: dict) -> None:
    """A payslip adds up."""

    def total(*components: str) -> Decimal:
        lines = (one for one in slip["lines"] if one["component"] in components)
        return sum((Decimal(one["amount"]) for one in lines), Decimal(0))

    for number, line in enumerate(slip["lines"], start=1):
        if fen(Decimal(line["unrounded"])) != Decimal(line["amount"]):
            raise Wrong(
                f"payslip in fact {position}, line {number}: {line['amount']} is not "
                f"{line['unrounded']} rounded to the fen"
            )
    said = {name: Decimal(slip[name]) for name in ("gross", "contributions", "tax", "net")}
    carried = [one for one in slip["lines"] if one["code"].startswith("owed_")]
    owed = sum((Decimal(one["amount"]) for one in carried), Decimal(0))
    made = {
        "gross": total("earnings", "arrears", "carry") - owed,
        "contributions": -total("contribution"),
        "tax": -total("tax"),
        "net": total("earnings", "arrears", "carry", "contribution", "tax"),
    }
    for name, value in made.items():
        if value != said[name]:
            raise Wrong(
                f"payslip in fact {position}: {name} is {said[name]}, its lines make {value}"
            )


def check_pay(bundle: Bundle) -> int:
    """All payslips, their payouts and their runs; how many payslips there are."""
    slips = {}
    for position, place, payload in bundle.named("pay.payslip_computed.v1"):
        slip = payload["payslip"]
        check_payslip(position, slip)
        if place["stream"] != f"payslip/{payload['run']}/{slip['contract']}":
            raise Wrong(f"the payslip in fact {position} stands in {place['stream']}")
        slips[payload["run"], slip["contract"]] = slip
    for position, _, payload in bundle.named("payout.instructed.v1"):
        paid = slips.get((payload["run"], payload["contract"]))
        if paid is not None and Decimal(payload["amount"]) != Decimal(paid["net"]):
            raise Wrong(f"the payout in fact {position} is not the net of its payslip")
    for position, place, payload in bundle.named("pay.run_computed.v1"):
        run = place["stream"].partition("/")[2]
        of_run = [slip for (name, _), slip in slips.items() if name == run]
        if len(of_run) == payload["payslips"]:
            for name in ("gross", "contributions", "tax", "net"):
                if sum(Decimal(slip[name]) for slip in of_run) != Decimal(payload[name]):
                    raise Wrong(f"{name} of the run in fact {position} is not its payslips' sum")
    return len(slips)


def check(arguments: argparse.Namespace) -> list[str]:
    """Check everything; what was found to hold, in words."""
    bundle = Bundle(arguments.bundle)
    keys = check_keys(bundle)
    trusted = [Key(vkey) for vkey in arguments.key]
    witnesses = [Key(vkey) for vkey in arguments.witness]
    origin, size, root = check_checkpoint(bundle, keys, trusted, witnesses)
    check_facts(bundle, size, root)
    readable = check_readable(bundle)
    slips = check_pay(bundle)
    said = [
        f"{origin}: {size} facts, root {root.hex()}",
        f"{len(keys)} key(s), each handed over by the one before"
        + ("" if trusted else "; compare with one that you got some other way: " + keys[-1].vkey),
        f"the checkpoint is signed by the log and {len(witnesses)} witness(es) of yours",
        f"{len(bundle.facts)} facts are in the log, where they say they stand",
        f"{readable} files to read say what the facts say",
        f"{slips} payslip(s) add up",
    ]
    for name in arguments.checkpoint:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 - readable without pathlib
            old, signatures = open_note(file.read())
        if not any(key.signed(old, signatures) for key in keys):
            raise Wrong(f"{name}: no key of this log signed it")
        old_origin, old_size, old_root = old.splitlines()[:3]
        if (old_origin, int(old_size)) == (origin, size):
            if base64.b64decode(old_root) != root:
                raise Wrong(f"{name}: the log showed you another history of the same length")
            said.append(f"{name} is the same checkpoint")
        else:
            said.append(f"{name} is of {old_size} facts: ask for a consistency proof to {size}")
    return said


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundle")
    parser.add_argument("--key", action="append", default=[], help="a key of the log you trust")
    parser.add_argument("--witness", action="append", default=[], help="a witness you trust")
    parser.add_argument("--checkpoint", action="append", default=[], help="one that you kept")
    arguments = parser.parse_args()
    try:
        said = check(arguments)
    except (Wrong, KeyError, ValueError, ArithmeticError, zipfile.BadZipFile, OSError) as error:
        print(f"WRONG: {error}", file=sys.stderr)
        return 1
    for line in said:
        print(f"holds: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
