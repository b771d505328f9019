"""The form that submits a plugin: one wheel, whose it is, measured on what."""

from django import forms
from django.utils.translation import gettext_lazy as _

from landbridge.portal.forms.submissions import TargetForm


class PluginForm(TargetForm):
    wheel = forms.FileField(
        label=_("Wheel"),
        widget=forms.FileInput(attrs={"accept": ".whl"}),
        help_text=_("dist/NAME-VERSION-py3-none-any.whl, as python -m build --wheel made it."),
        error_messages={"required": _("Choose the wheel that you built.")},
    )
    name = forms.CharField(
        label=_("Name of the model"),
        max_length=96,
        required=False,
        help_text=_("Empty: the name of the distribution. A name that is there already gets a new version."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
    )
