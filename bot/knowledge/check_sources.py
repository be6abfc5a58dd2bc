"""The part of the check that looks at laws: do citations resolve, are quotations and figures theirs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

from bot.knowledge.articles import Article, Citation
from bot.knowledge.citations import citations_on, turning_days
from bot.knowledge.figures import Figure, figures_in
from bot.knowledge.law_texts import LawTexts
from bot.knowledge.laws import Law, LawRegistry
from bot.knowledge.mentions import MentionFinder
from bot.knowledge.numerals import article_label
from bot.knowledge.problems import Report
from bot.knowledge.words import Words

QUOTE_LIMIT = 40
_POLICY_NUMBER = re.compile(r"[\u4e00-\u9fff]字〔\d{4}〕\d+号")
_LIST_LINE = re.compile(r"\s*$|\s*(?:-|\d+\.)\s")


class SourceChecker:
    """Checks articles against the register and, where they are at hand, the texts of laws.

    Args:
        laws: The register.
        texts: Official texts, or None to leave out what needs them.
        words: For names in messages.
        today: Local day; a law that ends after it asks for a last day and a version, or both laws cited.
    """

    def __init__(self, laws: LawRegistry, texts: LawTexts | None, words: Words, today: date) -> None:
        self._laws, self._texts, self._words, self._today = laws, texts, words, today
        self._mentions = MentionFinder(laws)

    def check(self, article: Article, report: Report) -> None:
        """Report what is wrong with the sources of one article."""
        if not article.citations:
            report("no_citation")
        for citation in article.citations:
            self.check_citation(citation, report)
        self._check_force(article, report)
        self._check_mentions(article, report)
        if self._texts is not None:
            self._check_figures(article, self._texts, report)

    # --- citations ---

    def check_citation(self, citation: Citation, report: Report) -> None:
        """Report what is wrong with one citation, whatever it stands in."""
        if len(citation.quote) > QUOTE_LIMIT:
            report("quote_long", length=len(citation.quote), limit=QUOTE_LIMIT, quote=citation.quote)
        law = self._laws.get(citation.law_id)
        if law is None:
            report("law_unknown", law=citation.law_id)
        elif not law.has_article(citation.article):
            report("article_unknown", law=law.short_title, article=_label(citation.article))
        elif self._texts is not None:
            self._check_quote(law, citation, self._texts, report)

    def _check_quote(self, law: Law, citation: Citation, texts: LawTexts, report: Report) -> None:
        provision = texts.provision(law.id, citation.article)
        if provision is None:
            report("text_missing", law=law.id)
            return
        names = {"law": law.short_title, "article": _label(citation.article)}
        paragraph, count = citation.paragraph, len(provision.paragraphs)
        if paragraph is not None and not 1 <= paragraph <= count:
            report("paragraph_unknown", paragraph=paragraph, count=count, **names)
            return
        if paragraph is None:
            if not _holds(provision.text, citation.quote):
                report("quote_not_verbatim", quote=citation.quote, **names)
            return
        found = [n for n, text in enumerate(provision.paragraphs, start=1) if _holds(text, citation.quote)]
        if not found:
            report("quote_not_verbatim", quote=citation.quote, **names)
        elif paragraph not in found:
            report("quote_other_paragraph", paragraph=paragraph, found=found[0], quote=citation.quote, **names)

    # --- dates ---

    def _check_force(self, article: Article, report: Report) -> None:
        for day in turning_days(article, self._laws):
            if citations_on(article.citations, self._laws, day) is not None:
                continue
            for law in self._lapsed(article.citations, day):
                if article.valid_to is None and law.effective_until and day > max(self._today, article.valid_from):
                    report("law_ending", law=law.short_title, day=law.effective_until + timedelta(days=1))
                else:
                    report("law_not_in_force", law=law.short_title, day=day)
            return

    def _lapsed(self, citations: Iterable[Citation], day: date) -> list[Law]:
        """Return the cited laws of which no cited version is in force on a day."""
        cited = {c.law_id: law for c in citations if (law := self._laws.get(c.law_id))}
        covered = {self._laws.family_of(law_id) for law_id, law in cited.items() if law.in_force_on(day)}
        return [law for law_id, law in cited.items() if self._laws.family_of(law_id) not in covered]

    # --- what the answer says ---

    def _check_mentions(self, article: Article, report: Report) -> None:
        cited = {(citation.law_id, citation.article) for citation in article.citations}
        law_ids = {citation.law_id for citation in article.citations}
        cited_laws = [law for law_id in sorted(law_ids) if (law := self._laws.get(law_id))]
        mentions = self._mentions.find(f"{article.short}\n{article.details}", cited_laws)
        for mention in dict.fromkeys(mentions):
            laws = [law for law_id in mention.law_ids if (law := self._laws.get(law_id))]
            if not any(law.has_article(mention.article) for law in laws):
                report("mention_unknown", law=mention.name, article=mention.label)
            elif not any((law.id, mention.article) in cited for law in laws):
                report("mention_uncited", law=mention.name, article=mention.label)

    def _check_figures(self, article: Article, texts: LawTexts, report: Report) -> None:
        """Report each figure that no provision holds, once, for the first such day.

        An answer may say what a version to come will change, so that one counts as well if cited;
        a version that has ended no longer supports anything.
        """
        claimed = figures_in(_without_policy(f"{article.short}\n{article.details}"))
        reported: set[Figure] = set()
        for day in turning_days(article, self._laws):
            citations = citations_on(article.citations, self._laws, day)
            if citations is None:
                continue
            coming = [c for c in article.citations if (law := self._laws.get(c.law_id)) and law.effective > day]
            supported = _figures_of([*citations, *coming], texts)
            for figure, words in claimed.items():
                if figure not in supported and figure not in reported:
                    reported.add(figure)
                    report("figure_unsupported", figure=words, day=day)


def _without_policy(text: str) -> str:
    """Leave out what names a policy document by its number, with the list that follows: those
    figures are the document's own, and policy documents are not in the register of laws."""
    kept, is_policy = [], False
    for line in text.splitlines():
        is_policy = bool(_POLICY_NUMBER.search(line)) or (is_policy and bool(_LIST_LINE.match(line)))
        if not is_policy:
            kept.append(line)
    return "\n".join(kept)


def _figures_of(citations: Iterable[Citation], texts: LawTexts) -> set[Figure]:
    provisions = {texts.provision(citation.law_id, citation.article) for citation in citations}
    return {figure for provision in provisions if provision for figure in figures_in(provision.text)}


def _label(article: str) -> str:
    main, _, inserted = article.partition("-")
    if main.isdecimal() and (not inserted or inserted.isdecimal()):
        return article_label(article)
    return article


def _holds(text: str, quote: str) -> bool:
    return _plain(quote) in _plain(text)


def _plain(text: str) -> str:
    """Return a text without line breaks, spaces and the width of its signs, which editions vary."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
