"""Finding tickets by what is written on them, and by telephone number.

The audit chain says what changed, so opening a ticket costs the search nothing: it reads the entries
after the last one it knows (`indexing`), cuts each ticket's words into pairs of characters (`grams`) and
keeps them where the database finds them fast (`derived`). `matching` turns what an agent typed into a condition.
"""

from bot.services.search.grams import highlights, terms_of
from bot.services.search.indexing import catch_up
from bot.services.search.matching import SearchTooShort, condition, excerpts

__all__ = ["SearchTooShort", "catch_up", "condition", "excerpts", "highlights", "terms_of"]
