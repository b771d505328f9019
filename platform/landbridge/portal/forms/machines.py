"""A machine that an organization attaches."""

from django import forms
from django.utils.translation import gettext_lazy as _

from landbridge.portal.forms.base import PortalForm


class MachineForm(PortalForm):
    name = forms.RegexField(
        label=_("Name"),
        regex=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$",
        max_length=40,
        help_text=_("What you call it: small letters, digits and hyphens, as in gpu-box-1."),
        error_messages={"invalid": _("Use 1 to 40 small letters, digits and hyphens.")},
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
    )
