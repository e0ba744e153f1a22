"""The command ``chuchu models``: which models answer questions here, and whether each of them does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import typer

from index.errors import ChuchuError, ModelError
from rag.answerers.base import Question, draft_of
from rag.datatypes import Passage
from ui.options import DEFAULT_LIBRARY, AnswererName, AsJson, EmbedderName, MaybeLibrary, RerankerName

if TYPE_CHECKING:
    from rag.settings import Settings

TOKENS = 512  # of the reply that shows that a language model answers: room for a thought before it
_TEXT = "青岭茶园2023年产茶叶42吨。"
_QUESTION = "青岭茶园2023年产茶叶多少吨？"
_PASSAGE = Passage(
    number=1, document_id=1, source="tea.txt", title="tea", text=_TEXT, spans=((0, len(_TEXT)),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """One model and whether it answered."""

    kind: str  # embedder, reader, reranker, answerer
    name: str
    ok: bool
    seconds: float  # loading included
    detail: str  # its fingerprint, or what is wrong


def register(app: typer.Typer) -> None:
    """Mount the command on the main application."""
    app.command("models", epilog="Example: chuchu models --answerer openai:http://localhost:11434/v1#qwen3")(
        models
    )


def models(
    library: MaybeLibrary = None,
    embedder: EmbedderName = None,
    answerer: AnswererName = None,
    reranker: RerankerName = None,
    as_json: AsJson = False,
) -> None:
    """List the models that are configured, and check that each answers; exits 1 if one does not."""
    from index.embedder import BUILTIN
    from index.library import Library
    from rag.settings import Settings

    folder = library or DEFAULT_LIBRARY
    name, dimensions = embedder or BUILTIN, None
    if library is not None or Library.exists(folder):
        with Library.open(folder) as opened:
            name, dimensions = opened.embedder_for(embedder or "", None)
    settings = Settings.load(folder).changed(answerer=answerer, reranker=reranker)
    checks = check_models(settings, name, dimensions)
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        typer.echo("kind\tname\tstate\tseconds\tdetail")
        for check in checks:
            state = "ok" if check.ok else "failed"
            typer.echo(f"{check.kind}\t{check.name}\t{state}\t{check.seconds:.1f}\t{check.detail}")
    failed = [check.kind for check in checks if not check.ok]
    if failed:
        raise ChuchuError(f"{len(failed)} of {len(checks)} models do not answer: {', '.join(failed)}")


def check_models(settings: Settings, embedder: str, dimensions: int | None = None) -> list[ModelCheck]:
    """Load the embedder, the reader and the answerer that the settings name, and ask each something small."""
    from index.embedder import load_embedder
    from rag.answerers import load_answerer
    from rag.reader import Reader
    from rag.reranker import READER, load_reranker

    loaded: dict[str, Any] = {}

    def embed() -> str:
        loaded["embedder"] = load_embedder(embedder, dimensions)
        loaded["embedder"].embed_queries([_QUESTION])
        return str(loaded["embedder"].fingerprint)

    def read() -> str:
        loaded["reader"] = Reader.load()
        loaded["reader"].read(_QUESTION, [_TEXT])
        return str(loaded["reader"].fingerprint)

    def answer() -> str:
        if len(loaded) < 2:
            raise ModelError("not asked, as it needs the models before it")
        brief = settings.changed(max_new_tokens=min(settings.max_new_tokens, TOKENS))
        answerer = load_answerer(brief, loaded["reader"], loaded["embedder"])
        draft_of(answerer, Question(text=_QUESTION, language="zh"), [_PASSAGE])
        return answerer.fingerprint

    def rerank() -> str:
        reranker = load_reranker(settings.reranker) or loaded["reader"]
        reranker.relevance(_QUESTION, [_TEXT])
        return str(reranker.fingerprint)

    checks = [_check("embedder", embedder, embed), _check("reader", "builtin", read)]
    if settings.reranker != READER:
        checks.append(_check("reranker", settings.reranker, rerank))
    return [*checks, _check("answerer", settings.answerer, answer)]


def _check(kind: str, name: str, use: Callable[[], str]) -> ModelCheck:
    """Use a model once; what a person can do something about becomes its detail."""
    begun = perf_counter()
    try:
        detail, ok = use(), True
    except ChuchuError as error:
        detail, ok = " ".join(str(error).split()), False
    return ModelCheck(kind=kind, name=name, ok=ok, seconds=perf_counter() - begun, detail=detail)
