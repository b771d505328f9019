"""A result came in, a model was closed or opened: its boards follow. The sweeper finds what no message told of."""

from landbridge.accounts.clock import clock
from landbridge.core.tasks import control_task
from landbridge.evaluations.models import Suite
from landbridge.leaderboards import queries, services

REFRESH = "landbridge.leaderboards.tasks.refresh"
FOLLOW = "landbridge.leaderboards.tasks.follow_visibility"


@control_task
def refresh(result_id: str) -> None:
    board_id = queries.board_of_result(result_id)
    if board_id is not None:
        services.refresh_board(board_id=board_id, actor=clock())


@control_task
def follow_visibility(model_id: str) -> None:
    """A model was closed or opened to the public: it leaves the ranks of its boards, or comes back."""
    for board_id in queries.boards_with(model_id):
        services.refresh_board(board_id=board_id, actor=clock())


def sweep() -> int:
    """Boards for suites that have none, then the results and changes that no board has taken in."""
    actor = clock()
    opened = [services.open_board(suite_id=suite, actor=actor) for suite in _without_board()]
    return len(opened) + sum(services.refresh_board(board_id=pk, actor=actor) for pk in queries.boards_behind())


def _without_board() -> list[str]:
    return list(Suite.objects.filter(board=None, revisions__isnull=False).distinct().values_list("pk", flat=True))
