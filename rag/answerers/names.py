"""Reads the names of answerers: ``extractive``, ``transformers:NAME``, ``openai:URL#MODEL``. Loads nothing."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from index.errors import SettingsError

FORMS = "extractive, transformers:NAME or openai:URL#MODEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswererName:
    """What an answerer's name says."""

    kind: Literal["extractive", "transformers", "openai"]
    model: str = ""  # a Hugging Face name or a folder; the server's name for its model
    url: str = ""  # the server's base URL, without a slash at its end


def parse_answerer(name: str) -> AnswererName:
    """Read an answerer's name.

    Raises:
        SettingsError: it is of none of the forms, or its URL carries what may be secret. The message never
            repeats such a URL.
    """
    kind, _, rest = name.strip().partition(":")
    if kind == "extractive" and not rest:
        return AnswererName(kind="extractive")
    if kind == "transformers" and rest.strip():
        return AnswererName(kind="transformers", model=rest.strip())
    if kind == "openai" and rest:
        return _served(rest.strip())
    raise SettingsError(f"there is no answerer {name!r}; use {FORMS}")


def is_here(url: str) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_elsewhere(name: str) -> bool:
    """Whether an answerer's model works on another machine, so that asking it is only waiting here."""
    kind, _, url = name.partition(":")
    return kind == "openai" and not is_here(url)


def _served(rest: str) -> AnswererName:
    url, _, model = rest.partition("#")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError as error:
        raise SettingsError(f"the answerer's URL cannot be read ({error}); use openai:URL#MODEL") from None
    if "@" in parts.netloc or parts.query:
        raise SettingsError(
            "the answerer's URL holds a user, a password or a query, which would be kept with the settings; "
            "leave it out and put the key into the environment variable CHUCHU_API_KEY"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"the answerer's URL {url!r} is not of the form http://host:port/v1 or https://host/v1"
        )
    if not model.strip():
        raise SettingsError(
            f"the answerer openai:{url} names no model; write it behind a #, as in openai:{url}#qwen3"
        )
    return AnswererName(kind="openai", model=model.strip(), url=url.rstrip("/"))
