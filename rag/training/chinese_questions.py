"""Makes Chinese questions from a passage and one of its answers, as a person might ask them.

The clause that holds the answer is shortened, given its subject, and turned: the asking words stand where the
answer stood, in front, or at the end; adverbs fall away, some words change for others. Variety matters more
than grammar: the reader learns from which words a question shares with a passage and which it asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from index.translation.lexicon import word_set
from rag.training.answers import PUNCTUATION, TITLE_END, FoundAnswer
from rag.training.words import Word

ASKED = "ASKED"  # tag of the words that ask
_CLAUSE_ENDS = frozenset("，。；！？\n?!;")
_SENTENCE_ENDS = frozenset("。！？\n")
_OPENERS = word_set(
    "此外 同时 其中 目前 近日 日前 但 但是 而 而且 并 并且 且 也 还 另外 不过 因此 所以 随后 据悉 "
    "据了解 据介绍 对此 如今 由于 虽然 与此同时 例如 比如 和 与 及 以及"
)
_SWAPS = {
    "举行": ("举办",),
    "举办": ("举行",),
    "召开": ("举行",),
    "达到": ("达",),
    "达": ("达到",),
    "企业": ("公司",),
    "公司": ("企业",),
    "成立": ("设立",),
    "设立": ("成立",),
    "表示": ("说",),
    "发布": ("公布",),
    "公布": ("发布",),
    "总投资": ("投资总额",),
    "增长": ("增加",),
    "下降": ("减少",),
    "建成": ("建好",),
    "获得": ("得到",),
    "超过": ("超",),
    "开展": ("进行",),
    "使用": ("用",),
    "建设": ("修建",),
    "推出": ("发布",),
    "共有": ("一共有",),
    "共": ("总共",),
    "介绍": ("说",),
    "宣布": ("公布",),
    "实现": ("完成",),
    "位于": ("在",),
    "担任": ("任",),
    **dict.fromkeys(word_set("目前 已经 已 累计 将 了 约 其 该"), ("",)),
}


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question and the words it was made of; the words that ask have the tag ASKED."""

    text: str
    words: tuple[Word, ...]


def ask(text: str, words: Sequence[Word], answer: FoundAnswer, random: Random) -> MadeQuestion | None:
    """Return a question that ``answer`` answers, or None where its clause says too little."""
    start, end = bounds(text, answer.start, answer.end, _CLAUSE_ENDS)
    left, right = _around(text, words, answer, start, end)
    topic = _topic(text, words, answer, (start, end), [*left, *right], random)
    topic, left, right = _shorten(topic, left, right)
    if _length([*topic, *left, *right]) < 5:
        return None
    topic, left, right = (_thin(part, random) for part in (topic, left, right))
    opening = topic or left
    while opening and (opening[0].text in _OPENERS or opening[0].tag[0] == "c"):
        opening.pop(0)
    while left and left[0].text in _OPENERS:
        left.pop(0)
    order = _arrange(answer, answer.start - start, topic, left, right, random)
    return _finish(order, random)


def bounds(text: str, start: int, end: int, delimiters: frozenset[str]) -> tuple[int, int]:
    """Widen a span to the delimiters around it."""
    while start > 0 and text[start - 1] not in delimiters:
        start -= 1
    while end < len(text) and text[end] not in delimiters:
        end += 1
    return start, end


def _length(words: Sequence[Word]) -> int:
    return sum(len(word.text) for word in words)


def _around(
    text: str, words: Sequence[Word], answer: FoundAnswer, start: int, end: int
) -> tuple[list[Word], list[Word]]:
    """Return the clause's words before and after the answer; words cut by its edges leave their rest."""
    left: list[Word] = []
    right: list[Word] = []
    for word in words:
        if word.start < start or word.end > end:
            continue
        if word.end <= answer.start:
            left.append(word)
        elif word.start >= answer.end:
            right.append(word)
        else:
            if word.start < answer.start:
                left.append(Word(text[word.start : answer.start], word.tag, word.start, answer.start))
            if word.end > answer.end:
                right.append(Word(text[answer.end : word.end], word.tag, answer.end, word.end))
    return left, right


def _topic(
    text: str,
    words: Sequence[Word],
    answer: FoundAnswer,
    clause: tuple[int, int],
    body: Sequence[Word],
    random: Random,
) -> list[Word]:
    """Return the words that say what a clause is about, from before it: many clauses have no subject."""
    size = _length(body)
    bare = clause[1] - clause[0] < answer.end - answer.start + 3
    weak = bare or size < 7 or (body[0].tag[0] in "vdpc" and answer.start > clause[0])
    sentence, _ = bounds(text, answer.start, answer.end, _SENTENCE_ENDS)
    topic: list[Word] = []
    if clause[0] > sentence and (weak or random.random() < 0.3):
        if size < 4 or random.random() < 0.45:
            first, last = bounds(text, clause[0] - 1, clause[0] - 1, _CLAUSE_ENDS)
            topic = [word for word in words if first <= word.start and word.end <= last]
        if not topic or _length(topic) > 22:
            topic = _subject(words, *bounds(text, sentence, sentence, _CLAUSE_ENDS)) or topic
    elif weak and sentence > 0 and random.random() < 0.8:
        first, _ = bounds(text, sentence - 1, sentence - 1, _SENTENCE_ENDS)
        topic = _subject(words, *bounds(text, first, first, _CLAUSE_ENDS))
    return [] if topic and topic[0].start <= answer.start < topic[-1].end else topic


