from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import FakeEmbedder

from index.embedder import load_embedder
from rag.checking import Checked, SentenceChecker, is_checkable
from rag.checking.__main__ import main
from rag.checking.binding import read_facts
from rag.checking.direction import denies, opposed
from rag.checking.labelled import CasesError, check_cases, measure, read_cases, table
from rag.checking.names import find_names, holds, searched
from rag.checking.support import features, present
from rag.datatypes import DoubtReason, Passage, Span
from rag.reader import Reader
from rag.readings import ReadingLike

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class FakeReading:
    relevance_logit: float
    answer: str = ""

    def best(self, top: int = 1, *, start: int = 0, end: int | None = None) -> Sequence[Span]:
        return [Span(text=self.answer, start=0, end=1, passage=0, score=0.0, relevance=0.5)][
            : bool(self.answer)
        ]

    def score(self, start: int, end: int) -> float:
        return 0.0


class FakeReader:
    """Finds a passage relevant by the share of the question's characters that stand in it."""

    def readings(self, question: str, passages: Sequence[str]) -> Sequence[ReadingLike]:
        return [FakeReading(4 * sum(c in text for c in question) / len(question)) for text in passages]


def passage(text: str, number: int = 1, *, title: str = "", date: str | None = None) -> Passage:
    return Passage(
        number=number, document_id=number, source="a.txt", title=title, text=text, spans=((0, len(text)),), date=date
    )  # fmt: skip


YEARS = passage(
    "去年，澜湾高新区实现工业产值368亿元，同比增长17.9%；税收51亿元。2021年产值为312亿元。厂长王立明说：“质量第一。”",
    title="澜湾高新区",
    date="2023-03-22",
)
TWO = passage("澜湾高新区完成投资96亿元，桐江开发区完成投资74亿元。", 2)


@pytest.fixture
def checker() -> SentenceChecker:
    return SentenceChecker(FakeReader(), FakeEmbedder())


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("2022年澜湾高新区实现工业产值368亿元。", None),
        ("2022年，澜湾高新区工业产值达三百六十八亿元，增长百分之十七点九。", None),
        ("厂长王立明说，“质量第一”。", None),
        ("2022年澜湾高新区实现工业产值358亿元。", "figure"),
        ("2022年澜湾高新区税收为368亿元。", "figure"),
        ("2021年澜湾高新区实现工业产值368亿元。", "date"),
        ("2023年澜湾高新区实现工业产值368亿元。", "date"),
        ("2019年澜湾高新区实现工业产值368亿元。", "date"),
        ("厂长王立民说，质量第一。", "name"),
        ("厂长王立明说，“速度第一”。", "quotation"),
        ("2022年澜湾高新区工业产值下降17.9%。", "support"),
        ("园区里养着许多长颈鹿和大象。", "support"),
    ],
)
def test_a_sentence_fails_for_what_its_passage_does_not_say(
    checker: SentenceChecker, sentence: str, reason: DoubtReason | None
) -> None:
    assert checker.check(sentence, [YEARS]).reason == reason


def test_a_figure_of_another_subject_fails(checker: SentenceChecker) -> None:
    assert checker.check("澜湾高新区完成投资96亿元。", [TWO]).reason is None
    assert checker.check("澜湾高新区完成投资74亿元。", [TWO]).reason == "name"


@pytest.mark.parametrize(
    ("text", "right", "exchanged"),
    [
        ("成人票80元，儿童票40元。", "儿童票40元，成人票80元。", "成人票40元，儿童票80元。"),
        ("男生150人，女生120人。", "男生150人、女生120人。", "男生120人，女生150人。"),
        (
            "澜湾高新区产值885亿元，桐江开发区产值612亿元。",
            "澜湾高新区和桐江开发区产值分别为885亿元和612亿元。",
            "澜湾高新区和桐江开发区产值分别为612亿元和885亿元。",
        ),
        (
            "Plant A in Dunmore made 420 engines and Plant B in Kelby made 310.",
            "Dunmore made 420 engines and Kelby made 310.",
            "Dunmore and Kelby made 310 and 420 engines respectively.",
        ),
    ],
)
def test_two_figures_that_have_each_the_words_of_the_other_fail(
    checker: SentenceChecker, text: str, right: str, exchanged: str
) -> None:
    assert checker.check(right, [passage(text)]).reason != "figure"
    assert checker.check(exchanged, [passage(text)]).reason == "figure"


