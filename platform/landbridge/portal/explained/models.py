"""Models, uploads, submissions and their evaluation."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained

MODELS: Final = (
    Explained(
        "repo_exists",
        _("A model of this name is there already"),
        _("Choose another name, or add a version to the one that is there."),
    ),
    Explained(
        "bad_path",
        _("A path in the upload is not allowed"),
        _("Use plain relative paths without `..`, empty parts or control characters."),
    ),
    Explained(
        "screening_failed",
        _("Screening found something that must be changed"),
        _("Every finding says what and how. Upload a corrected version."),
    ),
    Explained(
        "lab_code_refused",
        _("Code comes as a wheel, not as loose files"),
        _("Make a plugin with `landbridge plugin new`, build its wheel, and submit that."),
    ),
    Explained("unknown_suite", _("There is no such suite"), _("Choose one of the suites that are listed.")),
    Explained(
        "not_sealed", _("Only a sealed version can be evaluated"), _("Submit the version first: screening seals it.")
    ),
    Explained(
        "model_exists", _("A model of this name is there already"), _("Add a version to it, or choose another name.")
    ),
    Explained(
        "model_unknown",
        _("No installed plugin knows this model"),
        _("Name a slug that a plugin registers, or send the weights of a standard architecture."),
    ),
    Explained(
        "no_task_fits",
        _("The model can do none of the suite's tasks"),
        _("The answer says what each task needs. Choose another suite."),
    ),
    Explained(
        "plugin_fault", _("A plugin failed"), _("The answer names the plugin. Its author or the operator repairs it.")
    ),
    Explained(
        "repo_not_found", _("There is no such repository"), _("Check its name. A private one looks absent to others.")
    ),
    Explained(
        "revision_not_found", _("There is no such version"), _("Name a branch, a tag or a commit of this repository.")
    ),
    Explained("entry_not_found", _("There is no such file"), _("Check the path; the files page lists what there is.")),
    Explained(
        "object_not_found", _("This content was never uploaded here"), _("Upload the file first, then commit it.")
    ),
    Explained(
        "bad_operation",
        _("This change cannot be carried out"),
        _("The answer names the file. Correct it and send again."),
    ),
    Explained("bad_content", _("The bytes are not what was announced"), _("Upload the file again.")),
    Explained("stale_parent", _("The branch was changed meanwhile"), _("Look at the newest version, then send again.")),
    Explained(
        "held",
        _("This is held by an agreement, an evaluation or a submission"),
        _("It cannot be rewritten or removed while that lasts."),
    ),
    Explained("no_space", _("The disk of this site is full"), _("The operator must make room.")),
    Explained("storage_full", _("Your storage is used up"), _("Delete repositories, or ask the operator for more.")),
    Explained(
        "sha1_collision",
        _("This content collides with another"),
        _("Git cannot tell the two apart, so the second is refused."),
    ),
    Explained("job_ended", _("This job has ended"), _("Run it again to measure anew.")),
)
