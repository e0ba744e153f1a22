"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from index.errors import ReadError, SettingsError
from rag.answerers.names import FORMS

DEFAULT_LIBRARY = Path("chuchu-library")


def path(text: str | Path) -> Path:
    """Read a path of the command line; the empty one, as of a variable that is not set, is not the folder here."""
    if text == "":
        raise typer.BadParameter("empty path")
    return Path(text)


LibraryFolder = Annotated[Path, typer.Option("--library", "-l", parser=path, help="The library's folder.")]
MaybeLibrary = Annotated[
    Path | None,
    typer.Option("--library", "-l", parser=path, help="The library's folder.", show_default="chuchu-library"),
]
Sample = Annotated[bool, typer.Option("--sample", help="Use the sample documents that come along.")]
EmbedderName = Annotated[
    str | None,
    typer.Option(
        "--embedder", help="builtin, builtin-fast, or name or path of a sentence-transformers model."
    ),
]
Dimensions = Annotated[
    int | None,
    typer.Option(
        "--dimensions", min=1, help="Keep so many numbers of a vector, of a model trained for that (MRL)."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
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


def check_documents(documents: Sequence[Path]) -> list[Path]:
    """Return those of the named files and folders that are not there.

    Raises
    ------
    ReadError
        none of them is there: nothing is begun, no library made.
    """
    from index.readers.files import absolute, why_missing

    missing = [path for path in documents if not os.path.exists(absolute(path))]
    if documents and len(missing) == len(documents):
        raise ReadError(why_missing(missing[0]))
    return missing


def check_readable(documents: Sequence[Path]) -> None:
    """Look for a file to read before a library is made for them.

    Raises
    ------
    ReadError
        there is none: no library made.
    """
    from index.readers.files import find_files

    listing = find_files(documents)
    if listing.errors and not listing.files:
        raise ReadError(listing.errors[0].reason)


def library_folder(
    library: Path | None, *, sample: bool, embedder: str | None = None, dimensions: int | None = None
) -> Path:
    """Return the folder of the library that was named, of the samples', or the usual one.

    The samples are embedded with the model that is asked for.

    Raises
    ------
    SettingsError
        the samples and a library were asked for together.
    """
    if not sample:
        return library or DEFAULT_LIBRARY
    if library:
        raise SettingsError("--sample has a library of its own; leave out --library")
    from ui.sample import sample_library

    return sample_library(embedder, dimensions)
