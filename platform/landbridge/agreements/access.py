"""The access predicate: one question for web, REST, Hub routes, jobs and streams, answered by the database's clock.

Two statements decide (a third names an agreement that waits for its signature). Nothing is kept between questions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from django.db.models import Exists, OuterRef

from landbridge.accounts.models import Membership, Token, TokenKind, User
from landbridge.agreements import live, pages
from landbridge.agreements import sentences as say
from landbridge.core import time
from landbridge_registry.models import Gate, Repo, Visibility

READ: Final = "repo.read"
DOWNLOAD: Final = "download_weights"
EVALUATION: Final = "evaluation"


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer. ``until``: when a running stream must ask again at the latest (the agreement's end)."""

    allowed: bool
    code: str
    sentence: str
    grant_id: str | None = None
    page: str = ""
    agreement: str = ""  # its number
    revision_id: str | None = None  # of the agreement
    organization_id: str | None = None  # the licensee
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and what the first statement found about its parts."""

    repo: Repo
    actor: User | None
    token: Token | None
    capability: str
    revision: str | None
    path: str | None
    purpose: str
    visibility: str = ""
    gate: str = ""
    disabled: bool = False
    member: bool = False
    token_live: bool = True

    @property
    def hidden(self) -> bool:
        return self.visibility == Visibility.PRIVATE

    def answer(self, code: str, *, allowed: bool = False, page: str = "", **more: Any) -> Decision:  # noqa: ANN401 columns
        if not allowed and self.hidden and not self.member:
            code, page, more = say.NOT_FOUND, "", {}
        return Decision(allowed, code, say.sentence(code), page=page or _page(code, self.repo), **more)


def decide(  # noqa: PLR0913 the parts of one question
    *,
    actor: User | None,
    token: Token | None,
    capability: str,
    repo: Repo,
    revision: str | None,
    path: str | None,
    purpose: str = "",
) -> Decision:
    """Answer whether ``actor`` (with ``token``) may use ``capability`` on this file of this commit now.

    ``revision`` is a 40-hex commit; ``None`` asks about the repository as such. ``purpose`` empty means what the grant
    is for. A private repository's refusal has the code ``not_found``: answer it as if nothing were there.
    """
    asked = _facts(Asked(repo, actor, token, capability, revision, path, purpose))
    if asked is None:
        return Decision(allowed=False, code=say.NOT_FOUND, sentence=say.sentence(say.NOT_FOUND))
    if token is not None and token.kind == TokenKind.JOB:
        return _job(asked, token)
    code = _without_looking_at_grants(asked)
    if code is not None or actor is None:
        code = code or say.SIGN_IN
        return asked.answer(code, allowed=code in {say.PUBLIC, say.MEMBER})
    return _by_grant(asked, actor)


def _without_looking_at_grants(asked: Asked) -> str | None:
    """The code of what the first statement settles; ``None`` leaves it to the grants."""
    token = asked.token
    if asked.disabled:
        return say.DISABLED
    if asked.visibility == Visibility.PUBLIC and asked.gate == Gate.OPEN:
        return say.PUBLIC
    if asked.actor is None:
        return say.SIGN_IN
    if token is not None and not (asked.token_live and token.kind != TokenKind.WORKER and READ in token.scopes):
        return say.TOKEN_SCOPE
    return say.MEMBER if asked.member else None


def _facts(asked: Asked) -> Asked | None:
    """The first statement: how the repository stands now, whether the actor belongs to it, whether the token lives."""
    mine = Membership.objects.filter(
        organization__namespace=OuterRef("namespace"), user=asked.actor, user__is_active=True
    )
    key = asked.token.pk if asked.token else ""
    good = Token.objects.filter(pk=key, revoked_at=None, expires_at__gt=time.now(), user__is_active=True)
    if asked.token is not None and asked.token.organization_id is not None:
        mine = mine.filter(organization=asked.token.organization_id)
        if asked.token.made_by_id is not None:
            maker = Membership.objects.filter(
                organization=asked.token.organization_id, user=asked.token.made_by_id, user__is_active=True
            )
            mine, good = mine.filter(Exists(maker)), good.filter(Exists(maker))
    row = (
        Repo.objects.filter(pk=asked.repo.pk)
        .annotate(mine=Exists(mine), token_live=Exists(good))
        .values("visibility", "gate", "disabled_reason", "namespace__name", "namespace__kind", "mine", "token_live")
        .first()
    )
    if row is None:
        return None
    return Asked(
        asked.repo,
        asked.actor,
        asked.token,
        asked.capability,
        asked.revision,
        asked.path,
        asked.purpose,
        visibility=row["visibility"],
        gate=row["gate"],
        disabled=bool(row["disabled_reason"]),
        member=row["mine"] or _owns(asked.actor, row),
        token_live=asked.token is None or row["token_live"],
    )


def _owns(actor: User | None, row: Mapping[str, Any]) -> bool:
    """A personal namespace is its person's."""
    personal = actor is not None and actor.is_active and row["namespace__kind"] == "user"
    return personal and actor is not None and row["namespace__name"].lower() == actor.username.lower()


