"""Routes at the root that are no pages: probes, keys, numbers, and the door of an invitation's mail."""

from django.urls import URLPattern, URLResolver, path

from landbridge.accounts import views
from landbridge.api import health, meta, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("version", meta.version_page),
    path(".well-known/landbridge-keys.json", meta.well_known_keys),
    path("organizations/invitations/<str:invitation_id>/<str:secret>", views.invitation, name="invitation"),
]
