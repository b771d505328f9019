"""Routes of submissions, relative to ``/api/v1/``."""

from django.urls import path

from landbridge.submissions import api
from landbridge.submissions.rescreening import api as late

urlpatterns = [
    path("submissions", api.Submissions.as_view(), name="api-submissions"),
    path("submissions/<str:submission>", api.OneSubmission.as_view(), name="api-submission"),
    path("submissions/<str:submission>/findings", api.Findings.as_view(), name="api-submission-findings"),
    path("submissions/<str:submission>/withdraw", api.Withdraw.as_view(), name="api-submission-withdraw"),
    path("late-findings", late.LateFindings.as_view(), name="api-late-findings"),
    path("late-findings/<str:late_finding>/suspend", late.Suspend.as_view(), name="api-late-finding-suspend"),
    path("late-findings/<str:late_finding>/dismiss", late.Dismiss.as_view(), name="api-late-finding-dismiss"),
    path("late-findings/<str:late_finding>/lift", late.Lift.as_view(), name="api-late-finding-lift"),
]
