"""Putting the desk together: the only module that picks concrete classes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.assistant.engine import AssistantEngine, HttpEngine
from bot.assistant.presenter import Presenter
from bot.assistant.turns import TurnRunner
from bot.knowledge import KnowledgeBase, load_calendar, load_policies
from bot.knowledge.imported_laws import imported_dir
from bot.knowledge.routing import load_routing
from bot.services.evidence import EvidenceStorage
from bot.services.forms import FormCatalogue
from bot.services.live import Hub
from bot.services.office import Office
from bot.services.signing import Signer
from bot.services.sla import SlaBook
from bot.settings import Secrets, Settings, load_secrets
from bot.store.database import Database
from bot.store.migrate import upgrade
from bot.texts import Texts
from bot.tools.box import ToolBox
from bot.tools.sources import Sources


@dataclass(frozen=True)
class Desk:
    """Everything an entry point needs.

    Attributes:
        clock: Returns the present instant, aware, UTC.
    """

    settings: Settings
    secrets: Secrets
    clock: Callable[[], datetime]
    database: Database
    office: Office
    knowledge: KnowledgeBase
    forms: FormCatalogue
    engine: AssistantEngine
    turns: TurnRunner
    hub: Hub
    evidence: EvidenceStorage
    tools: ToolBox

    @property
    def texts(self) -> Texts:
        """Return the words for citizens and staff."""
        return self.office.texts

    @property
    def signer(self) -> Signer:
        """Return what signs session tokens and derives query codes."""
        return self.office.signer

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a writing transaction."""
        return self.database.begin()

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a reading transaction."""
        return self.database.read()


@dataclass(frozen=True)
class Library:
    """What is read from `knowledge_base/` at the start; nothing in it changes, so desks may share it."""

    knowledge: KnowledgeBase
    forms: FormCatalogue

    @classmethod
    def load(cls, settings: Settings) -> Library:
        """Read it; this is most of what a start takes.

        Raises:
            DataError, FormsInvalid: A file that nothing works without cannot be used.
        """
        root = settings.knowledge_dir
        return cls(KnowledgeBase.load(root), FormCatalogue.load(root))


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


async def create_desk(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    engine: AssistantEngine | None = None,
    library: Library | None = None,
) -> Desk:
    """Build the desk on a migrated database.

    Args:
        engine: Another engine than the HTTP one; tests give a scripted one.
        library: The library, if it has been read already.
    """
    secrets = load_secrets(settings)
    hub = Hub()
    database = Database(settings.database, publish=hub.publish)
    await upgrade(database.engine)
    library = library or Library.load(settings)
    knowledge = library.knowledge
    texts = Texts.load()
    tools = load_tools(settings, knowledge)
    office = Office(
        texts=texts,
        sla=SlaBook(
            load_calendar(settings.knowledge_dir), load_policies(settings.knowledge_dir)
        ),
        signer=Signer(secrets.secret_key.get_secret_value()),
        routing=load_routing(settings.knowledge_dir, own_name=settings.centre_name),
        draft_lifetime=timedelta(days=settings.draft_days),
    )
    engine = engine or HttpEngine(
        f"http://127.0.0.1:{settings.engine_port}",
        secrets.engine_token.get_secret_value(),
        timeout=settings.engine_timeout_seconds,
        grace=settings.engine_grace_seconds,
    )
    turns = TurnRunner(database, office, engine, Presenter(knowledge, texts, tools), clock=clock)
    return Desk(
        settings=settings,
        secrets=secrets,
        clock=clock,
        database=database,
        office=office,
        knowledge=knowledge,
        forms=library.forms,
        engine=engine,
        turns=turns,
        hub=hub,
        evidence=EvidenceStorage(
            settings.data_dir / "evidence", settings.evidence_max_mb * 2**20
        ),
        tools=tools,
    )


def load_tools(settings: Settings, knowledge: KnowledgeBase | None = None) -> ToolBox:
    """Build the tools; they need no database.

    Args:
        knowledge: The knowledge base, if it has been read already.
    """
    laws = imported_dir(settings.data_dir)
    return ToolBox.load(Sources.load(settings.knowledge_dir, laws, knowledge=knowledge))


async def close_desk(desk: Desk) -> None:
    """Let running turns end and close what is open."""
    await desk.turns.close()
    if isinstance(desk.engine, HttpEngine):
        await desk.engine.close()
    await desk.database.close()
