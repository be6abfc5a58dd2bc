"""Errors of the helpdesk. Each tells its reader what to do.

HelpdeskError
├── TicketNotFound          wrong number or wrong query code (never says which)
├── DraftNotFound           wrong number or code of a saved form, or it has expired (never says which)
├── CentreUnknown           there is no such centre to forward to, or it is this one
├── IllegalTransition       the state table does not allow this step
├── FormRequired            the step has a form of its own
├── ReasonRequired          this step needs a reason that the citizen can read
├── TicketChangedMeanwhile  somebody saved first: reload, look, try again
├── ConversationNotFound
├── AlreadyClaimed          another agent has the conversation
├── NotWaiting              the conversation is not waiting for a person
├── NotYourConversation     claim it before you write in it
├── AtCapacity              the agent has as many conversations as they may; end one first
├── AgentNotPresent         a conversation is never given to somebody who is not there
├── ColleagueElsewhere      nor is a matter to somebody who works for another region
├── Forbidden               your role may not do this
├── LoginFailed             same for an unknown login and a wrong password
├── LoginLimited            too many tries; wait
├── CodeWrong               the second factor's code is wrong or was used already
├── AccountExists           another account has this login
├── AccountNotFound
├── OwnAccount              nobody changes their own role or disables themselves
├── LastAdministrator       somebody must remain who can manage accounts
├── SecondFactorNeeded      the role must have one, so it cannot be given up
├── SessionInvalid          forged, foreign or expired token
├── MessageTooLong
├── MessageIdTaken          other words came under this id before; give these an id of their own
├── EvidenceNotFound
├── FileTooLarge
├── EmptyFile
├── TypeNotAllowed
├── FormInvalid             answers are missing or wrong; details name them
└── BadRequest              the request cannot be read; details say what is missing

`code` names the words in `bot/texts/errors.yml` and the HTTP status at the entry points.
"""


class HelpdeskError(Exception):
    """Base of everything a caller can act on.

    Attributes:
        code: Key of the words shown to the reader.
        details: Values for those words; safe to show.
    """

    code = "error"

    def __init__(self, **details: object) -> None:
        super().__init__(self.code, details)
        self.details = details


class TicketNotFound(HelpdeskError):
    """No ticket answers to this number and code."""

    code = "ticket_not_found"


class DraftNotFound(HelpdeskError):
    """No saved form answers to this number and code, or no longer; start the form anew."""

    code = "draft_not_found"


class CentreUnknown(HelpdeskError):
    """A matter can be forwarded to a centre of `knowledge_base/centres` other than this one."""

    code = "centre_unknown"


class IllegalTransition(HelpdeskError):
    """The state table has no such step; `details` holds `status` and `to`."""

    code = "illegal_transition"


class FormRequired(HelpdeskError):
    """The step says more than a plain step can; use the form for it. `details` holds `to`."""

    code = "form_required"


class ReasonRequired(HelpdeskError):
    """Give a reason; the citizen will read it."""

    code = "reason_required"


class TicketChangedMeanwhile(HelpdeskError):
    """The ticket has a newer version than the one shown; reload and look."""

    code = "ticket_changed_meanwhile"


class ConversationNotFound(HelpdeskError):
    """There is no such conversation."""

    code = "not_found"


class AlreadyClaimed(HelpdeskError):
    """Another agent was faster; `details["agent_name"]` names them."""

    code = "already_claimed"


class NotWaiting(HelpdeskError):
    """The conversation is with the bot or closed; nobody has to claim it."""

    code = "not_waiting"


class NotYourConversation(HelpdeskError):
    """Only the agent who has the conversation may write in it."""

    code = "not_your_conversation"


class AtCapacity(HelpdeskError):
    """The agent (`agent_name`) has `details["capacity"]` conversations already; end one first."""

    code = "at_capacity"


class AgentNotPresent(HelpdeskError):
    """The agent (`agent_name`) is not at their desk; choose another one, or a queue."""

    code = "agent_not_present"


class ColleagueElsewhere(HelpdeskError):
    """The agent (`agent_name`) works for another region; choose somebody who may see the matter."""

    code = "colleague_elsewhere"


class Forbidden(HelpdeskError):
    """The role of this agent does not allow the step."""

    code = "forbidden"


class LoginFailed(HelpdeskError):
    """Unknown login or wrong password; which of them is never told."""

    code = "login_failed"


class LoginLimited(HelpdeskError):
    """Too many failed log-ins; `details["retry_seconds"]` says how long to wait."""

    code = "login_limited"


class CodeWrong(HelpdeskError):
    """The code is wrong, too old, or has been used; wait for the next one."""

    code = "code_wrong"


class AccountExists(HelpdeskError):
    """Another account has this login; choose another one."""

    code = "account_exists"


class AccountNotFound(HelpdeskError):
    """There is no such account."""

    code = "account_not_found"


class OwnAccount(HelpdeskError):
    """Ask another administrator: nobody changes their own role or disables themselves."""

    code = "own_account"


class LastAdministrator(HelpdeskError):
    """Make somebody else an administrator first."""

    code = "last_administrator"


class SecondFactorNeeded(HelpdeskError):
    """The role must have a second factor."""

    code = "second_factor_needed"


class SessionInvalid(HelpdeskError):
    """The token is forged, expired or belongs to something else."""

    code = "session_invalid"


class MessageIdTaken(HelpdeskError):
    """Other words came under this id before, and were answered; give these an id of their own."""

    code = "message_id_taken"


class MessageTooLong(HelpdeskError):
    """Shorten the message to `details["limit"]` characters."""

    code = "message_too_long"


class EvidenceNotFound(HelpdeskError):
    """No stored file answers to this receipt."""

    code = "not_found"


class FileTooLarge(HelpdeskError):
    """The file is larger than `details["limit_mb"]` MB."""

    code = "file_too_large"


class EmptyFile(HelpdeskError):
    """The file has no content."""

    code = "empty_file"


class TypeNotAllowed(HelpdeskError):
    """The content is of a type that is not accepted, whatever its name says."""

    code = "type_not_allowed"


class BadRequest(HelpdeskError):
    """The request lacks something; `details["field"]` says what."""

    code = "bad_request"


class FormInvalid(HelpdeskError):
    """Answers of the form are missing or wrong; `details["fields"]` says why, field by field."""

    code = "form_invalid"
