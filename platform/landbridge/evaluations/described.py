"""The bodies of jobs, results, tasks and suites, described for the OpenAPI document. ``shapes`` makes them."""

from rest_framework import serializers

from landbridge.core.serializers import Strict
from landbridge.evaluations.machine import JobState


class ReasonOut(Strict):
    code = serializers.CharField(help_text="For programs: workers_busy, backoff, running, ...")
    text = serializers.CharField()
    since = serializers.DateTimeField()
    who = serializers.CharField(help_text="Who can change it")


class EtaOut(Strict):
    seconds = serializers.FloatField()
    low = serializers.FloatField(help_text="One in ten is faster")
    high = serializers.FloatField(help_text="One in ten is slower")
    basis = serializers.CharField(help_text="What the forecast rests on")


class ProgressOut(Strict):
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    unit = serializers.CharField()
    stage = serializers.CharField(allow_blank=True)


class JobFault(Strict):
    kind = serializers.CharField(help_text="lab, operator, infrastructure or nobody")
    code = serializers.CharField()
    text = serializers.CharField()
    who = serializers.CharField(help_text="Who must act")
    stage = serializers.CharField(allow_blank=True)


class JobLinks(Strict):
    self = serializers.CharField()
    events = serializers.CharField()
    logs = serializers.CharField()
    html = serializers.CharField()


class JobOut(Strict):
    id = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(JobState.choices)
    model = serializers.CharField(help_text="namespace/name")
    revision = serializers.CharField(help_text="the commit")
    suite = serializers.CharField(allow_null=True, help_text="Null for a screening")
    code = serializers.BooleanField(help_text="A lab's own code runs, in isolation")
    attempt = serializers.IntegerField()
    progress = ProgressOut()
    fault = JobFault(allow_null=True, help_text="Why it failed, or why it is tried again")
    submitted_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    rerun_of = serializers.CharField(allow_null=True)
    links = JobLinks()


class Ref(Strict):
    id = serializers.CharField()
    url = serializers.CharField()


class JobDetail(JobOut):
    queue_position = serializers.IntegerField(allow_null=True, help_text="1 is next; null once it runs")
    eta = EtaOut(allow_null=True, help_text="Null without a worker that could run it, or without finished jobs")
    reason = ReasonOut(help_text="Never empty before the end")
    skipped = serializers.DictField(child=serializers.CharField(), help_text="Tasks the model cannot do, and why")
    event_seq = serializers.IntegerField(help_text="The last event's number: follow the stream from here")
    allowed_actions = serializers.ListField(child=serializers.CharField())
    result = Ref(allow_null=True)


class ForecastOut(Strict):
    model = serializers.CharField()
    revision = serializers.CharField()
    suite = serializers.CharField()
    tasks = serializers.ListField(child=serializers.CharField())
    skipped = serializers.DictField(child=serializers.CharField())
    shards = serializers.IntegerField()
    items = serializers.IntegerField()
    seconds = serializers.FloatField(allow_null=True)
    needs = serializers.CharField(allow_blank=True, help_text="The label a worker must carry")


class AttemptOut(Strict):
    number = serializers.IntegerField(help_text="1 is the first")
    worker = serializers.CharField()
    pool = serializers.CharField(help_text="Whose machine: operator, lab or adopter")
    device = serializers.CharField(allow_blank=True, help_text="cpu, cuda:sm90")
    started_at = serializers.DateTimeField()
    running_at = serializers.DateTimeField(allow_null=True, help_text="When weights and data were there")
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(
        allow_blank=True, help_text="done, failed, lost, released, retried or cancelled; empty while it goes on"
    )
    counted = serializers.BooleanField(help_text="Against the attempts that a job may take without progress")
    fault = JobFault(allow_null=True, help_text="Why it ended early, and who must act")
    shards = serializers.IntegerField(help_text="How many pieces of the work it brought")
    log_bytes = serializers.IntegerField()
    logs = serializers.CharField(help_text="Where its log is read")


class LogOut(Strict):
    job = serializers.CharField()
    attempt = serializers.IntegerField()
    after = serializers.IntegerField()
    next = serializers.IntegerField(help_text="Ask for the bytes after this one next")
    text = serializers.CharField()


class WorkerOut(Strict):
    id = serializers.CharField()
    name = serializers.CharField()
    pool = serializers.CharField(help_text="lab: its results are shown apart, as self-run")
    enabled = serializers.BooleanField()
    draining = serializers.BooleanField()
    stale = serializers.BooleanField(help_text="Silent for too long")
    slots = serializers.IntegerField()
    labels = serializers.ListField(child=serializers.CharField())
    software = serializers.CharField(allow_blank=True)
    last_seen = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewWorker(WorkerOut):
    token = serializers.CharField(help_text="Shown once: landbridge worker --token")


