"""Says which article of a newspaper page a paragraph belongs to, by the names in it.

Each article is a naive Bayes model of the words that name what it is about; the best path over the page, with a price
on every change of article, is found with Viterbi's algorithm. Pages that are in order stay as they are: a paragraph
leaves the article it stands under only for one that it names, and better evidence is asked for than a single mention.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from index.layout import cues
from index.layout.pieces import Piece
from index.layout.stitching import belongs, is_cut

if TYPE_CHECKING:
    from index.layout.articles import Article

_SWITCH = 6.0  # nats of evidence before a paragraph leaves the article it stands under
_SWITCH_AFTER_CUT = 3.5  # the paragraph before it stops in mid-sentence: a column ended there
_LANDING = 3.0  # bonus for a paragraph that may go on with one that stops in mid-sentence
_ROUNDS = 4
_HEADLINE_WEIGHT = 4  # paragraphs that the headline counts for
_SHRINK = 4  # paragraphs added to every article, so that a word seen once in a short article is no name
_PHRASE_WEIGHT = 2.0
_SHORTEST_NAME = 3  # characters in common with the headline
_TOPIC_WEIGHT = 0.3  # of a word that is not of the headline's subject
_NAME_SHARE = 0.3  # of an article's paragraphs that its names are in
_FLOOR = 0.12  # share of paragraphs below which a word says nothing
_NEVER = 1e6
_LATIN_WORD = re.compile(r"[A-Za-z][a-z'-]{3,}")
_MOST_STATES = 300_000  # paragraphs times articles that are weighed: about a second
_NEAREST = 8  # articles back that a paragraph may belong to; forward it is the next one only
_CAPTION_EVIDENCE = 3.0  # nats


def by_words(
    pieces: Sequence[Piece], articles: list[Article], jumped: set[int], text: str, dear: float
) -> None:
    """Move runs of paragraphs to the article whose words they share, if the evidence outweighs their position."""
    front = {article.number for article in articles if not article.headline}
    body = [piece for piece in pieces if piece.role in ("text", "list") and piece.article not in front]
    if len(body) < 3 or len(body) * len(articles) > _MOST_STATES:
        return
    words = {piece.order: _words(piece.text) for piece in body}
    natural = {piece.order: piece.article for piece in body}
    anchors = _anchors(pieces, articles) | {
        piece.order: piece.article for piece in body if piece.order in jumped
    }
    chosen = _cores(body, anchors, natural)
    for _ in range(_ROUNDS):
        path = _best_path(body, words, _models(articles, words, chosen), anchors, natural, chosen, text, dear)
        if path == chosen:
            break
        chosen = path
    for piece in body:
        piece.article = chosen[piece.order]
    _place_captions(pieces, _models(articles, words, chosen))
    _carry_along(pieces, natural, chosen)


def _words(text: str) -> frozenset[str]:
    """Return the pairs of neighbouring Chinese characters and the longer Latin words of a text."""
    pairs = {a + b for a, b in pairwise(text) if _is_cjk(a) and _is_cjk(b)}
    if len(pairs) < len(text) / 3:
        pairs.update(word.lower() for word in _LATIN_WORD.findall(text))
    return frozenset(pairs)


def _is_cjk(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _anchors(pieces: Sequence[Piece], articles: list[Article]) -> dict[int, int]:
    """Say which paragraphs surely belong to which article: the first one under each headline."""
    anchors: dict[int, int] = {}
    for article in articles:
        if not article.headline:
            continue
        for piece in pieces[article.headline[-1].order + 1 :]:
            if piece.role == "text":
                anchors[piece.order] = article.number
            if piece.role in ("text", "heading"):
                break
    return anchors


def _cores(body: Sequence[Piece], anchors: dict[int, int], natural: dict[int, int]) -> dict[int, int]:
    """Take the anchor and the two paragraphs after it as the first picture of each article."""
    core: dict[int, int] = {}
    for position, piece in enumerate(body):
        if piece.order in anchors:
            number = anchors[piece.order]
            for follower in body[position : position + 3]:
                if natural[follower.order] == number:
                    core[follower.order] = number
    return core


@dataclass(slots=True)
class _Model:
    """In how many of its paragraphs an article has each word; a headline counts as several paragraphs."""

    counts: Counter[str]
    paragraphs: float
    headline: frozenset[str]
    subject: frozenset[str]  # words of the headline's subject; the others name a topic, which articles share

    def share(self, word: str, without: int) -> float:
        """Return the smoothed share of paragraphs with the word, ``without`` one of them that has it or not."""
        return (self.counts[word] - without) / (self.paragraphs - without + _SHRINK)


def _models(
    articles: list[Article], words: dict[int, frozenset[str]], chosen: dict[int, int]
) -> dict[int, _Model]:
    """Count the paragraphs of each article that have a word."""
    headlines = {article.number: _words(article.title) for article in articles if article.headline}
    subjects = {
        article.number: _words(cues.subject(article.title)) for article in articles if article.headline
    }
    spread = Counter(word for found in headlines.values() for word in found)
    models = {
        number: _Model(
            Counter({word: _HEADLINE_WEIGHT for word in found if spread[word] == 1}),
            _HEADLINE_WEIGHT,
            found,
            subjects[number],
        )
        for number, found in headlines.items()
    }
    for order, number in chosen.items():
        if number in models:
            models[number].counts.update(words[order])
            models[number].paragraphs += 1
    return models


def _best_path(
    body: Sequence[Piece],
    words: dict[int, frozenset[str]],
    models: dict[int, _Model],
    anchors: dict[int, int],
    natural: dict[int, int],
    chosen: dict[int, int],
    text: str,
    dear: float,
) -> dict[int, int]:
    """Find the most likely article for each paragraph, as a path with a price on every change of article."""
    numbers = list(models)
    cut_in = {
        natural[piece.order]
        for piece, following in pairwise(body)
        if is_cut(piece)
        and (natural[piece.order] != natural[following.order] or cues.opens_sentence(following.text))
    }
    telling = _telling(models)
    scores = dict.fromkeys(numbers, 0.0)
    back: list[dict[int, int]] = []
    previous: Piece | None = None
    for piece in body:
        own = natural[piece.order]
        if piece.order in anchors:
            emission = {n: 0.0 if n == anchors[piece.order] else -_NEVER for n in numbers}
        else:
            emission = _affinities(piece.text, telling, models, chosen.get(piece.order))
            emission = {n: e if own - _NEAREST <= n <= own + 1 else -_NEVER for n, e in emission.items()}
        switch = _price(previous, piece, text, dear)
        headline_between = previous is not None and natural[previous.order] != own
        best = max(scores, key=scores.__getitem__)
        steps: dict[int, int] = {}
        updated: dict[int, float] = {}
        for n in numbers:
            free = headline_between and n == own
            landing = _LANDING if n in cut_in and n != own and not cues.opens_sentence(piece.text) else 0.0
            jump = scores[best] - (0.0 if free else max(0.0, switch - landing))
            stay = scores[n] - (switch if headline_between and n != own else 0.0)
            steps[n], updated[n] = (n, stay) if stay >= jump else (best, jump)
            updated[n] += emission[n]
        scores = updated
        back.append(steps)
        previous = piece
    state = max(scores, key=scores.__getitem__)
    path: dict[int, int] = {}
    for piece, steps in zip(reversed(body), reversed(back), strict=True):
        path[piece.order] = state
        state = steps[state]
    return path


def _price(previous: Piece | None, piece: Piece, text: str, dear: float) -> float:
    """Price of leaving the article at a paragraph: high in mid-sentence if the words fit, low if they do not."""
    if previous is None:
        return 0.0
    if not is_cut(previous):
        return _SWITCH * dear
    if belongs(previous, piece, text):
        return 4 * _SWITCH * dear
    return (_SWITCH_AFTER_CUT if cues.opens_sentence(piece.text) else _SWITCH) * dear


def _telling(models: dict[int, _Model]) -> dict[str, tuple[int, ...]]:
    """Find the words that name what an article is about: in its headline, in much of it, far less often elsewhere."""
    found: dict[str, list[int]] = {}
    for number, model in models.items():
        for word in model.headline:
            share = model.counts[word] / (model.paragraphs + _SHRINK)
            others = [other for other in models.values() if other is not model and other.counts[word]]
            rivals = max((other.share(word, 0) for other in others), default=0.0)
            if share >= _NAME_SHARE and rivals <= share / 2 and len(others) <= 1 + len(models) // 10:
                found.setdefault(word, []).append(number)
    return {word: tuple(numbers) for word, numbers in found.items()}


def _affinities(
    text: str, telling: dict[str, tuple[int, ...]], models: dict[int, _Model], own: int | None
) -> dict[int, float]:
    """Say how well a paragraph's words fit each article, in nats above their fit to the page as a whole.

    Overlapping pairs of characters make one phrase, which counts once, as much as its most telling pair: 湖城港区 is
    one name. The paragraph itself is taken out of the model of its article ``own``.
    """
    phrases: dict[int, dict[str, float]] = {}
    running: dict[int, tuple[int, float]] = {}  # article → where its phrase began, its best value
    for position in range(len(text)):
        pair = text[position : position + 2]
        owners = telling.get(pair, ())
        for number in [n for n in running if n not in owners]:
            start, value = running.pop(number)
            short = position + 1 - start < _SHORTEST_NAME
            phrases.setdefault(number, {})[text[start : position + 1]] = value * (
                _TOPIC_WEIGHT if short else 1.0
            )
        for number in owners:
            value = _value(pair, number, models, own)
            start, best = running.get(number, (position, value))
            running[number] = (start, max(best, value))
    return {number: _PHRASE_WEIGHT * sum(phrases.get(number, {}).values()) for number in models}


def _value(word: str, number: int, models: dict[int, _Model], own: int | None) -> float:
    """Log ratio of a word's share in an article to its mean share in the others."""
    shares = {n: model.share(word, int(n == own and model.counts[word] > 0)) for n, model in models.items()}
    others = (sum(shares.values()) - shares[number]) / max(1, len(models) - 1)
    value = math.log((shares[number] + _FLOOR) / (others + _FLOOR))
    model = models[number]
    return value if word in model.subject else _TOPIC_WEIGHT * value


def _place_captions(pieces: Sequence[Piece], models: dict[int, _Model]) -> None:
    """Move a caption to the article that it names, if it names nothing of the one it stands in."""
    telling = _telling(models)
    for piece in pieces:
        if piece.role == "caption" and piece.article in models and cues.width(piece.text) >= 12:
            fits = _affinities(piece.text, telling, models, None)
            best = max(fits, key=fits.__getitem__)
            if fits[piece.article] <= 0 and fits[best] >= _CAPTION_EVIDENCE:
                piece.article = best


def _carry_along(pieces: Sequence[Piece], natural: dict[int, int], chosen: dict[int, int]) -> None:
    """Move section headings with the paragraph under them, tables with the one before them in their article."""
    above: int | None = None
    for position, piece in enumerate(pieces):
        if piece.order in chosen:
            above = piece.order
        elif piece.role == "heading":
            below = next((p for p in pieces[position + 1 :] if p.order in chosen), None)
            if below is not None and natural[below.order] == piece.article:
                piece.article = chosen[below.order]
        elif piece.role in ("table", "code") and above is not None and natural[above] == piece.article:
            piece.article = chosen[above]
