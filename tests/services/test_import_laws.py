"""Importing official texts: which law a file is, and when it is better left out."""

import zipfile
from datetime import date
from pathlib import Path

import pytest

from bot.knowledge.import_laws import ImportedFile, import_laws
from bot.knowledge.imported_laws import ImportedLaws
from bot.knowledge.laws import Law, LawRegistry
from bot.tools.law import LawTool
from bot.tools.model import ToolInputError
from bot.tools.sources import Sources
from tests.services.toolkit import ROOT, TODAY, question, real_sources, result


def law(law_id: str, title: str, *, promulgated: date, effective: date, articles: int = 3, **more: object) -> Law:
    values: dict[str, object] = {
        "id": law_id, "title": title, "short_title": title.removeprefix("中华人民共和国"), "issuer": "全国人大常委会",
        "promulgated": promulgated, "effective": effective, "effective_until": None, "superseded_by": None,
        "article_count": articles, "numbers": frozenset(), "text_scope": "full",
    }  # fmt: skip
    return Law(**(values | more))  # type: ignore[arg-type]


LAWS = LawRegistry(
    [
        law(
            "test-law-2010", "中华人民共和国测试法（2010年）", promulgated=date(2010, 1, 5), effective=date(2010, 3, 1),
            effective_until=date(2019, 12, 31), superseded_by="test-law-2020",
        ),
        law("test-law-2020", "中华人民共和国测试法", promulgated=date(2019, 10, 1), effective=date(2020, 1, 1)),
    ]
)  # fmt: skip

TEXT = """中华人民共和国测试法
（2019年9月28日通过）
目　录
第一章　总则
第一章　总则
第一条　为了测试，制定本法。
第二条　测试应当：
（一）真实；
（二）可以重复。
第三条　本法自2020年1月1日起施行。
"""


def docx(path: Path, text: str) -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>')


def imported(tmp_path: Path) -> list[ImportedFile]:
    return import_laws(tmp_path / "in", tmp_path / "laws", LAWS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("kind", ["docx", "txt", "gb", "md"])
def test_every_kind_of_file_is_read(kind: str, folder: Path, tmp_path: Path) -> None:
    if kind == "docx":
        docx(folder / "中华人民共和国测试法_20191001.docx", TEXT)
    elif kind == "md":
        (folder / "x.md").write_text("# " + TEXT.replace("\n", "\n\n"), "utf-8")
    else:
        (folder / "测试法.txt").write_bytes(TEXT.encode("gb18030" if kind == "gb" else "utf-8-sig"))
    (only,) = imported(tmp_path)
    assert (only.status, only.law_id, only.articles) == ("imported", "test-law-2020", 3)
    provision = ImportedLaws(tmp_path / "laws").provision("test-law-2020", "2")
    assert provision is not None
    assert provision.text == "测试应当：\n（一）真实；\n（二）可以重复。"


def test_importing_again_changes_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "测试法.txt").write_text(TEXT, "utf-8")
    imported(tmp_path)
    before = (tmp_path / "laws" / "test-law-2020.md").read_bytes()
    assert [file.status for file in imported(tmp_path)] == ["unchanged"]
    assert (tmp_path / "laws" / "test-law-2020.md").read_bytes() == before
    (folder / "测试法.txt").write_text(TEXT.replace("可以重复", "可重复"), "utf-8")
    assert [file.status for file in imported(tmp_path)] == ["replaced"]


def test_the_day_tells_versions_apart(folder: Path, tmp_path: Path) -> None:
    (folder / "测试法.txt").write_text(TEXT.replace("2019年9月28日", "2010年1月5日"), "utf-8")
    assert [file.law_id for file in imported(tmp_path)] == ["test-law-2010"]


def test_a_file_named_after_its_law_needs_no_title(folder: Path, tmp_path: Path) -> None:
    (folder / "test-law-2010.txt").write_text("\n".join(TEXT.splitlines()[2:]), "utf-8")
    assert [file.law_id for file in imported(tmp_path)] == ["test-law-2010"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("火星法.txt", TEXT.replace("测试法", "火星法").encode(), "unknown_law"),
        ("测试法.txt", TEXT.replace("第二条", "第四条").encode(), "incomplete"),
        ("测试法.txt", TEXT.replace("2019年9月28日", "2024年9月28日").encode(), "other_version"),
        ("测试法.txt", "\n".join(TEXT.splitlines()[:1] + TEXT.splitlines()[2:]).encode(), "ambiguous"),
        ("测试法.docx", b"not a zip", "damaged"),
        ("测试法.txt", b"\xff\xff\xff\x81", "encoding"),
    ],
)
def test_what_is_not_certain_is_left_out(
    name: str, content: bytes, reason: str, folder: Path, tmp_path: Path
) -> None:
    (folder / name).write_bytes(content)
    (only,) = imported(tmp_path)
    assert only.status == "left_out"
    assert only.reason in (reason, "ambiguous" if reason == "other_version" else reason)
    assert not (tmp_path / "laws").exists()


