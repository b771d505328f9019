"""The root that vouches for the list of keys. An instance makes one for itself; keep it offline (docs/operator.md).

``show`` · ``detach FILE`` moves the root off this machine · ``list`` prints what is to be signed · ``sign LIST --key
FILE`` signs it, on any machine, without a database · ``import SIGNED`` serves it · ``create FILE`` makes a new root.
"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from landbridge.api import meta
from landbridge.core import signing
from landbridge_client import dsse, keylist
from landbridge_client.formats.errors import FormatError


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        deeds.add_parser("show", help="the root's fingerprint, and whether it lies here")
        deeds.add_parser("list", help="print the list of keys that the root is to sign")
        for name, said in (("create", "make a new root"), ("detach", "move the root of this instance to a file")):
            deeds.add_parser(name, help=said).add_argument("file", type=Path)
        sign = deeds.add_parser("sign", help="sign a list; needs no database")
        sign.add_argument("file", type=Path, metavar="LIST")
        sign.add_argument("--key", type=Path, required=True, help="the root's file")
        take = deeds.add_parser("import", help="serve a signed list")
        take.add_argument("file", type=Path, metavar="SIGNED")
        take.add_argument("--new-root", metavar="FP", help="the fingerprint of a root that follows the present one")

    def handle(self, *, deed: str, **options: Any) -> None:  # noqa: ANN401 what argparse read
        try:
            said = DEEDS[deed](options)
        except (FormatError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(said))


def show(_options: Mapping[str, Any]) -> dict[str, Any]:
    root = signing.root_key()
    return {"root": root.keyid if root else None, "here": signing.root_signer() is not None}


def create(options: Mapping[str, Any]) -> dict[str, Any]:
    signer = dsse.Signer.generate()
    signer.save(options["file"])
    return {"root": signer.keyid, "file": str(options["file"])}


def detach(options: Mapping[str, Any]) -> dict[str, Any]:
    listed = meta.keys()
    signing.detach_root(options["file"], listed["envelope"])
    return {"root": listed["root"]["keyid"], "file": str(options["file"])}


def listed(_options: Mapping[str, Any]) -> dict[str, Any]:
    return {"keys": meta.keys()["keys"]}


def sign(options: Mapping[str, Any]) -> dict[str, Any]:
    """The list in a file, signed. A person has read it: the root vouches for every key in it."""
    found = json.loads(options["file"].read_text())
    keylist.key_records(found)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return keylist.sign_list(found["keys"], dsse.Signer.load(options["key"]), now)


def take(options: Mapping[str, Any]) -> dict[str, Any]:
    """Raises ``FormatError`` for a list by another root, and for one that lacks a key or a revocation."""
    envelope = json.loads(options["file"].read_text())
    present, wanted = signing.root_key(), options["new_root"]
    root = wanted or (present.keyid if present else "")
    signed = {one.key.keyid: one for one in keylist.rooted({"envelope": envelope, "keys": []}, root)}
    for one in keylist.key_records(meta.keys()):
        mine = signed.get(one.key.keyid)
        lacking = mine is None and one.use == keylist.PLATFORM
        if lacking or (mine is not None and one.revoked_at is not None and mine.revoked_at is None):
            raise FormatError("keys_old", f"The list is older than what happened to {one.key.keyid[:16]}. List anew.")
    if signing.root_signer() is not None:
        raise FormatError("root_here", "The root of this instance lies here and signs by itself. Detach it first.")
    signing.keep_signed(envelope)
    return {"root": root, "keys": len(signed)}


DEEDS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "show": show,
    "create": create,
    "detach": detach,
    "list": listed,
    "sign": sign,
    "import": take,
}