COVER = "该市森林覆盖率由五年前的38.5%提高到43.2%。"
STAFF = "公司员工从成立之初的40人发展到现在的3200人。"
PRICE = "景区门票价格由80元调整为60元。"
REVENUE = "Revenue fell from $48.2 million in 2021 to $41.7 million in 2022."


@pytest.mark.parametrize(
    ("text", "sentence", "reason"),
    [
        (COVER, "该市森林覆盖率为43.2%。", None),
        (COVER, "该市森林覆盖率为38.5%。", "figure"),
        (COVER, "五年前该市森林覆盖率为38.5%。", None),
        (COVER, "该市森林覆盖率由43.2%降到38.5%。", "support"),
        (PRICE, "景区门票价格现在是60元。", None),
        (PRICE, "景区门票价格现在是80元。", "figure"),
        (PRICE, "景区门票价格由60元调整为80元。", "figure"),
        (STAFF, "公司现有员工3200人，由40人发展而来。", None),
        (STAFF, "公司现有员工40人。", "figure"),
        ("公司计划将员工由40人增加到60人。", "公司现有员工40人。", None),
        ("Headcount rose from 2,900 to 3,200.", "Headcount is 3,200.", None),
        (REVENUE, "Revenue fell to $41.7 million in 2022.", None),
        (REVENUE, "Revenue rose to $41.7 million in 2022.", "support"),
        ("公司收入由48.2亿元下降到41.7亿元。", "公司收入增至41.7亿元。", "support"),
        (REVENUE, "Revenue is $41.7 million, compared to $48.2 million before.", None),
    ],
)
def test_of_a_change_only_its_end_is_what_is(
    checker: SentenceChecker, text: str, sentence: str, reason: DoubtReason | None
) -> None:
    checked = checker.check(sentence, [passage(text)])
    assert checked.reason == reason or (reason is None and not checked.missing)


def test_a_weekday_is_one_however_it_is_written() -> None:
    for said, text in (("星期六举行", "周六举行"), ("周日闭馆", "星期天闭馆")):
        wanted = features(said, [], chinese=True, crossing=False, taken=[])
        assert all(present(feature, searched(text)) for feature in wanted)
        assert not all(present(feature, searched("周五" + text[-2:])) for feature in wanted)


def test_what_is_missing_is_named_in_the_words_of_the_sentence(checker: SentenceChecker) -> None:
    assert checker.check("2022年产值358亿元，增长18%。", [YEARS]).missing == ("358亿元", "18%")
    assert checker.check("厂长王立民说，质量第一。", [YEARS]).missing == ("王立民",)


def test_a_sentence_without_citations_is_uncited(checker: SentenceChecker) -> None:
    assert checker.check("产值368亿元。", []) == Checked(supports=(), reason="uncited")
    assert checker.attribute("产值368亿元。", []) == Checked(supports=(), reason="uncited")


def test_quotes_are_the_sentences_of_the_passage_that_say_it(checker: SentenceChecker) -> None:
    (support,) = checker.check("2021年产值为312亿元。", [YEARS]).supports
    assert [YEARS.text[start:end] for start, end in support.quotes] == ["2021年产值为312亿元。"]
    assert support.passage == 1
    assert 0 <= support.score <= 1


def test_the_best_passage_comes_first_and_each_cited_one_is_there(checker: SentenceChecker) -> None:
    checked = checker.check("桐江开发区完成投资74亿元。", [YEARS, TWO])
    assert [support.passage for support in checked.supports] == [2, 1]
    assert checked.reason is None


def test_a_sentence_that_fails_still_gets_the_closest_words(checker: SentenceChecker) -> None:
    (support,) = checker.check("桐江开发区完成投资75亿元。", [TWO]).supports
    assert [TWO.text[start:end] for start, end in support.quotes] == [TWO.text]


def test_a_sentence_without_markers_is_given_the_passage_that_bears_it_out(checker: SentenceChecker) -> None:
    checked = checker.attribute("桐江开发区完成投资74亿元。", [YEARS, passage("别的事。", 3), TWO])
    assert [support.passage for support in checked.supports] == [2]
    assert checked.reason is None


def test_a_sentence_without_markers_that_none_bears_out_is_doubted(checker: SentenceChecker) -> None:
    checked = checker.attribute("桐江开发区完成投资75亿元。", [YEARS, TWO])
    assert checked.reason == "figure"
    assert checked.supports


