"""Every deed that changes people, organizations or keys. One function, one durable transaction, one line."""

from landbridge.accounts.services.authority import confirm_authority, grant_authority, revoke_authority
from landbridge.accounts.services.keys import (
    create_robot,
    create_worker_account,
    issue_organization_token,
    issue_token,
    make_sign_in_link,
    redeem_sign_in_link,
    revoke_token,
)
from landbridge.accounts.services.organizations import (
    accept_invitation,
    change_role,
    create_organization,
    invite,
    remove_member,
    update_organization,
    verify_organization,
    withdraw_invitation,
)
from landbridge.accounts.services.people import open_account, sign_up, update_me

__all__ = [
    "accept_invitation",
    "change_role",
    "confirm_authority",
    "create_organization",
    "create_robot",
    "create_worker_account",
    "grant_authority",
    "invite",
    "issue_organization_token",
    "issue_token",
    "make_sign_in_link",
    "open_account",
    "redeem_sign_in_link",
    "remove_member",
    "revoke_authority",
    "revoke_token",
    "sign_up",
    "update_me",
    "update_organization",
    "verify_organization",
    "withdraw_invitation",
]
