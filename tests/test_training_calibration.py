from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from rag.training.calibration import Bigrams, auroc, fit_platt, hard_pairs, main, pieces


def test_platt_finds_the_curve_that_made_the_labels() -> None:
    random = np.random.default_rng(5)
    logits = random.normal(1.0, 3.0, 40_000)
    labels = random.random(40_000) < 1 / (1 + np.exp(-(0.7 * logits - 0.4)))
    fitted = fit_platt(logits, labels)
    assert fitted.slope == pytest.approx(0.7, abs=0.03)
    assert fitted.offset == pytest.approx(-0.4, abs=0.05)


def test_platt_stays_finite_when_right_and_wrong_never_overlap() -> None:
    fitted = fit_platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    assert 0 < fitted.slope < 10


def test_auroc_counts_pairs_and_half_the_ties() -> None:
    assert auroc(np.array([3.0, 1.0, 1.0, 0.0]), np.array([True, True, False, False])) == 3.5 / 4


def test_pieces_are_the_whole_context_cut_after_sentences() -> None:
    context = "一二三四五。六七八九十。甲乙丙。" * 5
    cut = pieces(context, 12)
    assert "".join(cut) == context
    assert all(len(piece) <= 12 and piece.endswith("。") for piece in cut)


def test_bigrams_rank_the_text_with_the_rare_pair_first() -> None:
    found = Bigrams(["今天天气很好", "东湖大桥通车", "东湖天气很好"])
    assert found.ranked("东湖大桥")[:2] == [1, 2]


def test_a_wrong_piece_never_holds_the_answer(tmp_path: Path) -> None:
    answers = [{"text": "1987年"}]
    paragraphs = [
        {
            "context": "东湖大桥于1987年通车。",
            "qas": [{"question": "东湖大桥哪年通车？", "answers": answers}],
        },
        {"context": "东湖大桥的照片摄于1987年。", "qas": []},
        {"context": "西湖大桥正在施工。", "qas": [{"question": "", "answers": answers}]},
    ]
    path = tmp_path / "dev.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"data": [{"paragraphs": paragraphs}]}).encode()))
    (pair,) = hard_pairs(path)
    assert (pair.right, pair.wrong) == ("东湖大桥于1987年通车。", "西湖大桥正在施工。")


def test_a_missing_file_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dev.json.gz"
    assert main([str(tmp_path), str(path)]) == 1
    assert capsys.readouterr().err == f"{path} is missing; give gzipped SQuAD files.\n"
    path.touch()
    assert main([str(tmp_path), str(path)]) == 1
    assert capsys.readouterr().err.startswith("There is no whole model in ")
