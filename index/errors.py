"""The one exception tree. Each message names the file or option, what was expected, and what to do next.

ChuchuError
├── SettingsError           a setting or option has no meaning
├── ReadError               one document could not be read; ingest goes on with the others
├── LibraryError            a library could not be opened, read or written
│   ├── LibraryNotFoundError    there is no library in that folder
│   ├── LibraryBusyError        another process is writing to it
│   ├── LibraryVersionError     it was made by a newer version
│   ├── LibraryDamagedError     what is on disk disagrees with itself
│   └── EmbedderMismatchError   it was embedded with another model
├── ModelError              a model is missing, damaged or of the wrong kind
├── QueryError              a question is empty, too long or no text
├── QuestionsError          a questions file has a bad line
└── AnswererError           a language model could not be reached or failed
"""

from __future__ import annotations


class ChuchuError(Exception):
    """Base of every error that a person can do something about; its text is one clear sentence or two."""


class SettingsError(ChuchuError):
    """A setting or option has no meaning."""


class ReadError(ChuchuError):
    """One document could not be read."""


class LibraryError(ChuchuError):
    """A library could not be opened, read or written."""


class LibraryNotFoundError(LibraryError):
    """There is no library in that folder."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""


class LibraryVersionError(LibraryError):
    """The library was made by a newer version."""


class LibraryDamagedError(LibraryError):
    """What is on disk disagrees with itself."""


class EmbedderMismatchError(LibraryError):
    """The library was embedded with another model."""


class ModelError(ChuchuError):
    """A model is missing, damaged or of the wrong kind."""


class QueryError(ChuchuError):
    """A question is empty, too long or no text."""


class QuestionsError(ChuchuError):
    """A questions file has a bad line."""


class AnswererError(ChuchuError):
    """A language model could not be reached or failed."""
