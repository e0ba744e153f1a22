from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import cast

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from index.training.questions import Question
from rag.answerers.evidence import FEATURES
from rag.answerers.scoring import Weights, shipped_weights
from rag.training import scoring_features
from rag.training.examples import Example
from rag.training.logistic import (
    Choices,
    chances,
    chosen,
    fit_confidence,
    fit_ranking,
    log_losses,
    ranking_losses,
    strongest,
)
from rag.training.negatives import Names
from rag.training.scoring import (
    FOLDS,
    UNANSWERABLE,
    as_markdown,
    calibration_error,
    cross_validated,
    fit,
    main,
    predictions,
    read_prior,
    rounded,
    scores,
    tabulate,
)
from rag.training.scoring_cases import (
    PAGES,
    Case,
    CaseOptions,
    Corpus,
    asked_corpus,
    made_cases,
    own_corpus,
    pages_corpus,
)
from rag.training.scoring_features import EXACT, NEAR, WRONG, Seen, extract, grade

NOISE = np.random.default_rng(3)


def choices(questions: int = 400, candidates: int = 5) -> Choices:
    """Questions whose right candidate is drawn by the weights 2, -1 and 0."""
    features = NOISE.normal(size=(questions, candidates, 3))
    utilities = features @ [2.0, -1.0, 0.0] + NOISE.gumbel(size=(questions, candidates))
    right = np.arange(candidates) == utilities.argmax(axis=1)[:, None]
    return Choices(features, right, np.ones_like(right), np.ones(questions))


def test_a_ranking_finds_the_weights_that_its_choices_were_drawn_by() -> None:
    fitted = fit_ranking(choices(4000), np.zeros(3), 1e-6)
    assert fitted == pytest.approx([2.0, -1.0, 0.0], abs=0.12)


def test_with_two_candidates_a_ranking_is_the_logistic_regression_of_their_difference() -> None:
    pairs = choices(300, 2)
    difference = pairs.features[:, 0] - pairs.features[:, 1]
    oracle = LogisticRegression(C=1e6, fit_intercept=False, tol=1e-8).fit(difference, pairs.right[:, 0])
    assert fit_ranking(pairs, np.zeros(3), 1e-8) == pytest.approx(oracle.coef_[0], abs=1e-3)


def test_a_confidence_is_a_logistic_regression() -> None:
    features = NOISE.normal(size=(500, 3))
    labels = NOISE.random(500) < 1 / (1 + np.exp(-(features @ [1.0, -2.0, 0.5] + 0.7)))
    oracle = LogisticRegression(C=1e6, tol=1e-8).fit(features, labels)
    fitted = fit_confidence(features, labels, np.ones(500), np.zeros(4), 1e-8)
    assert fitted == pytest.approx([*oracle.coef_[0], oracle.intercept_[0]], abs=1e-3)
    assert chances(features, fitted) == pytest.approx(oracle.predict_proba(features)[:, 1], abs=1e-3)


def test_a_strong_prior_is_stayed_near_except_by_the_constant() -> None:
    features, labels = NOISE.normal(size=(200, 2)), np.ones(200, dtype=np.bool_)
    labels[:20] = False
    prior = np.array([0.5, -0.5, 0.0])
    fitted = fit_confidence(features, labels, np.ones(200), prior, 1e9)
    assert fitted[:2] == pytest.approx(prior[:2], abs=1e-4)
    assert chances(features, fitted).mean() == pytest.approx(0.9, abs=1e-3)
    assert fit_ranking(choices(), np.array([1.0, 1.0, 1.0]), 1e9) == pytest.approx([1.0] * 3, abs=1e-4)


