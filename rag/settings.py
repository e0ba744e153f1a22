"""What may be set about answering, with defaults, units and ranges; kept in a library's folder.

Knows nothing of what the settings are used for. Frozen: a change is ``settings.changed(...)``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from index.errors import SettingsError
from rag.answerers.names import parse_answerer

FILE_NAME = "settings.json"


class Settings(BaseModel):
    """How a library is searched and how answers are made."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # an answerer's URL may hold what is secret
    )

    answerer: str = Field(
        default="extractive", description="extractive, transformers:NAME or openai:URL#MODEL"
    )
    answerers: tuple[str, ...] = Field(
        default=(), description="further answerers that a person may choose on the page, named alike"
    )
    candidates: int = Field(
        default=60, ge=1, le=1000, description="chunks that each leg contributes to the fusion"
    )
    dense_weight: float = Field(
        default=0.3, ge=0, le=1, description="share of the dense leg in the fused score"
    )
    passages: int = Field(default=8, ge=1, le=50, description="passages read, shown and answered from")
    rerank_weight: float = Field(default=0.4, ge=0, le=1, description="share of the reader in the ranking")
    reranker: str = Field(
        default="reader", description="reader, or name or path of a cross-encoder that chooses the passages"
    )
    rerank_depth: int = Field(default=32, ge=1, le=1000, description="chunks that a cross-encoder reads")
    refusal_threshold: float = Field(default=0.4, ge=0, le=1, description="confidence below which it refuses")
    # Of language models only:
    strict: bool = Field(
        default=False,
        description="remove sentences that their passages do not bear out, rather than mark them",
    )
    max_new_tokens: int = Field(
        default=1024, ge=16, le=32_768, description="tokens of an answer at most, thoughts included"
    )
    context_tokens: int = Field(
        default=8192, ge=512, le=2_000_000, description="tokens of prompt and answer together at most"
    )
    temperature: float = Field(default=0.0, ge=0, le=2, description="0: the likeliest word each time")
    thinking: bool = Field(
        default=False, description="let a model on this machine think before it answers, where it can"
    )
    silence_s: float = Field(
        default=300, gt=0, le=3600, description="seconds that a server may be silent within an answer"
    )
    answer_s: float = Field(default=600, gt=0, le=7200, description="seconds that a server's answer may take")

    @field_validator("answerer")
    @classmethod
    def _is_an_answerer(cls, name: str) -> str:
        return _answerer(name)

    @field_validator("answerers")
    @classmethod
    def _are_answerers(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_answerer(name) for name in names)

    @property
    def offered(self) -> tuple[str, ...]:
        """The answerers that a person may choose among, the default first; the extractive one is always there."""
        return tuple(dict.fromkeys((self.answerer, "extractive", *self.answerers)))

    def changed(self, **values: object) -> Settings:
        """Return the settings with other values; those that are None stay as they are.

        Raises:
            SettingsError: a value is unknown or out of its range.
        """
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return Settings.model_validate({**self.model_dump(), **given})
        except ValidationError as error:
            raise SettingsError(_first(error)) from error

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with any setting that changes answers."""
        canonical = json.dumps(self.model_dump(exclude={"answerers"}), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @classmethod
    def load(cls, folder: Path) -> Settings:
        """Return the settings kept in a library's folder, or the defaults where there are none.

        Raises:
            SettingsError: the file is no JSON, or a value is unknown or out of its range.
        """
        path = folder / FILE_NAME
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8-sig"))  # of Windows' editors too
        except (FileNotFoundError, NotADirectoryError):  # that it is no library's folder, the library says
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} could not be read ({error}); mend it or remove it") from error
        except ValidationError as error:
            raise SettingsError(f"{path}: {_first(error)}; mend the line or remove the file") from error

    def save(self, folder: Path) -> None:
        """Write the settings into a library's folder, whole or not at all."""
        path = folder / FILE_NAME
        beside = path.with_suffix(".json.new")
        try:
            beside.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise SettingsError(f"{path} could not be written: {error.strerror or error}") from error


def _answerer(name: str) -> str:
    try:
        parse_answerer(name)
    except SettingsError as error:  # which keeps what may be secret to itself
        raise PydanticCustomError("answerer", "{message}", {"message": str(error)}) from None
    return name.strip()


def _first(error: ValidationError) -> str:
    """Return the first complaint of pydantic, as "field: what was expected"."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
