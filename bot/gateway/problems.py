"""What goes wrong at the gateway itself; the other errors come from `bot.helpdesk.errors`."""

from __future__ import annotations

from bot.helpdesk.errors import HelpdeskError


class RateLimited(HelpdeskError):
    """Too many requests; `details["seconds"]` says how long to wait."""

    code = "rate_limited"


class OriginNotAllowed(HelpdeskError):
    """The request was started by a page of another site."""

    code = "origin_not_allowed"


class BodyTooLarge(HelpdeskError):
    """The request body is larger than this address accepts."""

    code = "body_too_large"


class UploadTooSlow(HelpdeskError):
    """No byte came for too long; upload again on a better connection."""

    code = "upload_too_slow"


class MessageEmpty(HelpdeskError):
    """Nothing was written."""

    code = "message_empty"
