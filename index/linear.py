"""A layer's product, ``x @ weight.T + bias``, as fast as the processor goes. Knows nothing of the network around it.

oneDNN multiplies weights that were brought into its own order once faster than PyTorch's product, which orders
them each time, and rows of bfloat16 twice as fast again where the processor has the instruction. Its operators
are those that ``torch.compile`` emits; a PyTorch without them gets the plain product in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


class Linear:
    """One product, its weight packed; holds no other copy. May be shared by threads."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        """Take a weight, shape (out, in), and a bias, shape (out,); ``dtype`` is what they are multiplied in."""
        packed = _packed(weight.to(dtype), bias.to(dtype))
        self._is_packed = packed is not None
        self._weight = weight.float() if packed is None else packed
        self.dtype = torch.float32 if packed is None else dtype
        self._bias = bias.to(self.dtype)

    def __call__(self, rows: Tensor, *, gelu: bool = False) -> Tensor:
        """Return the product with rows, shape (n, in), and its GELU if asked for: shape (n, out), of ``dtype``."""
        rows = rows.to(self.dtype)
        if self._is_packed:
            return _multiply(rows, self._weight, self._bias, gelu)
        product = functional.linear(rows, self._weight, self._bias)
        return functional.gelu(product) if gelu else product


def _packed(weight: Tensor, bias: Tensor) -> Tensor | None:
    """Return the weight in oneDNN's order; None where this PyTorch or processor cannot multiply with it."""
    if weight.device.type != "cpu":
        return None
    try:
        with torch.inference_mode():
            packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
            _multiply(weight[:1], packed, bias, True)
    except (AttributeError, RuntimeError):  # no such operator; none for this processor or type
        return None
    return packed


def _multiply(rows: Tensor, packed: Tensor, bias: Tensor, gelu: bool) -> Tensor:
    attribute, algorithm = ("gelu", "none") if gelu else ("none", "")  # "none": the exact GELU, by erf
    product: Tensor = torch.ops.mkldnn._linear_pointwise(rows, packed, bias, attribute, [], algorithm)
    return product
