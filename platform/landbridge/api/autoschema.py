"""What each view's part of the OpenAPI document gets from its declarations. DRF loads this with its own views."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from landbridge.core.access import Access, Right, rules_of
from landbridge.core.query import LISTS

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "Address of the page that explains the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "For programs. It never changes."},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
LIST_HELP = {
    "cursor": "Where the page begins: `next` of the page before.",
    "limit": "How many items, 1 to 200 (50).",
    "count": "`true` adds the total.",
    "fields": "Only these fields of each item, with commas.",
}
REFUSALS = {"400": "What was sent cannot be used.", "429": "Too many requests."}
GUARDED = {"401": "No token, or one that is not good.", "403": "The right or the scope is missing."}


class Schema(AutoSchema):
    """Adds what each view declares: who may, with which scope, which names its query has."""

    def get_override_parameters(self) -> Any:  # noqa: ANN401 drf-spectacular's own is wider than its use
        view, found = self.view, list(super().get_override_parameters())
        known = {parameter.name for parameter in found if isinstance(parameter, OpenApiParameter)}
        if self.method == "GET":
            names = [name for name in (getattr(view, "query", None) or ()) if name not in known]
            found += [OpenApiParameter(name, str, description="") for name in names]
            if getattr(view, "listed", False):
                found += [OpenApiParameter(name, str, description=LIST_HELP[name]) for name in sorted(LISTS - known)]
        if self.method == "POST":
            required = bool(getattr(view, "key_required", False))
            said = "A value of your own: the same key again does nothing again and gets the first answer."
            found.append(
                OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=required, description=said)
            )
        return found

    def get_description(self) -> str:  # type: ignore[override] # drf-spectacular dropped the arguments
        rule = (rules_of(self.view) or {}).get(self.method)
        said = str(super().get_description() or "")
        return "\n\n".join(part for part in (said, described(rule) if rule else "") if part)

    def get_operation_id(self) -> str:
        """By method and address, so that it never changes with what else there is: ``get_jobs_by_job``."""
        parts = self.path.removeprefix("/api/v1/").replace("-", "_").split("/")
        words = [f"by_{part[1:-1]}" if part.startswith("{") else part for part in parts]
        return "_".join([self.method.lower(), *words])

    def get_auth(self) -> list[dict[str, list[str]]]:
        rule = (rules_of(self.view) or {}).get(self.method)
        if rule is None or rule.right is Right.PUBLIC:
            return [{}, {"token": []}]
        return [{"token": [rule.scope] if rule.scope else []}]

    def _get_serializer(self) -> Any:  # noqa: ANN401 drf-spectacular's signature
        """A view that says nothing of its bodies still has some: a JSON object."""
        if not hasattr(self.view, "get_serializer_class"):
            return Anything
        return super()._get_serializer()  # type: ignore[no-untyped-call]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 drf-spectacular's signature
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        rule = (rules_of(self.view) or {}).get(self.method)
        told = REFUSALS | (GUARDED if rule is not None and rule.right is not Right.PUBLIC else {})
        for status, said in told.items():
            operation["responses"].setdefault(status, refusal(said))
        if self.method == "GET" and getattr(self.view, "listed", False):
            content = operation["responses"]["200"].get("content", {}).get("application/json", {})
            content["schema"] = paged(content.get("schema", {}))
        return operation


def paged(schema: dict[str, Any]) -> dict[str, Any]:
    """A page of what the view says it lists."""
    items = schema if schema.get("type") == "array" else {"type": "array", "items": schema}
    following = {"type": ["string", "null"], "description": "The `cursor` of the next page."}
    total = {"type": "integer", "description": "With `count=true`."}
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {"items": items, "next": following, "count": total},
    }


class Anything(serializers.Serializer[Any]):
    """A JSON object."""


def refusal(said: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": said, "content": content}


def described(rule: Access) -> str:
    who = {
        Right.PUBLIC: "Open to everyone.",
        Right.SIGNED_IN: "For everyone who is signed in.",
        Right.OPERATOR: "For the operator's staff.",
        Right.WORKER: "For worker tokens.",
        Right.JOB_TOKEN: "For job tokens.",
    }.get(rule.right, f"Needs the role {rule.right} in the organization concerned.")
    scope = f" Tokens need the scope `{rule.scope}`." if rule.scope else ""
    more = [" The operator's staff may as well." if rule.operator else "", " Persons only." if rule.person else ""]
    return f"{who}{scope}{''.join(more)}{' ' + rule.why if rule.why else ''}"