def _job(asked: Asked, token: Token) -> Decision:
    """A job's token opens the revisions its job was given, for evaluation, and nothing else."""
    if asked.purpose not in {"", EVALUATION}:
        return asked.answer(say.PURPOSE)
    names = {str(asked.repo).lower(), str(asked.repo.pk)}
    reach = [entry for entry in token.reach.get("repos", []) if str(entry.get("repo", "")).lower() in names]
    reach = [entry for entry in reach if entry.get("type", asked.repo.type) == asked.repo.type]
    if not asked.token_live or not reach:
        return asked.answer(say.TOKEN_SCOPE)
    if asked.revision not in {None, *(entry.get("revision") for entry in reach)}:
        return asked.answer(say.OUT_OF_SCOPE_REVISION)
    return asked.answer(say.JOB, allowed=True)


def _by_grant(asked: Asked, actor: User) -> Decision:
    """The second statement, and the parts of a scope that are lists of a few words."""
    rows = live.grants(
        repo_id=asked.repo.pk,
        capability=asked.capability,
        user_id=actor.pk,
        organization_id=_narrowed(asked),
        commit=asked.revision,
    )
    refusal: Decision | None = None
    for row in rows:
        code = live.verdict_of(row)
        if code == live.OPEN:
            code = _within(asked, row)
        decision = asked.answer(
            code,
            allowed=code == say.GRANT,
            page=pages.agreement(row["agreement__number"]),
            grant_id=row["id"] if code == say.GRANT else None,
            agreement=row["agreement__number"],
            revision_id=row["revision_id"],
            organization_id=row["organization_id"],
            until=min(filter(None, (row["ends_at"], row["agreement__ends_at"]))),
        )
        if decision.allowed:
            return decision
        refusal = refusal or decision
    return refusal or _without_grant(asked, actor)


def _within(asked: Asked, row: Mapping[str, Any]) -> str:
    """``grant``, or why this file, purpose or country lies outside the grant's scope."""
    scope = row["scope"]
    files, purposes, territory = scope.get("files"), scope.get("purposes"), scope.get("territory")
    if files and asked.path is not None and not any(fnmatchcase(asked.path, pattern) for pattern in files):
        return say.OUT_OF_SCOPE_FILE
    if purposes and asked.purpose and asked.purpose not in purposes:
        return say.PURPOSE
    if territory and row["organization__country"] not in territory:
        return say.TERRITORY
    return say.GRANT


def _without_grant(asked: Asked, actor: User) -> Decision:
    """The third statement: whether a signature is all that is missing, or a seat was held before."""
    found = live.left_over(repo_id=asked.repo.pk, user_id=actor.pk, organization_id=_narrowed(asked))
    if found is None:
        return asked.answer(say.NO_AGREEMENT)
    number, code = found
    return asked.answer(code, page=pages.agreement(number), agreement=number)


def _narrowed(asked: Asked) -> str | None:
    """The one organization that an organization's token speaks for."""
    return asked.token.organization_id if asked.token else None


def _page(code: str, repo: Repo) -> str:
    if code == say.NO_AGREEMENT:
        return pages.request(repo)
    if code == say.SIGN_IN:
        return pages.sign_in(repo)
    if code == say.TOKEN_SCOPE:
        return pages.tokens()
    return "" if code == say.NOT_FOUND else pages.repository(repo)


__all__ = ["DOWNLOAD", "EVALUATION", "Decision", "decide"]
