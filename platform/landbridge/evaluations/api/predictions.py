"""``/results/{id}/predictions``: what the model answered, shard after shard, as its digests were signed."""

from collections.abc import Iterator
from typing import ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from landbridge.accounts.principals import principal_of
from landbridge.core.access import Rules
from landbridge.core.errors import NotFound
from landbridge.core.views import View
from landbridge.evaluations import queries, reruns, shard_files
from landbridge.evaluations.api.catalog import SHOWN


class Predictions(View):
    """Gzip, one member a shard, JSON lines inside: ``landbridge verify --predictions`` reads it. No label is in it.

    Only where all data of the result is public: elsewhere there is nothing at this address.
    """

    access: ClassVar[Rules] = SHOWN
    query: ClassVar = ()

    @extend_schema(responses={(200, "application/gzip"): OpenApiTypes.BINARY})
    def get(self, request: Request, result: str) -> StreamingHttpResponse:
        found = queries.result_for(principal_of(request), result)
        digests = reruns.open_shards(found)
        if not digests:
            raise NotFound("The predictions of this result are not given out: a task's data is not public.")
        return StreamingHttpResponse(
            _pieces(digests),
            content_type="application/gzip",
            headers={
                "Content-Disposition": f'attachment; filename="predictions-{found.pk}.jsonl.gz"',
                "Cache-Control": "private, no-cache",
            },
        )


def _pieces(digests: list[str]) -> Iterator[bytes]:
    for sha256 in digests:
        yield shard_files.load(sha256)
