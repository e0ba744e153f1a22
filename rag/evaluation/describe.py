"""Says what was measured: settings, models, versions, corpus, machine. Takes an assistant, gives JSON."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from index.runtime import precision
from rag.evaluation.questions import QuestionSet

FORMAT = 1  # of the run folder
PACKAGES = ("chuchu", "torch", "transformers", "sentence-transformers", "openai", "faiss-cpu", "numpy")
MODELS = ("embedder", "reader", "reranker", "answerer")
_MUST_AGREE = ("format", "settings", "models", "corpus")
_MADE_BY = ("versions", "machine", "workers")  # may change while a run is interrupted


def describe(assistant: object, questions: QuestionSet, *, workers: int) -> dict[str, Any]:
    """Return what ``run.json`` holds before the run; an assistant of another make may lack any part."""
    return {
        "format": FORMAT,
        "date": now(),
        "questions": describe_questions(questions),
        "settings": settings_dict(assistant),
        "models": _models(assistant),
        "corpus": _corpus(assistant),
        "workers": workers,
        **describe_machine(),
    }


def describe_questions(questions: QuestionSet) -> dict[str, Any]:
    """Return where questions come from, how many they are, and a fingerprint of what they ask."""
    return {
        "path": questions.path,
        "fingerprint": questions.fingerprint,
        "count": len(questions.questions),
        "skipped": [str(problem) for problem in questions.skipped],
        "notes": list(questions.notes),
    }


def describe_machine() -> dict[str, Any]:
    """Return the versions of what is used, and the machine."""
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {
            "system": platform.platform(),
            "cpu": _cpu(),
            "cores": _cores(),
            "precision": precision(),
        },
    }


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return in words where two ``run.json`` measure different things; empty where they agree.

    Of ``right`` only questions and versions must be known; what else it does not tell yet is not compared.
    """
    found = []
    asked = left.get("questions", {})
    if asked.get("fingerprint") != right["questions"]["fingerprint"]:
        found.append(f"its questions are those of {asked.get('path')}, {asked.get('count')} in all")
    read, named = (", ".join(info.get("documents", ())) for info in (left, right))
    if read and named and read != named:
        found.append(f"documents: {read} there, {named} now")
    for part in _MUST_AGREE:
        if part in right:
            found += [f"{name}: {a} there, {b} now" for name, a, b in differing_entries(left, right, part)]
    there, here = (info.get("versions", {}).get("chuchu") for info in (left, right))
    if there != here:
        found.append(f"chuchu: {there} there, {here} now")
    return found


def continued(begun: Mapping[str, Any], info: Mapping[str, Any], *, asked: bool) -> dict[str, Any]:
    """Return the ``run.json`` of a run that goes on; it tells what began it and, if that is another, what goes on.

    Args:
        begun: the ``run.json`` that was found.
        info: what it would be if the run began now.
        asked: whether any question is left to ask.
    """
    first = {part: begun[part] for part in ("date", *_MADE_BY) if part in begun}
    changed = {part: info[part] for part in _MADE_BY if begun.get(part) != info[part]}
    later = [*begun.get("continued", ()), *([{"date": info["date"], **changed}] if asked and changed else ())]
    return {**info, **first, **({"continued": later} if later else {})}


def differing_entries(
    left: Mapping[str, Any], right: Mapping[str, Any], part: str
) -> list[tuple[str, Any, Any]]:
    """Return (name, left value, right value) of the entries of one part that differ."""
    a, b = left.get(part), right.get(part)
    if not (isinstance(a, Mapping) and isinstance(b, Mapping)):
        return [(part, a, b)] if a != b else []
    return [(name, a.get(name), b.get(name)) for name in sorted({*a, *b}) if a.get(name) != b.get(name)]


def settings_dict(assistant: object) -> dict[str, Any]:
    """Return an assistant's settings as plain values, empty where it has none."""
    settings = getattr(assistant, "settings", None)
    if settings is None:
        return {}
    if hasattr(settings, "model_dump"):
        dumped = dict(settings.model_dump(mode="json"))
        dumped.pop("answerers", None)  # what else could have been chosen says nothing about this run
        return dumped
    if is_dataclass(settings) and not isinstance(settings, type):
        return asdict(settings)
    return {"settings": str(settings)}


def now() -> str:
    """Return the time in UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _models(assistant: object) -> dict[str, Any]:
    """Return the fingerprint of each model that the assistant has."""
    prints = {name: getattr(getattr(assistant, name, None), "fingerprint", None) for name in MODELS}
    return {name: fingerprint for name, fingerprint in prints.items() if fingerprint is not None}


def _corpus(assistant: object) -> dict[str, Any]:
    """Return the number of documents, and a fingerprint of their texts, whatever their order and places."""
    library = getattr(assistant, "library", None)
    if library is None:
        return {}
    ids = [info.id for info in library.documents()]
    texts = sorted(hashlib.sha256(library.document(i).text.encode()).hexdigest() for i in ids)
    return {"documents": len(ids), "fingerprint": hashlib.sha256("".join(texts).encode()).hexdigest()[:12]}


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )
