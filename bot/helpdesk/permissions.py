"""What each role may do: one table, read by the console, the staff API and the services.

Source: issue of the staff roles (segregation of duties). Who administers accounts does not read citizens'
matters, who checks changes nothing, who keeps the knowledge needs no personal data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a member of staff is; the words shown are in `bot/texts` under `roles`."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    #: Supervises and manages accounts: a small centre has one person for both, and every centre begins so.
    HEAD = "head"
    MAINTAINER = "maintainer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that may be allowed."""

    #: Own password, second factor and sessions; every role has it.
    OWN_ACCOUNT = "own_account"
    READ_TICKETS = "read_tickets"
    HANDLE_TICKETS = "handle_tickets"
    ASSIGN_OTHERS = "assign_others"
    READ_CONVERSATIONS = "read_conversations"
    HANDLE_CONVERSATIONS = "handle_conversations"
    #: Listen to, take over and hand around the conversations of others; see how the team does.
    SUPERVISE = "supervise"
    #: See a phone or identity number in full; each time is recorded.
    REVEAL_PERSONAL = "reveal_personal"
    DOWNLOAD_EVIDENCE = "download_evidence"
    EXPORT = "export"
    READ_FIGURES = "read_figures"
    READ_RULES = "read_rules"
    #: Service times, calendars, escalation, macros for all.
    EDIT_RULES = "edit_rules"
    READ_DELIVERIES = "read_deliveries"
    #: Webhooks and their keys, replaying what was sent.
    MANAGE_DELIVERIES = "manage_deliveries"
    MAINTAIN_KNOWLEDGE = "maintain_knowledge"
    READ_STAFF_EVENTS = "read_staff_events"
    MANAGE_ACCOUNTS = "manage_accounts"


_P = Permission

_EVERYBODY = frozenset({_P.OWN_ACCOUNT})
_AGENT = _EVERYBODY | {
    _P.READ_TICKETS,
    _P.HANDLE_TICKETS,
    _P.READ_CONVERSATIONS,
    _P.HANDLE_CONVERSATIONS,
    _P.REVEAL_PERSONAL,
    _P.DOWNLOAD_EVIDENCE,
}

_SUPERVISOR = _AGENT | {
    _P.ASSIGN_OTHERS,
    _P.SUPERVISE,
    _P.EXPORT,
    _P.READ_FIGURES,
    _P.READ_RULES,
    _P.EDIT_RULES,
    _P.READ_DELIVERIES,
    _P.MANAGE_DELIVERIES,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.HEAD: _SUPERVISOR | {_P.READ_STAFF_EVENTS, _P.MANAGE_ACCOUNTS},
    Role.MAINTAINER: _EVERYBODY | {_P.MAINTAIN_KNOWLEDGE},
    Role.AUDITOR: _EVERYBODY
    | {
        _P.READ_TICKETS,
        _P.READ_CONVERSATIONS,
        _P.READ_FIGURES,
        _P.READ_RULES,
        _P.READ_DELIVERIES,
        _P.READ_STAFF_EVENTS,
    },
    Role.ADMINISTRATOR: _EVERYBODY
    | {
        _P.READ_RULES,
        _P.EDIT_RULES,
        _P.READ_DELIVERIES,
        _P.MANAGE_DELIVERIES,
        _P.READ_STAFF_EVENTS,
        _P.MANAGE_ACCOUNTS,
    },
}

#: What holds for the whole installation is not for those who work for a part of the country only.
SYSTEM_WIDE = frozenset(
    {_P.EDIT_RULES, _P.READ_DELIVERIES, _P.MANAGE_DELIVERIES, _P.READ_STAFF_EVENTS, _P.MANAGE_ACCOUNTS}
)

#: Roles that see or decide more than their own work: the first that need a second factor.
PRIVILEGED = frozenset({Role.SUPERVISOR, Role.HEAD, Role.AUDITOR, Role.ADMINISTRATOR})

#: Roles that can manage accounts; one of them must remain.
ADMINISTERING = frozenset(
    role for role, permissions in ROLE_PERMISSIONS.items() if _P.MANAGE_ACCOUNTS in permissions
)


def may(role: str, regions: Collection[str], permission: Permission) -> bool:
    """Tell whether a role allows something; a role that the table does not know allows nothing.

    Args:
        regions: The division codes that the person is limited to, empty for all.
    """
    if role not in {known.value for known in Role}:
        return False
    if regions and permission in SYSTEM_WIDE:
        return False
    return permission in ROLE_PERMISSIONS[Role(role)]


class SecondFactorRule(StrEnum):
    """Who must have a second factor; an operator's setting."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED_FOR_SUPERVISORS = "required_for_supervisors"
    REQUIRED = "required"

    def requires(self, role: str) -> bool:
        """Tell whether somebody of this role must set up a second factor."""
        if self is SecondFactorRule.REQUIRED:
            return True
        return self is SecondFactorRule.REQUIRED_FOR_SUPERVISORS and role in PRIVILEGED
