"""Answerers: each takes a question and numbered passages and yields text, then a draft with its claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import SettingsError
from rag.answerers.base import Answerer, Claim, Draft, Question, draft_of

if TYPE_CHECKING:
    from index.embedder import Embedder
    from rag.answerers.extractive import PassageReader
    from rag.settings import Settings

__all__ = ["Answerer", "Claim", "Draft", "Question", "draft_of", "load_answerer"]


def load_answerer(settings: Settings, reader: PassageReader, embedder: Embedder | None = None) -> Answerer:
    """Return the answerer that ``settings.answerer`` names.

    The embedder helps where a question is in another language than the documents.

    Raises:
        SettingsError: there is no answerer of that name.
    """
    if settings.answerer != "extractive":
        raise SettingsError(f"there is no answerer {settings.answerer!r}; use 'extractive'")
    from rag.answerers.extractive import ExtractiveAnswerer, ExtractiveOptions

    return ExtractiveAnswerer(
        reader, ExtractiveOptions(threshold=settings.refusal_threshold), embedder=embedder
    )
