"""How large a file may be and what reading it may cost. Holds numbers; enforces nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Bounds on one file. They stand between a person's machine and a file made to fill its memory."""

    max_bytes: int = 100_000_000  # of the file on disk
    max_characters: int = 50_000_000  # of its text
    max_zip_bytes: int = 200_000_000  # of all parts of a DOCX, unpacked, as the archive declares and as it is
    max_zip_ratio: float = 100.0  # unpacked / packed; text and XML reach about 30
    max_zip_entries: int = 5_000
    max_pages: int = 20_000  # of a PDF
    child_bytes: int = 1_500_000_000  # address space of the process that parses PDF, DOCX and large HTML
    child_seconds: float = 120.0  # wall time for one file in that process


DEFAULT_LIMITS = ReadLimits()
