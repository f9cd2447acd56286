"""The README of an audit bundle, written for somebody who has never seen the program."""

README = """\
# What this is

Facts from a ledger of contracts and pay, exactly as they were recorded, with the proof that each of
them stands in a log that nobody can rewrite unnoticed. You need no access to the company's systems.

| file | what it is |
| --- | --- |
| `facts/N.txt` | the fact at position N, the bytes that were hashed: line 1 says where it stands, line 2 who did it and why, line 3 what happened |
| `proofs/N.tlog-proof` | the inclusion proof of that fact (C2SP `tlog-proof`) |
| `checkpoint.txt` | the signed checkpoint that every proof leads to (C2SP `tlog-checkpoint`), with the signatures of witnesses |
| `keys/N.vkey`, `keys/N.note` | the log's public keys, and the statement by which each was handed over from the one before; the facts `log.key_rotated` say the same |
| `payslips/*.json` | the payslips, laid out to read; the facts are what counts |
| `clauses.txt` | what every clause says in words, with the fact it comes from |
| `documents/*.txt` | the text of the contract as it was signed; its SHA-256 stands in the fact `contract.sent` |
| `law/*.json` | the law tables that the numbers were made with, and where each is written |
| `bundle.json` | the list of the facts |

# How to check it

1. Get `verify_bundle.py` (one file, less than 400 lines: read it) and Python with `cryptography`.
2. `python verify_bundle.py THIS.zip` checks every hash, every proof and the signature, and adds up
   every payslip again.
3. The keys in this file were given to you by the company. Compare `keys/*.vkey` with the key that
   you got some other way, or pass that one: `--key 'NAME+ID+KEY'`.
4. If you kept a checkpoint from an earlier visit, ask for a consistency proof between the two
   (`GET /log/TENANT/consistency?old=SIZE&new=SIZE`), or run `tallystick verify --checkpoint FILE`
   on a copy of the database: a rewritten past cannot be consistent with it.

By hand: SHA-256 of a zero byte followed by the file `facts/N.txt` is the leaf; its index is N - 1;
the rest is RFC 6962, section 2.1.

Names, identity numbers, telephone numbers and bank accounts stand in the facts only encrypted. Where
they were asked for and permitted, `personal.json` has them in clear as the company gives them: no
fact shows them, so nothing proves them. Delete the file when you are done.
Amounts are in yuan. Net is the sum of the rounded amounts of all lines but those of the component
`information`.
"""
