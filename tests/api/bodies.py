"""Bodies of the matrix's requests, where the right depends on what a body names. All else is asked with ``{}``."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from landbridge.api.matrix import cast
from tests.api.asking import At

Body = Callable[[At], Any]
Form = Callable[[At], bytes]


def lumens(at: At) -> dict[str, Any]:
    return {"namespace": cast.LAB, "organization": cast.LAB, "name": at.row.thing.name, "type": "model"}


def reason(at: At) -> dict[str, Any]:
    return {"reason": "The term has changed."}


def download(at: At) -> dict[str, Any]:
    return {"operation": "download", "objects": [{"oid": "0" * 64, "size": 1}]}


def seat(at: At) -> dict[str, Any]:
    return {"user": "acme-signatory"}


BODIES: Mapping[str, Body] = {
    "POST /api/v1/invitations/<str:invitation_id>/accept": lambda at: {"secret": at.world.ids["secret"]},
    "POST /api/v1/models": lambda _at: {"namespace": cast.LAB, "name": "another"},
    "POST /api/repos/create": lambda _at: {"name": "another", "organization": cast.LAB, "type": "model"},
    "DELETE /api/repos/delete": lumens,
    "POST /api/v1/offers/<str:offer_id>/revoke": reason,
    **{f"POST /api/v1/late-findings/<str:late_finding>/{deed}": reason for deed in ("suspend", "dismiss", "lift")},
    **{f"POST /api/v1/agreements/<str:number>/{deed}": reason for deed in ("suspend", "resume", "withdraw", "decline")},
    "POST /api/v1/agreements/<str:number>/seats": seat,
    "DELETE /api/v1/agreements/<str:number>/seats": seat,
    "POST /api/v1/organizations/<str:slug>/workers": lambda at: {"name": f"box-{abs(hash(at.row)) % 10**8}"},
    "POST /api/v1/plugins": lambda _at: {"organization": cast.LAB, "wheel_sha256": "0" * 64},
    "POST /api/v1/submissions": lambda at: {"model": f"{cast.LAB}/{at.row.thing.name}"},
    "POST /(?P<namespace>[^/]+)/(?P<name>[^/]+)\\.git/info/lfs/objects/batch": download,
    "POST /datasets/(?P<namespace>[^/]+)/(?P<name>[^/]+)\\.git/info/lfs/objects/batch": download,
    "POST /api/v1/evaluations": lambda at: {
        "model": f"{cast.LAB}/{at.row.thing.name}",
        "revision": "main",
        "suite": "demo",
    },
}
FORMS: Mapping[str, Form] = {
    "POST /offers/<str:offer_id>/revoke": lambda _at: urlencode({"reason": "Sold."}).encode(),
    "POST /submissions/late-findings/<str:late_finding>/<slug:action>": lambda _at: b"reason=It+is+old.",
}
