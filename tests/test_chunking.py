from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.chunking import ChunkingOptions, chunk_document, context_text
from index.datatypes import Block, Chunk, Document, Span
from index.errors import SettingsError
from index.layout import analyse
from index.sentences import split_sentences


def chunked(
    text: str, options: ChunkingOptions | None = None
) -> tuple[Document, tuple[Block, ...], tuple[Chunk, ...]]:
    document, blocks = analyse(Document(source="page.txt", title="page", text=text))
    return document, blocks, chunk_document(document, blocks, options or ChunkingOptions())


def joined(text: str, spans: tuple[Span, ...]) -> str:
    return "".join(text[start:end] for start, end in spans)


zh_sentences = st.sampled_from(
    [
        "湖城新区去年实现产值85亿元，同比增长12.5%。",
        "“我们要把船厂留下来。”新区主任顾明说。",
        "目前，园区已有企业320家！",
        "这是为什么？",
        "园区将继续推进建设",
        "与湖城大学、湖城职业学院、",
        "等10家高校负责人座谈。",
    ]
)
en_sentences = st.sampled_from(
    [
        "Output rose by 12.5 percent in 2023. ",
        "Mr. Reed of Acme Inc. said that it would take 3.5 years. ",
        "The plan was approved by the council and ",
        "others followed. ",
    ]
)
lines = st.one_of(
    st.lists(zh_sentences, min_size=1, max_size=6).map("".join),
    st.lists(en_sentences, min_size=1, max_size=4).map("".join),
    st.sampled_from(
        [
            "# 湖城新区：发力新产业",
            "## 打通堵点",
            "湖城新区：让船厂焕发新生",
            "建设新码头",
            "◎本报记者 李明",
            "本报讯（记者 王芳）记者3月5日获悉，湖城新区开工。",
            "图为湖城新区码头。 李明摄",
            "（下转第8页）",
            "■（上接第3页）",
            "- 01 湖城新区开工",
            "- 第一项",
            "1. 修路。",
            "| 年份 | 产值 |",
            "第3页",
            "地址：湖城市望湖路8号",
            "Harbour Plan Approved",
            "By Jane Miller",
            "```",
            "***",
            "■",
            "…………",
            "**要修路。**各区要配合。",
            "目录",
            "——",
            "> 引文。",
        ]
    ),
    st.text(alphabet="湖城高新区，。！？”“（）\"'.!? aZ1|#>*-_`~：■\u3000\t", max_size=40),
)
texts = st.lists(
    st.tuples(lines, st.sampled_from(["\n", "\n\n", "\n\n\n\n", "  \n", "\n\u3000\u3000"])), max_size=24
).map(lambda parts: "".join(line + gap for line, gap in parts))
option_sets = st.sampled_from(
    [
        ChunkingOptions(),
        ChunkingOptions(target=60, maximum=90, minimum=20),
        ChunkingOptions(target=10, maximum=12, minimum=1, headings="all", contents=True, furniture=True),
        ChunkingOptions(target=400, maximum=400, minimum=400, headings="none"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(texts, option_sets)
@example("（下转第8页）\n\n■（上接第3页）\n\n目前，园区已有企业320家！\n\n", ChunkingOptions())
def test_chunks_are_spans_of_the_text_and_hold_every_sentence_once(
    text: str, options: ChunkingOptions
) -> None:
    document, blocks, chunks = chunked(text, options)
    assert document.text == text
    for spans in (holder.spans for holders in (blocks, chunks) for holder in holders):
        assert spans
        assert all(0 <= start < end <= len(text) for start, end in spans)
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert joined(text, chunk.spans) == chunk.text
        assert chunk.text.strip()
    covered = [p for block in blocks for start, end in block.spans for p in range(start, end)]
    assert len(covered) == len(set(covered)), "two blocks share a character"
    in_chunks = [
        p
        for chunk in chunks
        for start, end in chunk.spans
        for p in range(start, end)
        if not text[p].isspace()
    ]
    assert len(in_chunks) == len(set(in_chunks)), "two chunks share a character"
    body = {
        p
        for block in blocks
        if block.kind in ("paragraph", "list", "table", "caption")
        for start, end in block.spans
        for p in range(start, end)
        if not text[p].isspace()
    }
    assert body <= set(in_chunks), "a sentence is in no chunk"


@settings(max_examples=200, deadline=None)
@given(texts, option_sets)
def test_a_chunk_never_ends_inside_a_sentence_that_fits(text: str, options: ChunkingOptions) -> None:
    _, blocks, chunks = chunked(text, options)
    owner = {p: n for n, chunk in enumerate(chunks) for start, end in chunk.spans for p in range(start, end)}
    for block in blocks:
        if block.kind not in ("paragraph", "list", "table", "caption"):
            continue
        positions = [p for start, end in block.spans for p in range(start, end)]
        words = joined(text, block.spans)
        for start, end in split_sentences(words):
            holders = {owner[p] for p in positions[start:end] if not text[p].isspace()}
            assert len(holders) == 1 or end - start > options.maximum


def test_short_paragraphs_of_a_section_share_a_chunk_and_sections_do_not() -> None:
    text = "# 湖城\n\n## 交通\n\n渡轮8分钟一班。\n\n公交通宵行驶。\n\n## 美食\n\n鱼很好吃。\n"
    _, _, chunks = chunked(text)
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        (("交通",), "渡轮8分钟一班。\n\n公交通宵行驶。"),
        (("美食",), "鱼很好吃。"),
    ]


def test_a_long_paragraph_falls_into_even_parts_at_sentence_ends() -> None:
    sentence = "湖城新区去年实现产值八十五亿元，同比增长百分之十二点五，为历年最高。"
    _, _, chunks = chunked(sentence * 20)
    assert [len(chunk.text) for chunk in chunks] == [len(sentence) * n for n in (6, 7, 7)] or all(
        5 <= len(chunk.text) / len(sentence) <= 8 for chunk in chunks
    )
    assert all(chunk.text.endswith("。") for chunk in chunks)


def test_a_paragraph_after_the_sign_of_a_heading_is_searched_and_heads_nothing() -> None:
    long = "湖城新区去年实现产值增长，为历年最高，居民的收入也有所提高。" * 6
    _, _, chunks = chunked(f"# 湖城\n\n## 产值\n\n产值很高。\n\n## {long}\n\n渡轮8分钟一班。\n")
    assert "".join(chunk.text for chunk in chunks).count("居民的收入") == 6
    assert {chunk.heading for chunk in chunks} == {("产值",)}


def test_a_sentence_beyond_the_maximum_is_cut_after_a_clause() -> None:
    text = "湖城新区加快建设新码头和新公路，" * 60 + "为明年打下基础。"
    _, _, chunks = chunked(text)
    assert all(len(chunk.text) <= 400 for chunk in chunks)
    assert all(chunk.text.endswith(("，", "。")) for chunk in chunks)


def test_english_chunks_are_longer() -> None:
    sentence = "The harbour of Lake Town was rebuilt in the spring of that year by the council. "
    _, _, chunks = chunked(sentence * 11)
    assert len(chunks) == 1


def test_a_headline_with_a_figure_opens_its_first_chunk() -> None:
    text = (
        "# 湖城新区31个项目开工\n\n◎本报记者 李明\n\n3月1日上午，湖城新区举行开工仪式。\n\n"
        "# 港务局换新船\n\n◎本报记者 王芳\n\n新船每小时行驶很快。\n"
    )
    _, _, chunks = chunked(text)
    assert [chunk.text for chunk in chunks] == [
        "湖城新区31个项目开工\n本报记者 李明\n\n3月1日上午，湖城新区举行开工仪式。",
        "本报记者 王芳\n\n新船每小时行驶很快。",
    ]
    _, _, plain = chunked(text, ChunkingOptions(headings="none", bylines=False))
    assert plain[0].text == "3月1日上午，湖城新区举行开工仪式。"


def test_headings_with_nothing_under_them_are_chunks_beside_a_heading_with_text() -> None:
    text = "# 制度\n\n## 请假须提前两天申请\n\n### 病假除外\n\n## 迟到一次扣五十元\n\n## 附则\n\n自公布之日起执行。\n"
    _, _, chunks = chunked(text)
    assert [(chunk.kind, chunk.heading, chunk.text) for chunk in chunks] == [
        ("heading", (), "请假须提前两天申请"),
        ("heading", ("请假须提前两天申请",), "病假除外"),
        ("heading", (), "迟到一次扣五十元"),
        ("paragraph", ("附则",), "自公布之日起执行。"),
    ]


def test_the_name_of_a_column_and_the_lines_of_a_headline_are_no_chunks() -> None:
    text = (
        "# 港区观察\n\n# 港务局换新船\n\n◎本报记者 王芳\n\n新船行驶很快。\n\n"
        "# 湖城新区开工\n\n◎本报记者 李明\n\n新区举行开工仪式。\n"
    )
    _, _, chunks = chunked(text)
    assert [chunk.text for chunk in chunks] == [
        "本报记者 王芳\n\n新船行驶很快。",
        "本报记者 李明\n\n新区举行开工仪式。",
    ]


@pytest.mark.parametrize("byline", ["（王晓燕）", "（编辑：孙丽）", "本报记者 王晓燕"])
@pytest.mark.parametrize("picture", ["", "图为开业现场。 李明摄\n\n"])
def test_a_byline_at_the_end_closes_the_text_above_it(byline: str, picture: str) -> None:
    text = (
        f"## 桥头市场\n\n桥头市场昨天正式开业，人很多。\n\n{picture}{byline}\n\n"
        "## 城北菜场\n\n城北菜场昨天正式开业，人不少。\n\nBy Anna Liu\n"
    )
    _, _, chunks = chunked(text)
    paragraphs = [chunk.text.split() for chunk in chunks if chunk.kind == "paragraph"]
    assert paragraphs == [
        ["桥头市场昨天正式开业，人很多。", *byline.split()],
        ["城北菜场昨天正式开业，人不少。", "By", "Anna", "Liu"],
    ]
    _, _, plain = chunked(text, ChunkingOptions(bylines=False))
    assert "".join(chunk.text for chunk in plain).count("晓燕") == 0


@pytest.mark.parametrize(
    "text",
    ["本报记者 王明\n", "本报记者 王明\n\n# 湖城新建三座大桥\n", "图为湖城第三座大桥。\n\n本报记者 王明\n"],
)
def test_a_byline_without_any_text_is_found(text: str) -> None:
    assert "本报记者 王明" in [chunk.text for chunk in chunked(text)[2]]


def test_thousands_of_pictures_with_their_authors_take_seconds() -> None:
    document, blocks = analyse(
        Document(source="page.txt", title="page", text="图为湖城大桥。\n\n本报记者 王明\n\n" * 10_000)
    )
    started = time.process_time()
    chunks = chunk_document(document, blocks)
    assert time.process_time() - started < 5
    assert sum(chunk.text.count("王明") for chunk in chunks) == 10_000


def test_captions_stand_alone_and_imprints_are_found() -> None:
    text = (
        "# 湖城科技\n\n2023年第2期\n\n总第 46 期\n\n主编 温良玉\n\n地址：湖城市望湖路8号\n\n电话：0599-1234567\n\n"
        "# 湖城新区开工\n\n◎本报记者 李明\n\n湖城新区昨天举行开工仪式，参加的有企业代表和居民。\n\n"
        "图为开工现场。 李明摄\n"
    )
    document, _, chunks = chunked(text)
    assert document.title == "湖城科技 2023年第2期"
    assert any("地址：湖城市望湖路8号" in chunk.text and "主编 温良玉" in chunk.text for chunk in chunks)
    assert [chunk.text for chunk in chunks if chunk.kind == "caption"] == ["图为开工现场。 李明摄"]


def test_the_context_is_title_article_section_and_text() -> None:
    text = "# 湖城概况\n\n## 交通\n\n### 渡轮\n\n渡轮8分钟一班。\n"
    document, _, chunks = chunked(text)
    assert context_text(document, chunks[0]) == "湖城概况 › 交通 › 渡轮\n渡轮8分钟一班。"


def test_the_context_leaves_out_the_title_of_another_article() -> None:
    text = (
        "湖城新区：码头开工\n\n◎本报记者 李明\n\n湖城新区的码头昨天开工，总投资3亿元。\n\n"
        "山城新区：铁路通车\n\n◎本报记者 王芳\n\n山城新区的铁路昨天通车，全长30公里。\n"
    )
    document, _, chunks = chunked(text)
    assert [context_text(document, chunk).split("\n")[0] for chunk in chunks] == [
        "湖城新区：码头开工",
        "山城新区：铁路通车",
    ]


def test_a_stitched_sentence_is_one_chunk_of_two_spans() -> None:
    text = (
        "湖城新区：码头开工\n\n◎本报记者 李明\n\n湖城新区的码头昨天开工，总投资3亿元，这是新区今年开工的\n\n"
        "图为开工现场。 李明摄\n\n第五个项目。\n"
    )
    _, _, chunks = chunked(text, ChunkingOptions(bylines=False))
    first = next(chunk for chunk in chunks if chunk.kind == "paragraph")
    assert first.text == "湖城新区的码头昨天开工，总投资3亿元，这是新区今年开工的第五个项目。"
    assert len(first.spans) == 2


@pytest.mark.parametrize("sizes", [(0, 1, 2), (300, 200, 400), (10, 500, 400)])
def test_sizes_out_of_order_are_refused(sizes: tuple[int, int, int]) -> None:
    minimum, target, maximum = sizes
    with pytest.raises(SettingsError, match=re.escape("1 <= minimum <= target <= maximum")):
        ChunkingOptions(minimum=minimum, target=target, maximum=maximum)


def test_the_line_with_the_unit_of_a_table_is_no_heading() -> None:
    text = "# 青川股份年报\n\n单位：万元\n\n| 分部 | 营业收入 |\n|---|---|\n| 水泵 | 13,150 |\n| 合计 | 22,490 |\n"
    _, _, chunks = chunked(text)
    (chunk,) = [chunk for chunk in chunks if "13,150" in chunk.text]
    assert chunk.heading == ()
    assert "单位：万元" in chunk.text
