"""Fixtures of other rooms: the command line without a server, and a model that is licensed."""

from tests.agreements.conftest import dora, licensed, ngram, offer, signatory, sofia, taken
from tests.client.conftest import _nothing_of_the_machine_s_own, run, server

__all__ = [
    "_nothing_of_the_machine_s_own",
    "dora",
    "licensed",
    "ngram",
    "offer",
    "run",
    "server",
    "signatory",
    "sofia",
    "taken",
]
