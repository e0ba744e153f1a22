"""Each metric against an oracle made by hand, ir_measures or scikit-learn."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import ir_measures
import pytest

from rag.datatypes import Answer
from rag.evaluation import metrics
from rag.evaluation.failures import classify
from rag.evaluation.metrics import needs, passage_gains, score
from rag.evaluation.questions import Question

MakeAnswer = Callable[..., Answer]


def question(**fields: Any) -> Question:
    return Question(**{"id": "q", "question": "几家工厂？", "language": "zh", "type": "fact", **fields})


@pytest.mark.parametrize(
    ("fields", "text", "expected"),
    [
        ({"answers": ["12家", "十二家"]}, "镇上有十二家工厂。[1]", 1.0),
        ({"answers": ["12家"]}, "镇上有112家工厂。", 0.0),
        ({"answers": ["纸", "墨", "笔", "砚"], "type": "list"}, "造纸和墨。", 0.5),
        ({"answers": ["378亿元", "172.84亿元"], "type": "multi_hop"}, "378亿元[1]；172.84亿元[2]", 1.0),
        ({"answers": ["纸"]}, "纸" + "长" * 399, 1.0),
        ({"answers": ["纸"]}, "纸" + "长" * 400, 0.0),
        ({"answers": [], "type": "unanswerable"}, "没有找到", None),
        ({"answers": None}, "纸", None),
    ],
)
def test_answer_accuracy(
    make_answer: MakeAnswer, fields: dict[str, Any], text: str, expected: float | None
) -> None:
    assert metrics.answer_accuracy(question(**fields), make_answer(text=text)) == expected


def test_the_markers_of_citations_answer_nothing(make_answer: MakeAnswer) -> None:
    cited = make_answer(
        text="It has seven plants [1]. In 1931[2], 300 firms.", passages=["a", "b"], cite=[1, 2]
    )
    held = {gold: metrics.answer_accuracy(question(answers=[gold]), cited) for gold in ("1", "2", "1931")}
    assert held == {"1": 0.0, "2": 0.0, "1931": 1.0}
    unknown = make_answer(text="The third [3] of them")
    assert metrics.answer_accuracy(question(answers=["3"]), unknown) == 1.0


@pytest.mark.parametrize("gold", ["没有", "答案"])
def test_the_words_of_a_refusal_answer_nothing(make_answer: MakeAnswer, gold: str) -> None:
    refusal = make_answer(text="文档中没有找到答案。", status="unanswerable")
    assert metrics.answer_accuracy(question(answers=[gold]), refusal) == 0.0


@pytest.mark.parametrize(
    ("fields", "short", "expected"),
    [
        ({"answers": ["12家"]}, "“12家”", 1.0),
        ({"answers": ["12家"]}, "", 0.0),
        ({"answers": ["纸", "墨"], "type": "list"}, "墨、纸", 1.0),  # a list has no order of its own
        ({"answers": ["张三", "张三丰"], "type": "list"}, "张三丰、张三", 1.0),
        ({"answers": ["5家", "15家", "5家"], "type": "list"}, "15家、5家、5家", 1.0),
        ({"answers": ["纸", "墨"], "type": "list"}, "墨", 0.0),
        ({"answers": [], "type": "unanswerable"}, "", None),
    ],
)
def test_short_exact_match(
    make_answer: MakeAnswer, fields: dict[str, Any], short: str, expected: float | None
) -> None:
    assert metrics.short_exact_match(question(**fields), make_answer(short_answer=short)) == expected


def test_retrieval_needs_the_evidence_or_without_it_the_answer() -> None:
    assert needs(question(answers=["甲"], evidence=["乙", "丙"])) == (("乙",), ("丙",))
    assert needs(question(answers=["甲", "乙"])) == (("甲", "乙"),)
    assert needs(question(answers=["甲", "乙"], type="list")) == (("甲",), ("乙",))
    assert needs(question(answers=[], type="unanswerable")) == ()


def test_a_passage_gains_only_what_none_before_it_held(make_answer: MakeAnswer) -> None:
    answer = make_answer(passages=["别的", "镇上有 12 家\n工厂", "镇上有12家工厂，造纸", "造纸"])
    assert passage_gains((("镇上有12家工厂",), ("造纸",), ("造墨",)), answer.passages) == [0, 1, 1, 0]


@pytest.mark.parametrize("seed", range(60))
def test_recall_mrr_and_ndcg_equal_ir_measures(seed: int) -> None:
    draw = random.Random(seed)
    gains = [draw.choice((0, 0, 0, 1, 2)) for _ in range(draw.randint(0, 14))]
    missing = draw.randint(0 if any(gains) else 1, 3)
    ranking = [ir_measures.ScoredDoc("q", f"d{rank}", 100.0 - rank) for rank in range(len(gains))]
    qrels = [ir_measures.Qrel("q", f"d{rank}", gain) for rank, gain in enumerate(gains)]
    qrels += [ir_measures.Qrel("q", f"missing{i}", 1) for i in range(missing)]
    wanted = [ir_measures.parse_measure(name) for name in ("RR@10", "nDCG@10")]
    oracle = {str(m): v for m, v in ir_measures.calc_aggregate(wanted, qrels, ranking).items()}
    assert metrics.reciprocal_rank(gains, 10) == pytest.approx(oracle.get("RR@10", 0.0))
    assert metrics.ndcg(gains, missing, 10) == pytest.approx(oracle.get("nDCG@10", 0.0))
    assert metrics.recall(gains, missing, 5) == pytest.approx(sum(gains[:5]) / (sum(gains) + missing))


@pytest.mark.parametrize("seed", range(30))
def test_recall_of_single_pieces_equals_ir_measures(seed: int) -> None:
    draw = random.Random(seed)
    gains = [draw.choice((0, 0, 1)) for _ in range(draw.randint(0, 14))]
    missing = draw.randint(0 if any(gains) else 1, 3)
    ranking = [ir_measures.ScoredDoc("q", f"d{rank}", 100.0 - rank) for rank in range(len(gains))]
    qrels = [ir_measures.Qrel("q", f"d{rank}", gain) for rank, gain in enumerate(gains)]
    qrels += [ir_measures.Qrel("q", f"missing{i}", 1) for i in range(missing)]
    for k in (1, 5, 10):
        measure = ir_measures.parse_measure(f"R@{k}")
        oracle = ir_measures.calc_aggregate([measure], qrels, ranking).get(measure, 0.0)
        assert metrics.recall(gains, missing, k) == pytest.approx(oracle)


def test_citations_are_scored_against_evidence_and_answer(make_answer: MakeAnswer) -> None:
    asked = question(answers=["12家"], evidence=["镇上有12家工厂，都在河边", "这12家都造纸"])
    answer = make_answer(passages=["镇上有12家工厂，都在河边。", "别的话。", "共 12 家。"], cite=[1, 2, 3])
    assert metrics.citation_precision(asked, answer.citations) == pytest.approx(2 / 3)
    assert metrics.citation_recall(asked, answer.citations) == 0.5
    assert metrics.citation_precision(asked, ()) is None
    assert metrics.citation_recall(asked, ()) == 0.0
    assert metrics.citation_recall(question(answers=["12家"]), answer.citations) is None


def test_refusals_count_only_where_something_is_known(make_answer: MakeAnswer) -> None:
    refusal, given = make_answer(status="unanswerable"), make_answer()
    silent, known = question(answers=[], type="unanswerable"), question(answers=["12家"])
    table = [
        [score(asked, answer)[name] for name in ("refusal_precision", "refusal_recall")]
        for asked in (silent, known, question())
        for answer in (refusal, given)
    ]
    assert table == [[1.0, 1.0], [None, 0.0], [0.0, None], [None, None], [None, None], [None, None]]


def test_an_error_counts_as_wrong_wherever_it_could_have_been_right() -> None:
    scores = metrics.all_wrong(question(answers=["12家"], evidence=["有12家"]))
    assert {name for name, value in scores.items() if value is None} == {
        "citation_precision", "refusal_precision", "refusal_recall",
    }  # fmt: skip
    assert all(not value for value in scores.values())


GOLD = {"answers": ["12家"], "evidence": ["镇上有12家工厂"]}
HELD, OTHER = "镇上有12家工厂。", "别的话。"


@pytest.mark.parametrize(
    ("fields", "reply", "rank", "failure"),
    [
        (GOLD, {"text": "12家[1]", "short_answer": "12家", "passages": [HELD], "cite": [1]}, None, ""),
        (GOLD, {"text": "3家", "passages": [OTHER], "cite": [1]}, None, "not_retrieved"),
        (GOLD, {"text": "3家", "passages": [OTHER], "cite": [1]}, 40, "ranked_low"),
        (GOLD, {"status": "unanswerable", "passages": [OTHER]}, None, "not_retrieved"),
        (GOLD, {"text": "3家", "passages": [*[OTHER] * 7, HELD], "cite": [1]}, None, "ranked_low"),
        (GOLD, {"text": "3家", "passages": [OTHER, HELD], "cite": [1]}, None, "wrong_sentence"),
        (GOLD, {"text": "3家", "passages": [HELD], "cite": [1]}, None, "wrong_span"),
        (
            GOLD,
            {"text": "河边。镇上有12家", "short_answer": "河边", "passages": [HELD], "cite": [1]},
            None,
            "wrong_span",
        ),
        (GOLD, {"status": "unanswerable", "passages": [HELD]}, None, "wrongly_refused"),
        (
            {"answers": [], "type": "unanswerable"},
            {"text": "3家", "passages": [OTHER]},
            None,
            "wrongly_answered",
        ),
        ({"answers": [], "type": "unanswerable"}, {"status": "unanswerable"}, None, ""),
        ({"answers": None}, {"text": "3家"}, None, ""),
    ],
)
def test_a_failure_is_what_went_wrong_first(
    make_answer: MakeAnswer, fields: dict[str, Any], reply: dict[str, Any], rank: int | None, failure: str
) -> None:
    assert classify(question(**fields), make_answer(**reply), rank) == failure
