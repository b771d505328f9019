"""Why a job is not done yet, in plain words, and what would change that."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained

WAITS = _("Nobody has to act.")

REASONS: Final[dict[str, Explained]] = {
    one.code: one
    for one in (
        Explained(
            "next_in_line",
            _("It is next: a worker takes it as soon as one is free."),
            _("Nobody has to act. Workers ask for jobs by themselves, also while the message broker is down."),
        ),
        Explained("workers_busy", _("Other jobs come first."), WAITS),
        Explained(
            "no_worker_with_label",
            _("No worker that could run it is there."),
            _("The operator has to act: start a worker with the labels that are named, or start the last one again."),
        ),
        Explained(
            "no_isolated_worker",
            _("The job runs a lab's code, and no worker is there that proves to contain it."),
            _("The operator has to act: start a worker on which landbridge doctor finds no fault."),
        ),
        Explained(
            "draining",
            _("The workers that could run it take no new jobs at the moment."),
            _("The operator has to act: let one of them take jobs again, or start another."),
        ),
        Explained(
            "quota",
            _("The jobs that your organization may queue today are used up."),
            _("Wait for the next day by UTC, or ask the operator for more."),
        ),
        Explained(
            "organization_limit",
            _("Your organization already runs as many jobs as it may."),
            _("Nobody has to act: it starts when one of them ends. The operator can raise the limit."),
        ),
        Explained(
            "lease_expired_retrying",
            _("The worker was lost; the next attempt starts soon."),
            _("Nobody has to act: finished shards are kept, and the next attempt goes on from there."),
        ),
        Explained(
            "backoff",
            _("The last attempt ended early; the next starts soon."),
            _("Nobody has to act yet. After three attempts without new work the job is stopped."),
        ),
        Explained("hold_screening", _("The submission is still being screened."), WAITS),
        Explained(
            "hold_agreement", _("An agreement has to be signed first."), _("The parties of the agreement have to act.")
        ),
        Explained(
            "hold_key_release", _("The owner of a key has to release it."), _("The owner of the key has to act.")
        ),
        Explained("hold_operator", _("The operator has put this job on hold."), _("The operator has to act.")),
        Explained("downloading", _("Weights and data are being fetched."), WAITS),
        Explained(
            "installing_plugin", _("The lab's plugin is being installed, out of reach of everything else."), WAITS
        ),
        Explained("conformance", _("The lab's plugin is being checked."), WAITS),
        Explained("loading_model", _("The model is being loaded."), WAITS),
        Explained("running", _("The model is answering."), WAITS),
        Explained("scoring", _("The answers are being scored."), WAITS),
        Explained("finalizing", _("All answers are in; scores are computed and signed."), WAITS),
        Explained(
            "cancel_pending",
            _("The worker stops the job at its next call."),
            _("Nobody has to act. A worker that does not answer loses the job when its lease ends, within a minute."),
        ),
        Explained("done", _("The result is accepted and signed."), WAITS),
    )
}
OUTCOMES: Final = {
    "done": _("finished"),
    "failed": _("failed"),
    "lost": _("lost its worker"),
    "released": _("given back"),
    "retried": _("ended early"),
    "cancelled": _("cancelled"),
    "": _("running"),
}
