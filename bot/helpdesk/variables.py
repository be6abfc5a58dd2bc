"""Words with variables, as canned replies have them: `{{citizen}}，您的工单 {{number}} …`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.helpdesk.errors import HelpdeskError

#: Every variable there is; what each stands for is said in the console's words.
VARIABLES = (
    "citizen", "number", "subject", "kind", "queue", "status", "due", "opened", "today", "agent", "centre",
)  # fmt: skip
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class UnknownVariable(HelpdeskError):
    """There is no variable `details["name"]`; `details["known"]` lists those there are."""

    code = "unknown_variable"


class VariableEmpty(HelpdeskError):
    """`details["name"]` has no value here, as a due date without a clock: nothing is sent with a hole in it."""

    code = "variable_empty"


def check(text: str) -> None:
    """Allow words whose variables all exist.

    Raises:
        UnknownVariable: One does not.
    """
    for name in _VARIABLE.findall(text):
        if name not in VARIABLES:
            raise UnknownVariable(name=name, known=", ".join(VARIABLES))


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Return the words with each variable replaced by its value.

    A value is not looked at again, so what a citizen wrote cannot bring in variables of its own.

    Raises:
        UnknownVariable: A variable does not exist.
        VariableEmpty: A variable has no value here.
    """
    check(text)

    def value_of(found: re.Match[str]) -> str:
        if not (value := values.get(found[1], "")):
            raise VariableEmpty(name=found[1])
        return value

    return _VARIABLE.sub(value_of, text)
