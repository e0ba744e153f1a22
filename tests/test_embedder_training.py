from __future__ import annotations

import gzip
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch.nn import functional

from index.bert import BertConfig
from index.embedder import CompactEmbedder, StaticEmbedder
from index.errors import SettingsError
from index.text import is_chinese
from index.training import curves
from index.training.average import main as average_main
from index.training.embedder import passages, static
from index.training.embedder.__main__ import main
from index.training.embedder.align import align
from index.training.embedder.encoder import POSITIONS, ROWS, Encoder
from index.training.embedder.evaluate import (
    PassageSet,
    found_first,
    ndcg,
    passage_scores,
    rank_of,
    table,
    written_sets,
)
from index.training.embedder.glossed import forms_of, gloss
from index.training.embedder.mixture import Mixture, build, crossing, sentence_pairs, written_questions
from index.training.embedder.parallel import (
    CHINESE,
    VARIETIES,
    Pair,
    Parallel,
    hold_out,
    question_pairs,
    read_parallel,
)
from index.training.embedder.passages import Lookalikes
from index.training.embedder.rows import RowMaker, aligned_words, first_rows
from index.training.embedder.settings import Alignment, EmbedderSettings, Training
from index.training.embedder.train import Trainer, contrast, loss_of, rate_at
from index.training.embedder.vocabulary import Word, cut, inherited, read_words, widen
from index.training.questions import (
    Question,
    all_written,
    read_translations,
    split_sets,
    translated,
    written,
)
from index.weights import write_checksums

SENTENCES = (
    ("The dog sleeps in the garden.", "狗在花园里睡觉。", "Der Hund schläft im Garten."),
    ("The cat drinks milk.", "猫喝牛奶。", "Die Katze trinkt Milch."),
    ("My sister reads a book.", "我姐姐看书。", "Meine Schwester liest ein Buch."),
    ("The street is long.", "街道很长。", "Die Straße ist lang."),
    ("We eat bread in the morning.", "我们早上吃面包。", "Wir essen morgens Brot."),
    ("The train is late today.", "火车今天晚点。", "Der Zug kommt heute spät."),
    ("The teacher opens the window.", "老师打开窗户。", "Der Lehrer öffnet das Fenster."),
    ("Children play on the street.", "孩子们在街道上玩。", "Kinder spielen auf der Straße."),
    ("The dog drinks water.", "狗喝水。", "Der Hund trinkt Wasser."),
    ("The cat sleeps on the book.", "猫睡在书上。", "Die Katze schläft auf dem Buch."),
    ("The garden is green.", "花园是绿色的。", "Der Garten ist grün."),
    ("My brother opens a letter.", "我哥哥打开信。", "Mein Bruder öffnet einen Brief."),
)
QUESTIONS = (
    ("狗在哪里睡觉？", "村里有一条老狗。狗每天在花园里睡觉。猫不喜欢花园。", "花园里"),
    ("猫喝什么？", "姐姐养了一只猫。猫早上喝牛奶。晚上它不喝水。", "牛奶"),
    ("谁打开窗户？", "教室里很热。老师打开窗户。孩子们看书。", "老师"),
    ("火车什么时候到？", "火车站在城市北边。火车今天八点到。旅客很多。", "八点"),
)
NEWS = (
    "今天上午，本市花园街道的新图书馆开门迎客。馆里有八万册图书和一间儿童阅览室。市民可以凭身份证借书。"
    "馆长表示，图书馆每天开放十二个小时。预计一年将接待三十万名读者。工作人员说，周末会有老师来讲故事。",
    "北边的火车站昨天完成改造。站台加长了二百米，候车室扩大了一倍。旅客说，现在等车不再拥挤。"
    "车站负责人介绍，改造用了十四个月。今年春天还要开通两条新线路。附近的街道也重新铺了路面。",
)
TOY = """
seed = 3
start = "{start}"
teacher = "{teacher}"
everyday = "{everyday}"
held_out = 3
[vocabulary.quotas]
de = [20, 4]
[alignment]
steps = 5
batch = 8
[training]
steps = {steps}
batch_tokens = 120
passage_tokens = 240
checkpoint_s = 0
report_steps = 2
bank = 4
columns = 2
longest = 48
precision = "fp32"
[static]
dimensions = 8
steps = 4
batch_tokens = 200
[evaluation]
questions = 3
"""
WORDS = (
    Word(language="de", text="Hund", zipf=5.0, glosses=("dog",)),
    Word(language="de", text="Straße", zipf=5.1, glosses=("street", "road")),
    Word(language="de", text="schläft", zipf=4.0, glosses=("sleeps",)),
    Word(language="de", text="Katze", zipf=4.9, glosses=("cat",)),
)

