"""Tells apart what has a name that begins another one's: X2 and X2 Pro, A座 and A座东, 一期 and 一期扩建.

Takes folded texts, gives yes or no. Only what is said in full is looked for: models, buildings and phases.
"""

from __future__ import annotations

import re

_VARIANT = re.compile(
    r"(?<![a-z\d.-])(?P<model>[a-z]{1,10}(?:-?\d{1,4}| \d{1,3})[a-z]?(?![a-z\d]))"
    r"(?P<grade>(?:[ -]?(?:pro|max|plus|mini|ultra|lite|air|se|xl|ti|turbo)(?![a-z])|\+)*)"
    r"|(?<![a-z\d])(?P<part>[a-z][座栋区馆楼])(?P<side>[东南西北](?![侧面边部门向临邻])|)"
    r"|(?<![哪这那每同几多百十\d])(?P<phase>[一二三四五六七八九\d]期)(?P<work>扩建|续建|改造|技改|延伸|)"
)


def names_other_variant(question: str, text: str) -> bool:
    """Whether a text names what a question does only with more or less behind it: X2 Pro where X2 is asked for.

    A phase may be spoken of without the work that is done in it.
    """
    wanted = _variants(question)
    told = _variants(text) if wanted else {}  # few questions name any
    for stem, asked in wanted.items():
        allowed = {*asked, ""} if stem.endswith("期") else asked
        if stem in told and not allowed & told[stem]:
            return True
    return False


def _variants(folded: str) -> dict[str, set[str]]:
    """Return each stem of a text with all that it stands with there; empty where it stands alone."""
    found: dict[str, set[str]] = {}
    for match in _VARIANT.finditer(folded):
        stem, behind = (
            re.sub("[ -]", "", part)
            for part in (match["model"] or match["part"] or match["phase"], match[match.lastgroup or 0])
        )
        found.setdefault(stem, set()).add(behind)
    return found
