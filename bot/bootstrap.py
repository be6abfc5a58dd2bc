"""Putting the desk together: the only module that picks concrete classes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.assistant.engine import AssistantEngine, HttpEngine
from bot.assistant.presenter import Presenter
from bot.assistant.turns import TurnRunner
from bot.helpdesk.presence import HandoffRules
from bot.knowledge import KnowledgeBase, load_calendars, load_chains, load_policies, load_ticket_rules
from bot.knowledge.imported_laws import imported_dir
from bot.knowledge.routing import check_words, load_routing
from bot.senders.mail import SmtpAccount, SmtpMailSender
from bot.senders.webhook import HttpWebhookSender
from bot.services.escalation import ship_chains
from bot.services.evidence import EvidenceStorage
from bot.services.forms import FormCatalogue
from bot.services.live import Hub
from bot.services.office import Office
from bot.services.outgoing.delivering import Deliverer
from bot.services.outgoing.subscriptions import Subscriptions
from bot.services.signing import Signer
from bot.services.sla import SlaBook, lacks_shipped, load_book, take_over_shipped
from bot.settings import Secrets, Settings, load_secrets
from bot.store.database import Database
from bot.store.migrate import upgrade
from bot.texts import Texts
from bot.tools.box import ToolBox
from bot.tools.sources import Sources

if TYPE_CHECKING:
    from bot.store.listening import Listener


class PostgresNeeded(Exception):
    """Several desk processes work on one PostgreSQL database, never on SQLite: set `database_url`, or
    `desk_processes` to 1."""


@dataclass(frozen=True)
class Desk:
    """Everything an entry point needs.

    Attributes:
        clock: Returns the present instant, aware, UTC.
        listener: Hears the other desk processes; None where there are none.
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
    listener: Listener | None
    evidence: EvidenceStorage
    tools: ToolBox
    subscriptions: Subscriptions
    deliverer: Deliverer
    webhook_sender: HttpWebhookSender

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

    def glance(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session for a query or two that are wanted quickly."""
        return self.database.glance()


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


def check_processes(settings: Settings) -> None:
    """Make sure that the database serves as many desk processes as there are to be.

    Raises:
        PostgresNeeded: It does not.
    """
    if settings.desk_processes > 1 and not settings.database.startswith("postgresql"):
        raise PostgresNeeded


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
    Raises:
        RoutingInvalid: Centres, queues or signals are wrong, or lack words.
        PostgresNeeded: There are to be more desk processes than the database serves.
    """
    check_processes(settings)
    secrets = load_secrets(settings)
    handoff = handoff_rules(settings)
    texts, routing = Texts.load(), load_routing(settings.knowledge_dir, own_name=settings.centre_name)
    check_words(routing, texts)
    book = SlaBook((), (), present_for=handoff.present_for, routing=routing)
    hub, subscriptions = Hub(), Subscriptions()

    def publish(announcements: Sequence[tuple[str, Any]]) -> None:
        # First the book, so that whoever is woken by a commit counts by what it saved.
        book.heed(announcements)
        hub.publish(announcements)

    process = uuid.uuid4().hex[:8] if settings.desk_processes > 1 else None
    database = Database(settings.database, publish=publish, before_commit=subscriptions.record, process=process)
    # Of processes that start together one migrates and stores what is shipped, the others find it there.
    async with database.alone("start"):
        await upgrade(database.engine)
        await load_rules(settings, database, book, now=clock())
        await _start_telling(database, subscriptions, settings, now=clock())
    library = library or Library.load(settings)
    knowledge = library.knowledge
    tools = load_tools(settings, knowledge)
    office = Office(
        texts=texts,
        sla=book,
        signer=Signer(secrets.secret_key.get_secret_value()),
        rules=load_ticket_rules(settings.knowledge_dir),
        handoff=handoff,
        routing=routing,
        draft_lifetime=timedelta(days=settings.draft_days),
    )
    engine = engine or HttpEngine(
        f"http://127.0.0.1:{settings.engine_port}",
        secrets.engine_token.get_secret_value(),
        timeout=settings.engine_timeout_seconds,
        grace=settings.engine_grace_seconds,
        action_port=settings.internal_port if process else None,
    )
    webhook_sender = HttpWebhookSender(allow_private=settings.webhook_allow_private)
    deliverer = Deliverer(
        database, office, clock=clock, mail=_mail_sender(settings), webhook=webhook_sender,
        public_url=settings.public_url,
    )  # fmt: skip
    turns = TurnRunner(
        database, office, engine, Presenter(knowledge, texts, tools), clock=clock, processes=settings.desk_processes
    )
    listener = await _start_listening(settings, process, hub) if process else None
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
        listener=listener,
        evidence=EvidenceStorage(
            settings.data_dir / "evidence", settings.evidence_max_mb * 2**20
        ),
        tools=tools,
        subscriptions=subscriptions,
        deliverer=deliverer,
        webhook_sender=webhook_sender,
    )


async def _start_listening(settings: Settings, process: str, hub: Hub) -> Listener:
    # Its driver is imported by those who need it: with SQLite every command would pay for it.
    from bot.store.listening import Listener

    listener = Listener(settings.database, process, hear=hub.publish, look=hub.look)
    await listener.start()
    return listener


async def load_rules(settings: Settings, database: Database, book: SlaBook, *, now: datetime) -> None:
    """Fill the book from the store, which takes over what is shipped and not there yet."""
    shipped = SlaBook(load_calendars(settings.knowledge_dir), load_policies(settings.knowledge_dir))
    async with database.read() as session:
        is_missing = await lacks_shipped(session, shipped)
    if is_missing:
        async with database.begin() as session:
            await take_over_shipped(session, shipped, now=now)
    async with database.read() as session:
        stored = await load_book(session)
    book.learn(stored.policies, stored.calendars)


def _mail_sender(settings: Settings) -> SmtpMailSender | None:
    if not settings.smtp_host:
        return None
    password = settings.smtp_password
    return SmtpMailSender(
        SmtpAccount(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            sender=settings.smtp_sender,
            user=settings.smtp_user,
            password=password.get_secret_value() if password else None,
        )
    )


async def _start_telling(
    database: Database, subscriptions: Subscriptions, settings: Settings, *, now: datetime
) -> None:
    """Store the shipped escalation chains that are missing and learn who wants to hear of events."""
    async with database.begin() as session:
        await ship_chains(session, load_chains(settings.knowledge_dir), now=now)
    async with database.read() as session:
        await subscriptions.renew(session)


def handoff_rules(settings: Settings) -> HandoffRules:
    """Return the rules of handing over that the operator set."""
    return HandoffRules(
        nudge_after=timedelta(minutes=settings.handoff_nudge_minutes),
        requeue_after=timedelta(minutes=settings.handoff_requeue_minutes),
        return_within=timedelta(days=settings.handoff_return_days),
        present_for=timedelta(seconds=settings.presence_timeout_seconds),
        assignment=settings.handoff_assignment,
        anyone_after=timedelta(minutes=settings.handoff_anyone_minutes),
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
    if desk.listener:
        await desk.listener.stop()
    if isinstance(desk.engine, HttpEngine):
        await desk.engine.close()
    await desk.webhook_sender.close()
    await desk.database.close()
