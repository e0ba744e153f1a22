from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import rag.reader
from index.errors import ModelError
from rag import Reader
from rag.features import Row
from rag.reader import MAX_SPAN, Calibration, Reading

QUESTION = "大桥是哪一年通车的？"
PASSAGES = [
    "市民对新的图书馆很满意，借书的人比去年多了三成。",
    "经过四年的施工，东湖大桥于1987年5月通车，全长2.3公里，总投资9600万元。",
    "東湖大橋於１９８７年通車。",
    "",
    "The East Lake Bridge opened in 1987 after four years of work.",
    "这一段很长，说的是山里的茶。" * 60 + "东湖大桥于1987年通车。" + "茶园一直延伸到山顶。" * 60,
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="module")
def readings(reader: Reader) -> list[Reading]:
    return reader.readings(QUESTION, PASSAGES)


def everything(reading: Reading) -> dict[tuple[int, int], float]:
    """Score every span by two nested loops, the plain way."""
    scores: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for window in reading.windows:
        last = window.first + len(window.starts) - 1
        for i, start in enumerate(window.starts):
            for j in range(i, min(i + MAX_SPAN, len(window.ends))):
                span = int(reading.tokens[window.first + i, 0]), int(reading.tokens[window.first + j, 1])
                if span[0] < span[1]:
                    score = float(start + window.ends[j] + window.opens[i] @ window.closes[j])
                    before = i if window.first else math.inf
                    after = last - window.first - j if last + 1 < len(reading.tokens) else math.inf
                    scores.setdefault(span, []).append((min(before, after), score))
    return {
        span: (max(score for _, score in seen) + max(seen, key=lambda one: one[0])[1]) / 2
        for span, seen in scores.items()
    }


def test_it_finds_the_year_in_both_scripts_and_in_the_middle_of_a_long_passage(reader: Reader) -> None:
    spans = reader.read(QUESTION, PASSAGES, top=1)
    found = {span.passage: span.text for span in spans}
    assert "1987年" in found[1]
    assert "１９８７年" in found[2]
    assert "1987年" in found[5]
    assert 3 not in found
    assert spans[0].passage != 0


def test_spans_come_best_first_over_all_passages(reader: Reader) -> None:
    spans = reader.read(QUESTION, PASSAGES, top=4)
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    assert [sum(span.passage == n for span in spans) for n in range(len(PASSAGES))] == [4, 4, 4, 0, 4, 4]
    for span in spans:
        assert span.text == PASSAGES[span.passage][span.start : span.end] != ""
        assert 0 <= span.relevance <= 1


def test_the_best_spans_are_those_of_an_exhaustive_search(readings: list[Reading]) -> None:
    for reading in readings:
        exhaustive = sorted(everything(reading).items(), key=lambda entry: (-entry[1], entry[0]))[:20]
        best = reading.best(20)
        assert [span.score for span in best] == pytest.approx([score for _, score in exhaustive], abs=1e-4)
        assert [(span.start, span.end) for span in best[:3]] == [span for span, _ in exhaustive[:3]]


def test_scoring_a_span_gives_the_score_it_was_found_with(readings: list[Reading]) -> None:
    for reading in readings:
        for span in reading.best(10):
            assert reading.score(span.start, span.end) == pytest.approx(span.score, abs=1e-4)
            assert reading.span(span.start, span.end).text == span.text


def test_the_best_inside_a_part_lies_inside_it(readings: list[Reading]) -> None:
    part = PASSAGES[1].index("全长"), len(PASSAGES[1])
    best = readings[1].best(5, start=part[0], end=part[1])
    assert len(best) == 5
    assert all(part[0] <= span.start < span.end <= part[1] for span in best)
    inside = [s for (a, b), s in everything(readings[1]).items() if part[0] <= a and b <= part[1]]
    assert best[0].score == pytest.approx(max(inside), abs=1e-4)


def test_a_span_longer_than_any_window_still_has_a_score(readings: list[Reading]) -> None:
    long = readings[5]
    assert -1e6 < long.score(0, len(long.text)) < long.best()[0].score


def test_a_span_without_words_scores_next_to_nothing(readings: list[Reading]) -> None:
    assert readings[3].score(0, 0) == -1e9
    assert readings[1].score(5, 5) == -1e9


def test_relevant_passages_are_told_from_others(readings: list[Reading]) -> None:
    relevance = [reading.relevance for reading in readings]
    assert min(relevance[1], relevance[2], relevance[5]) > relevance[0]
    assert relevance[3] == 0


def test_reading_together_equals_reading_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUCHU_PRECISION", "float32")  # bfloat16 rounds otherwise in other batches
    together = Reader.load().readings(QUESTION, PASSAGES)
    alone = [Reader.load().readings(QUESTION, [passage])[0] for passage in PASSAGES]
    for many, one in zip(together, alone, strict=True):
        assert many.relevance_logit == pytest.approx(one.relevance_logit, abs=1e-3)
        for left, right in zip(many.windows, one.windows, strict=True):
            np.testing.assert_allclose(left.starts, right.starts, atol=1e-3)
            np.testing.assert_allclose(left.ends, right.ends, atol=1e-3)


def test_two_readers_agree_to_the_last_bit(reader: Reader) -> None:
    assert Reader.load().read(QUESTION, PASSAGES) == reader.read(QUESTION, PASSAGES)


