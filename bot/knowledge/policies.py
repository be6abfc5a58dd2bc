"""Service-level policies, read from `knowledge_base/sla/policies.yml`."""

from __future__ import annotations

from pathlib import Path

from bot.helpdesk.sla import MAIN_CALENDAR, WARN_RATIO, Policy, Target
from bot.knowledge.datafile import Fields, read_mapping


def load_policies(root: Path) -> tuple[Policy, ...]:
    """Return every version of every policy.

    Args:
        root: The folder `knowledge_base`.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = root / "sla" / "policies.yml"
    fields = Fields(read_mapping(path), path)
    fields.only("policies")
    policies = tuple(_policy(entry) for entry in fields.children("policies"))
    seen = set()
    for entry, policy in zip(fields.children("policies"), policies, strict=True):
        if (policy.id, policy.version) in seen:
            raise entry.fail("version", f"policy {policy.id} has version {policy.version} twice")
        seen.add((policy.id, policy.version))
    return policies


def _policy(fields: Fields) -> Policy:
    fields.only(
        "id", "version", "applies_to", "calendar", "effective_from", "basis", "source", "warn_ratio", "clocks"
    )
    clocks = fields.child("clocks")
    return fields.build(
        "clocks",
        lambda: Policy(
            id=fields.text("id"),
            version=fields.integer("version"),
            applies_to=fields.text("applies_to"),
            clocks={name: _target(clocks, name) for name in clocks.data},
            effective_from=fields.date("effective_from"),
            warn_ratio=fields.number("warn_ratio", default=WARN_RATIO),
            basis=fields.text("basis"),
            source=fields.text("source"),
            calendar_id=fields.text("calendar", default=MAIN_CALENDAR),
        ),
    )


def _target(clocks: Fields, name: str) -> Target:
    fields = clocks.child(name)
    fields.only("amount", "unit")
    return fields.build("amount", lambda: Target(fields.integer("amount"), fields.text("unit")))
