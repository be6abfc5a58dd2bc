"""How a run with several workers (`pytest -n 2`) is spread over them.

A file stays on one worker, so that what its tests share is made once. All that talks to a trained model stays
on one worker too: the model is trained once, a single engine is started for the dialogues and a single system for
the journeys. That takes longest, so it begins first; meanwhile the other workers do the rest.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

_NEED_A_MODEL = ("tests/dialogue/", "tests/e2e/")


class Spreading(LoadScopeScheduling):
    """Hands out files; those that need a model are one."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Return the name of what stays on one worker together with this test."""
    return "model" if nodeid.startswith(_NEED_A_MODEL) else nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests that need a model before all others; otherwise the order stays."""
    items.sort(key=lambda item: scope_of(item.nodeid) != "model")
