from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.chunking import ChunkingOptions, chunk_document
from index.datatypes import Chunk, Document, DocumentInfo, Hit
from index.layout import analyse
from index.tables import Table, find_tables
from rag.context import passages_from_hits
from rag.tables import verbalise

BARS = "| 指标 | 2022年 | 2023年 |\n|---|---:|---:|\n| 营业收入（亿元） | 12.5 | 14.8 |\n| 员工人数 | 1,200 | 1,350 |"
TABS = "园区\t所在城市\t成立时间\n青溪园\t临江市\t1998年3月\n白鹭园\t\t2006年11月"
BLANKS = (
    "项目          成人票   儿童票   开放时间\n"
    "观光缆车      80元     40元     8:30—17:00\n"
    "江心岛游船    120元    60元     9:00—16:30"
)


def cells(text: str) -> list[list[list[str]]]:
    return [[[text[slice(*cell)] for cell in row] for row in table.rows] for table in find_tables(text)]


@pytest.mark.parametrize("before", ["", "正文在此。\n\n", "一句话\n"])
@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (BARS, ["指标", "2022年", "2023年"], ["员工人数", "1,200", "1,350"]),
        (TABS, ["园区", "所在城市", "成立时间"], ["白鹭园", "", "2006年11月"]),
        (
            BLANKS,
            ["项目", "成人票", "儿童票", "开放时间"],
            ["江心岛游船", "120元", "60元", "9:00—16:30"],
        ),
    ],
)
def test_a_table_is_found_in_each_form_with_its_cells(
    text: str, first: list[str], last: list[str], before: str
) -> None:
    whole = before + text + "\n\n后文。"
    (table,) = find_tables(whole)
    (rows,) = cells(whole)
    assert (rows[0], rows[-1]) == (first, last)
    assert table.has_header
    assert whole[table.start : table.end] == text


def test_a_header_may_have_nothing_over_the_first_column() -> None:
    (rows,) = cells("        2022年   2023年\n产值    12.1     13.4\n税收    1.2      1.3")
    assert rows[0] == ["", "2022年", "2023年"]


@pytest.mark.parametrize(
    "text",
    [
        "张三    李四   王五\n赵六   孙七   周八",  # names at the foot of a page
        "卷首语      王明   3\n湖城的春天   李青   12\n老船厂   赵云   28",  # contents
        "第一章    总则\n第二章    附则",
        "这一栏写到一半的时候突然停了下来等着那边   那一栏也是一样写到一半的时候停了下来   第三栏在2023年停了下来\n"
        "接着往下写的时候才发现上面没有写完的事情   话还得从头说起因为读者已经忘了前面   是什么了所以2024年又写了",
        "只有一行   没有   12",
    ],
)
def test_what_only_looks_like_a_table_is_none(text: str) -> None:
    assert not list(find_tables(text))


def test_a_first_row_of_figures_is_no_header() -> None:
    (table,) = find_tables("产值\t12.5\t14.8\n税收\t1.1\t1.3")
    assert table.header == ()
    assert verbalise("产值\t12.5\t14.8\n税收\t1.1\t1.3").text == "产值\t12.5\t14.8\n税收\t1.1\t1.3"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            BARS,
            "营业收入：2022年12.5亿元。营业收入：2023年14.8亿元。\n员工人数：2022年1,200。员工人数：2023年1,350。",
        ),
        (TABS, "青溪园：所在城市临江市。青溪园：成立时间1998年3月。\n白鹭园：成立时间2006年11月。"),
        (
            "Group\tPatients\tResponse rate (%)\nControl\t112\t21.4\nLow dose\t108\t–",
            "Control: Patients 112. Control: Response rate 21.4%.\nLow dose: Patients 108.",
        ),
        (
            "Item\t2022\t2023\nRevenue (million yuan)\t12.5\t14.8\nGrants ($)\t3\t4",
            "Revenue: 12.5 million yuan in 2022. Revenue: 14.8 million yuan in 2023.\n"
            "Grants: $3 in 2022. Grants: $4 in 2023.",
        ),
        (
            "单位：万人\n年份\t人口\t增长率\n2021\t312\t2.1\n2022\t320\t2.6",
            "单位：万人\n2021年：人口312万人。2021年：增长率2.1。\n2022年：人口320万人。2022年：增长率2.6。",
        ),
        (
            "序号\t站点\tPM2.5（微克）\n1\t湖城站\t29\n2\t青溪站\t31",
            "湖城站：序号1。湖城站：PM2.5 29微克。\n青溪站：序号2。青溪站：PM2.5 31微克。",
        ),
    ],
)
def test_every_cell_becomes_a_sentence_with_its_row_its_column_and_its_unit(
    text: str, sentences: str
) -> None:
    assert verbalise(text).text == sentences


