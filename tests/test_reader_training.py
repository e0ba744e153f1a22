from __future__ import annotations

import gzip
import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import cast

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from index.errors import SettingsError
from index.text import is_chinese
from index.training import questions
from index.training.average import main as average_main
from index.training.average import mean
from index.training.command import claim
from index.training.questions import (
    WRITTEN,
    WRITTEN_MARKED,
    Question,
    Split,
    asked_again,
    context_key,
    hold_out,
    read_questions,
    read_written,
    without_overlaps,
    written,
    written_files,
)
from index.weights import write_checksums
from rag.datatypes import Span
from rag.features import CLS, MASK, PASSAGE, SEP, Featuriser
from rag.reader import MAX_SPAN, Reader
from rag.training import curves
from rag.training.__main__ import main
from rag.training.answers import find_answers
from rag.training.chinese_questions import ask
from rag.training.evaluate import Asked, score_spans, table
from rag.training.evaluate import main as evaluate_main
from rag.training.examples import (
    SOURCES,
    Example,
    Source,
    asked_examples,
    cut_chunks,
    parallel_questions,
    spread,
    subject_of,
    window_around,
)
from rag.training.export import export
from rag.training.gloss import english_by_gloss
from rag.training.masking import hide
from rag.training.mixture import (
    Sample,
    Sources,
    featurise,
    featurise_masked,
    make_samples,
    prepare,
)
from rag.training.negatives import HardPassages, Names, near_miss, without_its_sentence
from rag.training.page_questions import READ_PAGES, read_pages
from rag.training.parallel import chinese_figures, english_value, shared_answers
from rag.training.settings import Mixture, TrainingSettings
from rag.training.train import Batch, Taught, Trainer, batch_order, collate, losses, rate_at
from rag.training.vocabulary import of_script, swap, unused
from rag.training.words import Lexicon, Word, tag_words

READER = Path(__file__).parents[1] / "rag" / "models" / "reader"

ROWS = (
    ("青山", "青山", "Qing1 shan1", "Qingshan, city in the north"),
    ("雲河", "云河", "Yun2 he2", "Yunhe, river in the south"),
    ("挪威", "挪威", "Nuo2 wei1", "Norway"),
    ("工廠", "工厂", "gong1 chang3", "factory"),
    ("新建", "新建", "xin1 jian4", "new construction"),
    ("工人", "工人", "gong1 ren2", "worker"),
    ("產量", "产量", "chan3 liang4", "output"),
)
NEWS = (
    "3月5日，青山造船厂举行新船下水仪式。这艘客船全长120米，可以载客860人。厂长李建国表示，公司今年计划交付12艘客船。"
    "该厂位于青山市东郊，成立于1987年。船厂现有工人2300名，去年产值达到45亿元。",
    "云河大学近日公布招生计划。2023年，该校计划招收新生5200名，比上年增长8.5%。校长王秀兰说，学校新建了三座实验楼。"
    "云河大学的图书馆藏书310万册，包括古籍、地方志、手稿等。",
    "青山市今年修建了46公里自行车道。市交通局局长陈志强介绍，全市公交车达到1800辆，其中电动车占72%。"
    "新线路将于10月1日开通，从火车站到云河大学只要25分钟。",
    "南湖乳业有限公司在挪威开设了第一家分店。总经理赵敏表示，公司去年出口奶粉3.2万吨，销售额为9.6亿元。"
    "分店于2022年5月开业，有员工35人。",
    "云河两岸的稻田今年丰收，总产量达到21万吨。农民刘大山种了60亩水稻，每亩收入1800元。"
    "当地合作社成立于2015年，有社员430户，主要产品包括大米、米酒、米粉。",
    "青山市博物馆展出了《山城旧影》摄影展。展览共有照片260张，由摄影师周文静捐赠。"
    "馆长孙立说，开馆第一天就来了4000多名观众。",
)
PAIRS = (
    (
        "The shipyard in Norway launched 12 ferries on March 5, 2021.",
        "挪威的造船厂2021年3月5日下水了12艘渡轮。",
    ),
    ("Its output grew by 8.5% to 1.2 million tons in 2019.", "2019年其产量增长8.5%，达到120万吨。"),
    (
        "The museum has 260 photographs and cost 30 million yuan to build.",
        "这座博物馆有260张照片，建造花费3000万元。",
    ),
    ("Three workers from the factory met the mayor on Monday.", "工厂的三名工人星期一会见了市长。"),
)
ASKED = (
    (
        "cmrc",
        "青山塔有多高？",
        "青山塔建于1902年，高48米，是市内最高的建筑。塔内有台阶306级。每年春天有灯会。",
        "48米",
    ),
    (
        "cmrc",
        "青山塔建于哪一年？",
        "青山塔建于1902年，高48米，是市内最高的建筑。塔内有台阶306级。每年春天有灯会。",
        "1902年",
    ),
    (
        "cmrc",
        "谁画了《秋江》？",
        "《秋江》是画家何远的作品，长三米，现藏云河美术馆。何远一生作画四百多幅。",
        "何远",
    ),
    (
        "cmrc",
        "《秋江》藏在哪里？",
        "《秋江》是画家何远的作品，长三米，现藏云河美术馆。何远一生作画四百多幅。",
        "云河美术馆",
    ),
    (
        "jaquad",
        "山川駅はいつ開業しましたか?",
        "山川駅は1925年に開業した。一日の利用者は3200人である。駅前に広場がある。",
        "1925年",
    ),
    (
        "jaquad",
        "駅前に何がありますか?",
        "山川駅は1925年に開業した。一日の利用者は3200人である。駅前に広場がある。",
        "広場",
    ),
    ("jaquad", "橋の長さは?", "青橋は長さ210メートルの橋である。1968年に完成した。", "210メートル"),
)


def lexicon() -> Lexicon:
    return Lexicon.of(ROWS)


