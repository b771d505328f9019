"""Routes below ``/api/v1/``."""

from django.urls import path

from landbridge.hub import api
from landbridge.hub.views import plugins

MODEL = "models/<str:namespace>/<str:name>"
urlpatterns = [
    path("models", api.Models.as_view()),
    path(MODEL, api.Model.as_view()),
    path(f"{MODEL}/versions", api.Versions.as_view()),
    path("organizations/<str:slug>/wheels/<str:sha256>", plugins.Wheels.as_view()),
    path("plugins", plugins.Plugins.as_view()),
    path("plugins/<str:name>/releases/<str:version>", plugins.Release.as_view()),
    path(f"{MODEL}/versions/<path:version>", api.Version.as_view()),
]
