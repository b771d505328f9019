"""The ledger: who did what to which thing, in a chain of hashes. Written in the transaction of the deed itself."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.models import ChainHead, Line
from landbridge.core.prepared import Prepared, PreparedUpdate, insert, slot
from landbridge_client.formats.canonical import canonical_json

PLATFORM = "platform"

_head_of = Prepared(
    lambda: ChainHead.objects.select_for_update().filter(chain=slot(ChainHead, "chain")).annotate(at=time.clock())
)
_move_head = PreparedUpdate(
    lambda: ChainHead.objects.filter(chain=slot(ChainHead, "chain")),
    seq=slot(ChainHead, "seq"),
    hash=slot(ChainHead, "hash"),
)


@step
def record(verb: str, *, subject: models.Model, actor: AbstractBaseUser, chain: str = PLATFORM, **data: Any) -> Line:  # noqa: ANN401 JSON
    """Append one line to ``chain``; the deed and its line stand or fall together.

    ``data`` is JSON without floats (write decimals as strings). Call it last: it takes the lock on the chain's head.
    """
    head = _locked_head(chain)
    line = Line(
        chain=chain,
        seq=head.seq + 1,
        at=head.at,  # type: ignore[attr-defined] # annotated
        actor_id=actor.pk,
        verb=verb,
        object=f"{subject._meta.label_lower}:{subject.pk}",
        data=data,
        prev_hash=head.hash,
    )
    line.hash = digest_of(line)
    insert(line)
    _move_head(chain=chain, seq=line.seq, hash=line.hash)
    return line


def _locked_head(chain: str) -> ChainHead:
    found = _head_of.first(chain=chain)
    if found is None:  # the first line of a chain
        ChainHead.objects.get_or_create(chain=chain)
        found = _head_of.first(chain=chain)
    assert found is not None  # noqa: S101 it was just made
    return found


def digest_of(line: Line) -> str:
    """SHA-256 over the previous hash and the canonical JSON of the line."""
    said = {
        "chain": line.chain,
        "seq": line.seq,
        "at": _instant(line.at),
        "actor": line.actor_id,
        "verb": line.verb,
        "object": line.object,
        "data": line.data,
    }
    return hashlib.sha256(line.prev_hash.encode() + canonical_json(said)).hexdigest()


def broken_at(chain: str = PLATFORM) -> int | None:
    """The place of the first line that does not follow from the one before; ``None`` for a whole chain."""
    previous, place = "0" * 64, 0
    for line in _lines(chain):
        place += 1
        if line.seq != place or line.prev_hash != previous or line.hash != digest_of(line):
            return place
        previous = line.hash
    head = ChainHead.objects.filter(chain=chain).first()
    return place + 1 if head is not None and (head.seq, head.hash) != (place, previous) else None


def _lines(chain: str) -> Iterator[Line]:
    return Line.objects.filter(chain=chain).order_by("seq").iterator(chunk_size=1000)


def _instant(at: datetime) -> str:
    return time.text(at)
