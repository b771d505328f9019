"""The form that submits a plugin: one wheel, whose it is, measured on what."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from landbridge.portal.forms.base import PortalForm
from landbridge_registry.errors import BadName
from landbridge_registry.models import Visibility
from landbridge_registry.names import check_repo_name


class PluginForm(PortalForm):
    wheel = forms.FileField(
        label=_("Wheel"),
        widget=forms.FileInput(attrs={"accept": ".whl"}),
        help_text=_("dist/NAME-VERSION-py3-none-any.whl, as python -m build --wheel made it."),
        error_messages={"required": _("Choose the wheel that you built.")},
    )
    namespace = forms.ChoiceField(label=_("Lab"))
    name = forms.CharField(
        label=_("Name of the model"),
        max_length=96,
        required=False,
        help_text=_("Empty: the name of the distribution. A name that is there already gets a new version."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
    )
    suite = forms.ChoiceField(label=_("Measure it on"))
    visibility = forms.ChoiceField(
        label=_("Who may see it"),
        choices=[
            (Visibility.PUBLIC, _("Everyone: it stands in the catalog and on boards")),
            (Visibility.PRIVATE, _("My organization only")),
        ],
        widget=forms.RadioSelect,
        initial=Visibility.PUBLIC,
    )

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 Django's
        namespaces: list[tuple[str, str]],
        suites: list[tuple[str, str]],
        **kwargs: Any,  # noqa: ANN401 Django's
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["namespace"].choices = namespaces  # type: ignore[attr-defined]
        self.fields["suite"].choices = suites  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        try:
            return check_repo_name(name) if name else ""
        except BadName as error:
            raise forms.ValidationError(
                _("Use 1 to 96 letters, digits, dots, dashes or underscores, not at the ends."), code=error.code
            ) from error
