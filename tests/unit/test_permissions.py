"""Roles: the table as the separation of duties wants it."""

import pytest

from bot.helpdesk.permissions import (
    PRIVILEGED,
    ROLE_PERMISSIONS,
    SYSTEM_WIDE,
    Permission,
    Role,
    SecondFactorRule,
    may,
)

CHANGES = {
    Permission.HANDLE_TICKETS, Permission.ASSIGN_OTHERS, Permission.HANDLE_CONVERSATIONS, Permission.SUPERVISE,
    Permission.EDIT_RULES, Permission.MANAGE_DELIVERIES, Permission.MAINTAIN_KNOWLEDGE, Permission.MANAGE_ACCOUNTS,
}  # fmt: skip
MATTERS = {
    Permission.READ_TICKETS, Permission.HANDLE_TICKETS, Permission.READ_CONVERSATIONS, Permission.REVEAL_PERSONAL,
    Permission.DOWNLOAD_EVIDENCE, Permission.EXPORT,
}  # fmt: skip


def test_every_role_has_its_line_and_every_permission_somebody() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == set(Permission)


def test_everybody_looks_after_their_own_account() -> None:
    assert all(may(role, [], Permission.OWN_ACCOUNT) for role in Role)


def test_an_auditor_changes_nothing_and_takes_nothing_away() -> None:
    allowed = ROLE_PERMISSIONS[Role.AUDITOR]
    assert not allowed & (CHANGES | {Permission.REVEAL_PERSONAL, Permission.DOWNLOAD_EVIDENCE, Permission.EXPORT})
    assert {Permission.READ_TICKETS, Permission.READ_CONVERSATIONS, Permission.READ_STAFF_EVENTS} <= allowed


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MAINTAINER])
def test_who_runs_the_system_does_not_read_the_matters(role: Role) -> None:
    assert not ROLE_PERMISSIONS[role] & MATTERS


def test_only_head_and_administrator_manage_accounts() -> None:
    assert [role for role in Role if may(role, [], Permission.MANAGE_ACCOUNTS)] == [Role.HEAD, Role.ADMINISTRATOR]


@pytest.mark.parametrize("permission", sorted(SYSTEM_WIDE))
def test_what_holds_for_all_is_not_for_who_works_for_a_part(permission: Permission) -> None:
    holders = [role for role in Role if may(role, [], permission)]
    assert holders and not any(may(role, ["33"], permission) for role in holders)


def test_a_role_nobody_knows_may_nothing() -> None:
    assert not any(may("root", [], permission) for permission in Permission)


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (SecondFactorRule.OFF, set()),
        (SecondFactorRule.OPTIONAL, set()),
        (SecondFactorRule.REQUIRED_FOR_SUPERVISORS, set(PRIVILEGED)),
        (SecondFactorRule.REQUIRED, set(Role)),
    ],
)
def test_the_rule_says_who_must_have_a_second_factor(rule: SecondFactorRule, asked: set[Role]) -> None:
    assert {role for role in Role if rule.requires(role)} == asked