@pytest.mark.parametrize(("stated", "tolerance"), [("float32", 1e-3), ("bfloat16", 0.1)])
def test_its_logits_are_those_of_transformers(
    monkeypatch: pytest.MonkeyPatch, stated: str, tolerance: float
) -> None:
    import torch
    from transformers import BertForTokenClassification

    monkeypatch.setenv("CHUCHU_PRECISION", stated)
    reader = Reader.load()
    reference = BertForTokenClassification.from_pretrained(rag.reader._SHIPPED).eval()
    asked, passage = reader._featuriser.tokenise([QUESTION, PASSAGES[1]])
    row = reader._featuriser.rows(asked, passage)[0]
    ids, types = torch.tensor(row.ids[None]), torch.tensor(row.types[None])
    with torch.inference_mode():
        logits = reference(input_ids=ids, token_type_ids=types).logits[0].numpy()
    np.testing.assert_allclose(reader._logits([row])[0], logits, atol=tolerance)
    width = (logits.shape[1] - 3) // 2

    def span(i: int, j: int) -> float:
        product = logits[i, 3 : 3 + width] @ logits[j, 3 + width :] / math.sqrt(width)
        return float(logits[i, 0] + logits[j, 1] + product)

    stop = row.offset + row.length
    spans = [span(i, j) for i in range(row.offset, stop) for j in range(i, min(i + MAX_SPAN, stop))]
    best = reader.readings(QUESTION, [PASSAGES[1]])[0].best()[0]
    assert width == 32
    assert best.score == pytest.approx(max(spans) - span(0, 0) + float(logits[0, 2]), abs=4 * tolerance)


@example("0", ["0\x1f"])  # a token without characters of its own
@settings(deadline=None, max_examples=40)
@given(
    st.text(max_size=30),
    st.lists(st.text(max_size=200) | st.sampled_from(PASSAGES[:5]), max_size=4),
)
def test_offsets_are_exact_for_any_text(reader: Reader, question: str, passages: list[str]) -> None:
    for span in reader.read(question, passages, top=2):
        assert span.text == passages[span.passage][span.start : span.end]
        assert span.text == span.text.strip() != ""


@pytest.mark.parametrize("question", ["", "  ", "\u200b", "\n\t", "？", "?!…"])
def test_a_question_without_words_has_no_spans(reader: Reader, question: str) -> None:
    assert reader.read(question, PASSAGES) == []
    assert reader.relevance(question, PASSAGES) == [0.0] * len(PASSAGES)


def test_no_passages_give_no_spans(reader: Reader) -> None:
    assert reader.read(QUESTION, []) == []


def test_a_passage_handed_in_twice_is_answered_twice(reader: Reader) -> None:
    first, second = reader.read(QUESTION, [PASSAGES[1], PASSAGES[1]], top=1)
    assert (first.passage, second.passage) == (0, 1)
    assert (first.text, first.score) == (second.text, second.score)


def test_ranking_and_then_answering_runs_the_network_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader.load()
    rows: list[int] = []
    forward = reader._logits

    def counting(batch: Sequence[Row]) -> list[NDArray[np.float32]]:
        rows.append(len(batch))
        return forward(batch)

    monkeypatch.setattr(reader, "_logits", counting)
    reader.relevance(QUESTION, PASSAGES[:3])
    reader.read(QUESTION, [PASSAGES[4], *PASSAGES[:3]])
    assert rows == [3, 1]
    monkeypatch.setattr(rag.reader, "KEPT", 2)
    reader.read("另一个问题？", PASSAGES[:3])
    assert len(reader._latest) == 2


def test_spans_are_scored_by_offsets(readings: list[Reading]) -> None:
    start = PASSAGES[1].index("1987年")
    assert readings[1].score(start, start + 5) > readings[1].score(8, 12)


def test_calibration_is_a_logistic_curve() -> None:
    curve = Calibration(slope=0.5, offset=-1.0)
    assert curve.probability(2.0) == 0.5
    assert curve.probability(4.0) == pytest.approx(0.7310585786)
    assert curve.probability(-1e9) == pytest.approx(0)
    assert curve.probability(1e9) == pytest.approx(1)


def test_a_damaged_reader_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(rag.reader._SHIPPED, folder)
    (folder / "calibration.json").write_text('{"relevance": {"slope": 9, "offset": 0}}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"calibration\.json is damaged: .*install chuchu again"):
        Reader.load(folder)


def test_an_embedder_is_not_a_reader() -> None:
    folder = Path(rag.reader.__file__).parents[1] / "index" / "models" / "embedder"
    with pytest.raises(
        ModelError, match="holds no reader: its classifier should have 3 outputs and pairs of more"
    ):
        Reader.load(folder)


def test_a_calibration_without_its_numbers_is_refused(tmp_path: Path) -> None:
    assert Calibration.read(tmp_path) == Calibration()
    (tmp_path / "calibration.json").write_text(json.dumps({"relevance": {"slope": 1}}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"calibration\.json does not hold a slope and an offset"):
        Calibration.read(tmp_path)


def test_titles_tell_what_a_passage_is_about_and_are_no_answers(reader: Reader) -> None:
    question, text = "东湖大桥是哪一年通车的？", "工程于1987年完成，全长2.3公里。"
    titles = "东湖大桥通车 › 1988-05-01"
    plain, told = reader.readings(question, [text, text], ["", titles])
    assert (told.text, told.tokens.tolist()) == (plain.text, plain.tokens.tolist())
    assert told.relevance_logit > plain.relevance_logit + 1
    assert told.best(1)[0].text.startswith("1987年")
    assert all(span.text in text for span in told.best(50))
    assert reader.relevance(question, [text], [titles]) == [told.relevance]
    assert reader.readings(question, [text])[0].relevance_logit == plain.relevance_logit
