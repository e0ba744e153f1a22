"""Documents read from files: text, Markdown, HTML, PDF and DOCX become ``Document`` values."""

from index.readers.files import FileListing, FileProblem, find_files, source_of
from index.readers.limits import DEFAULT_LIMITS, ReadLimits
from index.readers.reader import DocumentReader, read_content

__all__ = [
    "DEFAULT_LIMITS",
    "DocumentReader",
    "FileListing",
    "FileProblem",
    "ReadLimits",
    "find_files",
    "read_content",
    "source_of",
]
