"""Says where a model of this machine runs, in which number format, and whether it fits into the memory there.

Takes a model's configuration and where its files are, loads nothing of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from index.errors import ModelError
from index.hub import Source

OVERHEAD = 1.1  # of the weights: activations, fragmentation
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


def best_device() -> str:
    """Return where a model runs best: a CUDA card, Apple's, or the CPU."""
    import torch

    if torch.cuda.is_available():
        free = [torch.cuda.mem_get_info(n)[0] for n in range(torch.cuda.device_count())]
        return f"cuda:{free.index(max(free))}"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def fitting_format(name: str, source: Source, config: Any, device: str, context_tokens: int) -> str:
    """Return the number format to load a model in: the one it runs best in, or else the one it is kept in.

    Args:
        name: as the person wrote it, for the message.
        source: where its files are.
        config: its configuration, as transformers reads it.
        device: "cpu", "mps" or "cuda:0".
        context_tokens: whose keys and values are kept at the most.

    Raises:
        ModelError: neither fits into the memory that is free.
    """
    stored = _stored(config)
    best = _best(stored, device)
    free = free_bytes(device)
    weights = _weight_bytes(source)
    if free is None or weights is None:
        return best
    parameters = weights / BYTES[stored]
    needed = 0.0
    for dtype in dict.fromkeys((best, stored)):
        cache = cache_bytes(config, BYTES[dtype], context_tokens)
        needed = parameters * BYTES[dtype] * OVERHEAD + cache
        if needed <= free:
            return dtype
    raise ModelError(
        f"The language model {name!r} needs about {needed / 1e9:.1f} GB on {device}, where {free / 1e9:.1f} GB are "
        "free; take a smaller one, lower context_tokens, or let a server run a quantised one (openai:URL#MODEL)."
    )


def _stored(config: Any) -> str:
    """Return the number format that a model is kept in, as far as its configuration says."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    stated = getattr(config, "dtype", None) or getattr(text, "dtype", None) or "float32"
    name = str(stated).removeprefix("torch.")
    return name if name in BYTES else "float32"


def _best(stored: str, device: str) -> str:
    """Return the number format that a model of this one runs best in on a device.

    A CPU without instructions for half precision computes it many times slower than single precision.
    """
    import torch

    if device.startswith("cuda"):
        return "float16" if stored == "bfloat16" and not torch.cuda.is_bf16_supported() else stored
    if device != "cpu" or stored == "float32":
        return stored
    able = {
        "bfloat16": getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False),
        "float16": getattr(torch.ops.mkldnn, "_is_mkldnn_fp16_supported", lambda: False),
    }
    return stored if able[stored]() else "float32"


def _weight_bytes(source: Source) -> int | None:
    """Return the bytes of a model's safetensors; None where nobody knows."""
    folder = Path(source.repository)
    if folder.is_dir():
        return sum(path.stat().st_size for path in folder.glob("*.safetensors")) or None
    if source.local:
        from huggingface_hub import snapshot_download

        found = Path(
            snapshot_download(source.repository, revision=source.revision, local_files_only=True)
        ).glob("*.safetensors")
        return sum(path.stat().st_size for path in found) or None
    from huggingface_hub import HfApi

    try:
        listed = HfApi().model_info(
            source.repository, revision=source.revision, files_metadata=True, timeout=10
        )
    except (
        Exception
    ):  # the HTTP client behind the hub library is not ours to name; loading will say what is wrong
        return None
    files = [file for file in listed.siblings or () if "/" not in file.rfilename]
    return sum(file.size or 0 for file in files if file.rfilename.endswith(".safetensors")) or None


def cache_bytes(config: Any, width: int, tokens: int) -> float:
    """Return the bytes of the keys and values of a full context."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    heads = getattr(text, "num_attention_heads", 0) or 0
    size = getattr(text, "head_dim", None) or (text.hidden_size // heads if heads else 0)
    kept = getattr(text, "num_key_value_heads", None) or heads
    return 2.0 * getattr(text, "num_hidden_layers", 0) * kept * size * tokens * width


def free_bytes(device: str) -> int | None:
    """Return the memory that is free on a device; None where the system does not say."""
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    if device == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return _free_ram()


def _free_ram() -> int | None:
    """Return the bytes of RAM that can be had: on Linux what is available, elsewhere what there is."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
            return None
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        used = int((group / "memory.current").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):  # no limit says "max"
        return free
    return min(free, max(0, limit - used + int(stat.get("inactive_file", 0))))  # a cache gives way