def test_a_document_type_in_a_docx_is_refused(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(folder / "测试法.docx", "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert [file.reason for file in imported(tmp_path)] == ["damaged"]


def test_links_and_other_files_are_passed_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text(TEXT, "utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "INDEX.yml").write_text("a: 1")
    assert imported(tmp_path) == []


def test_two_files_of_one_law_count_once(folder: Path, tmp_path: Path) -> None:
    for name in ("a测试法.txt", "b测试法.txt"):
        (folder / name).write_text(TEXT, "utf-8")
    assert [(file.status, file.reason) for file in imported(tmp_path)] == [
        ("imported", None), ("left_out", "same_law"),
    ]  # fmt: skip


# --- showing articles -----------------------------------------------------------------------


def law_tool(laws_dir: Path) -> LawTool:
    return LawTool.load(Sources.load(ROOT, laws_dir, knowledge=real_sources().knowledge))


@pytest.fixture
def tool(tmp_path: Path) -> LawTool:
    for law_id, number, words in (("trademark-law-2019", "三十三", "三个月"), ("trademark-law-2026", "三十六", "二个月")):
        (tmp_path / f"{law_id}.md").write_text(f"第{number}条 自公告之日起{words}内，可以提出异议。\n\n期满无异议的，予以核准注册。")
    return law_tool(tmp_path)


def test_an_imported_article_is_shown_word_for_word(tool: LawTool) -> None:
    found = result(tool, law="商标法", article="第三十三条")
    assert found.data["text"] == "自公告之日起三个月内，可以提出异议。\n期满无异议的，予以核准注册。"
    assert "自公告之日起三个月内，可以提出异议。" in found.details
    assert (found.data["law_id"], found.data["in_force"], found.right) == ("trademark-law-2019", True, "trademark")
    assert "2027年1月1日" in (found.notice or "")


def test_a_name_means_the_version_in_force_on_the_day(tool: LawTool) -> None:
    assert result(tool, date(2026, 12, 31), law="商标法", article="33").data["law_id"] == "trademark-law-2019"
    assert result(tool, date(2027, 1, 1), law="商标法", article="36").data["law_id"] == "trademark-law-2026"


def test_an_id_means_that_version_and_says_that_it_is_not_in_force(tool: LawTool) -> None:
    found = result(tool, law="trademark-law-2026", article="36")
    assert not found.data["in_force"]
    assert "没有生效" in (found.notice or "")


@pytest.mark.parametrize("article", ["74", "第74条", "七十四", "第七十四条", "74条"])
def test_without_the_text_nothing_comes_from_memory(article: str, tmp_path: Path) -> None:
    found = result(law_tool(tmp_path), law="专利法", article=article)
    assert found.data["text"] is None
    assert found.data["article"] == "第七十四条"
    assert "没有导入" in found.short
    assert any("诉讼时效为三年" in quote for quote in found.data["quotes"])
    assert "国家法律法规数据库" in found.details


def test_a_text_that_is_imported_later_is_seen_at_once(tmp_path: Path) -> None:
    tool = law_tool(tmp_path)
    assert result(tool, law="专利法", article="1").data["text"] is None
    (tmp_path / "patent-law-2020.md").write_text("第一条 为了保护专利权人的合法权益。")
    assert result(tool, law="专利法", article="1").data["text"] == "为了保护专利权人的合法权益。"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"law": "火星法", "article": "1"}, "law"),
        ({"law": "专利", "article": "1"}, "law_which"),
        ({"law": "专利法", "article": "99"}, "article_unknown"),
        ({"law": "专利法", "article": "那条"}, "article"),
        ({"law": "民法典", "article": "9"}, "article_unchecked"),
    ],
)
def test_what_is_not_there_is_said(given: dict[str, str], code: str, tmp_path: Path) -> None:
    with pytest.raises(ToolInputError) as caught:
        result(law_tool(tmp_path), **given)
    assert caught.value.code == code


def test_law_and_article_are_asked_for(tmp_path: Path) -> None:
    assert question(law_tool(tmp_path)).field == "law"
    assert question(law_tool(tmp_path), law="专利法").field == "article"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("专利法第七十四条怎么说", {"law": "专利法", "article": "第七十四条"}),
        ("《反不正当竞争法》第 10 条原文", {"law": "反不正当竞争法", "article": "第10条"}),
        ("刑法二百一十九条之一", {"law": "刑法", "article": "二百一十九条之一"}),
        ("民诉法85条", {"law": "民诉法", "article": "85条"}),
        ("你好", {}),
    ],
)
def test_a_sentence_tells_law_and_article(text: str, told: dict[str, str], tmp_path: Path) -> None:
    assert law_tool(tmp_path).read(text, today=TODAY) == told