EVERYDAY = {
    "words": ["Hund\tdog\n", "Straße\tstreet, road\n", "schläft\tsleeps\n", "Katze\tcat\n"],
    "phrases": ["Der Brief ist grün.\tThe letter is green.\n", "Das Brot ist lang.\tThe bread is long.\n"],
}


def small_tokenizer() -> Tokenizer:
    """English words and letters and single Chinese characters, put together as the shipped tokenizer is."""
    english = {word for row in SENTENCES for word in row[0].lower().strip(".").split()}
    chinese = {c for row in SENTENCES for c in row[1]} | {c for text in NEWS for c in text}
    chinese |= {c for row in QUESTIONS for text in row for c in text}
    letters = set("abcdefghijklmnopqrstuvwxyz▁.?")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    scored = [(piece, 0.0) for piece in pieces]
    scored += [(f"▁{word}", -10.0) for word in sorted(english)]
    scored += [(c, -12.0) for c in sorted((chinese | letters) - {" "})]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=1))
    mark = normalizers.Replace(Regex("(?<![a-z0-9])(?=[a-z0-9])"), "▁")
    plain = [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    tokenizer.normalizer = normalizers.Sequence([normalizers.Sequence(plain), mark])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def write_start(folder: Path, seed: int) -> Path:
    """Write a sentence-transformers folder with a random BERT of one small layer."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig as LibraryConfig
    from transformers import BertModel, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    tokenizer = small_tokenizer()
    body = folder.with_name(folder.name + "-body")
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(body)
    BertModel(
        LibraryConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=24,
            max_position_embeddings=64,
        )
    ).save_pretrained(body)
    modules = [Transformer(str(body), max_seq_length=48), Pooling(16), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    weights = load_file(folder / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if "pooler" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    for name in ("sentence_bert_config.json", "special_tokens_map.json"):
        stated = {"max_seq_length": 48} if "bert" in name else {}
        (folder / name).write_text(json.dumps(stated), encoding="utf-8")
    tokenizer.save(str(folder / "tokenizer.json"))
    write_checksums(folder)
    return folder


def write_gzip(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


@pytest.fixture(autouse=True)
def _float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute as sentence-transformers does, whatever the processor would rather multiply."""
    monkeypatch.setenv("CHUCHU_PRECISION", "float32")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    train, dev = folder / "train", folder / "dev"
    rows = [(en, zh, de) for en, zh, de in SENTENCES]
    write_gzip(train / "en_zh_pairs.tsv.gz", [f"tatoeba\t{en}\t{zh}" for en, zh, _ in rows])
    languages = [("deu_Latn", 2), ("zho_Hans", 1), ("zho_Hant", 1)]
    write_gzip(
        train / "multi_parallel.tsv.gz",
        [f"ntrex\t{code}\t{row[0]}\t{row[n]}" for code, n in languages for row in rows],
    )
    asked = [
        {"src": "cmrc", "lang": "zh", "q": q, "ctx": c, "a": a, "s": c.index(a)} for q, c, a in QUESTIONS
    ]
    write_gzip(train / "qa_pairs.jsonl.gz", [json.dumps(row, ensure_ascii=False) for row in asked])
    write_gzip(train / "news_zh.txt.gz", list(NEWS))
    write_gzip(dev / "tatoeba_test.tsv.gz", [f"deu\t{rows[-1][0]}\t{rows[-1][2]}"])
    paragraphs = [{"context": row["ctx"], "qas": [{"question": row["q"]}]} for row in asked]
    write_gzip(dev / "drcd_dev.json.gz", [json.dumps({"data": [{"paragraphs": paragraphs}]})])
    return folder


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return a function that writes the toy's settings for so many steps."""
    folder = tmp_path_factory.mktemp("toy")
    start, teacher = write_start(folder / "start", 1), write_start(folder / "teacher", 2)
    everyday = folder / "everyday"
    for kind, lines in EVERYDAY.items():
        (everyday / kind).mkdir(parents=True)
        (everyday / kind / "de.tsv").write_text("".join(lines), encoding="utf-8")

    def settings(steps: int) -> Path:
        path = folder / f"toy{steps}.toml"
        path.write_text(
            TOY.format(start=start, teacher=teacher, everyday=everyday, steps=steps), encoding="utf-8"
        )
        return path

    return settings


@pytest.fixture(scope="module")
def run(toy: Callable[[int], Path], data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a whole toy run of eight steps."""
    out = tmp_path_factory.mktemp("run")
    assert main(["--settings", str(toy(8)), "--data", str(data), "--out", str(out)]) == 0
    return out


def test_a_toy_run_ends_in_a_folder_that_both_loaders_open(run: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["Der Hund schläft.", "狗在花园里睡觉。", "", "The street is long."]
    ours = CompactEmbedder.load(run / "embedder", name="toy").embed_documents(texts)
    theirs = SentenceTransformer(str(run / "embedder"), device="cpu").encode(texts)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert json.loads((run / "embedder" / "config.json").read_text())["dtype"] == "float32"
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    assert scores["start"].keys() == scores["trained"].keys()
    assert {"DRCD dev, nDCG@10", "sentences de→en, R@1", "Tatoeba deu→en, R@1"} <= scores["trained"].keys()
    header, *points = (run / curves.TABLE).read_text(encoding="utf-8").splitlines()
    assert header.startswith("step\ttokens\ttokens_per_s\tloss_")
    assert [int(point.split("\t")[0]) for point in points] == [2, 4, 6, 8]


def test_a_killed_run_resumes_to_the_same_weights(
    run: Path, toy: Callable[[int], Path], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--settings", str(toy(8)), "--data", str(data), "--out", str(tmp_path)]
    whole = Trainer.train_step

    def killed(trainer: Trainer, batch: object) -> object:
        if trainer.step == 5:
            raise KeyboardInterrupt
        return whole(trainer, batch)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", killed)
        with pytest.raises(KeyboardInterrupt):
            main(arguments)
    assert main(arguments) == 0
    once, resumed = (load_file(out / "checkpoint.safetensors") for out in (run, tmp_path))
    assert once.keys() == resumed.keys()
    assert [name for name in once if not torch.equal(once[name], resumed[name])] == []


def test_training_moved_new_rows_and_body_alike(run: Path) -> None:
    first, last = load_file(run / "first.safetensors"), load_file(run / "checkpoint.safetensors")
    moved = {name for name in first if not torch.equal(first[name].float(), last[f"model/{name}"])}
    assert {ROWS, "encoder.layer.0.attention.self.query.weight", "embeddings.LayerNorm.bias"} <= moved


def test_only_the_rows_beyond_the_base_move_where_that_is_wanted(
    toy: Callable[[int], Path], data: Path, tmp_path: Path
) -> None:
    base = small_tokenizer().get_vocab_size()
    stated = toy(3).read_text(encoding="utf-8")
    stated = stated.replace("[training]\n", f"[training]\nfixed_rows = {base}\n")
    stated = stated.replace("[vocabulary.quotas]", f"[vocabulary]\nbase = {base}\n[vocabulary.quotas]")
    settings, out = tmp_path / "rows.toml", tmp_path / "out"
    settings.write_text(stated, encoding="utf-8")
    assert main(["--settings", str(settings), "--data", str(data), "--out", str(out)]) == 0
    first, final = load_file(out / "first.safetensors"), load_file(out / "embedder" / "model.safetensors")
    assert len(final[ROWS]) > base
    assert torch.equal(final[ROWS][:base], first[ROWS][:base].half())
    assert not torch.equal(final[ROWS][base:], first[ROWS][base:].half())
    same = [name for name in final if name not in (ROWS, POSITIONS)]
    assert [name for name in same if not torch.equal(final[name], first[name].half())] == []


def test_embedders_are_averaged_by_their_shares(run: Path, tmp_path: Path) -> None:
    one, other = run / "embedder", tmp_path / "other"
    shutil.copytree(one, other)
    ours = load_file(one / "model.safetensors")
    save_file(
        {name: w + 1 for name, w in ours.items()}, other / "model.safetensors", metadata={"format": "pt"}
    )
    write_checksums(other)
    assert average_main([str(tmp_path / "mean"), f"{one}=3", f"{other}=1"]) == 0
    found = load_file(tmp_path / "mean" / "model.safetensors")
    for name, weight in ours.items():
        assert torch.allclose(found[name].float(), weight.float() + 0.25, atol=4e-3), name
    assert CompactEmbedder.load(tmp_path / "mean", name="mean").embed_documents(["狗"]).shape == (1, 16)


def test_a_run_with_other_settings_is_refused(
    run: Path, toy: Callable[[int], Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(toy(8).read_text(encoding="utf-8").replace("seed = 3", "seed = 4"), encoding="utf-8")
    assert main(["--settings", str(other), "--data", str(data), "--out", str(run)]) == 1
    assert "holds a run with other settings" in capsys.readouterr().err


def test_a_folder_without_sentences_and_a_missing_teacher_are_refused_in_one_line(
    toy: Callable[[int], Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--settings", str(toy(8)), "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.strip().endswith("give the folder with train/ and dev/ in it.")
    lost = tmp_path / "lost.toml"
    lost.write_text('teacher = "no_such_teacher"\n', encoding="utf-8")
    assert main(["--settings", str(lost), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    assert "There is no teacher in 'no_such_teacher'" in capsys.readouterr().err


def test_texts_longer_than_the_start_reads_are_refused_in_one_line(
    toy: Callable[[int], Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "long.toml"
    stated = toy(8).read_text(encoding="utf-8").replace("longest = 48", "longest = 65")
    settings.write_text(stated, encoding="utf-8")
    assert main(["--settings", str(settings), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"training\.longest is 65, and .*start reads 64 tokens at most; set it lower\.", said)
    assert not (tmp_path / "out").exists()


def test_the_fast_sibling_refuses_a_folder_without_sentences_in_one_line(
    toy: Callable[[int], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert static.main(["--settings", str(toy(8)), "--data", str(tmp_path), "--out", str(out)]) == 1
    assert capsys.readouterr().err.strip().endswith("give the folder with train/ and dev/ in it.")


def test_a_mixture_of_nothing_is_one_clear_line() -> None:
    empty = [written_questions("written", [], 1), sentence_pairs("docs", [])]
    with pytest.raises(SettingsError, match="a share of 0 or no data"):
        Mixture(empty, small_tokenizer(), EmbedderSettings())


def test_questions_that_the_reader_holds_out_are_not_trained_on(tmp_path: Path) -> None:
    asked = [f"where is number {n} {side}" for n in range(20) for side in ("now", "today")]
    rows = [
        {"src": "qed", "lang": "en", "q": question, "ctx": f"It is at place {n // 2}.", "a": "It", "s": 0}
        for n, question in enumerate(asked)
    ]
    write_gzip(tmp_path / "train" / "qa_english.jsonl.gz", [json.dumps(row) for row in rows])
    held = {question.question for question in split_sets(tmp_path / "train")["qa_english"].held_out}
    assert len(held) == 4
    shares = dict.fromkeys(EmbedderSettings().mixture.model_dump(), 0.0) | {"qa_english": 1.0}
    settings = EmbedderSettings.model_validate({"mixture": shares})
    built = build(settings, tmp_path, Parallel(pairs=(), held_out=()), [], small_tokenizer())
    assert set(built.batch(0).columns[0]) == {*asked} - held


def test_the_settings_that_ship_are_valid() -> None:
    folder = Path(static.__file__).parent
    names = ("embedder.toml", "languages.toml", "embedder-gpu.toml")
    small, rows, large = (EmbedderSettings.read(folder / name) for name in names)
    assert rows.training.fixed_rows == rows.vocabulary.base
    assert rows.vocabulary == large.vocabulary
    assert small.training.batch_tokens < large.training.batch_tokens


def test_the_fast_sibling_trains_on_the_same_vocabulary(
    run: Path, toy: Callable[[int], Path], data: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    assert static.main(["--settings", str(toy(8)), "--data", str(data), "--out", str(run)]) == 0
    texts = ["Der Hund schläft.", "狗在花园里睡觉。", "街道"]
    ours = StaticEmbedder.load(run / "fast", name="toy").embed_documents(texts)
    theirs = SentenceTransformer(str(run / "fast"), device="cpu").encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(ours, theirs, atol=2e-3)  # the library means halves in halves
    assert ours.shape == (3, 8)
    assert (run / "fast" / "tokenizer.json").read_text() == (run / "embedder" / "tokenizer.json").read_text()


def test_new_pieces_are_normalised_words_after_the_old_ones() -> None:
    narrow = small_tokenizer()
    wide = widen(narrow, WORDS, {}, {"de": (4, 0)})
    old = narrow.get_vocab_size()
    assert [wide.id_to_token(n) for n in range(old, wide.get_vocab_size())] == [
        "▁strasse",
        "▁hund",
        "▁katze",
        "▁schlaft",
    ]
    assert [wide.id_to_token(n) for n in range(old)] == [narrow.id_to_token(n) for n in range(old)]
    assert wide.encode("STRASSE Straße", add_special_tokens=False).tokens == ["▁strasse", "▁strasse"]
    english = "The dog sleeps in the garden."
    assert wide.encode(english).ids == narrow.encode(english).ids


def pieces_beyond(wide: Tokenizer, narrow: Tokenizer) -> list[str]:
    return [str(wide.id_to_token(n)) for n in range(narrow.get_vocab_size(), wide.get_vocab_size())]


def test_stem_and_ending_become_pieces_where_many_words_share_them() -> None:
    stems, endings = ("книг", "город", "школ", "стран", "улиц"), ("ами", "ах", "ов", "у")
    words = [Word(language="ru", text=text, zipf=3.0, glosses=()) for text in (*stems, *endings)]
    texts = {"ru": [f"{stem}{ending} тут" for stem in stems for ending in endings]}
    narrow = small_tokenizer()
    wide = widen(narrow, words, texts, {"ru": (9, 0)})
    new = set(pieces_beyond(wide, narrow))
    assert {*stems, *endings, "тут"} <= new
    assert not {stem + ending for stem in stems for ending in endings} & new
    assert wide.encode("городами", add_special_tokens=False).tokens == ["город", "ами"]


def test_a_letter_of_a_language_has_a_piece_so_that_no_word_is_unknown() -> None:
    narrow = small_tokenizer()
    wide = widen(narrow, [], {"ru": ["кот ток кто", "тк окт"]}, {"ru": (0, 0)})
    assert pieces_beyond(wide, narrow) == ["к", "о", "т"]
    assert wide.encode("кто", add_special_tokens=False).tokens == ["к", "т", "о"]
    assert narrow.encode("кто", add_special_tokens=False).ids == [narrow.token_to_id("[UNK]")]


def test_a_start_keeps_its_first_pieces_and_the_rows_of_those_that_are_chosen_again() -> None:
    first = small_tokenizer()
    start = widen(first, WORDS, {}, {"de": (4, 0)})
    base = first.get_vocab_size()
    chosen = widen(cut(start, base), [WORDS[2], WORDS[0]], {}, {"de": (2, 0)})
    tokenizer, kept = inherited(chosen, start, base)
    assert kept[:base] == list(range(base))
    assert [start.id_to_token(n) for n in kept[base:]] == pieces_beyond(tokenizer, first)
    assert len(kept) == tokenizer.get_vocab_size() == base + 2
    milk = Word(language="de", text="Milch", zipf=5.2, glosses=("milk",))
    more = widen(cut(start, base), [WORDS[0], milk], {}, {"de": (2, 0)})
    tokenizer, kept = inherited(more, start, base)
    assert tokenizer.id_to_token(len(kept)) == "▁milch"  # new, after those that the start had
    assert tokenizer.id_to_token(base) == start.id_to_token(kept[base]) == "▁hund"


def test_words_of_chinese_characters_alone_are_left_to_chinese() -> None:
    words = [Word(language="ja", text=text, zipf=5.0, glosses=()) for text in ("牛奶", "飲む", "猫")]
    wide = widen(small_tokenizer(), words, {}, {"ja": (5, 0)})
    new = pieces_beyond(wide, small_tokenizer())
    assert [piece for piece in new if len(piece) > 1] == ["飲む"]


def test_a_row_begins_as_its_gloss_and_without_one_as_its_translation() -> None:
    narrow = small_tokenizer()
    rows = np.random.default_rng(1).normal(size=(narrow.get_vocab_size(), 12)).astype(np.float32)
    words = [WORDS[0], Word(language="de", text="Milch", zipf=4.0, glosses=())]
    pairs = [
        Pair(source="ntrex", language="de", english="cold milk", text="kalte Milch"),
        Pair(source="ntrex", language="de", english="warm milk", text="warme Milch"),
        Pair(source="ntrex", language="de", english="warm bread", text="warmes Brot"),
    ]
    wide = widen(narrow, words, {}, {"de": (2, 0)})
    made = first_rows(wide, narrow, rows, words, pairs)
    assert np.array_equal(made[: len(rows)], rows)
    mean = rows[5:].mean(axis=0)
    for piece, english in (("▁hund", "▁dog"), ("▁milch", "▁milk")):
        ours = made[wide.token_to_id(piece)] - mean
        theirs = rows[narrow.token_to_id(english)] - mean
        assert float(ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)) == pytest.approx(
            1, abs=1e-5
        )


def test_words_align_by_the_dice_coefficient() -> None:
    pairs = [
        Pair(source="x", language="de", english=english, text=text)
        for english, text in (
            ("a dog", "hund"),
            ("a dog barks", "hund"),
            ("a cat", "katze"),
            ("a bird", "vogel"),
        )
    ]
    wide = widen(small_tokenizer(), WORDS[:1], {}, {"de": (1, 0)})
    found = aligned_words(pairs, wide, {"▁hund"})
    assert found == {"▁hund": [("dog", 2 * 2 / (2 + 2)), ("a", 2 * 2 / (2 + 4))]}


def test_a_mean_of_rows_gets_the_length_of_one_row() -> None:
    narrow = small_tokenizer()
    rows = np.random.default_rng(2).normal(size=(narrow.get_vocab_size(), 12)).astype(np.float32)
    maker = RowMaker(narrow, rows)
    mean = maker.of_text("the dog sleeps in the garden")
    assert mean is not None
    usual = float(np.median(np.linalg.norm(rows[5:] - rows[5:].mean(axis=0), axis=1)))
    assert np.linalg.norm(maker.scaled(mean) - rows[5:].mean(axis=0)) == pytest.approx(0.9 * usual, rel=1e-5)
    assert maker.of_text("") is None


def test_alignment_draws_new_rows_to_their_translations_and_leaves_the_old() -> None:
    rows = np.random.default_rng(3).normal(size=(24, 8)).astype(np.float32)
    pairs = [([12 + n], [n]) for n in range(12)]
    fitted = align(rows, 12, pairs, Alignment(steps=300, batch=6, rate=3e-2), 1)
    assert np.allclose(fitted[:12], rows[:12], atol=1e-6)
    unit = fitted - rows[:12].mean(axis=0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert (unit[12:] @ unit[:12].T).argmax(axis=1).tolist() == list(range(12))


def test_what_is_tested_is_in_no_training_set() -> None:
    pairs = [
        Pair(source="ntrex", language=language, english=f"Sentence {n}.", text=f"{language} {n}")
        for n in range(6)
        for language in ("de", "fr")
    ]
    pairs += [
        Pair(source="tatoeba", language="zh-Hans", english=f"sentence {n}", text=f"句{n}") for n in range(6)
    ]
    pairs += [Pair(source="pydocs", language="fr", english="Other.", text="DE, 3!")]
    parallel = hold_out(pairs, ["de 3"], 2)
    held = {row["en"] for row in parallel.held_out}
    assert len(held) == 2
    assert all(row.keys() == {"en", "de", "fr"} for row in parallel.held_out)
    trained = {pair.english.lower().strip(".") for pair in parallel.pairs}
    assert not trained & {english.lower().strip(".") for english in held}
    assert not any("de 3" in pair.text.lower().replace(",", "") for pair in parallel.pairs)
    assert hold_out(pairs, [], 2).held_out == parallel.held_out


def test_everyday_english_is_put_word_by_word_by_frequent_forms() -> None:
    forms = forms_of(WORDS)
    assert gloss("The dog sleeps.", forms, " ", Random(1)) == "Hund schläft."
    assert gloss("Quantum chromodynamics confuses everyone.", forms, " ", Random(1)) is None


def test_lookalikes_share_words_and_neither_hold_the_answer_nor_come_from_its_context() -> None:
    texts = ["猫早上喝牛奶。", "猫晚上喝水。", "火车站在北边。", "狗早上喝水。", "猫早上喝茶。"]
    asked = Question(language="zh", question="", context="猫早上喝茶。猫早上喝牛奶。", start=10, end=12)
    assert asked.answer == "牛奶"
    looks = Lookalikes(texts, "zh")
    assert looks.find("猫早上喝什么？", asked, 2) == ["狗早上喝水。", "猫晚上喝水。"]
    assert looks.find("？", asked, 2) == []


def test_a_window_is_whole_sentences_with_the_answer() -> None:
    context = "".join(f"第{n}句话说的是第{n}件事情。" for n in range(40))
    start = context.index("第20件")
    asked = Question(language="zh", question="?", context=context, start=start, end=start + 4)
    for seed in range(20):
        window = passages.window(asked, Random(seed))
        assert "第20件" in window
        assert window in context
        assert window.startswith("第")
        assert window.endswith("。")
        assert len(window) <= 150


def test_chunks_join_to_the_text_and_keep_their_size() -> None:
    text = "短句。" * 30 + "一个没有标点的很长的句子" * 20 + "。尾巴"
    found = passages.chunks(text, "zh", 50)
    assert "".join(found) == text
    assert max(map(len, found)) <= 50


def test_the_rate_rises_stays_and_falls() -> None:
    options = Training(steps=100, warmup_steps=10, decay_share=0.5)
    shares = [rate_at(step, options) for step in (0, 9, 30, 50, 75, 99)]
    assert shares == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.5, 0.02])


def test_the_losses_are_those_of_the_formulas() -> None:
    generator = torch.Generator().manual_seed(4)
    ours, theirs, wrong = (
        functional.normalize(torch.randn(n, 6, generator=generator), dim=1) for n in (3, 3, 2)
    )
    near = torch.exp(ours @ torch.cat([theirs, wrong]).T / 0.1).numpy()
    back = torch.exp(theirs @ ours.T / 0.1).numpy()
    there = -np.mean([math.log(near[n, n] / near[n].sum()) for n in range(3)])
    other = -np.mean([math.log(back[n, n] / back[n].sum()) for n in range(3)])
    assert float(contrast(ours, theirs, 0.1, wrong)) == pytest.approx((there + other) / 2, abs=1e-4)
    options = Training(temperature=0.1, distance_weight=4.0)
    distance = float((1 - (ours * theirs).sum(dim=1)).mean())
    wanted = 4 * distance + float(contrast(ours, theirs, 0.1))
    assert float(loss_of([ours], theirs, None, options)) == pytest.approx(wanted, abs=1e-5)


def test_the_encoder_in_training_computes_what_the_embedder_does(
    toy: Callable[[int], Path],
) -> None:
    folder = toy(8).parent / "start"
    tokenizer = small_tokenizer()
    texts = ["狗在花园里睡觉。", "The dog sleeps in the garden.", "猫"]
    rows = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    encoder = Encoder(
        BertConfig.read(folder), load_file(folder / "model.safetensors"), precision=torch.float32
    )
    ours = encoder([rows]).detach().numpy()
    theirs = CompactEmbedder.load(folder, name="start").embed_documents(texts)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_ranks_and_scores_agree_with_those_made_by_hand() -> None:
    similar = np.array([0.2, 0.9, 0.5, 0.6], dtype=np.float32)
    owners = np.array([0, 0, 1, 2])
    assert [rank_of(similar, owners, right) for right in (0, 1, 2)] == [1, 3, 2]
    assert rank_of(np.zeros(4, dtype=np.float32), owners, 0) == 3
    assert ndcg([1, 2, 11, None]) == pytest.approx((1 + 1 / math.log2(3)) / 4)
    queries = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    assert found_first(queries, np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)) == pytest.approx(2 / 3)


class ByLetters:
    """An embedder that counts three characters."""

    fingerprint, dimensions = "letters", 3

    def embed_documents(self, texts: object, progress: object = None) -> np.ndarray:
        counts = np.array([[text.count(c) + 1e-6 for c in "猫狗鸟"] for text in texts], dtype=np.float32)  # type: ignore[attr-defined]
        unit: np.ndarray = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return unit

    embed_queries = embed_documents


def test_a_context_is_found_by_its_best_chunk() -> None:
    wanted = PassageSet(
        name="pets",
        questions=("猫", "狗", "鸟"),
        contexts=("狗狗狗狗。猫。", "狗。鸟狗。", "鸟。"),
        right=(0, 1, 2),
        language="zh",
        fused=True,
    )
    scores = passage_scores(ByLetters(), wanted, 20)
    dog = 1 / math.log2(3)  # of two contexts that are all dog, the right one counts as the second
    one_chunk = passage_scores(ByLetters(), wanted, 5)
    assert scores["pets, nDCG@10"] == pytest.approx((1 + dog + 1) / 3)
    assert one_chunk["pets, MRR"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert set(scores) == {"pets, nDCG@10", "pets, MRR", "pets, fused nDCG@10"}


def test_the_table_says_how_much_of_the_error_is_gone() -> None:
    shown = table({"a": 0.5, "b": 1.0}, {"a": 0.75, "b": 1.0, "c": 0.1})
    assert "| a | 0.500 | 0.750 | -50 % |" in shown
    assert "| b | 1.000 | 1.000 |  |" in shown
    assert "| c |  | 0.100 |  |" in shown


def test_written_questions_meet_their_passage_and_a_lookalike_in_its_language() -> None:
    contexts = [f"第{n}座灯塔建在海边的山上。守塔的人姓第{n}王。他养了{n}只白色的鹅。" for n in range(4)]
    asked = [
        Question(
            language="zh",
            question=question,
            context=context,
            start=context.index(f"{n}只"),
            end=context.index(f"{n}只") + 2,
        )
        for n, context in enumerate(contexts)
        for question in ("他养了几只鹅？", f"How many geese at lighthouse {n}?")
    ]
    source = written_questions("written", asked, 1)
    assert source.size == 8
    for number in range(8):
        example = source.draw(number, Random(number))
        assert example is not None
        assert example.texts[0] == asked[number].question
        assert f"{number // 2}只" in example.texts[1]
        (negative,) = example.negatives
        assert f"{number // 2}只" not in negative


def test_the_questions_that_ship_are_trained_on_but_for_a_tenth() -> None:
    asked = passages.written_questions()
    held_out = {
        question.context for language in ("en", "ko", "zh") for question in written(language).held_out
    }
    assert {one.language for one in asked} == {"en", "ko", "zh"}
    assert not held_out & {one.context for one in asked}
    assert all(one.context.startswith(one.answer, one.start) for one in asked)


def test_a_glossarys_words_are_rarer_the_further_down_they_stand(tmp_path: Path) -> None:
    (tmp_path / "de.tsv").write_text("Hund\tdog\nStraße\tstreet, road\n", encoding="utf-8")
    dog, street = read_words(tmp_path)
    assert (dog.language, dog.text, dog.glosses) == ("de", "Hund", ("dog",))
    assert street.glosses == ("street", "road")
    assert dog.zipf == pytest.approx(6.7)
    assert street.zipf < dog.zipf
    assert read_words(tmp_path / "none") == []


def test_phrases_are_trained_on_but_for_those_that_are_tested(tmp_path: Path, data: Path) -> None:
    tested = SENTENCES[-1]
    lines = [f"{tested[2]}\t{tested[0]}\n", "Das Brot ist lang.\tThe bread is long.\n"]
    (tmp_path / "phrases").mkdir()
    (tmp_path / "phrases" / "de.tsv").write_text("".join(lines), encoding="utf-8")
    phrases = [pair for pair in read_parallel(data, 3, tmp_path).pairs if pair.source == "phrases"]
    assert [(p.language, p.english, p.text) for p in phrases] == [
        ("de", "The bread is long.", "Das Brot ist lang.")
    ]


def test_the_glossaries_that_ship_are_whole() -> None:
    folder = EmbedderSettings().everyday_folder
    languages = {*VARIETIES.values()} - {*CHINESE}
    for kind, key in (("words", 0), ("phrases", 0), ("questions", 1)):
        files = sorted((folder / kind).glob("*.tsv"))
        assert {path.stem for path in files} - {"en", "zh"} == languages
        for path in files:
            lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
            assert [line for line in lines if len(line) != 2 or not all(map(str.strip, line))] == []
            assert len({line[key] for line in lines}) == len(lines), path


def test_questions_in_other_languages_are_trained_on_but_for_those_held_out() -> None:
    folder = EmbedderSettings().everyday_folder / "questions"
    translations = list(read_translations(folder))
    held_out = all_written().held_out
    trained = {question.question for question in passages.written_questions()}
    held = {question.question for question in held_out}
    assert {translation.original for translation in translations} <= trained | held
    assert {translation.language for translation in translations} >= {"en", "zh", "de", "ar"}
    pairs = list(question_pairs(folder))
    assert not held & {text for pair in pairs for text in (pair.english, pair.text)}
    assert all(pair.source == "questions" and pair.text != pair.english for pair in pairs)
    assert not any(is_chinese(pair.english) for pair in pairs)
    held_contexts = {question.context for question in held_out}
    asked = translated(passages.written_questions(), folder)
    assert len(asked) > 0.8 * len(translations)
    assert not held_contexts & {one.context for one in asked}


def test_held_out_questions_are_measured_in_all_languages_on_both_kinds_of_passages() -> None:
    sets = {found.name: found for found in written_sets(EmbedderSettings().everyday_folder, 50)}
    assert sorted(sets) == sorted(f"written {a}→{b}" for a in ("zh", "en", "others") for b in ("zh", "en"))
    trained = {one.context for one in passages.written_questions()}
    for found in sets.values():
        assert len(found.questions) == len(found.right) == 50
        assert not trained & set(found.contexts)
    assert all(map(is_chinese, sets["written zh→en"].questions))
    assert not any(map(is_chinese, sets["written en→zh"].questions))
    assert list(written_sets(EmbedderSettings().everyday_folder, 0)) == []


def test_a_query_of_any_language_meets_a_chinese_or_english_passage() -> None:
    languages = ("zh-Hans", "zh-Hant", "de", "fr")
    pairs = [
        Pair(source="ntrex", language=name, english=f"This is the sentence number {n}.", text=f"{name} {n}")
        for n in range(9)
        for name in languages
    ]
    source = crossing(pairs, [], [], 0)
    assert source.size == 9
    seen = set()
    for seed in range(60):
        example = source.draw(0, Random(seed))
        assert example is not None
        query, passage = example.texts
        number = re.search(r"\d", query)
        assert number is not None
        assert number[0] in passage
        seen.add(query.split()[0])
        assert passage.startswith(("This", "zh-"))
    assert seen == {"This", *languages}
