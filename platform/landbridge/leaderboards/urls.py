"""Routes of boards, relative to ``/api/v1/``."""

from django.urls import path

from landbridge.leaderboards import api

urlpatterns = [
    path("leaderboards", api.Boards.as_view(), name="api-boards"),
    path("leaderboards/<str:board>", api.OneBoard.as_view(), name="api-board"),
    path("leaderboards/<str:board>/entries", api.Entries.as_view(), name="api-board-entries"),
]
