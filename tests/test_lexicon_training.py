"""The recipe of the lexicon: alignment, phrases, shares, and the tables it writes."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from index.errors import SettingsError
from index.text import FUNCTION_WORDS, is_chinese
from index.training import lexicon
from index.training.questions import all_written, in_english_and_chinese
from index.translation import Lexicon
from index.translation.lexicon import FILES

PAIRS = [
    ("the red house", "红色 房子"), ("the red car", "红色 汽车"), ("the blue house", "蓝色 房子"),
    ("a blue car", "蓝色 汽车"), ("my house", "我的 房子"), ("red", "红色"), ("the general manager", "总经理"),
    ("a general manager", "总经理"), ("the general manager has a car", "总经理 有 汽车"),
]  # fmt: skip


def write_rows(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines("\t".join(row) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_rows(
        folder / "train" / "en_zh_pairs.tsv.gz",
        [("wmt", english, chinese) for english, chinese in PAIRS * 4] + [("tatoeba", "secret", "秘密")] * 9,
    )
    write_rows(
        folder / "train" / "cedict.tsv.gz",
        [("貓", "猫", "mao1", "cat/CL:隻|只[zhi1]"), ("罕", "罕", "han3", "rare/cat")],
    )
    write_rows(folder / "train" / "news_zh.txt.gz", [("猫和汽车。",)])
    write_rows(folder / "dev" / "tatoeba_test.tsv.gz", [("zh", "secret", "秘密")])
    return folder


def test_the_recipe_learns_words_and_phrases_and_writes_what_the_reader_reads(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicon, "in_english_and_chinese", lambda: [("the red boat", "红色的船")])
    assert lexicon.main(["--data", str(data), "--out", str(tmp_path / "out")]) == 0
    forth, back = (Lexicon.load(*way, tmp_path / "out") for way in FILES)
    assert forth.meanings("house")[0][0] == "房子"
    assert "船" in dict(forth.meanings("boat"))
    everyday, said = (word for word, _ in forth.meanings("red")[:2])
    assert (everyday, said) == ("红", "红色")
    assert forth.meanings("general manager")[0][0] == "总经理"
    assert back.meanings("汽车")[0][0] == "car"


def test_development_sentences_are_left_out(data: Path) -> None:
    assert "secret" not in {english for _, english, _ in lexicon.read_pairs(data)}


def test_questions_written_in_both_languages_are_read_but_for_those_held_out(data: Path) -> None:
    pairs = list(in_english_and_chinese())
    assert not any(is_chinese(english) or not is_chinese(chinese) for english, chinese in pairs)
    assert not {text for pair in pairs for text in pair} & {
        asked.question for asked in all_written().held_out
    }
    assert len(pairs) > 50_000
    assert {(1.0, *pair) for pair in pairs} <= set(lexicon.read_pairs(data))


def test_equal_tables_are_written_as_equal_bytes(tmp_path: Path) -> None:
    entries = {"b": [("二", 0.6), ("贰", 0.4)], "a": [("一", 1.0)]}
    lexicon.write(tmp_path / "one", entries)
    lexicon.write(tmp_path / "two", dict(reversed(entries.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def combined(
    counts: Mapping[lexicon.Pair, float],
    glosses: Sequence[lexicon.Gloss] = (),
    *,
    frequencies: Mapping[str, int] | None = None,
    way: tuple[str, str] = ("en", "zh"),
    **glossaries: Sequence[lexicon.Gloss],
) -> dict[lexicon.Pair, float]:
    """Combine with the glossaries that are named, the others empty."""
    empty: dict[str, Sequence[lexicon.Gloss]] = {path.stem: [] for path in lexicon.GLOSSARIES.iterdir()}
    return lexicon.combine(counts, glosses, empty | glossaries, frequencies or {}, way)


def test_a_common_word_takes_more_of_the_dictionarys_share_than_a_rare_one() -> None:
    weights = combined({}, [("cat", "猫", 1.0), ("cat", "罕", 0.5)], frequencies={"猫": 100, "罕": 10})
    assert sum(weights.values()) == pytest.approx(lexicon.DICTIONARY)
    assert weights["cat", "猫"] > 4 * weights["cat", "罕"]


def test_a_glossarys_words_outweigh_a_few_sentences_and_stand_beside_many() -> None:
    english = [("steal", "偷", 1.0), ("see", "瞧", 1.0)]
    counts = {("steal", "饭碗"): 4.0, ("see", "看到"): 400.0}
    weights = combined(counts, english=english)
    assert weights["steal", "偷"] > 4 * weights["steal", "饭碗"]
    assert weights["see", "瞧"] == pytest.approx(0.5 * weights["see", "看到"])
    back = combined(counts, english=english, way=("zh", "en"))
    assert back["see", "瞧"] < 0.1 * back["see", "看到"]


def test_what_a_chinese_word_is_worth_beside_sentences_is_counted_by_the_chinese_word() -> None:
    counts = {("mood", "口气"): 300.0, ("tone", "语气"): 900.0}
    weights = combined(counts, chinese=[("tone", "口气", 1.0)], way=("zh", "en"))
    assert weights["tone", "口气"] == pytest.approx(0.5 * weights["mood", "口气"])
    assert ("tone", "口气") not in combined(counts, chinese=[("tone", "口气", 1.0)])


def test_a_glossary_explains_words_of_either_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# both ways\nbig, great: 大 巨大\n口气: tone, manner of speaking\n"
    (tmp_path / "mixed.txt").write_text(text, encoding="utf-8")
    monkeypatch.setattr(lexicon, "GLOSSARIES", tmp_path)
    assert lexicon.glossary_pairs("mixed") == [
        ("big", "大", 1.0), ("big", "巨大", 0.5), ("great", "大", 1.0), ("great", "巨大", 0.5),
        ("tone", "口气", 1.0), ("manner of speaking", "口气", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "least"),
    [("business", 280), ("english", 8_000), ("names", 15_000), ("terms", 10_000), ("chinese", 5_000)],
)
def test_every_line_of_a_glossary_gives_words_of_both_languages(name: str, least: int) -> None:
    pairs = lexicon.glossary_pairs(name)
    assert len({chinese if name == "chinese" else english for english, chinese, _ in pairs}) > least
    assert all(english and re.fullmatch("[0-9]*[\u4e00-\u9fff]+", chinese) for english, chinese, _ in pairs)


def test_no_name_hides_a_word_that_questions_are_made_of() -> None:
    assert not {english for english, _, _ in lexicon.glossary_pairs("names")} & FUNCTION_WORDS["en"]


def test_a_pair_that_one_sentence_alone_knows_is_no_phrase() -> None:
    assert combined({("odd phrase", "怪话"): 1.0}) == {}


def test_phrases_are_the_stretches_that_no_link_leaves() -> None:
    assert sorted(lexicon.phrase_pairs([(0, 1), (1, 0)], 2, 2)) == [
        ((0, 1), (1, 2)),
        ((0, 2), (0, 2)),
        ((1, 2), (0, 1)),
    ]
    assert ((0, 1), (0, 1)) not in lexicon.phrase_pairs([(0, 0), (1, 0)], 2, 1)


def test_shares_count_what_was_never_seen() -> None:
    assert lexicon.table([("k", "a", 0.5), ("k", "b", 0.2)], kept=1, least=0.1) == {"k": [("a", 0.5)]}


def test_missing_data_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="cedict"):
        lexicon.run(tmp_path, tmp_path / "out")
    assert lexicon.main(["--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "is missing; give --data" in capsys.readouterr().err


def test_the_recipe_is_a_command() -> None:
    command = [sys.executable, "-m", "index.training.lexicon", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert "--data" in shown.stdout
