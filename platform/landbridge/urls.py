"""The doors, in the order they are tried. Pages come last: their first segment may be a namespace."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("landbridge.api.urls")),
    path("api/worker/v1/", include("landbridge.api.worker_urls")),
    path("", include("landbridge.api.root_urls")),  # /livez, /readyz, /version, /.well-known
    path("", include("landbridge.hub.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("landbridge.portal.urls")),
]