def test_an_empty_passage_bears_nothing_out(checker: SentenceChecker) -> None:
    checked = checker.check("桐江开发区完成投资74亿元。", [passage("")])
    assert checked.reason == "figure"
    assert [support.quotes for support in checked.supports] == [()]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("2022年产值368亿元，2023年产值512亿元。", [{2022}, {2023}]),
        ("从2021年的120家增加到2022年的156家。", [{2021}, {2022}]),
        ("2021年、2022年产值分别为312亿元、368亿元。", [{2021}, {2022}]),
        ("2019年至2021年产值依次为3亿元、4亿元和5亿元。", [{2019}, {2020}, {2021}]),
        ("Output was 36.8 billion yuan in 2022 and 51.2 billion yuan in 2023.", [{2022}, {2023}]),
        ("In 2022, output reached 368 tonnes, up from 312 tonnes in 2021.", [{2022}, {2021}]),
        ("产值368亿元。", [set()]),
        ("项目总投资5亿元，预计2026年建成。", [set()]),
        ("Sales grew by 10, 12 and 15 percent in 2022.", [{2022}, {2022}, {2022}]),
    ],
)
def test_a_figure_is_bound_to_its_year(text: str, bound: list[set[int]]) -> None:
    assert [fact.years for fact in read_facts(text).facts] == bound


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("甲区产值368亿元，乙区产值512亿元。", ["甲区产值", "乙区产值"]),
        ("甲、乙两区产值分别为3亿元和5亿元。", ["甲", "乙两区产值"]),
        ("现有学生126名、教师19名。", ["现有学生", "教师 。"]),
        ("产值由3亿元提高到5亿元。", ["产值由 提高到", "产值 提高到"]),
        ("Revenue fell from $5 million to $3 million", ["Revenue fell from   to", "Revenue fell  to"]),
        ("It is open from 9 to 17 hours", ["It is open from   to", "to"]),
    ],
)
def test_a_figure_has_the_words_that_are_its_own(text: str, words: list[str]) -> None:
    facts = read_facts(text)
    assert [facts.words(fact).strip("。 ") for fact in facts.facts] == [word.strip("。 ") for word in words]


CHINESE = searched(
    "澜湾高新区厂长王立明说，岚川精密与临澜理工大学共建实验室，产品出口到德国和日本。创始人是韩柏舟。"
)
ENGLISH = searched("Lanwan's output rose, said Wang Liming of Veltana Works. Exports go to Germany.")


@pytest.mark.parametrize(
    ("sentence", "verdicts"),
    [
        ("王立明介绍，岚川精密出口德国。", [True, True, True]),
        ("王立民介绍，产品出口法国。", [False, False]),
        ("Wang Liming exports to Germany.", [True, True]),
        ("Wang Limin exports to France.", [False, False]),
        ("It was founded by Han Bozhou.", [True]),  # 柏 has two readings
        ("It was founded by H. Bozhou.", [True]),
        ("It was founded by B. Han.", [True]),
        ("It was founded by S. Bozhou.", [False]),
        ("The zone grew.", []),
        ("馆内有藏品，新建了两座变电站。", []),
    ],
)
def test_names_are_looked_for_in_a_chinese_text(sentence: str, verdicts: list[bool]) -> None:
    said = any("\u4e00" <= c <= "\u9fff" for c in sentence)
    assert [holds(name, CHINESE, chinese=said) for name in find_names(sentence)] == verdicts


@pytest.mark.parametrize(
    ("sentence", "verdicts"),
    [
        ("厂长王立明说，产品出口德国。", [True, True]),
        ("厂长王立民说，产品出口法国。", [False, False]),
        ("German buyers like Veltana.", [True, True]),
        ("Veltona Works is in Lanwan.", [False, True]),
    ],
)
def test_names_are_looked_for_in_an_english_text(sentence: str, verdicts: list[bool]) -> None:
    said = any("\u4e00" <= c <= "\u9fff" for c in sentence)
    assert [holds(name, ENGLISH, chinese=said) for name in find_names(sentence)] == verdicts


