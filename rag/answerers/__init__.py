"""Answerers: each takes a question and numbered passages and yields text, then a draft with its claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.answerers.base import Answerer, Claim, Draft, Question, Rewriter, draft_of
from rag.answerers.names import AnswererName, parse_answerer

if TYPE_CHECKING:
    from index.embedder import Embedder
    from rag.answerers.chat import ChatModel
    from rag.readings import PassageReader
    from rag.settings import Settings

__all__ = ["Answerer", "Claim", "Draft", "Question", "Rewriter", "draft_of", "load_answerer"]


def load_answerer(settings: Settings, reader: PassageReader, embedder: Embedder) -> Answerer:
    """Return the answerer that ``settings.answerer`` names; a model on this machine is loaded.

    The embedder helps where a question is in another language than the documents, and where a language model's
    sentence is held to its passages.

    Raises:
        SettingsError: there is no answerer of that name.
        ModelError: its model cannot be loaded, or a package that it needs is not installed.
    """
    from rag.answerers.extractive import ExtractiveAnswerer, ExtractiveOptions

    name = parse_answerer(settings.answerer)
    extractive = ExtractiveAnswerer(
        reader, ExtractiveOptions(threshold=settings.refusal_threshold), embedder=embedder
    )
    if name.kind == "extractive":
        return extractive
    from rag.answerers.generated import GeneratedAnswerer, GeneratingOptions
    from rag.checking import SentenceChecker

    options = GeneratingOptions(
        strict=settings.strict,
        max_new_tokens=settings.max_new_tokens,
        threshold=settings.refusal_threshold,
    )
    checker = SentenceChecker(reader, embedder)
    return GeneratedAnswerer(_chat_model(name, settings), extractive, checker, options)


def _chat_model(name: AnswererName, settings: Settings) -> ChatModel:
    if name.kind == "openai":
        from rag.answerers.served import ServedModel, ServedOptions

        served = ServedOptions(
            temperature=settings.temperature,
            context_tokens=settings.context_tokens,
            silence_s=settings.silence_s,
            total_s=settings.answer_s,
        )
        return ServedModel(name.url, name.model, served)
    from rag.answerers.local import LocalModel, LocalOptions

    local = LocalOptions(
        temperature=settings.temperature,
        context_tokens=settings.context_tokens,
        thinking=settings.thinking,
    )
    return LocalModel.load(name.model, local)
