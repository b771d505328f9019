"""Bodies from outside, read strictly: an unknown field is an error that names the known ones."""

import unicodedata
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

UNSEEN = {"Cc", "Cf", "Cs"}  # control, format (bidi overrides among them), surrogates


class Strict(serializers.Serializer[Any]):  # no docstring: the API's description would repeat it at every body
    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 DRF's signature
        if isinstance(data, dict):
            writable = sorted(name for name, field in self.fields.items() if not field.read_only)
            unknown = sorted(str(name)[:60] for name in set(data) - set(writable))
            if unknown:
                said = f"Unknown. Known here: {', '.join(writable) or 'nothing'}."
                raise serializers.ValidationError({name: [said] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


class PlainField(serializers.CharField):
    """One line of visible text: no control characters, none that turn the direction of others."""

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 DRF's signature
        text = super().to_internal_value(data)
        if any(unicodedata.category(letter) in UNSEEN for letter in text):
            raise serializers.ValidationError("Holds characters that cannot be seen. Remove them.", code="unseen")
        return text


def valid(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The checked body of ``request``. What is wrong answers 400 with a pointer to each fault."""
    read = serializer(data=request.data, context={"request": request})
    read.is_valid(raise_exception=True)
    checked: dict[str, Any] = read.validated_data
    return checked
