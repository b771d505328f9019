"""The default permission of the API: what the view declares, and nothing else."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from landbridge.accounts.gate import pass_gate
from landbridge.accounts.principals import principal_of
from landbridge.core.access import rules_of

if TYPE_CHECKING:  # DRF imports this module while it loads its own views
    from rest_framework.views import APIView


class DeclaredAccess(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        rules = rules_of(view) or {}
        rule = rules.get(request.method or "")
        if request.method == "OPTIONS":
            return True
        if rule is None:
            return bool(rules) and request.method not in view.allowed_methods  # DRF answers 405 itself
        pass_gate(rule, principal_of(request))
        return True
