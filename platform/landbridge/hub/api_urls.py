"""Routes below ``/api/v1/``."""

from django.urls import path

from landbridge.hub import api

MODEL = "models/<str:namespace>/<str:name>"
urlpatterns = [
    path("models", api.Models.as_view()),
    path(MODEL, api.Model.as_view()),
    path(f"{MODEL}/versions", api.Versions.as_view()),
    path(f"{MODEL}/versions/<path:version>", api.Version.as_view()),
]