@pytest.mark.parametrize(
    ("sentence", "text", "verdicts"),
    [
        ("依据12号文件", "依据〔2023〕15号文件", [False]),
        ("依据12号文件", "依据〔2023〕12号文件", [True]),
        ("十二号楼", "12号楼", [True]),
        ("12号楼", "12号线通向15号楼", [False]),
        ("3号线", "1至4号线", [True]),
        ("2号线", "1、2号线", [True]),
        ("It is in room 301.", "Rooms 305 and 405 are on floor 301.", [False]),
        ("It is in room 405.", "Rooms 301 and 405 are open.", [True]),
        ("It is section 3, 20 pages long.", "It is in section 3.", [True]),
        ("It runs 2.3.7.", "Released as v2.3.1.", [False]),
        ("It runs 2.3.7.", "Released as v2.3.7.", [True]),
        # Across languages, or where the text numbers nothing of that kind, a number alone proves nothing.
        ("It was built in phase 2.", "It was built in phase II.", [None]),
        ("It is on line 3.", "三号线", [None]),
        ("It is on line 3.", "2号线", [False]),
        ("3号线", "It is on Line 2.", [False]),
        ("共有几十号人", "共有五十人", []),
    ],
)
def test_the_number_of_a_thing_is_looked_for_with_its_kind(
    sentence: str, text: str, verdicts: list[bool | None]
) -> None:
    said = any("\u4e00" <= c <= "\u9fff" for c in sentence)
    names = [name for name in find_names(sentence) if name.kind]
    assert [holds(name, searched(text), chinese=said) for name in names] == verdicts


def test_a_sentence_with_the_number_of_another_document_fails(checker: SentenceChecker) -> None:
    order = passage("项目依据国发〔2023〕12号文件立项，设在三号楼。")
    assert checker.check("项目依据国发〔2023〕12号文件立项。", [order]).reason is None
    checked = checker.check("项目依据国发〔2023〕15号文件立项。", [order])
    assert (checked.reason, checked.missing) == ("name", ("15",))


@pytest.mark.parametrize(
    ("sentence", "quoted", "denied"),
    [
        ("春茶按时开采。", "春茶没有按时开采。", True),
        ("公司没有上市的打算。", "公司没有上市计划。", False),
        ("公司准备上市。", "公司没有上市计划。", True),
        ("产值不断上升。", "产值上升。", False),
        ("The trial included children.", "It did not include children.", True),
        ("It did not include children.", "The trial did not include any children.", False),
    ],
)
def test_a_denial_is_noticed(sentence: str, quoted: str, denied: bool) -> None:
    assert denies(sentence, quoted) is denied


def test_rising_and_falling_are_opposed_in_both_languages() -> None:
    assert opposed("产值增长17.9%", "output fell by 17.9%")
    assert not opposed("产值增长17.9%", "output rose by 17.9%")
    assert not opposed("产值17.9%", "output rose by 17.9%")


@pytest.mark.parametrize(
    "sentence",
    ["", "。", "您好！", "以下是主要信息：", "总之，", "## 产值", "**产值**", "In short:", "Sure!", "Hope this helps!",
     "文档中没有提到这一点。", "The passages do not say who built it.", "产业包括以下三类：",
     "无法回答这个问题。", "资料中没有说明王鹏程的年龄。", "以下是澜湾高新区的主要数据：", "Here are the figures:",
     "Here is a short summary.", "**Key Figures**", "**Net profit**", "**Section 3**", "- **澜湾高新区**："],
)  # fmt: skip
def test_what_claims_nothing_is_not_checked(sentence: str) -> None:
    assert not is_checkable(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "2022年产值为368亿元。",
        "产值增长。",
        "368亿元",
        "He founded it.",
        "2022年产值为368亿元，其中：",
        "李明没有出席会议。",
        "以下是答案：985亿元。",
        "以下是答案：3家。",
        "以下是林婉如。",
        "Here is the answer: 99 billion yuan.",
        "Thanks for asking, it was 99 billion yuan.",
        "**王鹏程**",
        "**林婉如**",
        "**John Marsh**",
        "The raw materials were not imported from Germany but from Japan, at 5 million yuan.",
        "信息无线公司2022年营收99亿元",
        "文件没有生效。",
        "文件规定企业不能提供虚假材料。",
        "The document says that the price does not include tax.",
    ],
)
def test_what_claims_something_is_checked(sentence: str) -> None:
    assert is_checkable(sentence)


def test_the_labelled_sentences_are_what_the_card_says() -> None:
    cases = read_cases(DATA / "citation_checks.jsonl")
    held_out = read_cases(DATA / "citation_checks_held_out.jsonl")
    assert (len(cases), len(held_out)) == (200, 100)
    assert not {c.passages[0].text for c in cases} & {c.passages[0].text for c in held_out}


