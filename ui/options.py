"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

RerankerName = Annotated[
    str | None,
    typer.Option(
        "--reranker",
        help="reader, or name or path of a cross-encoder that chooses the passages.",
        show_default="as in the library's settings: reader",
    ),
]
