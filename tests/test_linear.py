"""The oracle is PyTorch's own product in float64."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from index.linear import Linear

torch.manual_seed(5)
WEIGHT, BIAS, ROWS = torch.randn(40, 24) / 5, torch.randn(40), torch.randn(7, 24)
EXPECTED = functional.linear(ROWS.double(), WEIGHT.double(), BIAS.double())


@pytest.fixture(params=["packed", "operators missing", "operators failing"])
def operators(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    def fail(*_: object) -> None:
        raise RuntimeError("could not create a primitive descriptor")

    if request.param == "operators missing":
        monkeypatch.setattr(torch.ops, "mkldnn", SimpleNamespace())
    elif request.param == "operators failing":
        broken = SimpleNamespace(_reorder_linear_weight=lambda weight: weight, _linear_pointwise=fail)
        monkeypatch.setattr(torch.ops, "mkldnn", broken)
    return str(request.param)


@pytest.mark.parametrize("count", [1, 7])
def test_float32_is_the_plain_product(operators: str, count: int) -> None:
    linear = Linear(WEIGHT, BIAS, torch.float32)
    expected = EXPECTED[:count].float()
    torch.testing.assert_close(linear(ROWS[:count]), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        linear(ROWS[:count], gelu=True), functional.gelu(expected), atol=1e-5, rtol=1e-5
    )


def test_bfloat16_is_off_by_its_rounding_and_float32_where_it_cannot_be(operators: str) -> None:
    linear = Linear(WEIGHT, BIAS, torch.bfloat16)
    product = linear(ROWS)
    assert product.dtype == linear.dtype
    tolerance = 0.03 if linear.dtype == torch.bfloat16 else 1e-5
    torch.testing.assert_close(product.double(), EXPECTED, atol=tolerance, rtol=tolerance)
    if operators != "packed":
        assert linear.dtype == torch.float32
