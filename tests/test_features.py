from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag.reader
from index.errors import ModelError
from rag.features import CLS, MAX_ABOVE, MAX_QUESTION, PASSAGE, SEP, Featuriser, matches, windows

WORDS = [
    "李白",
    "写的",
    "在",
    "的",
    "1984",
    "Tang",
    "tang",
    "a",
    "唐代",
    "。",
    " ",
    "诗，",
    "詩",
    "ｔａｎｇ",
    "😀",
    "㎞",
    "東京は",
    "\n",
]
texts = st.lists(st.sampled_from(WORDS), max_size=60).map("".join) | st.text(max_size=80)


@pytest.fixture(scope="module")
def featuriser() -> Featuriser:
    return Featuriser.load(rag.reader._SHIPPED)


def oracle(featuriser: Featuriser, ids: list[int], others: list[int]) -> list[int]:
    """The definition in the module's docstring, word by word, with sets of strings."""
    tokenizer = featuriser._tokenizer
    stop = set(json.loads((rag.reader._SHIPPED / "stop_tokens.json").read_text(encoding="utf-8")))

    def read(numbers: list[int]) -> tuple[list[set[str]], list[set[str]]]:
        strong: list[set[str]] = [set() for _ in numbers]
        weak: list[set[str]] = [set() for _ in numbers]
        neighbours: list[tuple[str, int]] = []
        for n, number in enumerate(numbers):
            piece = (tokenizer.id_to_token(number) or "").replace("▁", "")
            if number < 5 or not re.search(r"\w", piece):
                neighbours.append(("", n))
            elif re.fullmatch("[a-z0-9]+", piece):
                neighbours.append(("", n))
                letter = len(piece) == 1 and not piece.isdigit()
                (weak if number in stop or letter else strong)[n].add(f"piece {number}")
            elif number in stop:
                neighbours.append(("", n))
                weak[n].add(f"piece {number}")
            else:
                weak[n].update(piece)
                neighbours.extend((character, n) for character in piece)
        for (left, m), (right, n) in pairwise(neighbours):
            if left and right:
                strong[m].add(left + right)
                strong[n].add(left + right)
        return strong, weak

    (strong, weak), (other_strong, other_weak) = read(ids), read(others)
    all_strong, all_weak = set().union(*other_strong), set().union(*other_weak)
    return [2 if s & all_strong else 1 if w & all_weak else 0 for s, w in zip(strong, weak, strict=True)]


@settings(deadline=None, max_examples=200)
@given(texts, texts)
def test_matches_follow_their_definition(featuriser: Featuriser, question: str, passage: str) -> None:
    asked, read = featuriser.tokenise([question, passage])
    keys, others = featuriser.keys(asked.ids), featuriser.keys(read.ids)
    assert matches(keys, others).tolist() == oracle(featuriser, asked.ids.tolist(), read.ids.tolist())
    assert matches(others, keys).tolist() == oracle(featuriser, read.ids.tolist(), asked.ids.tolist())


def test_a_match_is_found_across_token_boundaries_scripts_and_widths(featuriser: Featuriser) -> None:
    asked, read = featuriser.tokenise(["長江大橋ＡＢＣ", "武汉长江大桥abc"])
    kinds = matches(featuriser.keys(asked.ids), featuriser.keys(read.ids))
    assert kinds.tolist() == [2] * len(kinds)


@settings(deadline=None, max_examples=300)
@given(texts)
def test_tokens_never_overlap_nor_begin_or_end_with_white_space(featuriser: Featuriser, text: str) -> None:
    tokens = featuriser.tokenise([text])[0]
    assert len(tokens.ids) == len(tokens.spans)
    end = 0
    for start, stop in tokens.spans.tolist():
        assert end <= start <= stop <= len(text)
        assert text[start:stop] == text[start:stop].strip()
        end = stop