def test_the_shipped_models_find_wrong_figures_years_and_entities() -> None:
    checker = SentenceChecker(Reader.load(), load_embedder("builtin"))
    rows = {
        row.name: row for row in measure(check_cases(checker, read_cases(DATA / "citation_checks.jsonl")))
    }
    assert rows["any of the three"].precision >= 0.95
    assert rows["any of the three"].recall >= 0.95
    assert rows["supported"].recall >= 0.9  # a right sentence is seldom doubted
    # Each comes with the question that it replies to, which must not make up for what is not there.
    assert rows["unsupported or partly"].recall >= 0.85


def test_measures_count_by_hand(checker: SentenceChecker, tmp_path: Path) -> None:
    sentences = {"supported": "74亿元", "wrong_figure": "75亿元", "wrong_year": "74亿元"}
    lines = [
        {
            "id": label,
            "label": label,
            "sentence": f"桐江开发区完成投资{said}。",
            "passages": [{"text": TWO.text}],
        }
        for label, said in sentences.items()
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    rows = {row.name: row for row in measure(check_cases(checker, read_cases(path)))}
    assert (rows["supported"].precision, rows["supported"].recall) == (0.5, 1.0)
    assert (rows["any of the three"].precision, rows["any of the three"].recall) == (1.0, 0.5)
    assert "| supported | 1 | 0.500 | 1.000 |" in table(list(rows.values()))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"id": "1"}', '{"id": "1", "label": "odd", "sentence": "", "passages": []}']
)
def test_a_line_that_is_no_case_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n" + line, encoding="utf-8")
    with pytest.raises(CasesError, match=r"cases\.jsonl:2"):
        read_cases(path)


def test_the_command_says_in_one_line_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent.jsonl")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_year_of_another_clause_does_not_date_a_figure(checker: SentenceChecker) -> None:
    project = passage("项目2022年开工，总投资5亿元，预计2026年建成。")
    assert checker.check("项目总投资5亿元，预计2026年建成。", [project]).reason is None


def test_a_figure_of_another_year_is_no_rival(checker: SentenceChecker) -> None:
    port = passage("2022年，港口吞吐量为186万吨，集装箱412万标箱。2021年，两项数字分别为177万吨和375万标箱。")
    assert checker.check("2021年港口集装箱为375万标箱。", [port]).reason is None


def test_a_year_that_is_only_compared_with_does_not_hold_for_what_follows() -> None:
    text = "Sales reached 52 million in 2022, compared with 47 million in 2021, but the loss was 3 million."
    assert [fact.years for fact in read_facts(text).facts] == [{2022}, {2021}, {2022}]


def test_a_bare_figure_is_read_together_with_its_question(checker: SentenceChecker) -> None:
    asked = checker.check("368亿元。", [YEARS], question="去年，澜湾高新区实现工业产值多少？")
    assert asked.supports[0].score > checker.check("368亿元。", [YEARS]).supports[0].score


class AnsweringReader(FakeReader):
    """Knows one question, and its answer wherever that stands."""

    def __init__(self, question: str, answer: str) -> None:
        self.question, self.answer = question, answer

    def readings(self, question: str, passages: Sequence[str]) -> Sequence[ReadingLike]:
        known = question == self.question
        return [
            FakeReading(4.0, self.answer) if known and self.answer in p else FakeReading(-4.0)
            for p in passages
        ]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("轻轨1号线全长21.4公里。", None),
        ("轻轨1号线全长19公里。", "figure"),
        # The answer bears out its own clause alone.
        ("轻轨1号线全长21.4公里，沿途风景非常优美，深受市民喜爱。", "support"),
    ],
)
def test_a_sentence_that_gives_the_readers_answer_to_the_question_has_the_reader_on_its_side(
    sentence: str, reason: DoubtReason | None
) -> None:
    row = passage("| 轻轨1号线 | 火车站 | 高新区 | 21.4公里 |", title="轻轨")
    checker = SentenceChecker(AnsweringReader("1号线有多长？", "21.4公里"), FakeEmbedder())
    assert checker.check(sentence, [row], question="1号线有多长？").reason == reason
    assert checker.check(sentence, [row]).reason is not None


def test_a_name_that_is_part_of_the_readers_answer_has_the_reader_on_its_side() -> None:
    maker = passage("龙头企业云桥光电首创折光玻璃，已经卖到十几个国家。")
    answering = SentenceChecker(AnsweringReader("谁首创折光玻璃？", "龙头企业云桥光电"), FakeEmbedder())
    assert answering.check("云桥光电", [maker], question="谁首创折光玻璃？").reason is None
    assert answering.check("云桥光电", [maker]).reason == "support"
