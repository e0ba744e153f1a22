"""What may be set about answering, with defaults, units and ranges; kept in a library's folder.

Knows nothing of what the settings are used for. Frozen: a change is ``settings.model_copy(update={...})``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import SettingsError

FILE_NAME = "settings.json"


class Settings(BaseModel):
    """How a library is searched and how answers are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    refusal_threshold: float = Field(
        default=0.35, ge=0, le=1, description="confidence below which it refuses"
    )

    @property
    def offered(self) -> tuple[str, ...]:
        """The answerers that a person may choose among, the default first; the extractive one is always there."""
        return tuple(dict.fromkeys((self.answerer, "extractive", *self.answerers)))

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
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
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


def _first(error: ValidationError) -> str:
    """Return the first complaint of pydantic, as "field: what was expected"."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
