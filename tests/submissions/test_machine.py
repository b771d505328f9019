"""Promises of the table of submissions: every state can be reached, ends are few, and only the table moves anything."""

from hypothesis import given
from hypothesis import strategies as st

from landbridge.core.machine import Who
from landbridge.submissions.machine import SUBMISSION, SubmissionState

ENDS = {SubmissionState.WITHDRAWN, SubmissionState.PUBLISHED}


def test_every_state_can_be_reached_and_only_two_are_ends() -> None:
    reached = {SUBMISSION.initial}
    for _ in SubmissionState:
        reached |= {move.target for move in SUBMISSION if reached & set(move.sources)}
    assert reached == set(SubmissionState)
    assert {state for state in SubmissionState if not any(state in move.sources for move in SUBMISSION)} == ENDS


@given(st.lists(st.sampled_from([move.action for move in SUBMISSION]), max_size=20))
def test_no_walk_publishes_what_was_not_sealed(actions: list[str]) -> None:
    state, walked = str(SUBMISSION.initial), []
    for action in actions:
        if state in SUBMISSION[action].sources:
            state = str(SUBMISSION[action].target)
            walked.append(action)
    if state == SubmissionState.PUBLISHED:
        assert walked[-3:] == ["seal", "evaluate", "publish"]


def test_people_may_neither_seal_nor_publish() -> None:
    for who in (Who.MEMBER, Who.MAINTAINER, Who.OPERATOR):
        allowed = {action for state in SubmissionState for action in SUBMISSION.allowed(state, who)}
        assert not allowed & {"refuse", "seal", "evaluate", "publish"}
