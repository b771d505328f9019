"""``/api/worker/v1``: the door of workers."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("landbridge.evaluations.worker_urls"))]
