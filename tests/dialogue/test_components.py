"""Pieces of the engine on their own, run by its interpreter."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.dialogue.driver import ROOT

pytestmark = pytest.mark.engine


def in_engine(python: Path, script: str, *values: Any) -> Any:
    """Run a script that turns `values` into `result`, in the engine's environment."""
    code = f"import json, sys\nvalues = json.loads(sys.argv[1])\n{script}\nprint('\\n' + json.dumps(result))"
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", code, json.dumps(values)],
        cwd=ROOT, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_text_gets_one_spelling(engine_python: Path) -> None:
    spelt = {
        "商标法第七十四条": "商标法第74条",
        "第一百九十五条之一": "第195条之一",
        "二十年，十五年，三个月，两年": "20年,15年,3个月,2年",
        "一万二千元和十万元": "12000元和100000元",
        "罚款2万元，第3百件": "罚款2万元,第3百件",
        "一般、统一、万一": "一般,统一,万一",
        "專利權保護期": "专利权保护期",
        "著作權": "著作权",
        "專利 能 保護 几 年": "专利能保护几年",
        "ＡＢＣ１２３？！": "abc123?!",
        "急急急急急！！！！": "急急!!",
        "你好，我想咨询一下商标被抢注怎么办": "商标被抢注怎么办",
        "你好": "你好",
        "老师上课讲的内容受保护吗": "老师上课讲的内容受保护吗",
        "您好老师，商标被抢注怎么办": "商标被抢注怎么办",
        "": "",
    }
    script = "from bot.engine.nlu.text import normalise\nresult = [normalise(text) for text in values]"
    assert in_engine(engine_python, script, *spelt) == list(spelt.values())


def test_spelling_is_the_same_the_second_time(engine_python: Path) -> None:
    texts = ["第七十四条、二十年", "專利！！！！！", "您好，请问一下", "a" * 5000, "好" * 5000 + "怎么办"]
    script = """
from bot.engine.nlu.text import normalise
result = [normalise(normalise(text)) == normalise(text) for text in values]"""
    assert all(in_engine(engine_python, script, *texts))


def test_no_spelling_of_words_becomes_a_payload(engine_python: Path) -> None:
    """Full width, after a greeting, after a link: what citizens write sets no intents and no slots."""
    typed = ["／open_complaint", "　／ /open_complaint", "你好，/open_complaint", "http://a.cn /open_complaint", "／"]
    script = """
from rasa.shared.nlu.training_data.message import Message
from bot.engine.nlu.normalizer import TextNormalizer
normalizer = TextNormalizer.create({"dictionary": None}, None, None, None)
result = [normalizer.process([Message({"text": text})])[0].get("text") for text in values]"""
    assert in_engine(engine_python, script, *typed) == ["open_complaint"] * 4 + [""]
    assert in_engine(engine_python, script, '/open_complaint{"right": "商标"}') == ['/open_complaint{"right": "商标"}']


def test_legal_terms_stay_whole_and_spaces_are_no_words(engine_python: Path) -> None:
    script = """
from rasa.shared.nlu.training_data.message import Message
from bot.engine.nlu.tokenizer import LegalTokenizer, read_dictionary
config = LegalTokenizer.get_default_config()
tokenizer = LegalTokenizer(config, None, None, read_dictionary("nlu_data/dictionary"))
result = [[token.lemma for token in tokenizer.tokenize(Message({"text": text}), "text")] for text in values]"""
    words = in_engine(engine_python, script, "专利侵权 的  版权，怎样", "外观设计专利权评价报告")
    assert words[0] == ["专利侵权", "的", "著作权", "怎么"]
    assert "专利权评价报告" in words[1]


def test_the_compiled_validator_agrees_with_rasas_own(engine_python: Path) -> None:
    answers: list[Any] = [
        {"events": [], "responses": []},
        {},
        {"events": [{"event": "slot", "name": "a", "value": None, "timestamp": None}], "responses": [{"text": "x"}]},
        {"events": [{"event": "action", "name": "x", "confidence": 1, "policy": None}]},
        {"events": [{"event": "active_loop", "name": None}, {"event": "followup", "name": "x"}]},
        {"events": [{"event": "slot", "name": "a"}]},
        {"events": [{"event": "slot", "name": 7, "value": 1}]},
        {"events": [{"event": "nothing"}]},
        {"events": [{"name": "a"}]},
        {"events": ["slot"]},
        {"events": [{"event": "slot", "name": "a", "value": 1, "timestamp": "now"}]},
        {"events": {}},
        {"responses": {}},
        [],
        None,
    ]
    script = """
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from bot.engine.action_endpoint import ActionAnswerValidator
def accepts(check, answer):
    try:
        check(answer)
        return True
    except ValidationError:
        return False
checks = RemoteAction("x", None)._validate_action_result, ActionAnswerValidator().validate
result = [[accepts(check, answer) for check in checks] for answer in values]"""
    verdicts = in_engine(engine_python, script, *answers)
    assert [ours for _, ours in verdicts] == [rasas for rasas, _ in verdicts]
    assert [ours for _, ours in verdicts].count(True) == 5


