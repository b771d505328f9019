"""The one form that submits: which folder, under which name, measured on what."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from landbridge.portal.forms.base import PortalForm
from landbridge_registry.errors import BadName
from landbridge_registry.models import Visibility
from landbridge_registry.names import check_repo_name

LICENSES: Final = ("Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-NC-4.0", "MulanPSL-2.0", "LicenseRef-")


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:  # noqa: ANN401, ARG002 Django's signature
        files = data if isinstance(data, list) else [data] if data else []
        if self.required and not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class TargetForm(PortalForm):
    """Whose it is, what it is called, what measures it, who sees it."""

    namespace = forms.ChoiceField(label=_("Lab"))
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


class SubmitForm(TargetForm):
    name = forms.CharField(
        label=_("Name of the model"),
        max_length=96,
        help_text=_("Letters, digits, dots and dashes. A name that is there already gets a new version."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
    )
    folder = ManyFilesField(
        label=_("Model folder"),
        required=False,
        widget=ManyFiles(attrs={"webkitdirectory": True, "multiple": True}),
        help_text=_("With config.json and *.safetensors (and tokenizer files), or with landbridge.json."),
    )
    singles = ManyFilesField(
        label=_("Or single files"),
        required=False,
        widget=ManyFiles(attrs={"multiple": True}),
        help_text=_("For browsers that choose no folders."),
    )
    license = forms.CharField(
        label=_("License"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"list": "licenses", "autocapitalize": "off", "spellcheck": "false"}),
        help_text=_("An SPDX expression. Only needed if the folder has no README.md that says it."),
    )
    summary = forms.CharField(
        label=_("One sentence about it"),
        max_length=140,
        required=False,
        help_text=_("What it does, for which input, how well. Only used if the folder has no README.md."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("folder") and not cleaned.get("singles"):
            self.add_error("folder", _("Choose the folder of the model, or its files."))
        return cleaned
