"""The default permission of the API: what the view declares, and nothing else."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from landbridge.accounts.gate import pass_gate
from landbridge.accounts.principals import principal_of
from landbridge.core.access import rules_of


class DeclaredAccess(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        rules = rules_of(view) or {}
        rule = rules.get(request.method or "")
        if request.method == "OPTIONS":
            return True
        if rule is None:
            return not rules or request.method not in view.allowed_methods
        pass_gate(rule, principal_of(request))
        return True
