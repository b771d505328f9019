"""What ended an attempt or a job, in plain words: what happened, then who must act and how."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained

NOBODY = _("Nobody has to act: another attempt goes on from the last finished shard.")
OPERATOR = _("The operator has to act. Another attempt is made meanwhile, up to three without new work.")
LAB = _("The lab has to act: correct the model or its plugin, then submit a new version.")
TASK = _("The owner of the task has to act: correct the task or its data. The model is not at fault.")

INFRASTRUCTURE: Final = (
    Explained(
        "lease_expired", _("The worker was not heard of any more: its host died, froze or lost its network"), NOBODY
    ),
    Explained("worker_restarted", _("The worker's process ended and was started again while it ran this job"), NOBODY),
    Explained("released", _("The worker gave the job back, because it was stopped, drained or switched off"), NOBODY),
    Explained(
        "child_killed",
        _("The model's process was killed from outside; mostly the machine was short of memory"),
        OPERATOR,
    ),
    Explained("disk_full", _("The worker's disk is full; it takes no more jobs until there is room"), OPERATOR),
    Explained("download_failed", _("Weights or data could not be fetched: the network or the platform failed"), NOBODY),
    Explained("infrastructure_fault", _("The worker's machine failed"), OPERATOR),
    Explained(
        "no_isolation",
        _("The worker could not contain the lab's code, so it did not run it"),
        _("The operator has to act: start a worker that landbridge doctor clears. The job waits; nothing is counted."),
    ),
    Explained(
        "no_progress",
        _("Several attempts in a row ended without any new work, so the job was stopped"),
        _("The operator has to act: the last fault says where to look. Then run the job again; no quota is lost."),
    ),
    Explained(
        "bad_result",
        _("A result came that was not the leased job's, or not rightly signed; nothing of it was kept"),
        OPERATOR,
    ),
    Explained("bad_shard", _("Answers came whose bytes do not fit their digest; they were not kept"), OPERATOR),
    Explained("not_sent", _("What the worker sent was refused by the platform"), OPERATOR),
)
BOUNDS: Final = (
    Explained("wall", _("The model took longer than the job allows"), LAB),
    Explained("memory", _("The model used more memory than the job allows; half the batch did not fit, either"), LAB),
    Explained("out_of_memory", _("One item alone does not fit into memory"), LAB),
    Explained("log_cap", _("The model printed more than a log may hold"), LAB),
    Explained("result_cap", _("The model answered with more bytes than any answer can have"), LAB),
    Explained("inodes", _("The model made too many files"), LAB),
)
MODEL: Final = (
    Explained("plugin_fault", _("The model's own code raised an error"), LAB),
    Explained("child_exited", _("The model's process ended by itself before it had answered"), LAB),
    Explained("bad_frames", _("The model's process broke the protocol of answers; nothing of that shard counts"), LAB),
    Explained("not_finite", _("The model answered with NaN or infinity"), LAB),
    Explained("wrong_count", _("The model gave more or fewer answers than it was asked for"), LAB),
    Explained("wrong_shape", _("The model's answers have another shape than it promises"), LAB),
    Explained("too_long", _("An item is longer than the model can read"), LAB),
    Explained("labels_differ", _("The model's labels are not those of the task"), LAB),
    Explained("kind_missing", _("The model lacks a method for the kind of question that it promises to answer"), LAB),
    Explained("no_prefix", _("The tokenizer has no token to stand for an empty beginning"), LAB),
    Explained("not_adapted", _("The model cannot be adapted to the task"), LAB),
    Explained("model_not_loaded", _("The model could not be loaded"), LAB),
    Explained("model_unknown", _("The model's folder says too little about what it is"), LAB),
    Explained("model_missing", _("The model's folder is not there"), LAB),
    Explained("no_plugin", _("No plugin on the worker loads this model"), LAB),
    Explained("no_models", _("The plugin registers no model"), LAB),
    Explained("no_protocol", _("The plugin's model answers no kind of question"), LAB),
    Explained("device_missing", _("The job asks for a device that the worker does not have"), OPERATOR),
)
TASKS: Final = (
    Explained("task_fault", _("The task or its data is wrong"), TASK),
    Explained(
        "content_changed",
        _("Bytes are not those that were sealed; nothing was computed from them"),
        _("The operator has to act: compare files and digests with manage.py registry_fsck --deep."),
    ),
    Explained(
        "entitlement_lost",
        _("The job may not read these weights or data any more: access has ended"),
        _("The parties of the agreement have to act. Once access is back, run the job again."),
    ),
    Explained(
        "not_able",
        _("The model cannot do what the task asks"),
        _("Nobody has to act. Choose a suite that fits the model."),
    ),
    Explained("column", _("The task names a column that its data does not have"), TASK),
    Explained("template", _("The task's prompt cannot be filled in"), TASK),
    Explained("prompt", _("The task's prompt is not complete"), TASK),
    Explained("filter", _("The task names a filter that does not exist"), TASK),
    Explained("empty_split", _("The task's split holds no rows"), TASK),
    Explained("empty_text", _("A row of the task holds no text"), TASK),
    Explained("empty_continuation", _("A choice of the task holds no text"), TASK),
    Explained("faulty_rows", _("Rows of the task cannot be read"), TASK),
    Explained("perturbation", _("A perturbation that the task names cannot disturb one of its rows"), TASK),
    Explained("unknown_split", _("The task names a split that its data does not have"), TASK),
    Explained("unknown_dataset", _("The task names data that is not there"), TASK),
    Explained("not_a_dataset", _("The task's data is no sealed dataset"), TASK),
    Explained("no_shards", _("The job plans no work for one of its tasks"), OPERATOR),
    Explained("shards_incomplete", _("The kept answers of a task are not complete"), OPERATOR),
)
PEOPLE: Final = (
    Explained(
        "cancelled",
        _("The job was cancelled on request"),
        _("Nobody has to act. Run it again if it is wanted after all."),
    ),
    Explained("stopped", _("The run was stopped on request"), NOBODY),
)

FAULTS: Final[dict[str, Explained]] = {one.code: one for one in (*INFRASTRUCTURE, *BOUNDS, *MODEL, *TASKS, *PEOPLE)}
