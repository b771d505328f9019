"""The base of every form of the portal."""

from typing import Any, Final

from django import forms

from landbridge.portal.once import FIELD, new_key

CODE: Final = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6, "class": "code-input"}


class PortalForm(forms.Form):
    """Labels without colons, and a hidden key so that a second click does nothing again."""

    once = forms.CharField(required=False, widget=forms.HiddenInput)
    assert FIELD == "once"  # noqa: S101 the decorator reads the field by this name

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 Django's signature
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["once"].initial = new_key()
