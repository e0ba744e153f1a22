"""Choosing among answerers: names without secrets, one assistant each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import SettingsError
from index.library import Library
from index.runtime import models_at_once
from rag.assistant import Assistant
from rag.settings import Settings
from tests.conftest import FakeEmbedder
from ui.app import questions_at_once
from ui.choices import Choices, label, without_credentials

SERVED = "openai:https://models.example:8443/v1#qwen3"
SECRET = "openai:http://wang:hunter2@models.example:8443/v1?api_key=abc#qwen3"


@pytest.fixture
def assistant(tmp_path: Path, fake_embedder: FakeEmbedder) -> Iterator[Assistant]:
    settings = Settings(answerers=(SERVED, "extractive"))
    with (
        Library.create(tmp_path / "library", fingerprint="fake-64", dimensions=64) as library,
        Assistant(library, settings=settings, embedder=fake_embedder) as made,
    ):
        yield made


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("extractive", "摘录原文"),
        (SERVED, "qwen3 · models.example:8443"),
        ("openai:http://localhost:11434/v1#qwen3:4b", "qwen3:4b · localhost:11434"),
        ("transformers:Qwen/Qwen3-4B", "Qwen/Qwen3-4B"),
        ("transformers:/home/wang/models/qwen3", "qwen3"),
        (r"transformers:C:\models\qwen3", "qwen3"),
    ],
)
def test_a_label_names_the_model_and_its_place_but_no_secret(name: str, shown: str) -> None:
    assert label(name, "zh") == shown


def test_the_page_sees_neither_address_nor_folder(assistant: Assistant) -> None:
    listed = Choices(assistant).listed("en")
    assert [choice.label for choice in listed] == ["Extracts", "qwen3 · models.example:8443"]
    assert not any(part in str(listed) for part in ("http", "/v1"))


@pytest.mark.parametrize("names", [{"answerer": SECRET}, {"answerers": ("extractive", SECRET)}])
def test_an_address_with_a_password_is_refused_without_repeating_it(names: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="CHUCHU_API_KEY") as caught:
        Settings().changed(**names)
    assert not any(secret in str(caught.value) for secret in ("hunter2", "wang", "abc"))


def test_a_choice_is_an_assistant_of_the_same_library_and_models_made_once(assistant: Assistant) -> None:
    choices = Choices(assistant)
    extractive, served = choices.listed("zh")
    assert choices.assistant("") is assistant
    assert choices.assistant(extractive.key) is assistant
    other = choices.assistant(served.key)
    assert (other.settings.answerer, other.library, other.embedder) == (
        SERVED,
        assistant.library,
        assistant.embedder,
    )
    assert choices.assistant(served.key) is other
    with pytest.raises(SettingsError, match="not offered any more"):
        choices.assistant("0" * 12)


def test_a_choice_ranks_passages_by_the_cross_encoder_that_was_handed_in(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    reranker: Any = object()
    with (
        Library.create(tmp_path / "library", fingerprint="fake-64", dimensions=64) as library,
        Assistant(library, embedder=fake_embedder, reranker=reranker) as assistant,
    ):
        assert assistant.with_answerer(SERVED).reranker is reranker


def test_what_is_offered_does_not_change_the_fingerprint_of_answers() -> None:
    settings = Settings(answerers=("transformers:a/b",))
    assert settings.fingerprint == Settings().fingerprint
    assert settings.offered == ("extractive", "transformers:a/b")
    other = Settings(answerer="transformers:a/b")
    assert other.fingerprint != Settings().fingerprint
    assert other.offered == ("transformers:a/b", "extractive")


def test_a_sentence_loses_the_secrets_of_its_addresses_and_nothing_else() -> None:
    told = f"there is no answerer {SECRET!r}; is http://a.example/x?k=1 there? Ask me@b.example."
    assert without_credentials(told) == (
        "there is no answerer 'openai:http://models.example:8443/v1#qwen3'; "
        "is http://a.example/x there? Ask me@b.example."
    )


@pytest.mark.parametrize(
    ("answerer", "expected"),
    [
        ("extractive", models_at_once()),
        ("openai:http://127.0.0.1:8080/v1#m", models_at_once()),
        (SERVED, 16),
    ],
)
def test_only_a_server_elsewhere_is_asked_many_questions_at_a_time(answerer: str, expected: int) -> None:
    assert questions_at_once(answerer) == expected