class QuotaOut(Strict):
    daily_limit = serializers.IntegerField(help_text="Jobs that may be queued today")
    used = serializers.IntegerField()
    resets_at = serializers.DateTimeField()
    own_limit = serializers.IntegerField(allow_null=True, help_text="Set by the operator; null: the instance's")
    running = serializers.IntegerField()
    running_limit = serializers.IntegerField()
    weight = serializers.FloatField(help_text="Of its share of the workers")


class NumberOut(Strict):
    value = serializers.FloatField()
    ci95 = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    n = serializers.IntegerField()


class MissingOut(Strict):
    code = serializers.CharField()
    text = serializers.CharField()


class ScoreOut(Strict):
    task = serializers.CharField()
    metric = serializers.CharField()
    primary = serializers.BooleanField(help_text="The metric that boards rank by")
    score = NumberOut(allow_null=True)
    method = serializers.CharField(help_text="Of the interval")
    missing = MissingOut(allow_null=True, help_text="Why there is no number")
    flags = serializers.ListField(child=serializers.CharField(), help_text="Why it does not rank")


class AttestationRef(Strict):
    url = serializers.CharField()
    sha256 = serializers.CharField()


class ComparedTask(Strict):
    task = serializers.CharField()
    verdict = serializers.ChoiceField(["repeats", "within", "differs"])
    first = serializers.CharField(help_text="Decimals are strings")
    again = serializers.CharField()
    delta = serializers.CharField()
    bound = serializers.CharField(help_text="How large it may be")
    same_predictions = serializers.BooleanField(help_text="By their signed digests")
    equal_share = serializers.CharField(help_text="Of the answers that say the same")
    n = serializers.IntegerField()


class ComparisonOut(Strict):
    of = serializers.CharField(help_text="The result that this one repeats")
    verdict = serializers.ChoiceField(["repeats", "within", "differs"])
    rule = serializers.CharField(help_text="equal predictions, full precision or half precision")
    same_environment = serializers.BooleanField(help_text="Same software and device class")
    tasks = ComparedTask(many=True)


class PredictionsRef(Strict):
    url = serializers.CharField()


class ResultOut(Strict):
    id = serializers.CharField()
    job = serializers.CharField()
    model = serializers.CharField()
    revision = serializers.CharField()
    model_digest = serializers.CharField()
    suite = serializers.CharField()
    code = serializers.BooleanField(help_text="Measured with a lab's own code")
    accepted_at = serializers.DateTimeField()
    independent = serializers.BooleanField()
    pool = serializers.CharField()
    scores = ScoreOut(many=True)
    manifest = serializers.DictField(help_text="What repeats the numbers")
    device_class = serializers.CharField(allow_blank=True, help_text="cpu, cuda:sm90: as the attestation says")
    rerun_of = serializers.CharField(allow_null=True)
    comparison = ComparisonOut(allow_null=True, help_text="Of a re-run with what it repeats")
    predictions = PredictionsRef(allow_null=True, help_text="Null where a task's data is not public")
    verify = serializers.CharField(help_text="The command that checks it offline")
    attestation = AttestationRef()


class SignatureOut(Strict):
    keyid = serializers.CharField()
    sig = serializers.CharField()
    public = serializers.CharField()


class EnvelopeOut(Strict):
    payloadType = serializers.CharField()  # noqa: N815 DSSE's name
    payload = serializers.CharField(help_text="Base64 of an in-toto statement")
    signatures = SignatureOut(many=True)


class DatasetOut(Strict):
    repo = serializers.CharField()
    revision = serializers.CharField()
    digest = serializers.CharField()
    labels_digest = serializers.CharField()


class TaskOut(Strict):
    name = serializers.CharField()
    title = serializers.CharField()
    digest = serializers.CharField()
    metric = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    status = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())
    dataset = DatasetOut()
    spec = serializers.DictField(help_text="The whole declaration")


class SuiteOut(Strict):
    name = serializers.CharField()
    title = serializers.CharField()
    title_zh = serializers.CharField(allow_blank=True)
    url = serializers.CharField()


class SuiteTaskOut(Strict):
    name = serializers.CharField()
    digest = serializers.CharField()
    weight = serializers.FloatField()


class SuiteDetail(SuiteOut):
    revision = serializers.IntegerField()
    digest = serializers.CharField()
    plan = serializers.DictField()
    aggregate = serializers.CharField()
    tasks = SuiteTaskOut(many=True)