def example(question: str, passage: str, answer: str) -> Example:
    start = passage.index(answer)
    return Example(
        source="news",
        question=question,
        passage=passage,
        start=start,
        end=start + len(answer),
        document=1,
        query=question,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of two dozen sentences, in the layout that the recipe reads."""
    folder = tmp_path / "data" / "train"
    folder.mkdir(parents=True)

    def write(name: str, lines: list[str]) -> None:
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    write("cedict.tsv.gz", ["\t".join(row) for row in ROWS])
    write("news_zh.txt.gz", list(NEWS))
    write("en_zh_pairs.tsv.gz", [f"wmt\t{en}\t{zh}" for en, zh in PAIRS])
    asked = [
        {"src": s, "lang": "ja" if s == "jaquad" else "zh", "q": q, "ctx": c, "a": a, "s": c.index(a)}
        for s, q, c, a in ASKED
    ]
    write("qa_pairs.jsonl.gz", [json.dumps(row, ensure_ascii=False) for row in asked])
    context = "The old bridge was built in 1871 by Anna Holm. It is 90 metres long."
    english = {
        "src": "qed",
        "lang": "en",
        "q": "who built the old bridge",
        "ctx": context,
        "a": "Anna Holm",
        "s": 36,
    }
    write("qa_english.jsonl.gz", [json.dumps(english)])
    return folder.parent


SETTINGS = """
seed = 3
start = "{start}"
[mixture]
news = 40
gloss = 10
parallel = 6
english_news = 2
cmrc = 6
jaquad = 4
english = 1
masked = 20
held_out = 1
[training]
batch_tokens = 400
body_rate = 3e-3
head_rate = 3e-3
epochs = 4.0
warmup_steps = 2
dropout = 0.05
hidden_tokens = 0.05
checkpoint_s = 0.0
report_steps = 2
[evaluation]
spans = 2
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file that starts from a tiny reader with the shipped vocabulary."""
    from transformers import BertConfig, BertForTokenClassification

    torch.manual_seed(0)
    start = tmp_path / "start"
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertForTokenClassification(
        BertConfig(vocab_size=47_767, type_vocab_size=6, num_labels=3, dtype="float32", **sizes)
    ).save_pretrained(start)
    for name in ("tokenizer.json", "stop_tokens.json"):
        shutil.copyfile(READER / name, start / name)
    write_checksums(start)
    path = tmp_path / "toy.toml"
    path.write_text(SETTINGS.format(start=start.as_posix()), encoding="utf-8")
    return path


def test_words_cover_their_text_and_a_date_is_one_word() -> None:
    text = "2023年8月7日，青山市新建了3座工厂。"
    words = tag_words(text)
    assert "".join(word.text for word in words) == text
    assert words[0] == Word("2023年8月7日", "DATE", 0, 9)
    assert all(text[word.start : word.end] == word.text for word in words)


def test_answers_of_a_sentence_are_found_with_the_words_that_ask_for_them() -> None:
    text = "厂长李建国表示，南湖乳业有限公司去年5月在青山投资3.2亿元，招收工人450余名。"
    found = {text[a.start : a.end]: a for a in find_answers(text, tag_words(text), lexicon())}
    assert {"李建国": "person", "去年5月": "date", "3.2亿元": "figure", "450余名": "figure"}.items() <= {
        name: answer.kind for name, answer in found.items()
    }.items()
    assert any(answer.kind == "organisation" and "南湖乳业" in name for name, answer in found.items())
    assert "多少名" in found["450余名"].asks
    assert "多少亿元" in found["3.2亿元"].asks


def test_a_made_question_never_holds_its_answer() -> None:
    random = Random(0)
    made = 0
    for article in NEWS:
        words = tag_words(article)
        for answer in find_answers(article, words, lexicon()):
            question = ask(article, words, answer, random)
            if question and answer.kind in {"figure", "date"}:
                made += 1
                assert article[answer.start : answer.end] not in question.text
    assert made > 15


def test_a_figure_is_asked_for_in_its_clause() -> None:
    text = "去年，南湖乳业的销售额达到9.6亿元。"
    words = tag_words(text)
    answer = next(a for a in find_answers(text, words, lexicon()) if a.kind == "figure")
    made = (ask(text, words, answer, Random(seed)) for seed in range(20))
    asked = {question.text for question in made if question}
    assert all("南湖乳业" in question and "9.6" not in question for question in asked)
    assert len(asked) > 3
    assert any(question.endswith(("多少？", "多少亿元？", "多少元？")) for question in asked)


def test_a_glossed_question_speaks_english_and_keeps_names_in_pinyin() -> None:
    text = "2021年工厂产量达到45万吨。"
    words = tag_words(text)
    answer = next(a for a in find_answers(text, words, lexicon()) if a.kind == "figure")
    question = ask(text, words, answer, Random(1))
    assert question is not None
    english = english_by_gloss(question, answer, lexicon(), Random(1))
    assert english is not None
    assert english.isascii()
    assert english.lower().startswith(("how", "what"))
    assert {"factory", "output"} <= set(english.replace("?", "").split())


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("$1.5 million", (1.5e6, False)),
        ("12", (12.0, False)),
        ("8.5%", (8.5, True)),
        ("2,300", (2300.0, False)),
    ],
)
def test_an_english_figure_has_its_value(figure: str, value: tuple[float, bool]) -> None:
    assert english_value(figure) == value


def test_a_chinese_figure_has_value_and_place() -> None:
    text = "约1.5万人，增长百分之8"
    assert [(v, p, text[slice(*span)]) for v, p, span in chinese_figures(text)] == [
        (15000.0, False, "1.5万人"),
        (8.0, True, "百分之8"),
    ]


def test_answers_of_parallel_sentences_are_found_on_both_sides() -> None:
    found = [
        (en[slice(*answer.english)], zh[slice(*answer.chinese)])
        for en, zh in PAIRS
        for answer in shared_answers(en, zh, lexicon())
    ]
    assert (
        found
        == [
            ("March 5, 2021", "2021年3月5日"),
            ("12", "12艘"),
            ("Norway", "挪威"),
            ("2019", "2019年"),
            ("8.5%", "8.5%"),
            ("1.2 million", "120万吨"),
            ("260", "260张"),
            ("30 million yuan", "3000万元"),
            ("Three", "三名"),
        ][: len(found)]
    )
    assert len(found) >= 8


def test_parallel_examples_point_at_the_answer() -> None:
    crossing, same, chunks = parallel_questions(PAIRS, lexicon(), Random(2))
    assert crossing
    for made in [*crossing, *same]:
        assert made.answer.strip() == made.answer != ""
    assert [chunk for _, chunk in chunks] == [made.passage for made in same]


def test_held_out_contexts_are_not_trained_on() -> None:
    questions = [
        Question(language="zh", question=f"q{n}", context=f"context {n // 3}", start=0, end=7)
        for n in range(30)
    ]
    split = hold_out(questions, 6)
    assert len(split.held_out) == 6
    assert not {q.context for q in split.training} & {q.context for q in split.held_out}
    assert hold_out(list(reversed(questions)), 6).held_out == tuple(reversed(split.held_out))


def test_a_cut_that_overlaps_a_held_out_one_is_in_neither_part() -> None:
    shared = [f"这是第{n}篇文章里两段都有的话，" * 4 for n in "一二三四五六"]
    partner: dict[str, str] = {}
    for n, words in enumerate(shared):
        before, after = f"{n}号馆藏书很多。" + words, words.replace("，", ", ") + f"{n}号桥很长。"
        partner |= {before: after, after: before}
    questions = [Question(language="zh", question="?", context=cut, start=0, end=1) for cut in partner]
    assert without_overlaps(Split(training=tuple(questions), held_out=())).training == tuple(questions)
    split = without_overlaps(hold_out(questions, 2))
    held = {question.context for question in split.held_out}
    assert len(held) == 2
    trained = {question.context for question in split.training}
    assert trained == {*partner} - held - {partner[cut] for cut in held} != set()


def test_an_answer_that_moved_is_found_and_a_lost_one_left_out(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl.gz"
    rows = [
        {"src": "x", "lang": "zh", "q": "?", "ctx": "高48米。", "a": answer, "s": 0}
        for answer in ("48米", "50米")
    ]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    assert read_questions(path) == [Question(language="zh", question="?", context="高48米。", start=1, end=4)]


def test_questions_written_on_a_data_set_s_contexts_find_them_by_their_key(tmp_path: Path) -> None:
    known = Question(language="zh", question="?", context="塔高48米，塔前有湖。", start=2, end=5)
    key = context_key(known.context)
    path = tmp_path / "towers.tsv"
    line = f"{key}\t塔前有什么？\t湖\tWhat is in front of the tower?\n"
    path.write_text(line + "0123456789\t谁？\t某人\tWho?\n", encoding="utf-8")
    ((one, other),) = asked_again(path, [known, known])
    assert one == Question(language="zh", question="塔前有什么？", context=known.context, start=9, end=10)
    assert other == replace(one, question="What is in front of the tower?")
    assert asked_again(tmp_path / "rivers.tsv", [known]) == []
    path.write_text(line.replace("湖", "海"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"towers\.tsv, line 1: expected an answer"):
        asked_again(path, [known])


def test_the_questions_that_come_with_the_recipe_name_a_context_and_are_asked_twice() -> None:
    files = sorted(questions.ASKED.rglob("*.tsv"))
    assert [path.relative_to(questions.ASKED).as_posix() for path in files] == [
        "cmrc.tsv",
        "marked/cmrc.tsv",
        "marked/fiction.tsv",
        "marked/qa_english.tsv",
        "qa_english.tsv",
    ]
    for path in files:
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        assert [line for line in lines if len(line) != 4 or not all(map(str.strip, line))] == []
        assert all(re.fullmatch("[0-9a-f]{10}", key) for key, *_ in lines)
        assert len({(key, question) for key, question, *_ in lines}) == len(lines)
        assert {is_chinese(question) for _, question, _, _ in lines} == {path.stem != "qa_english"}
        assert {is_chinese(translation) for *_, translation in lines} == {path.stem == "qa_english"}


def test_a_window_holds_its_span_and_chunks_hold_all() -> None:
    text = "".join(NEWS)
    for seed in range(5):
        window = window_around(text, (200, 210), "zh", Random(seed))
        assert window is not None
        assert window[0] <= 200 < 210 <= window[1]
        assert "".join(cut_chunks(text, "zh", Random(seed))) == text


def test_examples_are_spread_before_they_come_again() -> None:
    made = [example("？", f"高{n}米。", f"{n}米") for n in range(4)]
    drawn = [e.answer for e in spread(made, 10, Random(0))]
    assert len(drawn) == 10
    assert sorted(drawn[:4]) == sorted(drawn[4:8]) == ["0米", "1米", "2米", "3米"]


def test_hard_passages_look_right_and_lack_the_answer() -> None:
    chunks = [(1, "青山船厂现有工人2300名。"), (2, "青山船厂的工人住在东郊。"), (3, "图书馆藏书很多。")]
    hard = HardPassages(chunks, "zh")
    asked = example("青山船厂有多少工人？", chunks[0][1], "2300名")
    assert hard.search(asked.query)[0] in {0, 1}
    assert hard.elsewhere(asked, Random(0)) == chunks[1][1]
    assert hard.same_document(asked, Random(0)) is None
    assert HardPassages([], "zh").search("青山") == []


def test_a_near_miss_asks_about_something_else() -> None:
    asked = example("2021年产量是多少？", "2021年产量为45万吨，2020年为40万吨。", "45万吨")
    question = near_miss(asked, Names(by_tag={}, english=()), Random(0))
    assert question is not None
    assert question != asked.question
    assert question.endswith("年产量是多少？")
    assert question[:4] not in asked.passage
    assert (
        near_miss(
            example("产量是多少？", "产量为45万吨。", "45万吨"), Names(by_tag={}, english=()), Random(0)
        )
        is None
    )


def test_a_passage_without_its_answer_sentence_keeps_the_rest() -> None:
    asked = example("载客多少？", NEWS[0], "860人")
    rest = without_its_sentence(asked)
    assert rest is not None
    assert "860人" not in rest
    assert "3月5日" in rest


def test_windows_point_at_the_answer_tokens() -> None:
    featuriser = Featuriser.load(READER)
    long = "。".join(f"第{n}段说的是别的事情" for n in range(80)) + "。船厂有工人2300名。"
    samples = [
        Sample(
            source="news",
            kind="answer",
            question="有多少工人？",
            passage=p,
            span=(p.index("2300"), len(p) - 1),
        )
        for p in ("船厂有工人2300名。", long)
    ]
    samples.append(Sample(source="cmrc", kind="hard", question="有多少工人？", passage="图书馆。", span=None))
    windows = featurise(samples, featuriser)
    assert len(windows) == 3
    answer = featuriser.tokenise(["2300名"])[0].ids
    for n in (0, 1):
        row = windows.ids[windows.starts[n] : windows.starts[n + 1]]
        first, last, here, begin, _ = windows.labels[n]
        assert here == 1
        assert row[0] == CLS
        assert row[begin - 1] == row[-1] == SEP
        assert row[first : last + 1].tolist() == answer.tolist()
        assert set(windows.types[windows.starts[n] + begin : windows.starts[n + 1]]) <= {3, 4, 5}
    assert windows.labels[2, :3].tolist() == [0, 0, 0]


def test_windows_keep_the_numbers_of_a_large_vocabulary() -> None:
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *(f"#{n}" for n in range(66_000)),
        *"谁画了何远。",
    ]
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in dict.fromkeys(pieces)], unk_id=1))
    sample = Sample(source="cmrc", kind="answer", question="谁画了", passage="何远画了。", span=(0, 2))
    windows = featurise([sample], Featuriser(tokenizer))
    first, last = windows.labels[0, :2]
    assert [pieces[number] for number in windows.ids[first : last + 1]] == ["何", "远"]
    assert windows.hidden.dtype == windows.ids.dtype


def test_a_mixture_of_nothing_is_one_clear_line() -> None:
    with pytest.raises(SettingsError, match="no question to train on"):
        featurise([], Featuriser.load(READER))


def test_batches_hold_every_window_once_within_their_tokens() -> None:
    lengths = np.random.default_rng(0).integers(10, 180, 500)
    batches = batch_order(lengths, 600, seed=1, epoch=0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    assert all(lengths[b].max() * len(b) <= 600 for b in batches)
    again = batch_order(lengths, 600, seed=1, epoch=0)
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))
    assert not np.array_equal(batches[0], batch_order(lengths, 600, seed=1, epoch=1)[0])


def test_the_rate_rises_then_falls() -> None:
    rates = [rate_at(step, total=100, warmup=10) for step in range(100)]
    assert rates[0] == pytest.approx(0.099)
    assert max(rates) == rates[9]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.02)


def test_curves_are_cut_where_a_run_resumes(tmp_path: Path) -> None:
    table = tmp_path / curves.TABLE
    for step in (2, 4, 6):
        curves.append(
            table, {"step": step, "span_loss": 1 / step, "relevance_loss": 0.5, "exact_news": math.nan}
        )
    curves.cut(table, 4)
    assert curves.read(table)["step"] == [2, 4]
    curves.draw(table, tmp_path / curves.DRAWING)
    assert (tmp_path / curves.DRAWING).read_text(encoding="utf-8").count("<polyline") == 3
    curves.cut(table, 0)  # killed before its first checkpoint
    assert curves.read(table)["step"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mixture]\nnewz = 3\n", "mixture.newz"),
        ("seed = \n", "TOML"),
        ("[training]\nepochs = 0\n", "training.epochs"),
        ('[training]\nkeep_spans = ["cmrc"]\nnew_heads = true\n', "keep_spans needs new_heads = false"),
    ],
)
def test_settings_that_make_no_sense_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        TrainingSettings.read(path)


def test_a_reader_that_is_given_products_first_reads_as_before(settings: Path, tmp_path: Path) -> None:
    stated = TrainingSettings.read(settings)
    start = Path(stated.start)
    wide = Reader.load(export(Trainer(start, stated), start, tmp_path / "wide"))
    narrow = Reader.load(start)
    for passage in (NEWS[0], NEWS[1]):
        ours, theirs = (reader.readings("青山造船厂的厂长是谁？", [passage])[0] for reader in (wide, narrow))
        assert [s.text for s in ours.best(5)] == [s.text for s in theirs.best(5)]
        assert ours.best()[0].score == pytest.approx(theirs.best()[0].score, abs=0.05)  # fp16


def test_products_count_for_spans_as_wholes(settings: Path, tmp_path: Path) -> None:
    stated = TrainingSettings.read(settings)
    trainer = Trainer(Path(stated.start), stated)
    torch.nn.init.normal_(trainer.model.classifier.weight)
    reader = Reader.load(export(trainer, Path(stated.start), tmp_path / "wide"))
    reading = reader.readings("谁是厂长？", [NEWS[0]])[0]
    spans = [
        (int(first[0]), int(last[1]))
        for n, first in enumerate(reading.tokens)
        for last in reading.tokens[n : n + MAX_SPAN]
        if first[0] < last[1]
    ]
    best = max(spans, key=lambda span: reading.score(*span))
    assert (reading.best()[0].start, reading.best()[0].end) == best
    assert reading.best()[0].score == pytest.approx(reading.score(*best), rel=1e-4)
    (window,) = reading.windows
    starts = dict(zip(reading.tokens[:, 0].tolist(), window.starts.tolist(), strict=True))
    ends = dict(zip(reading.tokens[:, 1].tolist(), window.ends.tolist(), strict=True))
    by_ends = max(spans, key=lambda span: starts[span[0]] + ends[span[1]])
    assert by_ends != best


def test_the_loss_of_a_span_is_least_where_the_product_joins_its_ends() -> None:
    labels = torch.tensor([[2, 3, 1, 1, 0]])
    allowed = torch.tensor([[True, True, True, True, False]])
    filler = torch.zeros(1, 5, dtype=torch.long)
    batch = Batch(filler, filler, filler, allowed, filler, labels)
    logits = torch.zeros(1, 5, 7)  # two numbers a vector
    together, apart = logits.clone(), logits.clone()
    together[0, 2, 3], together[0, 3, 5] = 6.0, 6.0
    apart[0, 2, 3], apart[0, 3, 6] = 6.0, 6.0
    joined, _, exact = losses(together, batch)
    assert joined < losses(apart, batch)[0]
    assert exact.tolist() == [True]
    backwards = logits.clone()
    backwards[0, 3, 3], backwards[0, 2, 5] = 6.0, 6.0  # a span that ends before it begins is none
    assert losses(backwards, batch)[0] == pytest.approx(float(losses(logits, batch)[0]))


def test_where_spans_are_kept_only_whether_the_answer_is_here_is_learnt() -> None:
    allowed = torch.tensor([[True, True, True, True, False]] * 2)
    filler = torch.zeros(2, 5, dtype=torch.long)
    labels = torch.tensor([[2, 3, 1, 1, 0], [0, 0, 0, 1, 0]])  # answered by tokens 2 to 3, and by nothing
    batch = Batch(filler, filler, filler, allowed, filler, labels)
    before = torch.zeros(2, 5, 7)
    before[:, 1, :2] = 4.0  # the start answers with token 1
    learnt = before.clone()
    learnt[0, 0, :2], learnt[1, 0, :2] = -9.0, 9.0

    def loss_of(logits: torch.Tensor, kept: bool) -> float:
        return float(losses(logits, batch, Taught(before, torch.tensor([kept, kept])))[0])

    assert loss_of(learnt, kept=True) == pytest.approx(0.0, abs=0.01)
    assert loss_of(learnt, kept=False) > 1.0  # it is told the marked span
    moved = learnt.clone()
    moved[0, 2, 0], moved[0, 3, 1] = 8.0, 8.0
    assert loss_of(moved, kept=True) > 0.5
    assert loss_of(moved, kept=False) < loss_of(learnt, kept=False)
    nowhere = losses(moved, batch, Taught(before, torch.tensor([False, False])))
    assert float(nowhere[0]) == pytest.approx(float(losses(moved, batch)[0]))


def test_kept_spans_stay_with_the_start_while_others_are_learnt(settings: Path) -> None:
    text = "船厂有工人2300名。"
    sample = Sample(source="news", kind="answer", question="有多少工人？", passage=text, span=(5, 10))

    def moved_after_six_steps(*kept: Source) -> float:
        stated = TrainingSettings.read(settings)
        training = stated.training.model_copy(update={"keep_spans": kept, "precision": "fp32"})
        trainer = Trainer(Path(stated.start), stated.model_copy(update={"training": training}))
        batch = collate(featurise([sample], Featuriser.load(READER)), np.array([0]), trainer.device)

        def starts() -> torch.Tensor:
            with torch.no_grad():
                given = trainer.model(batch.ids, batch.attended, batch.types).logits[0, :, 0]
            return given[batch.allowed[0]][1:].log_softmax(0)

        before = starts()
        relevance = [float(trainer.train_step(batch, 1.0).relevance_loss) for _ in range(6)]
        assert relevance[-1] < relevance[0]
        return float(torch.nn.functional.kl_div(starts(), before, log_target=True, reduction="sum"))

    assert moved_after_six_steps("news") < 0.2 * moved_after_six_steps("cmrc")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_learns_in_both_precisions(settings: Path, precision: str) -> None:
    stated = TrainingSettings.read(settings)
    training = stated.training.model_copy(update={"precision": precision})
    trainer = Trainer(Path(stated.start), stated.model_copy(update={"training": training}))
    text = "船厂有工人2300名。"
    samples = [
        Sample(source="news", kind="answer", question="有多少工人？", passage=text, span=(5, 10)),
        Sample(source="news", kind="hard", question="有多少工人？", passage="图书馆藏书很多。", span=None),
    ]
    batch = collate(featurise(samples, Featuriser.load(READER)), np.array([0, 1]), trainer.device)
    losses = [sum(float(loss) for loss in trainer.train_step(batch, 1.0)[:2]) for _ in range(6)]
    assert losses[-1] < losses[0]
    assert all(weight.dtype == torch.float32 for weight in trainer.model.parameters())


@pytest.mark.parametrize("left_out", [{"dropout": 0.3}, {"hidden_tokens": 0.3}])
def test_what_is_left_out_differs_by_step_and_not_by_run(settings: Path, left_out: dict[str, float]) -> None:
    sample = Sample(
        source="news", kind="answer", question="有多少工人？", passage="船厂有工人2300名。", span=(5, 10)
    )

    def losses_of_two_steps(**options: float) -> list[float]:
        stated = TrainingSettings.read(settings)
        still = {"dropout": 0.0, "hidden_tokens": 0.0} | options
        training = stated.training.model_copy(update=still)
        trainer = Trainer(Path(stated.start), stated.model_copy(update={"training": training}))
        batch = collate(featurise([sample], Featuriser.load(READER)), np.array([0]), trainer.device)
        return [float(trainer.train_step(batch, 0.0)[0]) for _ in range(2)]  # a rate of 0: nothing is learnt

    first, second = losses_of_two_steps(**left_out)
    assert first != second
    assert losses_of_two_steps(**left_out) == [first, second]
    whole = losses_of_two_steps()
    assert whole[0] == whole[1] != first


def test_hidden_words_are_some_of_the_text_and_stand_where_they_stood() -> None:
    featuriser = Featuriser.load(READER)
    text = featuriser.tokenise(["船厂有工人2300名，" * 30])[0].ids
    before = featuriser.tokenise(["The shipyard has 2,300 workers."])[0].ids
    ids, types, hidden = hide(before, text, featuriser.pieces, np.random.default_rng(1))
    whole = np.concatenate([[CLS], before, [SEP], text, [SEP]])
    assert np.array_equal(np.where(hidden > 0, hidden, ids), whole)
    assert 0.1 < np.mean(hidden > 0) < 0.3
    assert 0.65 < np.mean(ids[hidden > 0] == MASK) < 0.95
    assert types.tolist() == [0] * (len(before) + 2) + [PASSAGE] * (len(text) + 1)
    alone = hide(before[:0], text, featuriser.pieces, np.random.default_rng(1))[0]
    assert len(alone) == len(text) + 2


def test_guessing_hidden_words_moves_the_body_once_the_guesser_has_learnt_alone(settings: Path) -> None:
    stated = TrainingSettings.read(settings)
    trainer = Trainer(Path(stated.start), stated)
    windows = featurise_masked([("", NEWS[0])], Featuriser.load(READER), seed=3)
    batch = collate(windows, np.array([0]), trainer.device)
    first = trainer.model.bert.embeddings.LayerNorm.weight
    kept = first.detach().clone()
    alone = trainer.train_step(batch, 1.0)
    assert float(alone.span_loss) == 0.0  # nothing is asked of such a window
    assert torch.allclose(first, kept, atol=1e-4)  # the decay of weights alone
    trainer.step = 1_000
    losses = [float(trainer.train_step(batch, 1.0).guess_loss) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert not torch.allclose(first, kept, atol=1e-4)


def test_words_may_stay_as_they_are(settings: Path) -> None:
    options = TrainingSettings.read(settings)
    still = options.model_copy(
        update={"training": options.training.model_copy(update={"train_words": False})}
    )
    trainer = Trainer(READER, still)
    before = trainer.model.state_dict()
    words = before["bert.embeddings.word_embeddings.weight"].clone()
    first = before["bert.embeddings.LayerNorm.weight"].clone()
    sample = Sample(
        source="news", kind="answer", question="有多少工人？", passage="工人2300名。", span=(2, 7)
    )
    trainer.train_step(
        collate(featurise([sample], Featuriser.load(READER)), np.array([0]), trainer.device), 1.0
    )
    after = trainer.model.state_dict()
    assert torch.equal(after["bert.embeddings.word_embeddings.weight"], words)
    assert not torch.equal(after["bert.embeddings.LayerNorm.weight"], first)


def test_the_table_has_a_row_for_each_set() -> None:
    before = {"drcd": {"em": 28.64, "f1": 50.5, "n": 600}}
    after = {"drcd": {"em": 50.0, "f1": 68.0, "n": 600}, "relevance": {"auroc": 0.95, "n": 300}}
    assert table(before, after).splitlines()[2:] == [
        "| drcd | 600 | 28.6 / 50.5 | 50.0 / 68.0 |",
        "| relevance | 300 | - | AUROC 0.950 |",
    ]


def test_spans_are_scored_against_any_of_their_answers() -> None:
    class Echo:
        def read(self, question: str, passages: list[str], top: int) -> list[Span]:
            text = passages[0][:3]
            return [Span(text=text, start=0, end=3, passage=0, score=1.0, relevance=1.0)]

    asked = [
        Asked(question="？", passage="45万吨", answers=("50万吨", "45万")),
        Asked(question="？", passage="李建国", answers=("王秀兰",)),
    ]
    scores = score_spans(cast("Reader", Echo()), asked)
    assert scores == {"em": 50.0, "f1": 50.0, "length": 3.0, "gold_length": 3.5, "n": 2}


def test_a_data_folder_without_files_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "lacks cedict.tsv.gz" in said
    assert "--data" in said


def test_the_recipe_runs_resumes_and_ends_with_a_reader(data: Path, settings: Path, tmp_path: Path) -> None:
    arguments = ["--settings", str(settings), "--data", str(data), "--out"]
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    killed = tmp_path / "killed"
    _run_until_killed([*arguments, str(killed)], killed / curves.TABLE)
    assert not (killed / "reader").exists(), "it was killed before it ended"
    assert main([*arguments, str(killed)]) == 0
    for name in ("reader/model.safetensors", "reader/config.json"):
        assert (killed / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    losses = curves.read(killed / curves.TABLE)
    assert losses["span_loss"][-1] < losses["span_loss"][0]
    config = json.loads((killed / "reader" / "config.json").read_text(encoding="utf-8"))
    assert config["dtype"] == "float32"
    assert "own" not in (killed / "scores.md").read_text(encoding="utf-8")
    span = Reader.load(killed / "reader").read("青山塔有多高？", [ASKED[0][2]])[0]
    assert ASKED[0][2][span.start : span.end] == span.text != ""


def test_a_folder_of_another_run_is_refused(
    data: Path, settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.json").write_text("{}", encoding="utf-8")
    assert main(["--settings", str(settings), "--data", str(data), "--out", str(tmp_path / "run")]) == 1
    assert "other settings" in capsys.readouterr().err


def test_a_run_goes_on_when_a_setting_has_come_to_be_since_it_began(settings: Path, tmp_path: Path) -> None:
    stated = TrainingSettings.read(settings)
    claim(tmp_path, stated, {"evaluation": True})
    kept = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert "evaluation" not in kept
    del kept["training"]["keep_spans"]
    (tmp_path / "settings.json").write_text(json.dumps(kept), encoding="utf-8")
    claim(tmp_path, stated, {"evaluation": True})
    kept["training"]["no_such_setting"] = 1
    (tmp_path / "settings.json").write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(SettingsError, match="other settings"):
        claim(tmp_path, stated, {"evaluation": True})


@pytest.mark.parametrize(
    "changed", ["data/train/news_zh.txt.gz", "start/stop_tokens.json", "start/SHA256SUMS"]
)
def test_a_run_that_has_begun_is_not_given_other_windows(
    changed: str, data: Path, settings: Path, tmp_path: Path
) -> None:
    stated, out = TrainingSettings.read(settings), tmp_path / "run"
    start = Path(stated.start)
    windows = prepare(stated, data, start, out)
    (out / "checkpoint.safetensors").touch()
    assert np.array_equal(prepare(stated, data, start, out).ids, windows.ids)
    path = tmp_path / changed
    path.write_bytes(path.read_bytes()[::-1])  # of the same size
    with pytest.raises(SettingsError, match="another --out"):
        prepare(stated, data, start, out)


def test_a_start_that_reads_too_few_tokens_is_refused_before_anything_is_made(
    settings: Path, tmp_path: Path
) -> None:
    stated = TrainingSettings.read(settings)
    config = Path(stated.start) / "config.json"
    sizes = json.loads(config.read_text(encoding="utf-8")) | {"max_position_embeddings": 128}
    config.write_text(json.dumps(sizes), encoding="utf-8")
    with pytest.raises(SettingsError, match="reads 128 tokens at most, and a reader needs 275"):
        prepare(stated, tmp_path / "nowhere", Path(stated.start), tmp_path / "run")


def _run_until_killed(arguments: list[str], table: Path) -> None:
    """Start the recipe in a process of its own and kill it once it has taken some steps."""
    import time

    root = Path(__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-m", "rag.training", *arguments], cwd=root, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 100
        while time.monotonic() < until and process.poll() is None:
            if table.is_file() and len(table.read_text(encoding="utf-8").splitlines()) >= 3:
                break
            time.sleep(0.02)
        process.kill()


def test_written_passages_bring_questions_with_and_without_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "zh-tower.txt"
    path.write_text(
        "P\t青山塔高48米，建于1902年。\nQ\t塔有多高？\t48米\nN\t塔是谁设计的？\n"
        "P\t云河长306公里。\nQ\tHow long is the Yunhe?\t306公里\n",
        encoding="utf-8",
    )
    high, designed, long = read_written(path)
    assert (high.answer, high.context[high.start :]) == ("48米", "48米，建于1902年。")
    assert designed.answer == ""
    assert (long.context, long.answer) == ("云河长306公里。", "306公里")
    documents: dict[str, int] = {}
    examples, chunks, above = asked_examples([high, designed, long], "written_zh", documents, Random(1))
    assert [example.answer for example in examples] == ["48米", "", "306公里"]
    assert [example.query for example in examples] == ["塔有多高？", "塔是谁设计的？", "云河长306公里。"]
    assert chunks == [(documents[high.context], high.context), (documents[long.context], long.context)]
    assert above == {high.context: "青山塔高48米", long.context: "云河长306公里"}
    again, known, _ = asked_examples([replace(high, question="它多高？")], "fiction", documents, Random(1))
    assert (again[0].document, known) == (examples[0].document, [])  # the same document, indexed once


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("青山塔（Qingshan Tower）是一座塔。", "青山塔"),
        ("《云河》，小说。", "《云河》"),
        ("Harbour Lane was a street in the old town.", "Harbour Lane"),
        ("The burst main closed three streets in the centre of the town", ""),
        ("", ""),
    ],
)
def test_a_text_begins_with_what_it_is_about(text: str, subject: str) -> None:
    assert subject_of(text) == subject


@pytest.mark.parametrize("line", ["Q\t塔有多高？\t49米", "Q\t塔有多高？", "塔有多高？\t48米", "N\t谁？\t他"])
def test_a_written_line_that_cannot_be_trained_on_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "zh-tower.txt"
    path.write_text(f"P\t青山塔高48米。\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"zh-tower\.txt, line 2"):
        read_written(path)


def test_a_question_without_an_answer_is_a_negative_as_it_stands(tmp_path: Path) -> None:
    asked = Question(
        language="zh", question="塔是谁设计的？", context="青山塔高48米，建于1902年。", start=0, end=0
    )
    examples, chunks, _ = asked_examples([asked], "written_zh", {}, Random(1))
    sources = Sources(
        examples={"written_zh": examples},
        hard={"zh": HardPassages(chunks, "zh")},
        above={},
        names=Names(by_tag={}, english=()),
        masked=[],
    )
    nothing = dict.fromkeys(("news", "gloss", "parallel", "english_news", "cmrc", "jaquad", "english"), 0)
    sources.examples |= {source: [] for source in SOURCES if source != "written_zh"}
    (sample,) = make_samples(sources, Mixture(written_zh=1, noise=0, **nothing), Random(1))
    assert (sample.kind, sample.span, sample.passage) == ("near_miss", None, asked.context)


def test_the_passages_that_come_with_the_recipe_can_all_be_read() -> None:
    files = [path for folder in (WRITTEN, WRITTEN_MARKED) for path in written_files(folder)]
    asked = {f"{path.name} of {path.parent}": read_written(path) for path in files}
    assert {name[:2] for name in asked} >= {"en", "zh"}
    for name, those in asked.items():
        assert any(question.answer for question in those), name
        assert any(not question.answer for question in those), name


def test_what_is_held_out_stays_so_when_more_is_written(tmp_path: Path) -> None:
    def write(batch: str, rivers: range) -> None:
        (tmp_path / batch).mkdir()
        lines = [f"P\t第{n}条河长{n}公里。\nQ\t第{n}条河多长？\t{n}公里\n" for n in rivers]
        (tmp_path / batch / "zh-rivers.txt").write_text("".join(lines), encoding="utf-8")

    write("1", range(100, 150))
    before = written("zh", tmp_path)
    write("2", range(200, 250))
    after = written("zh", tmp_path)
    assert len(before.held_out) == 5
    assert after.held_out[:5] == before.held_out
    assert len(after.held_out) == 10
    assert set(before.training) < set(after.training)


def test_pieces_of_a_script_take_the_place_of_words_that_no_text_needs(tmp_path: Path) -> None:
    embedder = READER.parents[2] / "index" / "models" / "embedder"
    kept = "The ferry leaves the harbour at nine."
    count = swap(READER, embedder, "CYRILLIC", [kept], tmp_path / "reader")
    old, new = Tokenizer.from_file(str(READER / "tokenizer.json")), Featuriser.load(tmp_path / "reader")
    (russian, english) = new.tokenise(["Москва", kept])
    assert count > 1_000
    assert 1 not in russian.ids  # [UNK]
    assert list(english.ids) == old.encode(kept, add_special_tokens=False).ids
    theirs_by_number, ours_by_number = (
        [piece for piece, _ in json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]]
        for folder in (embedder, tmp_path / "reader")
    )
    rows = load_file(tmp_path / "reader" / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
    theirs = load_file(embedder / "model.safetensors")["embeddings.word_embeddings.weight"]
    first = int(russian.ids[0])
    assert torch.equal(rows[first], theirs[theirs_by_number.index(ours_by_number[first])])
    assert Reader.load(tmp_path / "reader").read("Что это?", ["Это мост."])  # its checksums hold too


def test_words_that_texts_need_are_not_given_up() -> None:
    tokenizer = Tokenizer.from_file(str(READER / "tokenizer.json"))
    harbour = tokenizer.encode("harbour", add_special_tokens=False).ids
    assert set(harbour) <= set(unused(tokenizer, []))
    assert not set(harbour) & set(unused(tokenizer, ["A harbour."]))
    assert of_script(["мост", "м", "mост", "bridge", ""], "CYRILLIC") == ["м", "мост"]


def test_a_script_that_the_embedder_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no pieces of that script"):
        swap(READER, READER, "RUNIC", [], tmp_path)


def test_readers_are_averaged_by_their_shares(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(READER, other)
    ours = load_file(READER / "model.safetensors")
    theirs = {name: weight + 1 for name, weight in ours.items()}
    save_file(theirs, other / "model.safetensors", metadata={"format": "pt"})
    write_checksums(other)
    assert (READER / "calibration.json").is_file()
    assert average_main([str(tmp_path / "mean"), f"{READER}=3", f"{other}=1"]) == 0
    assert not (tmp_path / "mean" / "calibration.json").exists(), "it was fitted to another model"
    found = load_file(tmp_path / "mean" / "model.safetensors")
    assert torch.allclose(found["classifier.bias"].float(), ours["classifier.bias"].float() + 0.25, atol=2e-3)
    assert Reader.load(tmp_path / "mean").read("塔有多高？", ["青山塔高48米。"])


@pytest.mark.parametrize(
    ("share", "said"),
    [("half", "FOLDER=SHARE"), ("{}=0", "above 0"), ("nowhere=1", "holds no model.safetensors")],
)
def test_what_cannot_be_averaged_is_said_in_one_line(
    share: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert average_main([str(tmp_path / "mean"), f"{READER}=1", share.format(_renamed(tmp_path))]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "mean").exists()


def test_a_folder_without_a_vocabulary_cannot_be_averaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.safetensors").touch()
    assert average_main([str(tmp_path / "mean"), f"{tmp_path}=1"]) == 1
    assert capsys.readouterr().err == f"{tmp_path} holds no tokenizer.json; give folders of trained models.\n"


def test_readers_whose_vectors_have_other_widths_are_not_averaged() -> None:
    wide, wider, plain = ({"classifier.bias": torch.ones(outputs)} for outputs in (7, 11, 3))
    assert mean([(wide, 1.0), (plain, 1.0)]).keys() == {"classifier.bias"}
    with pytest.raises(SettingsError, match="have 7 and 11 outputs"):
        mean([(wide, 1.0), (plain, 1.0), (wider, 1.0)])


def test_measuring_what_is_no_reader_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate_main([str(tmp_path / "none"), "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("There is no whole model in ")
    assert said.count("\n") == 1


def _renamed(folder: Path) -> Path:
    """Return the reader by another path: the same folder twice would be one share."""
    link = folder / "link"
    link.symlink_to(READER)
    return link


def test_compiled_steps_keep_the_word_vectors_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "compiled.toml"
    path.write_text("[training]\ncompiled = true\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="train_words = false"):
        TrainingSettings.read(path)
    path.write_text("[training]\ncompiled = true\ntrain_words = false\n", encoding="utf-8")
    assert TrainingSettings.read(path).training.compiled


PAGE = """河港日报
2021年5月6日

河港大桥合龙
本报讯　5月4日，河港大桥合龙。大桥全长2.3公里，总投资9.6亿元，由周望川任总工程师，计划年内通车，届时过江只要4分钟。

茶厂扩建二期投产
青山茶厂二期5月2日投产，总投资3.1亿元，新增员工120人。一期2018年投产，总投资1.7亿元。
"""


def test_questions_on_a_page_are_asked_of_the_passages_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "port-a.txt").write_text(PAGE, encoding="utf-8")
    asked = [
        {
            "id": "port-a-1",
            "question": "大桥花了多少钱？",
            "answers": ["9.6亿元"],
            "evidence": ["总投资9.6亿元"],
        },
        {
            "id": "port-a-2",
            "question": "Who leads?",
            "answers": ["周望川"],
            "evidence": ["由周望川任总工程师"],
        },
        {"id": "port-a-3", "question": "茶厂一期招了多少人？", "answers": [], "evidence": []},
        {
            "id": "port-a-4",
            "question": "茶厂两期各投了多少？",
            "answers": ["3.1亿元", "1.7亿元"],
            "evidence": ["二期5月2日投产，总投资3.1亿元，新增员工120人。一期2018年投产，总投资1.7亿元"],
            "type": "list",
        },
    ]
    lines = (json.dumps({"type": "fact", **row}, ensure_ascii=False) for row in asked)
    (tmp_path / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pages = read_pages(tmp_path, Random(1))
    found = {example.question: example for example in pages.examples}
    assert found["大桥花了多少钱？"].answer == "9.6亿元"
    assert found["Who leads?"].answer == "周望川"
    assert found["茶厂两期各投了多少？"].answer.startswith("3.1亿元，新增")
    assert found["茶厂一期招了多少人？"].answer == ""
    assert "茶厂" in found["茶厂一期招了多少人？"].passage
    assert pages.above[found["大桥花了多少钱？"].passage] == "河港大桥合龙"
    assert {number for number, _ in pages.hard.chunks} == {found["Who leads?"].document}


def test_what_stands_above_shifts_the_labels_and_is_no_place_of_an_answer() -> None:
    featuriser = Featuriser.load(READER)
    plain = Sample(source="pages", kind="answer", question="塔有多高？", passage="塔高48米。", span=(2, 5))
    windows = featurise([plain, replace(plain, above="青山塔建成 › 1902-05-01")], featuriser)
    (first, last, _, offset, _), (shifted, end, _, begin, _) = windows.labels.tolist()
    assert begin > offset
    assert (shifted - begin, end - begin) == (first - offset, last - offset)
    ids = windows.ids.tolist()
    second = windows.starts[1]
    assert ids[second + shifted : second + end + 1] == ids[first : last + 1]


def test_nearly_every_question_on_the_pages_that_come_along_has_its_passage() -> None:
    asked = [
        json.loads(line) for line in (READ_PAGES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    pages = read_pages(READ_PAGES, Random(1))
    answered = {example.question for example in pages.examples if example.answer}
    wanted = {row["question"] for row in asked if row["answers"]}
    assert len(answered & wanted) > 0.95 * len(wanted) > 1_000
    assert {row["documents"][0] for row in asked if row["answers"]} == {
        path.name for path in READ_PAGES.glob("*.txt")
    }
