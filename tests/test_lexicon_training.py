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
from index.training.embedder.parallel import Pair
from index.training.lexicon import __main__ as command
from index.training.lexicon import alignment, chinese, others, tables
from index.training.lexicon.tables import Entries
from index.training.questions import all_written, in_english_and_chinese
from index.translation import Lexicon
from index.translation.from_others import EXACT, SILENT
from index.translation.lexicon import OTHERS

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
    monkeypatch.setattr(chinese, "in_english_and_chinese", lambda: [("the red boat", "红色的船")])
    monkeypatch.setattr(command, "other_tables", lambda data: [(("de", "en"), {"boot": [("boat", 1.0)]})])
    assert command.main(["--data", str(data), "--out", str(tmp_path / "out")]) == 0
    forth, back = (Lexicon.load(*way, tmp_path / "out") for way in (("en", "zh"), ("zh", "en")))
    assert forth.meanings("house")[0][0] == "房子"
    assert "船" in dict(forth.meanings("boat"))
    everyday, said = (word for word, _ in forth.meanings("red")[:2])
    assert (everyday, said) == ("红", "红色")
    assert forth.meanings("general manager")[0][0] == "总经理"
    assert back.meanings("汽车")[0][0] == "car"
    assert Lexicon.load("de", "en", tmp_path / "out").meanings("boot") == [("boat", 1.0)]


def test_development_sentences_are_left_out(data: Path) -> None:
    assert "secret" not in {english for _, english, _ in chinese.read_pairs(data)}


def test_questions_written_in_both_languages_are_read_but_for_those_held_out(data: Path) -> None:
    pairs = list(in_english_and_chinese())
    assert not any(is_chinese(english) or not is_chinese(chinese) for english, chinese in pairs)
    assert not {text for pair in pairs for text in pair} & {
        asked.question for asked in all_written().held_out
    }
    assert len(pairs) > 50_000
    assert {(1.0, *pair) for pair in pairs} <= set(chinese.read_pairs(data))


