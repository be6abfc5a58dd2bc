"""What the actions use, handed in once; nothing here is built or read at import."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk
from bot.knowledge import KnowledgeBase
from bot.services.forms import FormCatalogue
from bot.services.office import Office
from bot.texts import Texts
from bot.tools.box import ToolBox

#: What a store that is away, locked or too slow raises; anything else is a mistake of ours.
STORE_FAILURES = (SQLAlchemyError, OSError, TimeoutError)


def cause_of(error: BaseException) -> str:
    """Return a store failure for the log, without the statement's parameters: they are personal data."""
    return repr(getattr(error, "orig", None) or type(error).__name__)


@dataclass(frozen=True)
class ActionPorts:
    """The desk as the actions see it.

    Attributes:
        begin: Opens a writing transaction.
        read: Opens a reading transaction.
        clock: Returns the present instant, aware, UTC.
    """

    begin: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    read: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    clock: Callable[[], datetime]
    office: Office
    forms: FormCatalogue
    knowledge: KnowledgeBase
    tools: ToolBox = field(default_factory=lambda: ToolBox(()))

    @classmethod
    def of(cls, desk: Desk) -> ActionPorts:
        """Return the ports of a running desk."""
        return cls(desk.begin, desk.read, desk.clock, desk.office, desk.forms, desk.knowledge, desk.tools)

    @property
    def texts(self) -> Texts:
        """Return the words for citizens."""
        return self.office.texts
