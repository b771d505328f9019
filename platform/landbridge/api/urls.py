"""``/api/v1``: each room brings its own routes."""

from django.urls import URLPattern, URLResolver, include, path

from landbridge.api import meta

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", meta.OpenApi.as_view()),
    path("version", meta.Version.as_view()),
    path("limits", meta.Limits.as_view()),
    path("keys", meta.Keys.as_view()),
    path("", include("landbridge.accounts.urls")),
    path("", include("landbridge.hub.api_urls")),
    path("", include("landbridge.agreements.urls")),
    path("", include("landbridge.evaluations.urls")),
    path("", include("landbridge.leaderboards.urls")),
    path("", include("landbridge.submissions.urls")),
]
