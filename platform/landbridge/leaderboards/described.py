"""The bodies of boards, described for the OpenAPI document. ``wire`` makes them."""

from rest_framework import serializers

from landbridge.core.serializers import Strict
from landbridge.evaluations.described import MissingOut, NumberOut, Ref


class BoardTaskOut(Strict):
    name = serializers.CharField()
    title = serializers.CharField()
    metric = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    digest = serializers.CharField()
    n = serializers.IntegerField(help_text="Rows of the test split")


class BoardOut(Strict):
    board = serializers.CharField()
    suite = serializers.CharField()
    title = serializers.CharField()
    title_zh = serializers.CharField(allow_blank=True)
    method = serializers.CharField(help_text="How ranks and their intervals are made")
    refreshed_at = serializers.DateTimeField(allow_null=True)
    tasks = BoardTaskOut(many=True)
    url = serializers.CharField()
    entries_url = serializers.CharField()
    html_url = serializers.CharField()


class MarksOut(Strict):
    code = serializers.BooleanField(help_text="The lab's own code ran, in the sandbox")
    self_run = serializers.BooleanField(help_text="On the lab's own machine: shown apart, never ranked")
    self_reported = serializers.BooleanField(help_text="Probabilities of lab code, which nobody outside can check")
    device_class = serializers.CharField(allow_blank=True, help_text="cpu, cuda:sm90; mixed over several tasks")


class EntryOut(Strict):
    task = serializers.CharField(help_text="`overall` for the whole board")
    rank = serializers.IntegerField(allow_null=True, help_text="Equal values share one")
    rank_interval = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    model = serializers.CharField()
    revision = serializers.CharField()
    metric = serializers.CharField()
    score = NumberOut(allow_null=True)
    missing = MissingOut(allow_null=True, help_text="Why there is no rank")
    marks = MarksOut()
    result = Ref()


class BoardDetail(BoardOut):
    models = serializers.IntegerField()
    ranked = serializers.IntegerField()
    entries = EntryOut(many=True)


class EntriesOut(Strict):
    items = EntryOut(many=True)
    next = serializers.CharField(allow_null=True)
