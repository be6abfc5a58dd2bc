"""Actions, forms, words and the engine's domain agree with one another."""

import re
from pathlib import Path

import yaml

from bot.services.forms import FormCatalogue
from bot.settings import PROJECT_ROOT
from bot.texts import Texts
from tests.actions.conftest import Actions

DOMAIN = PROJECT_ROOT / "bot" / "engine" / "domain"
_TEXT_KEY = re.compile(r"""texts\(\s*"([a-z_.]+)\"""")


def domain_actions() -> set[str]:
    named: set[str] = set()
    for path in DOMAIN.glob("*.yml"):
        for action in (yaml.safe_load(path.read_text("utf-8")) or {}).get("actions", ()):
            # An action with settings, such as `send_domain`, is a mapping of its name.
            named.update(action if isinstance(action, dict) else [action])
    return named


def test_every_action_of_the_domain_exists_and_the_reverse(actions: Actions) -> None:
    assert set(actions.names) == domain_actions()


def test_no_two_actions_share_a_name(actions: Actions) -> None:
    """The SDK would silently keep the last one."""
    assert len(list(actions.names)) == 3 * len(actions.ports.forms.forms) + 8


def test_every_text_that_an_action_says_exists() -> None:
    texts = Texts.load()
    files = [*(PROJECT_ROOT / "actions").glob("*.py"), *(PROJECT_ROOT / "bot" / "services").glob("*.py")]
    used = {key for path in files for key in _TEXT_KEY.findall(path.read_text("utf-8"))}
    assert used
    assert {key for key in used if key not in texts} == set()


def test_the_code_of_forms_and_actions_says_nothing_in_chinese() -> None:
    """Words that people read live in YAML; a docstring may quote a citizen, a string may not."""
    folders = [PROJECT_ROOT / "actions", PROJECT_ROOT / "bot" / "texts"]
    for path in (file for folder in folders for file in folder.glob("*.py")):
        code = re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text("utf-8"))
        assert not re.search(r"[一-鿿]", code), path.name


def test_the_engine_reads_every_form_file_as_a_form(forms: FormCatalogue) -> None:
    """Word lists lie one folder deeper, because the importer takes each file for a form."""
    folder: Path = PROJECT_ROOT / "knowledge_base" / "forms"
    assert {path.stem for path in folder.glob("*.yml")} == {form.id for form in forms.forms}