def test_equal_tables_are_written_as_equal_bytes(tmp_path: Path) -> None:
    entries = {"b": [("二", 0.6), ("贰", 0.4)], "a": [("一", 1.0)]}
    tables.write(tmp_path / "one", entries)
    tables.write(tmp_path / "two", dict(reversed(entries.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def combined(
    counts: Mapping[chinese.Pair, float],
    glosses: Sequence[chinese.Gloss] = (),
    *,
    frequencies: Mapping[str, int] | None = None,
    way: tuple[str, str] = ("en", "zh"),
    **glossaries: Sequence[chinese.Gloss],
) -> dict[chinese.Pair, float]:
    """Combine with the glossaries that are named, the others empty."""
    empty: dict[str, Sequence[chinese.Gloss]] = {path.stem: [] for path in chinese.GLOSSARIES.glob("*.txt")}
    return chinese.combine(counts, glosses, empty | glossaries, frequencies or {}, way)


def test_a_common_word_takes_more_of_the_dictionarys_share_than_a_rare_one() -> None:
    weights = combined({}, [("cat", "猫", 1.0), ("cat", "罕", 0.5)], frequencies={"猫": 100, "罕": 10})
    assert sum(weights.values()) == pytest.approx(chinese.DICTIONARY)
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
    monkeypatch.setattr(chinese, "GLOSSARIES", tmp_path)
    assert chinese.glossary_pairs("mixed") == [
        ("big", "大", 1.0), ("big", "巨大", 0.5), ("great", "大", 1.0), ("great", "巨大", 0.5),
        ("tone", "口气", 1.0), ("manner of speaking", "口气", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "least"),
    [("business", 280), ("english", 8_000), ("names", 15_000), ("terms", 10_000), ("chinese", 5_000)],
)
def test_every_line_of_a_glossary_gives_words_of_both_languages(name: str, least: int) -> None:
    pairs = chinese.glossary_pairs(name)
    assert len({pair[1] if name == "chinese" else pair[0] for pair in pairs}) > least
    assert all(english and re.fullmatch("[0-9]*[\u4e00-\u9fff]+", word) for english, word, _ in pairs)


def test_no_name_hides_a_word_that_questions_are_made_of() -> None:
    assert not {english for english, _, _ in chinese.glossary_pairs("names")} & FUNCTION_WORDS["en"]


def test_a_pair_that_one_sentence_alone_knows_is_no_phrase() -> None:
    assert combined({("odd phrase", "怪话"): 1.0}) == {}


def test_phrases_are_the_stretches_that_no_link_leaves() -> None:
    assert sorted(alignment.phrase_pairs([(0, 1), (1, 0)], 2, 2)) == [
        ((0, 1), (1, 2)),
        ((0, 2), (0, 2)),
        ((1, 2), (0, 1)),
    ]
    assert ((0, 1), (0, 1)) not in alignment.phrase_pairs([(0, 0), (1, 0)], 2, 1)


def test_shares_count_what_was_never_seen() -> None:
    assert tables.table([("k", "a", 0.5), ("k", "b", 0.2)], kept=1, least=0.1) == {"k": [("a", 0.5)]}


def test_missing_data_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="cedict"):
        command.run(tmp_path, tmp_path / "out")
    assert command.main(["--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "is missing; give --data" in capsys.readouterr().err


def test_the_recipe_is_a_command() -> None:
    command = [sys.executable, "-m", "index.training.lexicon", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert "--data" in shown.stdout


# Other languages into English


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entries:
    """The table of German made of a few words and sentences."""
    folder = tmp_path / "others"
    folder.mkdir()
    rows = {
        "de.tsv": [
            "boat\tBoot, Kahn",
            "mayor\tBürgermeister",
            "mary\tMarien",
            "marry\theiraten",
            "tower\tTurm",
        ],
        "asking.tsv": ["de\twer\twho", "de\tdie\t-", "de\twie viele\thow many", "fr\tqui\twho"],
    }
    for name, lines in rows.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(others, "FOLDER", folder)
    monkeypatch.setattr(others, "EVERYDAY", tmp_path)
    sentences = [
        ("the old lighthouse", "der alte Leuchtturm"),
        ("a lighthouse", "ein Leuchtturm"),
        ("an old boat", "ein altes Boot"),
        ("the lighthouse keeper", "der Leuchtturmwärter"),
    ]
    pairs = [Pair(source="x", language="de", english=e, text=t) for e, t in sentences * 3]
    return others.made("de", [*pairs, Pair(source="x", language="fr", english="boat", text="bateau")])


def test_glossaries_and_sentences_say_what_a_word_is_called_in_english(german: Entries) -> None:
    assert german["boot"][0][0] == "boat"
    assert german["kahn"] == [("boat", pytest.approx(2.5 / 2.8))]  # the second word of its entry
    assert german["leuchtturm"][0][0] == "lighthouse"
    assert "bateau" not in german


def test_question_words_and_function_words_have_the_last_word(german: Entries) -> None:
    assert german[f"{EXACT}wer"] == [("who", 1.0)]
    assert german[f"{EXACT}die"] == [(SILENT, 1.0)]
    assert german[f"{EXACT}wie viele"] == [("how many", 1.0)]
    assert f"{EXACT}qui" not in german


def test_a_form_whose_stem_means_something_else_is_an_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "ru.tsv").write_text("mayor\tмэр, мэра\nmary\tмэри\n", encoding="utf-8")
    monkeypatch.setattr(others, "FOLDER", folder)
    monkeypatch.setattr(others, "EVERYDAY", tmp_path)
    entries = others.made("ru", [Pair(source="x", language="ru", english="mayor", text="мэр")] * 3)
    assert entries["мэр"][0][0] == "mayor"
    assert [english for english, _ in entries[f"{EXACT}мэри"]] == ["mary"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_line_of_another_languages_glossary_has_english_and_words_of_the_language(
    language: str,
) -> None:
    glosses = list(others.glosses(language))
    assert len({english for _, english, _ in glosses}) > 5_000
    assert all(re.fullmatch("[a-z0-9][a-z0-9 .'&-]*", english) for _, english, _ in glosses)
    assert all(text and "\t" not in text for text, _, _ in glosses)
    asked = dict(others.asking(language))
    assert len(asked) > 200
    assert {"who", "what", "when", "where", "why", "how many", SILENT} <= set(asked.values())
