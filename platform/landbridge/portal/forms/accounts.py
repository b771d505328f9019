"""Organizations, members, authority and tokens."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from landbridge.accounts.models import OrganizationKind, Role
from landbridge.portal import words
from landbridge.portal.forms.base import PortalForm

SCOPES: Final = (
    ("read", _("Read what is public and what your organizations hold")),
    ("repo.read", _("Download files that you may have")),
    ("repo.write", _("Upload files")),
    ("submit", _("Submit models")),
    ("evaluate", _("Start evaluations")),
    ("requests", _("Request licenses")),
    ("agreements.read", _("Read agreements")),
    ("agreements.write", _("Negotiate agreements and publish offers")),
    ("org.admin", _("Administer organizations")),
)
LIFETIMES: Final = (("30", _("30 days")), ("90", _("90 days")), ("365", _("One year")))


class OrganizationForm(PortalForm):
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            (OrganizationKind.LAB, _("A lab: it submits models and offers licenses")),
            (OrganizationKind.COMPANY, _("A company: it takes licenses and downloads models")),
        ],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("As it should stand in agreements."))
    slug = forms.CharField(
        label=_("Short name"),
        max_length=96,
        help_text=_("The first part of every model's address, as in lumen/tiny-bert. It cannot be changed later."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
    )
    country = forms.RegexField(
        label=_("Country"),
        regex=r"^[A-Za-z]{2}$",
        required=False,
        help_text=_("Two letters, as in DE, CN or US. Licenses may be limited to countries."),
        error_messages={"invalid": _("Give the country as two letters, as in DE, CN or US.")},
        widget=forms.TextInput(attrs={"maxlength": 2, "autocomplete": "country", "class": "short"}),
    )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()


class InvitationForm(PortalForm):
    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=list(words.ROLES.items()), initial=Role.MEMBER)


class RoleForm(PortalForm):
    role = forms.ChoiceField(label=_("Role"), choices=list(words.ROLES.items()))


class AuthorityForm(PortalForm):
    username = forms.ChoiceField(label=_("Person"))
    title = forms.CharField(label=_("Office or title"), max_length=120, help_text=_("As it stands under signatures."))
    basis = forms.CharField(
        label=_("What it rests on"),
        max_length=200,
        help_text=_("For instance: board resolution of 3 March 2026, or entry in the commercial register."),
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401 Django's
        super().__init__(*args, **kwargs)
        self.fields["username"].choices = people  # type: ignore[attr-defined]


class TokenForm(PortalForm):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What it is for, so that you know it later."))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        initial=["read", "repo.read"],
        help_text=_("It never opens more than you may do yourself."),
    )
    days = forms.ChoiceField(label=_("Expires after"), choices=LIFETIMES, initial="90")
