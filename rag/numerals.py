"""Reads Chinese numerals. Takes text, gives numbers; knows nothing of units or of what is counted."""

from __future__ import annotations

from decimal import Decimal

HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
HAN_POWERS = {"十": 1, "百": 2, "千": 3, "万": 4, "亿": 8}


def han_number(text: str) -> Decimal | None:
    """Return the number of Chinese numerals: 八百八十五亿 → 88500000000; None where they make none (三四, 百)."""
    whole, _, decimals = text.partition("点")
    if decimals:
        head = han_number(whole)
        return None if head is None else head + Decimal("0." + "".join(str(HAN_DIGITS[c]) for c in decimals))
    if len(text) > 1 and all(c in HAN_DIGITS for c in text):
        return Decimal("".join(str(HAN_DIGITS[c]) for c in text)) if len(text) > 2 else None
    total = section = 0
    digit: int | None = None
    highest = 0
    for position, character in enumerate(text):
        if character in HAN_DIGITS:
            if digit:
                return None
            digit = HAN_DIGITS[character]
            continue
        power = HAN_POWERS[character]
        if power < 4:
            if digit is None and not (power == 1 and position == 0):
                return None
            section += (1 if digit is None else digit) * 10**power
        else:
            section += digit or 0
            if not (section or total):
                return None
            if power > highest:
                total, highest = (total + section) * 10**power, power
            else:
                total += section * 10**power
            section = 0
        digit = None
    return Decimal(total + section + (digit or 0))
