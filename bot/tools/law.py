"""The words of an article, from imported official texts and never from memory.

`given`: `law` (id or name), `article` (第七十四条 or 74). Without the text the tool says so, and shows what
checked answers quote of the article.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from bot.knowledge.law_names import LawNames, in_force_on, number_of
from bot.knowledge.law_texts import WHOLE_TEXT, Provision
from bot.knowledge.laws import FULL_TEXT, Law
from bot.knowledge.numerals import article_label
from bot.tools.deadline_result import plain_day
from bot.tools.model import Choice, Question, Result, ToolInputError
from bot.tools.sources import Sources

_OFFERED = ("专利法", "商标法", "著作权法", "反不正当竞争法", "专利法实施细则", "商标法实施条例")
_RIGHTS = {
    "patent": "patent", "trademark": "trademark", "copyright": "copyright", "software": "copyright",
    "network": "copyright", "ic": "layout_design", "plant": "plant_variety", "seed": "plant_variety",
    "aucl": "unfair_competition",
}  # fmt: skip
_MOST = 6


class LawTool:
    """Shows an article in full."""

    name = "law"

    def __init__(self, sources: Sources, names: LawNames) -> None:
        self._sources, self._names = sources, names

    @classmethod
    def load(cls, sources: Sources) -> LawTool:
        """Return the tool with the names of the register.

        Raises:
            DataError: The names cannot be used.
        """
        return cls(sources, LawNames.load(sources.root, sources.knowledge.laws))

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return the law and the article that a sentence names."""
        named = self._names.named_in(text)
        return {key: value for key, value in (("law", named.law), ("article", named.article)) if value}

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return what has to be known next, or the article.

        Raises:
            ToolInputError: No such law or article, or the name may mean several laws.
        """
        if not given.get("law"):
            offered = (law for name in _OFFERED if (law := in_force_on(self._names.candidates(name), today)))
            choices = tuple(Choice(law.short_title, law.short_title) for law in offered)
            return Question("law", self._words("ask_law"), "text", choices, topic="law")
        law = self._law(given["law"], today)
        if law.text_scope == FULL_TEXT and law.article_count == 0:
            return self._result(law, WHOLE_TEXT, today)
        if not given.get("article"):
            return Question("article", self._words("ask_article", law=law.short_title), "text", topic="law")
        number = self._number(law, given["article"])
        return self._result(law, number, today)

    def _law(self, name: str, today: date) -> Law:
        candidates = self._names.candidates(name)
        laws = self._sources.knowledge.laws
        families = {laws.family_of(law.id) for law in candidates}
        if len(families) > 1:
            titles = "、".join(f"《{law.short_title}》" for law in candidates[:_MOST])
            raise ToolInputError("law", "law_which", value=name, titles=titles)
        law = in_force_on(candidates, today)
        if law is None:
            raise ToolInputError("law", "law", value=name)
        return law

    def _number(self, law: Law, text: str) -> str:
        number = number_of(text)
        if number is None:
            raise ToolInputError("article", "article", value=text)
        if not law.has_article(number) and self._sources.official.provision(law.id, number) is None:
            whole = law.text_scope == FULL_TEXT
            raise ToolInputError(
                "article",
                "article_unknown" if whole else "article_unchecked",
                law=law.short_title, article=article_label(number), count=law.article_count,
            )  # fmt: skip
        return number

    # --- the result ---

    def _result(self, law: Law, number: str, today: date) -> Result:
        provision = self._sources.official.provision(law.id, number)
        quotes = self._quotes(law.id, number)
        label = article_label(number) if number else ""
        notice = self._notice(law, today)
        key = "short" if provision else "short_missing"
        return Result(
            short=self._words(key, law=law.short_title, article=label),
            details=self._full(law, provision) if provision else self._missing(quotes),
            topic="law",
            right=_RIGHTS.get(law.id.partition("-")[0], "general"),
            citations=(self._sources.cite(law.id, number),),
            notice=notice,
            next=("tool:law", "human"),
            data={
                "law_id": law.id,
                "law": law.short_title,
                "title": law.title,
                "article": label,
                "number": number,
                "effective": law.effective.isoformat(),
                "in_force": law.in_force_on(today),
                "text": provision.text if provision else None,
                "paragraphs": list(provision.paragraphs) if provision else [],
                "source": "imported" if provision else None,
                "quotes": list(quotes),
                "notice": notice,
                "official": self._words("official"),
            },
        )

    def _full(self, law: Law, provision: Provision) -> str:
        lines = [line for paragraph in provision.paragraphs for line in paragraph.splitlines()]
        return "\n\n".join([*lines, self._words("version", day=plain_day(law.effective))])

    def _missing(self, quotes: Sequence[str]) -> str:
        if not quotes:
            return "\n\n".join([self._words("no_quotes"), self._words("official")])
        listed = "\n".join(f"- “{quote}”" for quote in quotes)
        return "\n\n".join([self._words("quotes"), listed, self._words("official")])

    def _quotes(self, law_id: str, number: str) -> tuple[str, ...]:
        articles = self._sources.knowledge.articles.values()
        citations = (citation for article in articles for citation in article.citations)
        found = (c.quote for c in citations if c.law_id == law_id and c.article == number)
        return tuple(dict.fromkeys(found))

    def _notice(self, law: Law, today: date) -> str | None:
        """Say that a version is not in force, or that it is about to be replaced."""
        laws = self._sources.knowledge.laws
        family = [other for other in laws if laws.family_of(other.id) == laws.family_of(law.id)]
        current = next((other for other in family if other.in_force_on(today) and other is not law), None)
        if law.effective > today:
            key = "not_yet" if current else "not_yet_alone"
            return self._words(key, day=plain_day(law.effective), law=current.short_title if current else "")
        if not law.in_force_on(today):
            key = "ended" if current else "ended_alone"
            end = law.effective_until or law.effective
            day = plain_day(end + timedelta(days=1))
            return self._words(key, day=day, law=current.short_title if current else "")
        following = laws.get(law.superseded_by or "")
        if following is None:
            return None
        return self._words("coming", law=following.short_title, day=plain_day(following.effective))

    def _words(self, key: str, **values: object) -> str:
        return self._sources.texts(f"tools.law.{key}", **values)
