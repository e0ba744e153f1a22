"""What the settings of every recipe have in common: frozen, no unknown names, read from one TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from index.errors import SettingsError


class Part(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Recipe(Part):
    """All settings of a recipe."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file.

        Raises:
            SettingsError: it cannot be read, is no TOML, or holds an unknown name or a value out of range.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path} could not be read as TOML ({error}); give another file.") from error
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise SettingsError(f"{path}: {name}: {first['msg']}; mend that line.") from error
