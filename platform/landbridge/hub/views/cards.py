"""``POST /api/validate-yaml``: what is wrong with a card, before it is committed."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from landbridge.core.access import Access, Right
from landbridge.hub.body import json_body, text_of
from landbridge.hub.gate import hub
from landbridge_client.formats.cards import Card, parse_card
from landbridge_client.formats.errors import FormatError
from landbridge_client.licenses import OTHER, UNKNOWN, expression_of, families, known

EMPTY = "empty or missing yaml metadata in repo card"


@hub(POST=Access(Right.PUBLIC, why="a pure check of a text"))
def validate(request: HttpRequest) -> HttpResponseBase:
    body = json_body(request)
    errors, warnings = findings(text_of(body, "content", required=True))
    if errors and "text/plain" in request.headers.get("Accept", ""):
        return HttpResponse("\n".join(f"- Error: {one}" for one in errors), status=400, content_type="text/plain")
    shape = {"errors": [{"message": one} for one in errors], "warnings": [{"message": one} for one in warnings]}
    return JsonResponse(shape, status=400 if errors else 200)


def findings(content: str) -> tuple[list[str], list[str]]:
    """``(errors, warnings)`` of a card."""
    try:
        card = parse_card(content)
    except FormatError as error:
        return [str(error)], []
    errors = [*_license(card.licenses), *_model_index(card.data.get("model-index"))]
    return errors, ([] if card.data else [EMPTY])


def _license(named: tuple[str, ...]) -> list[str]:
    """Hub ids, family ids, and SPDX expressions; `other` and `unknown` say that nobody knows."""
    listed = {*known(), *families(), OTHER, UNKNOWN}
    if all(one.lower() in listed or _is_expression(one) for one in named):
        return []
    return [f'"license" must be one of [{", ".join(sorted(listed))}]']


def _is_expression(text: str) -> bool:
    try:
        return bool(expression_of(Card({"license": text}, "")))
    except FormatError:
        return False


def _model_index(value: Any) -> list[str]:  # noqa: ANN401 YAML
    if value is None:
        return []
    if not isinstance(value, list) or not all(_is_entry(entry) for entry in value):
        return [
            '"model-index" must be a list of {name, results: [{task: {type}, dataset: {type, name}, metrics: [...]}]}'
        ]
    return []


def _is_entry(entry: Any) -> bool:  # noqa: ANN401 YAML
    results = entry.get("results") if isinstance(entry, dict) else None
    return isinstance(results, list) and "name" in entry and all(_is_result(result) for result in results)


def _is_result(result: Any) -> bool:  # noqa: ANN401 YAML
    if not isinstance(result, dict):
        return False
    task, data, metrics = result.get("task"), result.get("dataset"), result.get("metrics")
    return (
        isinstance(task, dict)
        and "type" in task
        and isinstance(data, dict)
        and {"type", "name"} <= data.keys()
        and isinstance(metrics, list)
        and all(isinstance(metric, dict) and {"type", "value"} <= metric.keys() for metric in metrics)
    )
