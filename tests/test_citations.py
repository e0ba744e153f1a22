from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answerers.base import Claim, Draft
from rag.citations import cite, map_span, verify
from rag.datatypes import Passage

TEXT = "云帆科技成立于\n\n[图]\n2019年。总部在青川。"


def passage(*spans: tuple[int, int], text: str = TEXT, number: int = 1) -> Passage:
    return Passage(
        number=number,
        document_id=7,
        source="docs/a.txt",
        title="甲",
        text="".join(text[s:e] for s, e in spans),
        spans=spans,
        heading=("科技",),
        page=3,
    )


STITCHED = passage((0, 7), (13, 26))  # the caption between the two pieces is left out


def draft(*claims: Claim) -> Draft:
    return Draft(answered=True, text="2019年。“…”[1]", short_answer="2019年", confidence=0.9, claims=claims)


def test_a_span_inside_one_piece_is_shifted() -> None:
    assert map_span(STITCHED, 7, 12) == ((13, 18),)


def test_a_span_over_a_stitch_becomes_two() -> None:
    assert map_span(STITCHED, 4, 9) == ((4, 7), (13, 15))


def test_pieces_that_touch_are_joined() -> None:
    assert map_span(passage((0, 4), (4, 7)), 2, 6) == ((2, 6),)


@pytest.mark.parametrize(("start", "end"), [(3, 3), (5, 4), (-1, 2), (0, 99)])
def test_a_span_outside_the_passage_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not inside passage 1"):
        map_span(STITCHED, start, end)


@given(st.data())
def test_mapped_spans_hold_exactly_the_words_of_the_passage(data: st.DataObject) -> None:
    text = data.draw(st.text(min_size=1, max_size=40))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = tuple((s, e) for s, e in zip(cuts[::2], cuts[1::2], strict=False))
    if not spans:
        return
    whole = passage(*spans, text=text)
    start = data.draw(st.integers(0, len(whole.text) - 1))
    end = data.draw(st.integers(start + 1, len(whole.text)))
    assert "".join(text[s:e] for s, e in map_span(whole, start, end)) == whole.text[start:end]


def test_a_claim_becomes_a_supported_citation_with_document_offsets() -> None:
    claim = Claim(start=0, end=12, number=1, passage=1, quotes=((0, 13),))
    (citation,) = cite(draft(claim), [STITCHED], {7: TEXT}.get)
    assert citation.quote == "云帆科技成立于2019年。"
    assert (citation.start, citation.end, citation.spans) == (0, 19, ((0, 7), (13, 19)))
    assert (citation.verdict, citation.page, citation.heading, citation.source) == (
        "supported",
        3,
        ("科技",),
        "docs/a.txt",
    )


def test_a_document_that_changed_does_not_support_it() -> None:
    claim = Claim(start=0, end=12, number=1, passage=1, quotes=((0, 13),))
    (citation,) = cite(draft(claim), [STITCHED], {7: TEXT.replace("2019", "2018")}.get)
    assert citation.verdict == "unsupported"


def test_a_document_that_is_gone_does_not_support_it() -> None:
    claim = Claim(start=0, end=12, number=1, passage=1, quotes=((0, 13),))
    (citation,) = cite(draft(claim), [STITCHED], lambda _: None)
    assert citation.verdict == "unsupported"


def test_a_claim_on_a_passage_that_was_not_shown_is_left_out() -> None:
    claim = Claim(start=0, end=12, number=1, passage=9, quotes=((0, 3),))
    assert cite(draft(claim), [STITCHED], {7: TEXT}.get) == ()


def test_an_altered_quote_is_unsupported() -> None:
    claim = Claim(start=0, end=12, number=1, passage=1, quotes=((0, 4),))
    (citation,) = cite(draft(claim), [STITCHED], {7: TEXT}.get)
    assert verify(citation, TEXT) == "supported"
    assert verify(replace(citation, quote="云帆科枝"), TEXT) == "unsupported"
    assert verify(replace(citation, spans=((0, 400),)), TEXT) == "unsupported"
