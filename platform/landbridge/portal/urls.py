"""The pages. Their first segments are reserved names (``landbridge_registry``): what is left is a namespace."""

from django.urls import URLPattern, URLResolver, path

from landbridge.portal.views import (
    authority,
    errors,
    home,
    organization_tokens,
    organizations,
    preferences,
    sign_in,
    tokens,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("models", home.home, name="models"),
    path("leaderboards", home.home, name="leaderboards"),
    path("submissions", home.home, name="submissions"),
    path("submissions/new", home.home, name="submission-new"),
    path("agreements", home.home, name="agreements"),
    path("organizations/new", organizations.new, name="organization-new"),
    path("organizations/<str:slug>", organizations.organization, name="organization"),
    path("organizations/<str:slug>/invitations", organizations.invite, name="invitation-new"),
    path("organizations/<str:slug>/invitations/<str:pk>", organizations.withdraw, name="invitation-withdraw"),
    path("organizations/<str:slug>/members/<str:username>", organizations.member, name="organization-member"),
    path("organizations/<str:slug>/authority", authority.authority, name="organization-authority"),
    path("organizations/<str:slug>/authority/<str:record_id>/confirm", authority.confirm, name="authority-confirm"),
    path("organizations/<str:slug>/authority/<str:record_id>/revoke", authority.revoke, name="authority-revoke"),
    path("organizations/<str:slug>/agreements", home.home, name="organization-agreements"),
    path("organizations/<str:slug>/tokens", organization_tokens.tokens, name="organization-tokens"),
    path(
        "organizations/<str:slug>/tokens/<str:token_id>/revoke",
        organization_tokens.revoke,
        name="organization-token-revoke",
    ),
    path("settings/tokens", tokens.tokens, name="tokens"),
    path("settings/tokens/<str:token_id>/revoke", tokens.revoke, name="token-revoke"),
    path("settings/preferences", preferences.preferences, name="preferences"),
    path("login/once/<str:text>", sign_in.sign_in_once, name="sign-in-once"),
    path("errors", errors.errors, name="errors"),
    path("errors/<slug:code>", errors.error, name="error"),
    path("<str:namespace>", home.home, name="namespace"),
]
