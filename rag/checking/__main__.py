"""The command ``python -m rag.checking FILE``: how well the shipped models' checks agree with labelled sentences."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from index.embedder import BUILTIN, load_embedder
from index.errors import ChuchuError
from rag.checking.checker import SentenceChecker
from rag.checking.labelled import agrees, check_cases, measure, read_cases, table
from rag.reader import Reader
from rag.remembering import RememberingEmbedder


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m rag.checking",
        description="Check labelled sentences against their passages and print precision and recall by label.",
        epilog="example: python -m rag.checking tests/data/citation_checks.jsonl --wrong",
    )
    parser.add_argument("file", type=Path, help="a JSONL file of labelled sentences")
    parser.add_argument("--embedder", default=BUILTIN, help="default: %(default)s")
    parser.add_argument(
        "--reader", type=Path, default=None, help="a reader's folder (default: the shipped one)"
    )
    parser.add_argument("--wrong", action="store_true", help="list the sentences that were judged otherwise")
    options = parser.parse_args(arguments)
    try:
        cases = read_cases(options.file)
        embedder = RememberingEmbedder(load_embedder(options.embedder))
        checker = SentenceChecker(Reader.load(options.reader), embedder)
        check_cases(checker, cases[:1])  # dictionaries and models load on first use
        begun = perf_counter()
        checked = check_cases(checker, cases)
        seconds = perf_counter() - begun
    except ChuchuError as error:
        print(error, file=sys.stderr)
        return 1
    print(table(measure(checked)))
    print(f"\n{len(cases)} sentences, {1000 * seconds / max(1, len(cases)):.0f} ms each")
    if options.wrong:
        for case, result in checked:
            if not agrees(case, result):
                score = max((support.score for support in result.supports), default=0.0)
                print(
                    f"{case.id} {case.label} → {result.reason} {result.missing} {score:.2f} {case.sentence}"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
