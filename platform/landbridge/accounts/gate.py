"""The part of a declared rule that needs no object: is anybody signed in, is it the right kind, has it the scope."""

from landbridge.accounts.errors import PersonRequired
from landbridge.accounts.models import TokenKind, UserKind
from landbridge.accounts.principals import Principal
from landbridge.core.access import Access, Right
from landbridge.core.errors import NotAllowed, NotFound

KINDS = {Right.WORKER: TokenKind.WORKER, Right.JOB_TOKEN: TokenKind.JOB}


def pass_gate(rule: Access, principal: Principal) -> None:
    """Raise what the caller should see, or return. Roles in an organization are the view's to ask."""
    wanted = KINDS.get(rule.right)
    kind = principal.token.kind if principal.token else None
    if rule.right is Right.PUBLIC:
        return
    principal.require_user()
    if wanted is not None and kind != wanted:
        raise NotAllowed(f"This door is for {wanted} tokens.", code="token_kind")
    if wanted is None and kind in KINDS.values():
        raise NotAllowed(f"A {kind} token opens its own doors only.", code="token_kind")
    if rule.right is Right.OPERATOR and not principal.is_operator:
        if rule.hidden:
            raise NotFound("There is nothing at this address that you may see.")
        raise NotAllowed("This is for the operator's staff.", code="role_missing")
    if rule.person and principal.require_user().kind != UserKind.PERSON:
        raise PersonRequired("Only a person can do this; a program cannot.")
    if rule.scope is not None:
        principal.require_scope(rule.scope)
