"""What the commands of a recipe share: logs on stderr, and one clear line where something cannot be done."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from index.errors import ChuchuError


def guarded(work: Callable[[], object]) -> int:
    """Run a command's work; return 0, or 1 after one line on stderr that says what to do."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        work()
    except ChuchuError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
