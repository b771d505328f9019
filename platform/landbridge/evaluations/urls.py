"""Routes of evaluations, relative to ``/api/v1/``."""

from django.urls import path

from landbridge.evaluations.api import catalog, events, jobs, organizations, predictions, requests

urlpatterns = [
    path("evaluations", requests.Evaluations.as_view(), name="api-evaluations"),
    path("jobs", jobs.Jobs.as_view(), name="api-jobs"),
    path("jobs/<str:job>", jobs.OneJob.as_view(), name="api-job"),
    path("jobs/<str:job>/events", events.Events.as_view(), name="api-job-events"),
    path("jobs/<str:job>/logs", jobs.Logs.as_view(), name="api-job-logs"),
    path("jobs/<str:job>/attempts", jobs.Attempts.as_view(), name="api-job-attempts"),
    path("jobs/<str:job>/cancel", jobs.Cancel.as_view(), name="api-job-cancel"),
    path("jobs/<str:job>/rerun", jobs.Rerun.as_view(), name="api-job-rerun"),
    path("results/<str:result>", catalog.OneResult.as_view(), name="api-result"),
    path("results/<str:result>/attestation", catalog.Attestation.as_view(), name="api-attestation"),
    path("results/<str:result>/predictions", predictions.Predictions.as_view(), name="api-predictions"),
    path("organizations/<str:slug>/quota", organizations.Quota.as_view(), name="api-quota"),
    path("organizations/<str:slug>/workers", organizations.Workers.as_view(), name="api-workers"),
    path("organizations/<str:slug>/workers/<str:worker_id>", organizations.OneWorker.as_view(), name="api-worker"),
    path("tasks", catalog.Tasks.as_view(), name="api-tasks"),
    path("tasks/<str:task>", catalog.OneTask.as_view(), name="api-task"),
    path("suites", catalog.Suites.as_view(), name="api-suites"),
    path("suites/<str:suite>", catalog.OneSuite.as_view(), name="api-suite"),
]
