"""Addresses that authenticate themselves: the client PUTs a large file without its token."""

import hmac
import time
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from landbridge.hub.errors import HubError
from landbridge_registry.models import Upload

LIFETIME = 3600  # seconds
PARTS = ("action", "repo", "user", "oid", "size", "exp")


def upload_query(upload: Upload) -> str:
    """The query of an upload's address: who may put which content into which repository, until when."""
    said = {
        "action": "put",
        "repo": str(upload.repo_id),
        "user": upload.by,
        "oid": upload.oid,
        "size": str(upload.size),
        "exp": str(int(time.time()) + LIFETIME),
    }
    return urlencode(said | {"sig": _signature(upload.pk, said)})


def checked(request: HttpRequest, upload_id: str) -> dict[str, str]:
    """What the address says, if we said it and it is still good; 403 otherwise."""
    said = {name: request.GET.get(name, "") for name in PARTS}
    if not hmac.compare_digest(_signature(upload_id, said).encode(), request.GET.get("sig", "").encode()):
        raise HubError(403, "This upload address was altered. Ask for a new one.")
    if int(said["exp"]) < time.time():
        raise HubError(403, "This upload address has expired. Ask for a new one.")
    return said


def _signature(upload_id: str, said: dict[str, str]) -> str:
    text = "\n".join([upload_id, *(said[name] for name in PARTS)])
    return salted_hmac("landbridge.hub.upload", text, algorithm="sha256").hexdigest()
