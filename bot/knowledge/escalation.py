"""Escalation chains as shipped, read from `knowledge_base/sla/escalation.yml`."""

from __future__ import annotations

from pathlib import Path

from bot.helpdesk.escalation import By, Chain, ChainInvalid, Step, Tell, When
from bot.helpdesk.targets import Target
from bot.knowledge.datafile import Fields, read_mapping


def load_chains(root: Path) -> tuple[Chain, ...]:
    """Return the shipped versions of all chains; none when the file is not there.

    Args:
        root: The folder `knowledge_base`.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = root / "sla" / "escalation.yml"
    if not path.exists():
        return ()
    fields = Fields(read_mapping(path), path)
    fields.only("chains")
    return tuple(_chain(entry) for entry in fields.children("chains"))


def _chain(fields: Fields) -> Chain:
    fields.only("id", "version", "applies_to", "steps")
    steps = tuple(_step(entry) for entry in fields.children("steps"))
    try:
        return Chain(fields.text("id"), fields.integer("version"), fields.text("applies_to"), steps)
    except ChainInvalid as error:
        raise fields.fail("steps", f"level {error.details['level']}: {error.details['problem']}") from error


def _step(fields: Fields) -> Step:
    fields.only("level", "when", "after", "tell", "by")
    return Step(
        level=fields.integer("level"),
        when=fields.build("when", lambda: When(fields.text("when"))),
        tell=fields.build("tell", lambda: tuple(Tell(name) for name in fields.texts("tell"))),
        by=fields.build("by", lambda: tuple(By(name) for name in fields.texts("by"))),
        after=_after(fields),
    )


def _after(fields: Fields) -> Target | None:
    if fields.data.get("after") is None:
        return None
    after = fields.child("after")
    after.only("amount", "unit")
    return after.build("amount", lambda: Target(after.integer("amount"), after.text("unit")))