def test_padding_is_never_chosen_and_questions_without_a_right_candidate_say_nothing() -> None:
    features = np.array([[[1.0], [0.0], [9.0]], [[3.0], [1.0], [2.0]]])
    there = np.array([[True, True, False], [True, True, True]])
    right = np.array([[True, False, False], [False, False, False]])
    given = Choices(features, right, there, np.ones(2))
    assert chosen(given, np.array([1.0])).tolist() == [0, 0]
    assert ranking_losses(given, np.array([1.0])) == pytest.approx([np.log(1 + np.exp(-1)), 0.0])


def test_log_loss_and_calibration_error_by_hand() -> None:
    labels = np.array([True, False, True, True])
    given = np.array([0.8, 0.25, 0.8, 0.5])
    assert log_losses(given, labels) == pytest.approx(-np.log([0.8, 0.75, 0.8, 0.5]))
    assert calibration_error(given, labels) == pytest.approx((0.4 + 0.25 + 0.5) / 4)


def test_the_prior_has_the_benefit_of_the_doubt() -> None:
    best = np.array([1.0, 0.2, 0.6, 0.4])
    doubtful, worse = best + np.array([0.3, -0.2, 0.2, -0.2]), best + 0.1
    counts = np.ones(4)
    assert strongest({3.0: best, 30.0: doubtful, 300.0: worse}, counts) == 30.0
    assert strongest({3.0: best, 30.0: worse, float("inf"): worse + 1}, counts) == 3.0


@pytest.mark.parametrize(
    ("text", "answers", "in_parts", "graded"),
    [
        ("88亿元", ("88亿元",), False, EXACT),
        ("８８ 億元", ("88亿元",), False, EXACT),
        ("约88亿元", ("88亿元",), False, NEAR),
        ("188亿元", ("88亿元",), False, WRONG),
        ("2023年", ("2022年",), False, WRONG),
        ("青川港务集团的总经理王大鹏", ("王大鹏",), False, WRONG),
        ("甲县、乙县和丙县", ("甲县", "乙县", "丙县"), True, EXACT),
        ("甲县、乙县", ("甲县", "乙县", "丙县"), True, WRONG),
        ("", ("甲县",), False, WRONG),
    ],
)
def test_a_candidate_is_graded_by_its_words(
    text: str, answers: tuple[str, ...], in_parts: bool, graded: int
) -> None:
    assert grade(text, answers, in_parts=in_parts) == graded


TOWN = "青川港总经理王大鹏介绍，新码头于2015年9月建成。全港共有企业430余家。"


def test_own_questions_stand_alone_and_are_asked_again_without_their_answer(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "question": "那企业呢？", "answers": ["430余家"], "evidence": ["全港共有企业430余家"],
         "history": ["青川港共有码头多少座？"]},
        {"id": "b", "question": "谁发明了电灯？", "answers": [], "type": "unanswerable"},
        {"id": "c", "question": "青川港和临江港的总经理分别是谁？", "answers": ["王大鹏", "李明"], "type": "multi_hop"},
    ]  # fmt: skip
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    cases = own_corpus(path, tmp_path).cases
    assert [(case.kind, case.group) for case in cases] == [("answer", "a"), ("without", "a"), ("none", "b")]
    assert "青川港" in cases[0].question


