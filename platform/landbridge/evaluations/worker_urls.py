"""Routes of the worker API, relative to ``/api/worker/v1/``."""

from django.urls import path

from landbridge.evaluations import worker_api as door

AT = "attempts/<str:job>/<int:number>"

urlpatterns = [
    path("register", door.RegisterView.as_view(), name="worker-register"),
    path("leases", door.LeaseView.as_view(), name="worker-leases"),
    path(AT, door.AttemptView.as_view(), name="worker-attempt"),
    path(f"{AT}/heartbeat", door.HeartbeatView.as_view(), name="worker-heartbeat"),
    path(f"{AT}/shards/<int:index>", door.ShardView.as_view(), name="worker-shard"),
    path(f"{AT}/logs", door.LogView.as_view(), name="worker-logs"),
    path(f"{AT}/keys", door.KeyView.as_view(), name="worker-keys"),
    path(f"{AT}/result", door.ResultView.as_view(), name="worker-result"),
    path(f"{AT}/fault", door.FaultView.as_view(), name="worker-fault"),
    path(f"{AT}/release", door.ReleaseView.as_view(), name="worker-release"),
]
