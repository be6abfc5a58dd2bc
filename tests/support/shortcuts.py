"""What a run of the tests does once instead of once a test, where doing it again would find nothing new.

Most of a desk's start is reading files that no test changes; most of making an account is a hash that is slow on
purpose. Both are tested where they belong, without these shortcuts.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp_jinja2
import jinja2
import pytest
from alembic.script import ScriptDirectory
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import bootstrap
from bot.knowledge import KnowledgeBase, datafile
from bot.knowledge.imported_laws import imported_dir
from bot.services import staff
from bot.settings import Settings
from bot.store import migrate
from bot.texts import Texts
from bot.tools.box import ToolBox
from tests.support.library import real_library

#: As an installation hashes; a test that needs it puts it back.
SLOW_HASHER = staff._hasher
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)

LoadTools = Callable[[Settings, KnowledgeBase | None], ToolBox]
Upgrade = Callable[[AsyncEngine], Awaitable[None]]


@contextmanager
def shortcuts(folder: Path) -> Iterator[None]:
    """Take them while the block runs.

    Args:
        folder: For compiled templates.
    """
    compiled = jinja2.FileSystemBytecodeCache(str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datafile, "parse_mapping", functools.cache(datafile.parse_mapping))
        patch.setattr(Texts, "load", functools.cache(Texts.load))
        patch.setattr(bootstrap, "load_tools", _shared(bootstrap.load_tools))
        patch.setattr(bootstrap, "upgrade", _if_behind(bootstrap.upgrade))
        patch.setattr(staff, "_hasher", QUICK_HASHER)
        patch.setattr(aiohttp_jinja2, "setup", functools.partial(aiohttp_jinja2.setup, bytecode_cache=compiled))
        yield


def _shared(load_tools: LoadTools) -> LoadTools:
    """Share the tools among the desks that have the real library and no imported laws."""
    usual = functools.cache(lambda: load_tools(Settings(data_dir=Path("/nonexistent")), real_library().knowledge))

    def load(settings: Settings, knowledge: KnowledgeBase | None = None) -> ToolBox:
        is_usual = knowledge is real_library().knowledge and settings.knowledge_dir == Settings().knowledge_dir
        if is_usual and not imported_dir(settings.data_dir).exists():
            return usual()
        return load_tools(settings, knowledge)

    return load


def _if_behind(upgrade: Upgrade) -> Upgrade:
    """Leave a database alone that has the newest schema: to find that out, Alembic reads all migrations."""
    newest = ScriptDirectory(str(migrate._SCRIPTS)).get_current_head()

    async def upgrade_if_behind(engine: AsyncEngine) -> None:
        if await _revision(engine) != newest:
            await upgrade(engine)

    return upgrade_if_behind


async def _revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        try:
            return await connection.scalar(text("SELECT version_num FROM alembic_version"))
        except DBAPIError:
            return None