def test_own_questions_that_share_a_document_are_of_one_group(tmp_path: Path) -> None:
    told = [["port.txt"], ["port.txt", "town.txt"], ["town.txt", "river.txt"], ["hill.txt"], []]
    rows = [
        {"id": f"q{n}", "question": "企业有多少家？", "answers": ["430余家"], "documents": documents}
        for n, documents in enumerate(told)
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    groups = [case.group for case in own_corpus(path, tmp_path).cases if case.kind == "answer"]
    assert groups == ["port.txt", "port.txt", "port.txt", "hill.txt", "q4"]


def test_evidence_of_an_asked_question_is_the_sentence_of_its_answer() -> None:
    start = TOWN.index("430")
    asked = Question(language="zh", question="青川港有多少家企业？", context=TOWN, start=start, end=start + 5)
    (case, without) = asked_corpus("x", [asked], "zh", 5, CaseOptions(without=1.0), Random(1)).cases
    assert case.evidence == ("全港共有企业430余家。",)
    assert (case.answers, without.kind, case.answerable, without.answerable) == (
        ("430余家",),
        "without",
        True,
        False,
    )


def test_the_written_pages_say_what_their_questions_ask_for_and_a_quarter_asks_for_what_they_do_not_say() -> (
    None
):
    corpus = pages_corpus(CaseOptions(without=1.0, elsewhere=1.0), Random(1))
    texts = {name: "".join(text.split()) for name, text in cast(Mapping[str, str], corpus.documents).items()}
    assert {*texts} == {path.name for path in PAGES.glob("*.txt")}
    assert {case.group for case in corpus.cases} == {*texts}
    for case in corpus.cases:
        assert all(any("".join(quote.split()) in text for text in texts.values()) for quote in case.evidence)
        assert (case.kind == "none") != bool(case.evidence) == bool(case.answers)
    kinds = Counter(case.kind for case in corpus.cases)
    assert kinds["answer"] == kinds["without"] == kinds["elsewhere"] > 400
    assert 0.25 < kinds["none"] / (kinds["none"] + kinds["answer"]) < 0.33


def test_a_written_question_that_nothing_answers_is_a_case_without_an_answer() -> None:
    asked = Question(language="zh", question="青川港的吞吐量是多少？", context=TOWN, start=0, end=0)
    (case,) = asked_corpus("x", [asked], "zh", 5, CaseOptions(without=1.0), Random(1)).cases
    assert (case.kind, case.answers, case.evidence, case.answerable) == ("none", (), (), False)


def test_a_near_miss_asks_of_another_year() -> None:
    example = Example(
        source="news", question="2015年9月青川港建成了什么？", passage=TOWN, start=13, end=16, document=7, query=""
    )  # fmt: skip
    cases = list(made_cases(example, Names.of([], []), CaseOptions(without=0.0, near_misses=1.0), Random(1)))
    assert [case.kind for case in cases] == ["answer", "near_miss"]
    assert cases[1].question != example.question
    assert {case.group for case in cases} == {"7"}


def test_what_the_answerer_sees_is_graded_kept_and_taken_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(
        kind="answer", question="青川港的总经理是谁？", answers=("王大鹏",), evidence=(TOWN[:25],), group="1"
    )  # fmt: skip
    without = Case(
        kind="without", question=case.question, answers=case.answers, evidence=case.evidence, group="1"
    )
    elsewhere = replace(without, kind="elsewhere", group="1.txt")  # there is no other document
    corpus = Corpus(name="tiny", documents={"1.txt": TOWN + "\n"}, cases=(case, without, elsewhere))
    seen = extract(corpus, tmp_path)
    first = int(seen.sizes[0])
    assert seen.features.shape == (seen.sizes.sum(), len(FEATURES))
    assert seen.grades[:first].max() == EXACT
    assert not seen.grades[first:].any()
    assert seen.sizes[2] == 0
    monkeypatch.setattr(scoring_features, "_ask_all", lambda corpus: pytest.fail("asked a second time"))
    again = extract(corpus, tmp_path)
    assert np.array_equal(again.features, seen.features)
    assert again.kinds.tolist() == ["answer", "without", "elsewhere"]


@pytest.mark.parametrize("grading", ["scoring_features.py", "matching.py"])
def test_what_was_kept_is_extracted_anew_when_the_grading_changes(
    grading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(corpus: Corpus) -> Seen:
        asked.append(corpus.name)
        return made_up(6)

    monkeypatch.setattr(scoring_features, "_ask_all", ask)
    corpus = Corpus(name="tiny", documents={"1.txt": TOWN}, cases=())
    extract(corpus, tmp_path)
    extract(corpus, tmp_path)
    assert asked == ["tiny"]
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == grading))
    extract(corpus, tmp_path)
    assert asked == ["tiny", "tiny"]


