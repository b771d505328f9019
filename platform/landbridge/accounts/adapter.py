"""Where Landbridge's rules meet django-allauth's flows."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.http import HttpRequest

from landbridge.accounts import services
from landbridge.accounts.models import User
from landbridge.core import vault
from landbridge_registry.errors import BadName
from landbridge_registry.models import Namespace
from landbridge_registry.names import check_namespace

TOTP = "totp"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    """A person's name is a namespace: well-formed, no address of ours, nobody else's."""

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002 allauth's signature
        try:
            name: str = super().clean_username(check_namespace(username), shallow)
        except BadName as error:
            raise forms.ValidationError(str(error), code=error.code) from error
        if not shallow and Namespace.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(f"The name {name} is taken. Choose another.", code="name_taken")
        return name

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:  # noqa: ANN401, FBT001, FBT002 allauth's signature
        filled: User = super().save_user(request, user, form, commit=False)
        return services.sign_up(actor=filled) if commit else filled


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth is untyped
    """Second factors are sealed at rest: a copied database opens no account."""

    def encrypt(self, text: str) -> str:
        return vault.seal(text, purpose=TOTP)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal(encrypted_text, purpose=TOTP)
