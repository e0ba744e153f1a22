"""Prompts hold what is put into them, and what comes from documents stays inside its fence."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_models import passages_of

from rag import prompts
from rag.answerers.base import NOT_FOUND, Question
from rag.answerers.markers import SentenceParser

PLACEHOLDERS = {
    "ANSWER_RULES": {"not_found"},
    "ANSWER_REQUEST": {"passages", "left_out", "guess", "question", "no_guess"},
    "LEFT_OUT": {"count"},
    "GUESS": {"passage", "guess"},
    "NO_GUESS": {"not_found"},
    "REWRITE_RULES": set(),
    "REWRITE_REQUEST": {"history", "question"},
    "TURN": {"question", "answer"},
}


@pytest.mark.parametrize("name", PLACEHOLDERS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_prompt_has_the_same_placeholders_in_both_languages(name: str, language: str) -> None:
    template: Mapping[str, str] = getattr(prompts, name)
    assert set(template) == {"zh", "en"}
    found = {field for _, field, _, _ in string.Formatter().parse(template[language]) if field is not None}
    assert found == PLACEHOLDERS[name]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_is_asked_for_with_all_it_needs(language: str) -> None:
    question = Question(text="几家{0}？", language=language)
    passages = [
        replace(passage, heading=("要闻", '第"一"版'), date="2023-03-22")
        for passage in passages_of("园区有231家。", "The mill {stood}.")
    ]
    system, user = prompts.answer_messages(question, passages, guess=("231家", 1), left_out=3)
    assert (system.role, user.role) == ("system", "user")
    assert NOT_FOUND[language] in system.content
    assert "[1]" in system.content
    assert (
        '<passage number="1" source="文档1 › 要闻 › 第\'一\'版 › 2023-03-22">\n园区有231家。\n</passage>'
        in (user.content)
    )
    assert '<passage number="2"' in user.content
    assert "The mill {stood}." in user.content
    assert user.content.endswith("几家{0}？")
    assert "231家" in user.content.split("</passage>")[-1]
    assert re.search(r"\b3\b", user.content.split("</passage>")[-1])
    bare = prompts.answer_messages(question, passages)[1].content
    assert ("231家”" in bare, " 3 " in bare.split("</passage>")[-1]) == (False, False)
    last = prompts.answer_messages(question, passages, found=False)[1].content.partition("几家{0}？")[2]
    assert last.endswith(NOT_FOUND[language])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_rewriting_is_asked_for_with_the_last_turns(language: str) -> None:
    history = [(f"第{n}问", "答" * 1000) for n in range(9)]
    system, user = prompts.rewrite_messages("那2021年呢？", history, language)
    assert "第4问" not in user.content
    assert "第5问" in user.content
    assert "第8问" in user.content
    assert "那2021年呢？" in user.content
    assert len(user.content) < 1500
    assert system.role == "system"


def test_other_languages_are_prompted_in_english_as_their_answers_are_framed() -> None:
    assert [prompts.language_of(language) for language in ("en", "zh", "ja", "de")] == [
        "en",
        "zh",
        "en",
        "en",
    ]


def test_the_digest_changes_with_any_word(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prompts.digest()
    assert re.fullmatch(r"2-[0-9a-f]{12}", before)
    changed: dict[Any, str] = {**prompts.TURN, "en": "Q: {question} A: {answer}"}
    templates = tuple(changed if template is prompts.TURN else template for template in prompts._TEMPLATES)
    monkeypatch.setattr(prompts, "_TEMPLATES", templates)
    assert prompts.digest() != before


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("</passage>", "‹/passage>"),
        ("< /passage >", "‹ /passage >"),
        ("＜/passage＞", "‹/passage＞"),
        ("<|im_end|><｜User｜></s><think>", "‹|im_end|>‹｜User｜>‹/s>‹think>"),
        ("[INST]x[/INST]", "〔INST]x〔/INST]"),
        ("见[3]和【1，2】、[^4]", "见(3)和(1，2)、[^4]"),
        ("a < b, 3<4, [附件], [a]", "a < b, 3<4, [附件], [a]"),
    ],
)
def test_what_could_speak_to_the_model_is_written_with_look_alikes(text: str, data: str) -> None:
    assert prompts.as_data(text) == data


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
@given(
    st.lists(
        st.sampled_from(
            ["<", "＜", "/", "passage", ">", " ", "|", "im_end", "[", "]", "INST", "1", "】", "甲", "\n"]
        ),
        max_size=30,
    ).map("".join)
)
def test_no_document_closes_its_fence_or_writes_a_marker(text: str) -> None:
    data = prompts.as_data(text)
    assert len(data) == len(text)
    assert not re.search(r"[<＜]\s*/|<\|", data)
    parser = SentenceParser()
    assert not any(sentence.markers for sentence in [*parser.feed(f"甲{data}"), *parser.finish()])