def test_a_number_after_chinese_starts_where_it_stands(featuriser: Featuriser) -> None:
    text = "成立于 1953年，Tang dynasty。"
    tokens = featuriser.tokenise([text])[0]
    pieces = [text[start:end] for start, end in tokens.spans.tolist()]
    assert "".join(pieces) == text.replace(" ", "")
    assert any(piece.startswith("1") for piece in pieces)


@given(st.integers(0, 2000), st.integers(1, 200), st.integers(1, 200))
def test_windows_cover_every_token_and_all_are_full(length: int, window: int, stride: int) -> None:
    stride = min(stride, window)
    made = windows(length, window, stride)
    assert sorted({n for start, end in made for n in range(start, end)}) == list(range(length))
    assert all(end - start == min(window, length) for start, end in made)
    assert len(set(made)) == len(made)


def test_a_row_is_laid_out_as_the_docstring_says(featuriser: Featuriser) -> None:
    asked, read = featuriser.tokenise(["谁" * 100, "河流与山脉，" * 60])
    rows = featuriser.rows(asked, read)
    assert [row.first for row in rows] == [start for start, _ in windows(len(read.ids))]
    for row in rows:
        window = read.ids[row.first : row.first + row.length]
        expected = [CLS, *asked.ids[:MAX_QUESTION], SEP, *window, SEP]
        assert row.ids.tolist() == expected
        assert row.ids[row.offset : row.offset + row.length].tolist() == window.tolist()
        assert (row.types[: row.offset] < 3).all()
        assert (row.types[row.offset :] >= 3).all()


def test_what_stands_above_comes_before_every_window_and_can_match(featuriser: Featuriser) -> None:
    asked, read, above = featuriser.tokenise(["青山塔有多高？", "河流与山脉，" * 60, "很好" * 60 + "青山塔"])
    plain, rows = featuriser.rows(asked, read), featuriser.rows(asked, read, above)
    assert [(row.first, row.length) for row in rows] == [(row.first, row.length) for row in plain]
    for row in rows:
        titles = row.ids[row.offset - MAX_ABOVE : row.offset]
        assert titles.tolist() == above.ids[-MAX_ABOVE:].tolist()
        assert (
            row.ids[row.offset : row.offset + row.length].tolist()
            == read.ids[row.first : row.first + row.length].tolist()
        )
        assert row.types[row.offset - 1] == PASSAGE + 2
        assert (row.types[len(asked.ids) + 2 :] >= PASSAGE).all()
    assert max(plain[0].types[: len(asked.ids)]) < 2 == max(rows[0].types[: len(asked.ids)])


def test_the_last_word_above_and_the_first_of_the_text_are_no_neighbours(featuriser: Featuriser) -> None:
    asked, read, above = featuriser.tokenise(["青山塔", "山路难走", "满眼青"])
    (row,) = featuriser.rows(asked, read, above)
    assert 2 not in row.types[: len(asked.ids) + 1]
    (joined,) = featuriser.rows(asked, *featuriser.tokenise(["满眼青山路难走"]))
    assert 2 in joined.types[: len(asked.ids) + 1]


def test_control_tokens_in_a_text_are_text(featuriser: Featuriser) -> None:
    assert SEP not in featuriser.tokenise(["a [SEP] b"])[0].ids


def test_a_text_without_tokens_has_no_rows(featuriser: Featuriser) -> None:
    asked, read, dashes, above = featuriser.tokenise(["谁？", " \n ", "——", "青山塔"])
    assert featuriser.rows(asked, read) == []
    assert featuriser.rows(asked, dashes, above) == []


def test_a_thousand_pairs_take_well_under_a_few_seconds(featuriser: Featuriser) -> None:
    passages = featuriser.tokenise([f"第{n}座大桥于19{n % 90 + 10}年通车，" * 10 for n in range(1000)])
    asked = featuriser.tokenise(["哪一座大桥最早通车？"])[0]
    begun = perf_counter()
    for passage in passages:
        featuriser.rows(asked, passage)
    assert perf_counter() - begun < 3  # measured: 0.3 s; a quadratic slip would take minutes


def test_a_folder_without_a_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"vocabulary in .* could not be read"):
        Featuriser.load(tmp_path)
