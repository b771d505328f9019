"""What the registry's steps are made of. The registry lies below ``landbridge.core``, so the guard is its own."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Mark what services share: it works inside its caller's transaction and never opens one."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not transaction.get_connection().in_atomic_block:
            raise RuntimeError(f"{function.__qualname__} is a step: call it from a service.")
        return function(*args, **kwargs)

    return guarded
