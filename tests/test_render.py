"""Answers and evidence as HTML: everything escaped, chips where they belong, both languages complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest

from rag.datatypes import Answer, Doubt
from ui.datatypes import Message
from ui.export import to_html
from ui.render import answer_html, cards_html, phase_html, turn_html
from ui.strings import STRINGS, language_name, say

MakeAnswer = Callable[..., Answer]
EVIL = "<img src=x onerror=alert(1)>\"'&</p>"


def test_the_short_answer_leads_and_the_chip_stands_at_its_sentence(make_answer: MakeAnswer) -> None:
    answer = make_answer(text="42吨。“产茶42吨。”[1]", short_answer="42吨", passages=["产茶42吨。"], cite=[1])
    html = answer_html(7, answer, "zh")
    assert (
        '<p class="short">42吨</p><div class="text"><p>“产茶<strong>42吨</strong>。”<a class="cite"' in html
    )
    assert 'href="#cite-7-1"' in html


def test_a_clause_that_stands_in_the_text_is_stressed_there_and_not_said_twice(
    make_answer: MakeAnswer,
) -> None:
    clause = "因为去年冬天的一场大雪把整片山坡上的老茶树都冻坏了"
    answer = make_answer(
        text=f"“{clause}，茶少了。”[1]", short_answer=clause, passages=[f"{clause}，茶少了。"]
    )
    html = answer_html(7, answer, "zh")
    assert f"<strong>{clause}</strong>" in html
    assert html.count(clause) == 1


def test_what_the_short_answer_is_in_the_questions_language_stands_beside_it(make_answer: MakeAnswer) -> None:
    answer = make_answer(
        text="42吨 (42 t). “产茶42吨。”[1]", short_answer="42吨", passages=["产茶42吨。"], cite=[1]
    )
    html = answer_html(7, answer, "en")
    assert '<p class="short">42吨 <small>(42 t)</small></p><div class="text"><p>“产茶' in html


def test_a_number_in_brackets_without_a_citation_is_text(make_answer: MakeAnswer) -> None:
    answer = make_answer(text="见注释[9]。[1]", passages=["见注释[9]。"], cite=[1])
    html = answer_html(1, answer, "zh")
    assert "见注释[9]。" in html
    assert html.count("<a ") == 1


def test_citations_that_share_a_number_each_have_a_chip_and_a_card_of_their_own(
    make_answer: MakeAnswer,
) -> None:
    answer = make_answer(
        text="产茶42吨。[1]主人是陆云起。[1]", passages=["产茶42吨。主人是陆云起。"], cite=[1]
    )
    (whole,) = answer.citations
    first = replace(whole, spans=((0, 6),), quote="产茶42吨。", answer_end=9)
    second = replace(whole, spans=((6, 13),), quote="主人是陆云起。", answer_start=9)
    shared = replace(answer, citations=(first, second))
    chips = re.findall(r'href="#(.*?)" data-quote="(.*?)".*?>(\d)</a>', answer_html(7, shared, "zh"))
    assert chips == [("cite-7-1", "产茶42吨。", "1"), ("cite-7-2", "主人是陆云起。", "1")]
    cards = re.findall(
        r'data-anchor="(.*?)".*?<mark class="quote">(.*?)</mark>', cards_html(7, shared, "zh"), re.DOTALL
    )
    assert cards == [("cite-7-1", "产茶42吨。"), ("cite-7-2", "主人是陆云起。")]


def test_a_number_in_brackets_that_a_document_wrote_is_text(make_answer: MakeAnswer) -> None:
    answer = make_answer(
        text="42吨。“产茶42吨[1]。”[1]", short_answer="42吨", passages=["产茶42吨[1]。"], cite=[1]
    )
    html = answer_html(1, answer, "zh")
    assert "吨</strong>[1]。”<a " in html
    assert html.count("<a ") == 1
    assert to_html("茶", [Message(id=1, question="？", answer=answer)], "zh").count("<a ") == 1


def test_a_refusal_shows_the_nearest_passages_and_no_confidence(make_answer: MakeAnswer) -> None:
    answer = make_answer(
        text="文档中没有找到答案。", status="unanswerable", passages=["甲", "乙", "丙", "丁"]
    )
    html = answer_html(1, answer, "en")
    assert "unanswerable" in html
    assert html.count('href="#passage-1-') == 3
    assert "sure" not in html


def test_a_refusal_shows_what_a_model_wrote_with_its_doubts_and_says_once_that_nothing_was_found(
    make_answer: MakeAnswer,
) -> None:
    text = "售价9元。\n\n文档中没有找到答案。"
    answer = make_answer(text=text, status="unanswerable", passages=["售价12元。", "交货期9天。"], cite=[2])
    html = answer_html(1, replace(answer, doubts=(Doubt(start=0, end=5, reason="uncited"),)), "zh")
    assert re.search(r'<span class="doubted">售价9元。</span><span class="doubt"[^>]*>✖</span>', html)
    assert html.count("文档中没有找到答案") == 1
    assert 'href="#passage-1-1"' in html
    assert 'href="#passage-1-2"' not in html  # the card of the second is the citation's


def test_a_changed_query_and_another_language_are_told(make_answer: MakeAnswer) -> None:
    answer = make_answer(text="42吨。[1]", short_answer="42吨", passages=["产茶42吨。"], cite=[1])
    html = answer_html(1, replace(answer, language="en", query="How much tea?"), "en")
    assert "Understood as: How much tea?" in html
    assert "asked in English · source in Chinese" in html


def test_a_citation_that_fails_looks_different(make_answer: MakeAnswer) -> None:
    answer = make_answer(text="42吨。[1]", short_answer="42吨", passages=["产茶42吨。"], cite=[1])
    broken = replace(answer, citations=(replace(answer.citations[0], verdict="unsupported"),))
    assert "cite unsupported" in answer_html(1, broken, "zh")
    assert "✖" in cards_html(1, broken, "zh")


def test_a_doubted_sentence_is_marked_and_says_why_in_both_places(doubted_answer: Answer) -> None:
    html, cards = answer_html(3, doubted_answer, "zh"), cards_html(3, doubted_answer, "zh")
    sentence = re.search(r'<span class="doubted">(.*?)</span><span class="doubt"(.*?)>✖</span>', html)
    assert sentence
    assert re.sub(r"<[^>]+>", "", sentence[1]) == "售价9元。2"
    assert 'data-quote="它引用的原文里没有这个数字：9元"' in sentence[2]
    assert "✖ 1 句未经原文证实" in html
    assert [sign in card for card in cards.split("<section")[1:] for sign in "✔✖"] == [
        True,
        False,
        False,
        True,
    ]
    assert '<p class="doubted-why">它引用的原文里没有这个数字：9元</p>' in cards
    english = answer_html(3, doubted_answer, "en")
    assert 'aria-label="Not borne out: The passages it cites do not have this figure: 9元"' in english


def test_a_doubt_about_the_short_answer_stands_beside_it(make_answer: MakeAnswer) -> None:
    answer = make_answer(text="9元。见表。[1]", short_answer="9元", passages=["见表。"], cite=[1])
    html = answer_html(1, replace(answer, doubts=(Doubt(start=0, end=3, reason="uncited"),)), "en")
    assert re.search(r'<p class="short">9元<span class="doubt"[^>]*cites no passage[^>]*>✖</span></p>', html)
    assert "doubted" not in html.partition('<div class="text">')[2].partition("</div>")[0]


@pytest.mark.parametrize("status", ["answered", "unanswerable"])
def test_nothing_of_a_question_a_document_or_a_model_is_markup(make_answer: MakeAnswer, status: str) -> None:
    answer = make_answer(
        text=f"{EVIL}[1]", short_answer=EVIL, status=status, passages=[EVIL, EVIL], cite=[1], question=EVIL
    )
    own: dict[str, Any] = {"title": EVIL, "heading": (EVIL,), "source": EVIL}
    evil = replace(
        answer,
        query=EVIL * 2,
        notes=(EVIL,),
        doubts=(Doubt(start=0, end=len(EVIL), reason="name", missing=(EVIL,)),),
        citations=tuple(replace(c, **own, date=EVIL) for c in answer.citations),
        passages=tuple(replace(p, **own, matched=(EVIL,), language=EVIL) for p in answer.passages),
    )
    html = (
        turn_html(Message(id=1, question=EVIL, answer=evil), "zh")
        + cards_html(1, evil, "zh")
        + phase_html("writing", "zh", text=EVIL)
        + phase_html("passages", "zh", passages=evil.passages)
    )
    assert "<img" not in html
    assert all("alert" not in value for value in re.findall(r'="([^"]*)"', html) if "&lt;" not in value)


def test_both_languages_have_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    plural = {"s"}  # in English only
    unlike = {
        key for key, (zh, en) in STRINGS.items() if blanks(zh) != blanks(en) - plural or not zh or not en
    }
    assert unlike == set()


def test_one_of_a_kind_is_no_plural() -> None:
    assert [say("en", "pages", count=1), say("en", "pages", count=2)] == ["1 page", "2 pages"]
    assert say("en", "characters", count="1,001") == "1,001 chars"


def test_an_unknown_language_has_a_name() -> None:
    assert [language_name("zh", "en"), language_name("en", "fr")] == ["英文", "French"]
    assert language_name("en", "sw") == "another language"
    assert say("en", "page", page=3) == "p. 3"
