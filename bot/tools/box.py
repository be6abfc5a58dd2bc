"""All tools by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bot.tools.deadline import DeadlineTool
from bot.tools.evidence import EvidenceTool
from bot.tools.fees import FeesTool
from bot.tools.flow import FlowTool
from bot.tools.law import LawTool
from bot.tools.model import Tool
from bot.tools.number import NumberTool
from bot.tools.route import RouteTool
from bot.tools.sources import Sources


class ToolBox:
    """The tools of one desk.

    Args:
        tools: With names of their own.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    @classmethod
    def load(cls, sources: Sources) -> ToolBox:
        """Return all tools, their data files read.

        Raises:
            DataError: A data file cannot be used.
        """
        return cls(make(sources) for make in MAKERS)

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def get(self, name: str) -> Tool | None:
        """Return a tool, or None."""
        return self._tools.get(name)


# Each is a function or class method `(Sources) -> Tool`; add yours.
MAKERS: tuple[Callable[[Sources], Tool], ...] = (
    DeadlineTool.load,
    LawTool.load,
    NumberTool.load,
    RouteTool,
    EvidenceTool,
    FeesTool,
    FlowTool,
)