def test_the_engine_does_not_start_without_its_secrets(engine_python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(engine_python), "-m", "bot.engine", "--port", "1", "--model", str(tmp_path / "none")],
        cwd=ROOT, capture_output=True, text=True, env={"PATH": "/usr/bin"}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "RIGHTSDESK_ENGINE_TOKEN" in done.stderr


def test_version_of_an_article_is_no_training_data(engine_python: Path, tmp_path: Path) -> None:
    front = "id: {id}\ntitle: 多久？\ntopic: law\nrights: [trademark]\n"
    (tmp_path / "term.md").write_text(f"---\n{front.format(id='term')}questions: [几年]\n---\n十年。\n\n详。\n")
    (tmp_path / "term_2027.md").write_text(
        f"---\n{front.format(id='term_2027')}version_of: term\n---\n五年。\n\n详。\n"
    )
    script = """
from pathlib import Path
from bot.engine.articles import load_articles
result = [article.id for article in load_articles(Path(values[0]))]"""
    assert in_engine(engine_python, script, str(tmp_path)) == ["term"]


def test_lines_under_one_name_are_alternatives_of_one_pattern(engine_python: Path) -> None:
    script = """
import re
from rasa.shared.nlu.training_data.training_data import TrainingData
from bot.engine.nlu.patterns import patterns_of
lines = [{"name": "person", "pattern": "^人工$"}, {"name": "person", "pattern": "真人"}, {"name": "day", "pattern": "[一二]日"}]
found = patterns_of(TrainingData(regex_features=lines))
result = [sorted(found), [bool(re.search(found["person"], text)) for text in values]]"""
    assert in_engine(engine_python, script, "人工", "人工智能", "要真人") == [["day", "person"], [True, False, True]]


def test_the_article_classifier_survives_being_stored(engine_python: Path) -> None:
    script = """
import numpy as np
from scipy.sparse import csr_matrix
from bot.engine.nlu.article_classifier import ArticleClassifier
truth = np.array([article for article in range(6) for _ in range(4)])
rows = csr_matrix(np.eye(8)[truth])
fitted = ArticleClassifier.fit(rows, truth, 7)
again = ArticleClassifier.from_arrays(fitted.to_arrays())
scores = [again.scores(rows[i]) for i in range(0, 24, 4)]
result = [
    [int(each.argmax()) for each in scores], float(scores[0][6]), bool((again.scores(rows[0]) == fitted.scores(rows[0])).all()),
    len(again.scores(csr_matrix((1, 3)))),
]"""
    best, absent, is_same, width = in_engine(engine_python, script)
    assert best == [0, 1, 2, 3, 4, 5], "each article's own word finds it"
    assert absent == -1.0, "an article without examples is as far as one that nothing speaks for"
    assert is_same and width == 7


def test_a_wish_for_a_person_is_heard_in_a_clause(engine_python: Path) -> None:
    script = """
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from bot.engine.nlu.classifier import EXACT
from bot.engine.nlu.person import PersonGate
wishes = ["转人工", "找个老师跟我讲", "叫人来接电话", "给我转人工", "我看不懂,麻烦找个老师跟我讲"]
others = ["专利能保护几年", "商标被抢注怎么办", "老师上课的内容受保护吗", "人工智能写的画归谁", "对方的店还在卖", "合同没写清楚"] * 3
examples = [Message({"text": text, "intent": "request_human"}) for text in wishes]
examples += [Message({"text": text, "intent": "faq"}) for text in others]
gate = PersonGate(PersonGate.get_default_config(), "gate", None, None)
gate.learn(TrainingData(examples))
def settled(text, intent, urgent=0.0, **more):
    ranking = [{"name": "request_human", "confidence": 0.5}, {"name": "report_urgent", "confidence": urgent}]
    message = Message({"text": text, "intent": {"name": intent, "confidence": 0.9}, "intent_ranking": ranking, **more})
    gate.work(message)
    return message.get("intent")["name"]
story = "我的商标被抢注了,对方的店还在卖,合同没写清楚,麻烦找个老师跟我讲"
result = [
    settled(story, "faq"), settled(story, "faq", urgent=0.4), settled("商标被抢注怎么办", "faq"),
    settled(story, "faq", metadata={"requested_slot": "complaint_right"}), settled(story, "faq", **{EXACT: True}),
    settled("不用转人工,商标被抢注怎么办", "request_human"), settled("/show_article", "show_article"), settled("?", "nlu_fallback"),
]"""
    assert in_engine(engine_python, script) == [
        "request_human", "request_human_urgent", "faq", "faq", "faq", "faq", "show_article", "nlu_fallback",
    ]  # fmt: skip
