"""The client's own fixtures: the command line, and an environment that points nowhere."""

from tests.client.conftest import _nothing_of_the_machine_s_own, run, server

__all__ = ["_nothing_of_the_machine_s_own", "run", "server"]
