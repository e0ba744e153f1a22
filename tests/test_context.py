from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from index.datatypes import Chunk, DocumentInfo, Hit
from rag.context import passages_from_hits
from rag.datatypes import Passage

PAPER = DocumentInfo(id=1, source="papers/晨报.txt", title="晨报", date="2023-04-02")
OTHER = DocumentInfo(id=2, source="papers/晚报.txt", title="晚报")


def hit(rank: int, position: int, text: str, *, document: DocumentInfo = PAPER, **place: Any) -> Hit:
    start = position * 100
    chunk = Chunk(
        id=document.id * 1000 + position,
        document_id=document.id,
        position=position,
        spans=((start, start + len(text)),),
        text=text,
        **place,
    )
    return Hit(rank=rank, chunk=chunk, document=document, scores={"fused": 1 / rank}, matched=(text[:2],))


def passages(hits: Sequence[Hit], *, between: str = "-", **options: int) -> list[Passage]:
    """Return the passages of hits whose documents hold nothing else but one character over and over."""
    texts: dict[int, str] = {}
    for one in hits:
        text = texts.get(one.document.id, "").ljust(1_000, between)
        texts[one.document.id] = text[: one.chunk.start] + one.chunk.text + text[one.chunk.end :]
    return passages_from_hits(hits, texts.__getitem__, **options)


def test_passages_are_numbered_from_one_in_the_order_of_the_hits() -> None:
    found = passages([hit(1, 5, "甲句。"), hit(2, 9, "乙句。")])
    assert [(p.number, p.text) for p in found] == [(1, "甲句。"), (2, "乙句。")]


def test_neighbours_in_an_article_become_one_passage_in_reading_order_with_the_better_score() -> None:
    (passage,) = passages([hit(1, 6, "后句。"), hit(2, 5, "前句。")])
    assert passage.text == "前句。后句。"
    assert passage.spans == ((500, 503), (600, 603))
    assert passage.chunk_ids == (1005, 1006)
    assert passage.scores == {"fused": 1.0}
    assert passage.matched == ("前句", "后句")


def test_neighbours_of_another_article_or_document_stay_apart() -> None:
    hits = [hit(1, 5, "甲。"), hit(2, 6, "乙。", article=1), hit(3, 6, "丙。", document=OTHER)]
    assert [p.text for p in passages(hits)] == ["甲。", "乙。", "丙。"]


def test_the_white_space_between_merged_neighbours_is_kept() -> None:
    (passage,) = passages([hit(1, 5, "It opened in 2022."), hit(2, 6, "The company grew.")], between=" ")
    assert passage.text.split() == ["It", "opened", "in", "2022.", "The", "company", "grew."]
    assert passage.spans == ((500, 600), (600, 617))


@pytest.mark.parametrize(
    "other", [{"heading": ("二",)}, {"page": 4}, {"date": "2023-04-03"}, {"kind": "caption"}]
)
def test_what_is_cited_by_another_place_stays_apart(other: dict[str, Any]) -> None:
    place: dict[str, Any] = {"heading": ("一",), "page": 3, "date": "2023-04-02"}
    hits = [hit(1, 5, "甲。", **place), hit(2, 6, "乙。", **place | other)]
    assert [p.text for p in passages(hits)] == ["甲。", "乙。"]
    assert [p.page for p in passages(hits)] == [3, other.get("page", 3)]


def test_a_merged_passage_never_grows_beyond_its_limit() -> None:
    hits = [hit(1, 5, "甲" * 30), hit(2, 6, "乙" * 30), hit(3, 7, "丙" * 30)]
    assert [len(p.text) for p in passages(hits, max_merged=60)] == [60, 30]


def test_a_passage_has_the_date_of_its_chunk_or_else_of_its_document() -> None:
    (passage,) = passages([hit(1, 5, "甲句。")])
    assert passage.date == "2023-04-02"


def test_what_stands_above_is_said_once_and_not_what_the_text_begins_with() -> None:
    (passage,) = passages(
        [hit(1, 5, "园区签约22个项目\n当天签约。", heading=("园区签约22个项目", "签约\n仪式"))]
    )
    assert passage.titles == ("晨报", "签约\n仪式")
    assert passage.above == "签约 仪式"
    assert replace(passage, title_path=()).above == ""


def test_the_headline_of_another_article_does_not_stand_above() -> None:
    page = replace(PAPER, title="大桥通车", metadata={"articles": "2"})
    found = [
        hit(1, 5, "桥长2公里。", document=page, heading=("大桥通车",)),
        hit(2, 9, "茶价上涨。", document=page, heading=("茶市",)),
    ]
    assert [p.titles for p in passages(found)] == [("大桥通车",), ("茶市",)]
    named = replace(page, title="晨报 大桥通车", metadata={"articles": "2", "newspaper": "晨报"})
    (passage,) = passages([hit(1, 5, "茶价上涨。", document=named, heading=("茶市",))])
    assert passage.titles == ("晨报 大桥通车", "茶市")


def test_a_passage_is_cut_where_lines_go_on_behind_it_or_are_left_out_of_it() -> None:
    rows = hit(1, 0, "村\t户\n东村\t4")
    for behind, cut in (("\n西村\t5", True), ("\n\n后文。", False), ("", False)):
        (passage,) = passages_from_hits([rows], {1: rows.chunk.text + behind}.__getitem__)
        assert passage.cut == cut
    chunk = replace(rows.chunk, spans=((0, 4), (8, 12)), text="村\t户\n西村\t5")
    (passage,) = passages_from_hits([replace(rows, chunk=chunk)], {1: "村\t户\n东村\t4\n西村\t5"}.__getitem__)
    assert passage.cut