def made_up(cases: int = 60, candidates: int = 4) -> Seen:
    """Cases whose right candidate has the most coverage; a third of them are unanswerable and have little of it."""
    features = NOISE.normal(scale=0.1, size=(cases, candidates, len(FEATURES))).astype(np.float32)
    grades = np.zeros((cases, candidates), dtype=np.int8)
    kinds = np.where(np.arange(cases) % 3 == 0, "near_miss", "answer")
    features[kinds == "answer", 1, FEATURES.index("coverage")] += 1.0
    grades[kinds == "answer", 1] = EXACT
    return Seen(
        features=features.reshape(-1, len(FEATURES)),
        grades=grades.reshape(-1),
        sizes=np.full(cases, candidates, dtype=np.int32),
        kinds=kinds,
        groups=np.array([str(n // 2) for n in range(cases)]),
        languages=np.full(cases, "zh"),
    )


def test_the_ranking_may_be_kept_while_the_confidence_is_fitted() -> None:
    prior = shipped_weights()
    weights, strengths = fit(tabulate({"x": made_up()}, prior, Random(1)), prior, keep_ranking=True)
    assert (weights.ranking, strengths["ranking"]) == (prior.ranking, float("inf"))
    assert weights.confidence != prior.confidence


def test_folds_share_no_document_and_narrower_corpora_are_padded() -> None:
    table = tabulate({"own": made_up(), "news": made_up(40, 2)}, shipped_weights(), Random(2))
    assert table.choices.there.sum(axis=1).tolist() == [4] * 60 + [2] * 40
    assert not table.choices.features[~table.choices.there].any()
    for corpus in ("own", "news"):
        rows = table.corpora == corpus
        counts = table.choices.weights[rows]
        assert counts[~table.answerable[rows]].sum() / counts.sum() == pytest.approx(UNANSWERABLE)
    groups = [f"{corpus}/{n // 2 if n < 60 else (n - 60) // 2}" for n, corpus in enumerate(table.corpora)]
    folds = {(group, fold) for group, fold in zip(groups, table.folds, strict=True)}
    assert len(folds) == len(set(groups))
    assert set(table.folds) == set(range(FOLDS))


def test_a_fit_does_better_than_a_prior_that_knows_nothing() -> None:
    prior = Weights(ranking=dict.fromkeys(FEATURES, 0.0), confidence={"bias": 0.0, "coverage": 0.0})
    table = tabulate({"own": made_up()}, prior, Random(2))
    weights, strengths = fit(table, prior)
    before = scores(table, predictions(table, prior))["all"]
    after = scores(table, cross_validated(table, prior, *strengths.values()))["all"]
    assert before["right"] < 0.5 < after["right"] == after["there"] == 1.0
    assert (before["refusal_auroc"], after["refusal_auroc"]) == (0.5, 1.0)
    assert after["ece"] < before["ece"]
    assert after["log_loss"] < before["log_loss"]
    assert weights.ranking["coverage"] == max(weights.ranking.values())
    table_lines = as_markdown({"prior": {"all": before}, "fitted": {"all": after}}).splitlines()
    assert [line.split(" | ")[1] for line in table_lines[2:]] == ["prior", "fitted"]


def test_refitting_stays_near_the_same_prior(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    prior = shipped_weights()
    moved = {name: value + 1 for name, value in prior.ranking.items()}
    stated = rounded(Weights(ranking=moved, confidence=prior.confidence)) | {"prior": rounded(prior)}
    path.write_text(json.dumps(stated), encoding="utf-8")
    assert read_prior(path) == Weights(**rounded(prior))


def test_a_missing_file_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train").mkdir()
    with gzip.open(tmp_path / "train" / "cedict.tsv.gz", "wt") as file:
        file.write("")
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out.json")]) == 1
    complaint = capsys.readouterr().err
    assert "news_zh.txt.gz" in complaint
    assert complaint.count("\n") == 1
    assert "cedict" not in complaint
