"""Where Landbridge's rules meet django-allauth's flows."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    """Names are namespaces: see ``names``."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth is untyped
    """TOTP secrets are encrypted at rest."""
