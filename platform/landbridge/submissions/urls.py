"""Routes of submissions, relative to ``/api/v1/``."""

from django.urls import path

from landbridge.submissions import api

urlpatterns = [
    path("submissions", api.Submissions.as_view(), name="api-submissions"),
    path("submissions/<str:submission>", api.OneSubmission.as_view(), name="api-submission"),
    path("submissions/<str:submission>/findings", api.Findings.as_view(), name="api-submission-findings"),
    path("submissions/<str:submission>/withdraw", api.Withdraw.as_view(), name="api-submission-withdraw"),
]
