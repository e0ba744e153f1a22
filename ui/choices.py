"""The answerers that a person may choose among on the page. Takes an assistant, gives names to show and assistants.

The page gets a digest to choose by and a short name: no folder of this machine, and no address of another.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import urlsplit

from index.errors import SettingsError
from rag.answerers.names import parse_answerer
from rag.assistant import Assistant
from ui.datatypes import Language
from ui.strings import say

_CREDENTIALS = re.compile(r"(?i)(\bhttps?://)[^\s/@'\"#?]*@")
_QUERY = re.compile(r"(?i)(\bhttps?://[^\s#?'\"]*)\?[^\s#'\"]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An answerer as the page offers it."""

    key: str  # what the page sends back
    label: str


class Choices:
    """Lends an assistant for each answerer that the settings offer; may be shared by threads.

    All parts of the page share one, so that no model is loaded twice.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.default = assistant
        self._names = {_key(name): name for name in assistant.settings.offered}
        self._made: dict[str, Assistant] = {}
        self._making = threading.Lock()

    def listed(self, language: Language) -> list[Choice]:
        """Return what is offered, the default first."""
        return [Choice(key=key, label=label(name, language)) for key, name in self._names.items()]

    def assistant(self, key: str) -> Assistant:
        """Return the assistant that answers by a choice; "" is the default.

        Raises:
            SettingsError: it is not offered (any more).
        """
        name = self._names.get(key, "") if key else self.default.settings.answerer
        if not name:
            raise SettingsError("That model is not offered any more; load the page again and choose another.")
        if name == self.default.settings.answerer:
            return self.default
        with self._making:
            if key not in self._made:
                self._made[key] = self.default.with_answerer(name)
            return self._made[key]


def label(name: str, language: Language) -> str:
    """Return how the page names an answerer: the model, and where it is served, but no folder."""
    parsed = parse_answerer(name)
    if parsed.kind == "openai":
        return f"{parsed.model} · {urlsplit(parsed.url).netloc}"
    if parsed.kind == "transformers":
        is_path = parsed.model.startswith((".", "/", "~")) or "\\" in parsed.model
        return PurePath(parsed.model.replace("\\", "/")).name if is_path else parsed.model
    return say(language, "answerer_extractive")


def without_credentials(text: str) -> str:
    """Return a sentence whose addresses have neither user, password nor query."""
    return _QUERY.sub(r"\1", _CREDENTIALS.sub(r"\1", text))


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]