def _subject(words: Sequence[Word], start: int, end: int) -> list[Word]:
    """Return the words between two offsets that come before the first verb, if that looks like a subject."""
    found: list[Word] = []
    for word in words:
        if word.start >= start:
            if word.start >= end or (word.tag[0] == "v" and found):
                break
            found.append(word)
    while found and (found[-1].tag[0] in "dpcu" or found[-1].text in PUNCTUATION):
        found.pop()
    while found and (found[0].tag[0] in "cdp" or found[0].text in PUNCTUATION):
        found.pop(0)
    return found if 2 <= _length(found) <= 24 else []


def _shorten(
    topic: Sequence[Word], left: Sequence[Word], right: Sequence[Word]
) -> tuple[list[Word], list[Word], list[Word]]:
    """Cut words that stand far from the answer, down to what a person would type."""
    topic, left, right = list(topic), list(left), list(right)
    while _length(topic) > 24:
        topic.pop(0)
    while _length(left) > 22 and len(left) > 2:
        left.pop(0)
    while _length(right) > 18 and len(right) > 2:
        right.pop()
    while right and right[-1].tag[0] in "upcd":
        right.pop()
    return topic, left, right


def _thin(words: Sequence[Word], random: Random) -> list[Word]:
    """Leave out some of the words that a question can do without, and all quotation marks and brackets."""
    kept: list[Word] = []
    for word in words:
        if word.text in '“”"（）()：:' or word.text.isspace():
            continue
        named = word.tag in {"ns", "nr", "nt", "nz"}
        chance = {"d": 0.35, "a": 0.12, "n": 0.0 if named else 0.05, "v": 0.05}.get(word.tag[0], 0.0)
        chance = 0.1 if word.tag == "uj" else 0.0 if word.text in "不没未" else chance
        if random.random() >= chance:
            kept.append(word)
    return kept


def _arrange(
    answer: FoundAnswer, before: int, topic: list[Word], left: list[Word], right: list[Word], random: Random
) -> list[Word]:
    """Return the words of the question in order; ``before`` is where in its clause the answer began."""
    asks = _asked(random.choice(answer.asks))
    choice = random.random()
    kind = answer.kind
    if kind == "date" and left and left[-1].text in {"于", "在"}:
        left = left[:-1]
    if kind == "figure" and left and left[-1].text in {"约", "近", "超", "逾", "超过", "达", "共", "高达"}:
        left = left[:-1] if random.random() < 0.5 else left
    order = [*topic, *left, asks, *right]
    if kind == "person" and left and TITLE_END.search(left[-1].text) and choice < 0.6:
        title = left[-8:]
        if _length(title) > 4 or topic:
            who = random.choice(("是谁", "是谁", "叫什么", "叫什么名字", "是哪位"))
            return [*(topic if _length(title) <= 6 else []), *title, _asked(who)]
    if kind == "figure" and not right and left and left[-1].tag[0] in "nv" and choice < 0.4:
        verb = random.choice(("了", "") if left[-1].tag[0] == "v" else ("是", "为", "有", "达到"))
        order = [*topic, *left, _asked(verb), asks]
    elif kind == "figure" and len(right) > 1 and right[0].text == "的" and choice < 0.6:
        order = [*right[1:], *topic, *left, asks] if choice < 0.3 else [*topic, *right[1:], *left, asks]
    elif kind == "figure" and not right and choice < 0.5:
        order = [*topic, *left, _asked(random.choice(("是多少", "有多少", "是多少")))]
    elif kind == "date" and right and right[0].text == "，":
        order = [*topic, *left, asks, *right[1:]]
    elif kind == "date" and choice < 0.35:
        subject = _subject(right, right[0].start, right[-1].end) if right else []
        if subject and right[: len(subject)] == subject:
            order = [*topic, *left, *subject, asks, *right[len(subject) :]]
        else:
            order = [*topic, *left, *right, _asked("是" + asks.text)]
    elif kind == "date" and choice < 0.6:
        order = [*topic, *left, *right, _asked(random.choice(("是", "是在")) + asks.text)]
        order += [_asked("的")] if random.random() < 0.5 else []
    elif kind in {"person", "organisation"} and before <= 1 and choice < 0.35:
        order = [*topic, *right, _asked("的"), _asked("是" + asks.text)]
    elif kind in {"person", "organisation"} and choice < 0.5 and not left:
        order = [asks, *topic, *right]
    elif kind in {"work", "term"} and choice < 0.15:
        order = [*topic, *left, *right, _asked("是什么")]
    if topic and choice < 0.3 and order[: len(topic)] == topic and kind != "list":
        order.insert(len(topic), _asked(random.choice(("，", "", "中"))))
    return order


def _asked(text: str) -> Word:
    return Word(text, ASKED, -1, -1)


def _finish(order: Sequence[Word], random: Random) -> MadeQuestion | None:
    """Swap some words for others, trim, and end as people end questions."""
    words: list[Word] = []
    for word in order:
        swaps = _SWAPS.get(word.text, ()) if word.tag != ASKED else ()
        text = random.choice(swaps) if swaps and random.random() < 0.15 else word.text
        if text:
            words.append(Word(text, word.tag, word.start, word.end))
    while words and words[0].text in PUNCTUATION:
        words.pop(0)
    while words and words[-1].text in PUNCTUATION:
        words.pop()
    text = "".join(word.text for word in words)
    if random.random() < 0.04:
        text = random.choice(("请问", "请问，", "我想知道")) + text
    if not 6 <= len(text) <= 60:
        return None
    return MadeQuestion(
        re.sub(r"\s+", " ", text) + random.choice(("？", "？", "？", "？", "?", "")), tuple(words)
    )
