"""Offers and agreements: what is asked, and the consent and code that make it a signature."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from landbridge.accounts.models import OrganizationKind
from landbridge.agreements.proofs import CONSENT
from landbridge.portal.forms.base import CODE, PortalForm

AGREE: Final = _(
    "I have read the text, sign it electronically with the name and office shown, and agree to receive records "
    "electronically."
)


class SignedForm(PortalForm):
    """What every signature needs: consent to electronic records, and a fresh code of the authenticator app."""

    consent = forms.BooleanField(label=AGREE)
    totp = forms.RegexField(
        label=_("Code of your authenticator app"),
        regex=r"^\s*\d{3}\s?\d{3}\s*$",
        widget=forms.TextInput(attrs={**CODE, "maxlength": 7}),
        error_messages={"invalid": _("The code has six digits.")},
        help_text=_("The six digits that the app shows now. Each code works once."),
    )

    def clean_totp(self) -> str:
        return "".join(str(self.cleaned_data["totp"]).split())

    @property
    def consent_version(self) -> str:
        return CONSENT if self.cleaned_data.get("consent") else ""


class TakeForm(PortalForm):
    offer = forms.CharField(widget=forms.HiddenInput)
    organization = forms.ChoiceField(label=_("For which organization?"))
    purpose = forms.CharField(
        label=_("What will you evaluate it for?"),
        max_length=400,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One or two sentences. They become part of the text."),
    )
    country = forms.RegexField(
        label=_("Country of the organization's seat"),
        regex=r"^[A-Za-z]{2}$",
        error_messages={"invalid": _("Give the country as two letters, as in DE, CN or US.")},
        widget=forms.TextInput(attrs={"maxlength": 2, "class": "short"}),
        help_text=_("Two letters, as in DE, CN or US."),
    )

    def __init__(self, *args: Any, organizations: list[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401 Django's
        super().__init__(*args, **kwargs)
        self.fields["organization"].choices = organizations  # type: ignore[attr-defined]

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()


class OfferForm(SignedForm):
    field_order = ("days", "seats", "cap", "licensee_kinds", "countries", "law", "consent", "totp")
    days = forms.IntegerField(label=_("Days of evaluation"), min_value=1, max_value=366, initial=90)
    seats = forms.IntegerField(
        label=_("Seats"),
        min_value=1,
        max_value=1000,
        initial=5,
        help_text=_("People of the licensee who may download."),
    )
    cap = forms.IntegerField(
        label=_("How many may take it"),
        min_value=1,
        max_value=100_000,
        initial=100,
        help_text=_("You can revoke it any time."),
    )
    licensee_kinds = forms.MultipleChoiceField(
        label=_("For whom"),
        choices=[(OrganizationKind.COMPANY, _("Companies")), (OrganizationKind.LAB, _("Labs"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Nothing chosen: for every kind of organization."),
    )
    countries = forms.RegexField(
        label=_("Only in these countries"),
        regex=r"^\s*([A-Za-z]{2}(\s*[,\s]\s*[A-Za-z]{2})*)?\s*$",
        required=False,
        help_text=_("Two letters each, separated by commas. Empty: every country."),
    )
    law = forms.CharField(
        label=_("Governing law"),
        max_length=120,
        required=False,
        help_text=_("Empty: the law at your organization's seat."),
    )

    def clean_countries(self) -> tuple[str, ...]:
        return tuple(str(self.cleaned_data["countries"]).upper().replace(",", " ").split())


class ReasonForm(PortalForm):
    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}))


class SeatForm(PortalForm):
    username = forms.CharField(label=_("User name"), max_length=150)
