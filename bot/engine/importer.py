"""Training data from the files that also drive the desk: articles and forms of the knowledge base.

An article becomes the retrieval intent `faq/<id>` (its title and `questions` are the examples) and the
response `utter_faq/<id>`. A form becomes `<id>_form`, a slot per field and for the confirmation, and
the response that asks for each field. So an editor who adds an article or a field edits one file.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Text, Union

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.importers.utils import story_graph_from_paths
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from bot.engine.articles import Article, load_articles
from bot.engine.forms import Field, Form, load_forms
from bot.engine.nlu_report import FAQ

DOMAIN = Path("bot/engine/domain")
TRAINING_DATA = (Path("nlu_data"), Path("bot/engine/rules"))

# What the examples of an article carry along for the components, as example metadata; its words only the first.
ARTICLE_BODY, ARTICLE_RIGHTS, ARTICLE_TOPIC = "article_body", "article_rights", "article_topic"

Json = Dict[Text, Any]


class DeskImporter(RasaFileImporter):
    """Reads the repository's own layout, so `rasa train` needs no `--domain` and no `--data`."""

    def __init__(
        self,
        config_file: Optional[Text] = None,
        domain_path: Optional[Text] = None,
        training_data_paths: Optional[Union[List[Text], Text]] = None,
        *,
        knowledge_base: Text,
        skip_title: Text,
        skip_rest_title: Text,
    ) -> None:
        """Create the importer.

        Args:
            config_file: Path of config.yml; the folder it lies in is the repository.
            domain_path: Given by Rasa's command line and not used: see the class.
            training_data_paths: The same.
            knowledge_base: Folder of articles and forms, relative to the repository (config.yml).
            skip_title: Title of the button that skips a field (config.yml).
            skip_rest_title: Title of the button that skips all that may be skipped (config.yml).
        """
        root = Path(config_file or "config.yml").resolve().parent
        super().__init__(config_file, str(root / DOMAIN), [str(root / path) for path in TRAINING_DATA])
        self._articles_folder = root / knowledge_base / "articles"
        self._forms_folder = root / knowledge_base / "forms"
        self._skip_titles = (skip_title, skip_rest_title)

    @cached_method
    def get_domain(self) -> Domain:
        """Return the written domain together with what articles and forms add to it."""
        generated = {
            "slots": {},
            "forms": {},
            "responses": {
                f"utter_{FAQ}/{article.id}": [{"text": article.short, "custom": {"article": article.id}}]
                for article in self._articles()
            },
        }
        for form in self._forms():
            generated["slots"].update(_slots(form))
            generated["forms"][form.form_name] = {"required_slots": list(_slots(form))}
            generated["responses"].update(_responses(form, *self._skip_titles))
        return super().get_domain().merge(Domain.from_dict(generated))

    @cached_method
    def get_nlu_data(self, language: Optional[Text] = "zh") -> TrainingData:
        """Return the written examples together with the articles' questions."""
        examples = [example for article in self._articles() for example in _examples(article)]
        return super().get_nlu_data(language).merge(TrainingData(examples))

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        """Return the rules, read with the intents that Rasa adds to the domain only later."""
        # Merging changes the domain it starts from; Rasa may have merged these in already.
        domain = copy.deepcopy(self.get_domain())
        missing = sorted(self.get_nlu_data().retrieval_intents - set(domain.intents))
        return story_graph_from_paths(
            self._story_files, domain.merge(Domain.from_dict({"intents": missing})), exclusion_percentage
        )

    @cached_method
    def _articles(self) -> List[Article]:
        return load_articles(self._articles_folder)

    def _forms(self) -> List[Form]:
        return load_forms(self._forms_folder)


def _examples(article: Article) -> Iterator[Message]:
    """Yield the questions an article answers; the first carries the article's words along."""
    texts = dict.fromkeys((article.title, *article.questions))
    for position, text in enumerate(texts):
        about = {ARTICLE_RIGHTS: list(article.rights), ARTICLE_TOPIC: article.topic}
        if position == 0:
            about[ARTICLE_BODY] = article.body
        yield Message.build(text=text, intent=f"{FAQ}/{article.id}", example_metadata=about)


def _slots(form: Form) -> Dict[Text, Json]:
    slots = {form.slot(field.name): _text_slot(_field_mappings(form, field)) for field in form.fields}
    slots[form.confirm_slot] = _text_slot(_confirm_mappings(form))
    return slots


def _text_slot(mappings: List[Json]) -> Json:
    return {"type": "text", "influence_conversation": False, "mappings": mappings}


def _field_mappings(form: Form, field: Field) -> List[Json]:
    here = _asked(form, form.slot(field.name))
    mappings = [{"type": "from_text", "intent": "answer_field", "conditions": here}]
    if field.skippable:
        mappings.append({"type": "from_intent", "intent": "skip_field", "value": "", "conditions": here})
    return mappings


def _confirm_mappings(form: Form) -> List[Json]:
    here = _asked(form, form.confirm_slot)
    return [
        {"type": "from_intent", "intent": "affirm", "value": "yes", "conditions": here},
        {"type": "from_text", "intent": "answer_field", "conditions": here},
    ]


def _asked(form: Form, slot: Text) -> List[Json]:
    return [{"active_loop": form.form_name, "requested_slot": slot}]


def _responses(form: Form, skip_title: Text, skip_rest_title: Text) -> Dict[Text, List[Json]]:
    responses: Dict[Text, List[Json]] = {f"utter_{form.id}_intro": [{"text": form.intro}]}
    for field in form.fields:
        titles = [choice.title for choice in field.choices]
        titles += [skip_title] * field.skippable + [skip_rest_title] * field.more_to_skip
        question: Json = {"text": field.ask}
        if titles:
            question["buttons"] = [{"title": title, "payload": title} for title in titles]
        responses[f"utter_ask_{form.slot(field.name)}"] = [question]
    return responses