def test_a_cell_knows_its_column_and_where_it_was() -> None:
    whole = f"前文。\n\n{BARS}\n\n后文14.8。"
    read = verbalise(whole)
    start = read.text.index("14.8亿元")
    cell = read.cell(start, start + len("14.8亿元"))
    assert cell is not None
    assert cell.column == "2023年"
    assert whole[slice(*read.original(start, start + len("14.8亿元")))] == "14.8"
    sentence = read.text.index("营业收入：2023年")
    assert whole[slice(*read.original(sentence, cell.end))] == "营业收入（亿元） | 12.5 | 14.8"
    assert read.cell(sentence, cell.end) is None
    after = read.text.index("后文")
    assert whole[slice(*read.original(after, after + 7))] == "后文14.8。"
    assert read.cell(after, after + 7) is None


def test_text_without_tables_is_read_as_it_is() -> None:
    read = verbalise("湖城新区去年实现产值85亿元。")
    assert (read.text, read.original(2, 4), read.cell(2, 4)) == (read.source, (2, 4), None)


def chunked(text: str, options: ChunkingOptions | None = None) -> tuple[Document, tuple[Chunk, ...]]:
    document, blocks = analyse(Document(source="page.txt", title="page", text=text))
    return document, chunk_document(document, blocks, options or ChunkingOptions())


def test_a_table_set_by_blanks_stays_in_lines() -> None:
    _, (chunk,) = chunked(f"湖城景区今年公布了新的票价。\n{BLANKS}\n景区电话：0571-88001234。")
    assert BLANKS in chunk.text
    assert verbalise(chunk.text).text.count("观光缆车：") == 3


@pytest.mark.parametrize("rule", ["", "|---|---|---|\n"])
def test_the_header_opens_every_chunk_of_a_long_table(rule: str) -> None:
    rows = [f"| 第{n}号园区 | {n}.5 | {2 * n} |" for n in range(1, 40)]
    header = "| 园区 | 产值（亿元） | 企业数 |"
    document, chunks = chunked("# 一览\n\n" + header + "\n" + rule + "\n".join(rows))
    assert len(chunks) > 2
    for chunk in chunks:
        assert chunk.text == "".join(document.text[start:end] for start, end in chunk.spans)
        assert chunk.text.startswith(f"{header}\n{rule}|")
    found = [line for chunk in chunks for line in chunk.text.split("\n")]
    assert [line for line in found if "号园区" in line] == rows


def test_the_header_of_a_long_table_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counted(text: str) -> Iterator[Table]:
        looked.append(text)
        return find_tables(text)

    monkeypatch.setattr("index.chunking.find_tables", counted)
    rows = "\n".join(f"| 第{n}号园区 | {n}.5 | {2 * n} |" for n in range(1, 200))
    _, chunks = chunked(f"# 一览\n\n| 园区 | 产值（亿元） | 企业数 |\n{rows}")
    assert len(chunks) > 10
    assert len(looked) == 1


def test_chunks_of_one_table_are_merged_with_one_header() -> None:
    rows = [f"第{n}号园区\t{n}.5\t{2 * n}" for n in range(1, 12)]
    text = "园区\t产值（亿元）\t企业数\n" + "\n".join(rows)
    document, chunks = chunked(text, ChunkingOptions(minimum=20, target=60, maximum=90))
    assert len(chunks) > 1
    info = DocumentInfo(id=1, source="page.txt", title="page")
    hits = [
        Hit(rank=n, chunk=chunk, document=info, scores={"fused": 1 / n})
        for n, chunk in enumerate(reversed(chunks), start=1)
    ]
    (passage,) = passages_from_hits(hits, lambda _: document.text, max_merged=1_000)
    assert passage.text == text
    assert passage.text == "".join(document.text[start:end] for start, end in passage.spans)
