"""Forms that meet services: what a service refuses is told on the field it is about, in the reader's language."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from django import forms
from django.utils.translation import get_language

from landbridge.core.errors import DomainError, Unauthenticated
from landbridge.hub.errors import HubError
from landbridge.portal.explained import explain
from landbridge.portal.page import domain
from landbridge_registry.errors import RegistryError

T = TypeVar("T")
COLON: Final = "\N{FULLWIDTH COLON}"


def attempt(form: forms.Form, deed: Callable[[], T]) -> T | None:
    """What ``deed`` gives; ``None`` where it was refused, and then ``form`` says why."""
    try:
        return deed()
    except Unauthenticated:
        raise
    except DomainError as error:
        tell(form, error)
    except (RegistryError, HubError) as error:
        tell(form, domain(error))
    return None


def tell(form: forms.Form, error: DomainError) -> None:
    """Put ``error`` on the fields it names; on the whole form where it names none."""
    faults: Iterable[dict[str, Any]] = error.detail.get("errors", ())  # type: ignore[assignment]
    told = False
    for fault in faults:
        name = str(fault.get("pointer", "")).strip("/").partition("/")[0]
        if name in form.fields:
            form.add_error(name, sentence(error, str(fault.get("detail") or error)))
            told = True
    if not told:
        form.add_error(error.reason if error.reason in form.fields else None, sentence(error, str(error)))


def sentence(error: DomainError, said: str) -> str:
    """The error's own sentence in English; in another language the sentences of its code, where there are any."""
    if (get_language() or "en").startswith("en"):
        return said
    explained = explain(error.reason)
    return f"{explained.title}{explained.remedy and COLON}{explained.remedy}" if explained.known else said
