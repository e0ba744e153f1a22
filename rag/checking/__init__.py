"""Holds what a language model writes to the passages it cites: literal things literally, the rest by support."""

from rag.checking.checker import Checked, SentenceChecker, Support
from rag.checking.claims import is_checkable

__all__ = ["Checked", "SentenceChecker", "Support", "is_checkable"]
