"""The pages. Their first segments are reserved names (``landbridge_registry.names``): what is left is a namespace."""

from django.urls import URLPattern, URLResolver, path

from landbridge.portal.views import (
    agreements,
    authority,
    errors,
    fleet,
    home,
    jobs,
    late_findings,
    leaderboards,
    licenses,
    machines,
    model,
    models,
    organization_tokens,
    organizations,
    plugins,
    preferences,
    results,
    sign_in,
    submissions,
    tokens,
)

BROWSE: list[URLPattern] = [
    path("", home.home, name="home"),
    path("models", models.catalog, name="models"),
    path("leaderboards", leaderboards.leaderboards, name="leaderboards"),
    path("leaderboards/<str:slug>", leaderboards.board, name="board"),
    path("results/<str:result_id>", results.result, name="result"),
    path("errors", errors.errors, name="errors"),
    path("errors/<slug:code>", errors.error, name="error"),
]
WORK: list[URLPattern] = [
    path("submissions", submissions.submissions, name="submissions"),
    path("submissions/new", submissions.new, name="submission-new"),
    path("submissions/new/plugin", plugins.new, name="plugin-new"),
    path("submissions/plugins", plugins.plugins, name="plugins"),
    path("submissions/late-findings", late_findings.late_findings, name="late-findings"),
    path(
        "submissions/late-findings/<str:late_finding>/<slug:action>", late_findings.decide, name="late-finding-decide"
    ),
    path("submissions/<str:submission_id>", submissions.submission, name="submission"),
    path("submissions/<str:submission_id>/live", submissions.live, name="submission-live"),
    path("submissions/<str:submission_id>/withdraw", submissions.withdraw, name="submission-withdraw"),
    path("workers", fleet.fleet, name="fleet"),
    path("workers/<str:worker_id>/<slug:action>", fleet.act, name="fleet-act"),
    path("jobs", jobs.jobs, name="jobs"),
    path("jobs/<str:job_id>", jobs.job, name="job"),
    path("jobs/<str:job_id>/live", jobs.live, name="job-live"),
    path("jobs/<str:job_id>/cancel", jobs.cancel, name="job-cancel"),
    path("jobs/<str:job_id>/rerun", jobs.rerun, name="job-rerun"),
    path("agreements", agreements.agreements, name="agreements"),
    path("agreements/<str:number>", agreements.agreement, name="agreement"),
    path("agreements/<str:number>/sign", agreements.sign, name="agreement-sign"),
    path("agreements/<str:number>/seats", agreements.seat, name="agreement-seat"),
    path("agreements/<str:number>/<slug:action>", agreements.act, name="agreement-act"),
    path("offers/<str:offer_id>/revoke", licenses.offer_revoke, name="offer-revoke"),
]
OURS: list[URLPattern] = [
    path("organizations/new", organizations.new, name="organization-new"),
    path("organizations/<str:slug>", organizations.organization, name="organization"),
    path("organizations/<str:slug>/invitations", organizations.invite, name="invitation-new"),
    path("organizations/<str:slug>/invitations/<str:pk>", organizations.withdraw, name="invitation-withdraw"),
    path("organizations/<str:slug>/members/<str:username>", organizations.member, name="organization-member"),
    path("organizations/<str:slug>/authority", authority.authority, name="organization-authority"),
    path("organizations/<str:slug>/authority/<str:record_id>/confirm", authority.confirm, name="authority-confirm"),
    path("organizations/<str:slug>/authority/<str:record_id>/revoke", authority.revoke, name="authority-revoke"),
    path("organizations/<str:slug>/agreements", agreements.of_organization, name="organization-agreements"),
    path("organizations/<str:slug>/machines", machines.machines, name="organization-machines"),
    path(
        "organizations/<str:slug>/machines/<str:worker_id>/revoke", machines.revoke, name="organization-worker-revoke"
    ),
    path("organizations/<str:slug>/tokens", organization_tokens.tokens, name="organization-tokens"),
    path(
        "organizations/<str:slug>/tokens/<str:token_id>/revoke",
        organization_tokens.revoke,
        name="organization-token-revoke",
    ),
    path("settings/tokens", tokens.tokens, name="tokens"),
    path("settings/tokens/<str:token_id>/revoke", tokens.revoke, name="token-revoke"),
    path("settings/preferences", preferences.preferences, name="preferences"),
    path("login/once/<str:text>", sign_in.sign_in_once, name="sign-in-once"),
]
NAMESPACES: list[URLPattern] = [  # last: their first segment is any other word
    path("<str:namespace>", models.namespace, name="namespace"),
    path("<str:namespace>/<str:name>", model.model, name="model"),
    path("<str:namespace>/<str:name>/tree/main", model.files, name="files"),
    path("<str:namespace>/<str:name>/license", licenses.license_, name="license"),
    path("<str:namespace>/<str:name>/offer", licenses.offer_new, name="offer-new"),
]
urlpatterns: list[URLPattern | URLResolver] = [*BROWSE, *WORK, *OURS, *NAMESPACES]
