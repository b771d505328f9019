"""git-LFS, basic transfer: which contents are here, and where the others go. One content, one address, one hour."""

import re
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from landbridge.accounts.models import User
from landbridge.agreements.access import DOWNLOAD
from landbridge.core import time
from landbridge.core.access import Access, Right
from landbridge.hub import body, quotas, rights, services, signing, wire
from landbridge.hub.errors import HubError
from landbridge.hub.gate import ask, hub, readable, refusal, who, writable
from landbridge_registry import storage
from landbridge_registry.errors import BadContent
from landbridge_registry.models import Repo, RepoObject, RepoType, Upload

MEDIA_TYPE = "application/vnd.git-lfs+json"
BATCH_CAP = 256
OID = re.compile(r"[0-9a-f]{64}")


@hub(
    POST=Access(
        Right.PUBLIC, capability=DOWNLOAD, why="An upload needs a member's token; a download, the access predicate."
    )
)
def batch(request: HttpRequest, kind: RepoType, namespace: str, name: str) -> HttpResponseBase:
    """``POST /[datasets/]{id}.git/info/lfs/objects/batch``."""
    asked = body.json_body(request)
    objects = _objects(asked.get("objects"))
    if asked.get("hash_algo", "sha256") != "sha256":
        raise HubError(400, "Contents are named by SHA-256.")
    if asked.get("operation") == "download":
        answers = _downloads(request, readable(who(request), kind, namespace, name), objects)
    elif asked.get("operation") == "upload":
        repo, user = writable(who(request), kind, namespace, name)
        answers = _uploads(request, repo, user, objects)
    else:
        raise HubError(400, "`operation` is upload or download.")
    shape = {"transfer": "basic", "objects": answers, "hash_algo": "sha256"}
    return JsonResponse(shape, content_type=MEDIA_TYPE)


def _objects(listed: object) -> dict[str, int]:
    if not isinstance(listed, list) or len(listed) > BATCH_CAP:
        raise HubError(400 if not isinstance(listed, list) else 413, f"`objects` lists at most {BATCH_CAP} contents.")
    found: dict[str, int] = {}
    for one in listed:
        oid, size = (one.get("oid"), one.get("size")) if isinstance(one, dict) else (None, None)
        if not isinstance(oid, str) or not OID.fullmatch(oid) or type(size) is not int or size < 0:
            raise HubError(400, "Each object has an `oid` (SHA-256, lower-case hex) and a `size`.")
        found[oid] = size
    return found


def _uploads(request: HttpRequest, repo: Repo, user: User, objects: dict[str, int]) -> list[dict[str, Any]]:
    """No actions: this repository, or one the caller may write, holds the content already."""
    for size in objects.values():
        quotas.require_size(size)
    here = dict(
        RepoObject.objects.filter(rights.usable_in(repo, who(request)), blob_id__in=objects).values_list(
            "blob_id", "blob__size"
        )
    )
    wanted = {oid: size for oid, size in objects.items() if oid not in here}
    uploads = services.open_uploads(actor=user, repo=repo, objects=wanted) if wanted else {}
    return [_answer(request, repo, oid, size, here, uploads) for oid, size in objects.items()]


def _answer(  # noqa: PLR0913, PLR0917 one object's parts
    request: HttpRequest, repo: Repo, oid: str, size: int, here: dict[str, int], uploads: dict[str, Upload]
) -> dict[str, Any]:
    shape: dict[str, Any] = {"oid": oid, "size": size}
    if oid in here and here[oid] != size:
        return shape | {"error": {"code": 422, "message": f"This content has {here[oid]} bytes, not {size}."}}
    if oid in here:
        return shape
    base, upload = wire.base_url(request), uploads[oid]
    put = f"{base}/api/lfs/{upload.pk}?{signing.upload_query(upload)}"
    verify = f"{wire.repo_url(request, repo)}.git/info/lfs/objects/verify"
    return shape | {
        "authenticated": True,
        "actions": {"upload": {"href": put, "header": {}}, "verify": {"href": verify, "header": {}}},
    }


def _downloads(request: HttpRequest, repo: Repo, objects: dict[str, int]) -> list[dict[str, Any]]:
    """Where to GET what this repository's history names: by ``resolve``, which asks and logs once more."""
    decision = ask(who(request), repo, revision=None, path=None)
    if not decision.allowed:
        raise refusal(request, decision, repo)
    held = set(RepoObject.objects.filter(repo=repo, blob_id__in=objects).values_list("blob_id", flat=True))
    places = rights.places_of(repo, held)
    answers: list[dict[str, Any]] = []
    for oid, size in objects.items():
        shape: dict[str, Any] = {"oid": oid, "size": size}
        if oid in places:
            href = f"{wire.repo_url(request, repo)}/resolve/{places[oid]}"
            answers.append(shape | {"actions": {"download": {"href": href, "header": {}}}})
        else:
            answers.append(shape | {"error": {"code": 404, "message": "Object does not exist"}})
    return answers


@hub(PUT=Access(Right.PUBLIC, why="the address is signed, for one content and one hour"))
def put(request: HttpRequest, upload_id: str) -> HttpResponseBase:
    """``PUT href`` without credentials. Refused bytes leave nothing behind."""
    said = signing.checked(request, upload_id)
    upload = Upload.objects.select_related("repo").filter(pk=upload_id, expires_at__gt=time.now()).first()
    if upload is None:
        return _again(said)
    length = body.length_of(request)
    if length not in {None, upload.size}:
        raise HubError(400, f"The body has {length} bytes; {upload.size} were announced.")
    user = User.objects.filter(username=upload.by, is_active=True).first()
    if user is None:
        raise HubError(403, "The account that asked for this upload is closed.")
    try:
        with storage.Stage() as stage:
            stored = stage.put_stream(body.reader(request), size=upload.size, sha256=upload.oid)
            services.finish_upload(actor=user, upload=upload, stored=stored)
    except BadContent as error:
        raise HubError(400, str(error)) from error
    return HttpResponse(status=200)


def _again(said: dict[str, str]) -> HttpResponseBase:
    """A second use of a finished upload is harmless; that of a lapsed one is refused."""
    if RepoObject.objects.filter(repo=uuid.UUID(said["repo"]), blob_id=said["oid"]).exists():
        return HttpResponse(status=200)
    raise HubError(403, "This upload is over. Ask for a new address.")


@hub(POST=Access(Right.MEMBER, scope="repo.write"))
def verify(request: HttpRequest, kind: RepoType, namespace: str, name: str) -> HttpResponseBase:
    """``POST …/objects/verify`` ``{"oid","size"}``."""
    repo, _ = writable(who(request), kind, namespace, name)
    asked = body.json_body(request)
    oid = body.text_of(asked, "oid", required=True)
    if not OID.fullmatch(oid):
        raise HubError(400, "`oid` is a SHA-256 in lower-case hex.")
    if not RepoObject.objects.filter(repo=repo, blob_id=oid, blob__size=_whole(asked.get("size"))).exists():
        raise HubError(404, "This repository holds no such content. Upload it first.")
    return JsonResponse({}, content_type=MEDIA_TYPE)


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise HubError(400, "`size` must be a whole number.")
    return value
