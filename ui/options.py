"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.answerers.names import FORMS

DEFAULT_LIBRARY = Path("chuchu-library")
AnswererName = Annotated[str | None, typer.Option("--answerer", help=f"{FORMS}.", show_default=False)]
Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict/--no-strict",
        help="With a language model: remove sentences that their passages do not bear out, or mark them.",
        show_default="as in the library's settings: mark",
    ),
]
RerankerName = Annotated[
    str | None,
    typer.Option(
        "--reranker",
        help="reader, or name or path of a cross-encoder that chooses the passages.",
        show_default="as in the library's settings: reader",
    ),
]
