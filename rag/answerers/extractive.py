"""Answers from passages without a language model: the short answer first, then the sentence it was found in.

Takes a question and numbered passages, gives a draft whose every line quotes a passage word for word.
The reader proposes and scores spans, `rag.candidates` finds figures, dates and names, `rag.answerers.scoring`
weighs them. It writes no sentence of its own beyond the frame around a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index.datatypes import Span as TextSpan
from index.embedder import Embedder
from index.text import detect_language, fold
from rag.answerers.base import NOT_FOUND, Claim, Draft, Question
from rag.answerers.evidence import Found, ReadingLike, Sentence, find_evidence, is_crossing, passage_sentences
from rag.answerers.scoring import confidence, rank_score, shipped_weights
from rag.checking.values import Figure, find_figures, same_dimension
from rag.crossing import in_known_words
from rag.datatypes import Passage
from rag.figures import in_english
from rag.questions import FIGURES, Ask, QuestionAnalysis, analyse_question
from rag.tables import Verbalised, verbalise

MAX_TEXT = 400  # characters of an answer, marks included
MAX_QUOTE = 150  # characters of one quotation; longer sentences are cut at their clauses
SURE = 0.6  # confidence that a second figure needs to be told beside the first
RENDERED = 0.6  # of the threshold for a question that is read in English words: those that no glossary has are missed
MAX_OTHERS = 2
MAX_LABEL = 40  # characters of the document's title before its figure, marks included
OTHER_YEAR = 0.4  # of its confidence is left to a figure of another year: it may fit in everything else
HELD = 0.75  # of the confidence of a figure that is only aimed at is enough for one that was reached
SAME_SENTENCE = 4.0  # utility of standing in the sentence that answered the first thing asked
MIN_SENTENCE = 8  # characters of a sentence that is worth embedding
NOT_SHORT = frozenset({"definition", "reason", "yes_no"})


class PassageReader(Protocol):
    """The part of `rag.reader.Reader` that is used here."""

    def readings(
        self, question: str, passages: Sequence[str], above: Sequence[str] = ()
    ) -> Sequence[ReadingLike]:
        """Read a question with each passage, and what stands above it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractiveOptions:
    """When to answer."""

    threshold: float = 0.4  # confidence, 0..1, below which it says that the documents do not say


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """One line of the answer: what it says, in front of which label, and where it stands."""

    passage: Passage
    found: Found  # in what is read of the passage
    confidence: float
    label: str = ""
    show_short: bool = True

    @property
    def read(self) -> Verbalised:
        """What was read of the passage: its tables as sentences."""
        return verbalise(self.passage.text)


class ExtractiveAnswerer:
    """The answerer that needs nothing but the shipped reader."""

    def __init__(
        self,
        reader: PassageReader,
        options: ExtractiveOptions | None = None,
        *,
        embedder: Embedder | None = None,
    ) -> None:
        """Take a reader, and an embedder for questions in another language than the passages."""
        self._reader = reader
        self._embedder = embedder
        self._options = options or ExtractiveOptions()

    @property
    def fingerprint(self) -> str:
        """Name, version of the rules, their weights and options."""
        return f"extractive-4 {shipped_weights().digest} threshold={self._options.threshold:g}"

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """Yield the text in one piece, then its draft."""
        draft = self.draft(question, passages)
        yield draft.text
        yield draft

    def draft(self, question: Question, passages: Sequence[Passage]) -> Draft:
        """Answer each thing asked from the best candidate, or say that the passages do not say."""
        used = [passage for passage in passages if passage.text.strip()]
        words = in_known_words(question.text, [passage.text for passage in used])
        threshold = self._options.threshold * (1.0 if words == question.text else RENDERED)
        analysis = analyse_question(words)
        pieces: list[_Piece | None] = []
        ranked: list[Found] = []
        for number, part in enumerate(analysis.parts):
            part_analysis = analyse_question(part) if len(analysis.parts) > 1 else analysis
            near = pieces[0].found.sentence if pieces and pieces[0] and len(analysis.asks) > 1 else None
            asked = question.text if len(analysis.parts) == 1 else part
            ranked = self.ranked(part_analysis, part_analysis.asks[0], used, near, asked)
            piece = _answer_part(part_analysis, ranked, used, threshold)
            label = _label(analysis, number)
            pieces.append(replace(piece, label=label) if piece and label else piece)
        sure = max((piece.confidence for piece in pieces if piece), default=0.0)
        kept = [piece for piece in pieces if piece and piece.confidence >= threshold]
        language = "zh" if question.language == "zh" else "en"
        if not kept:
            return Draft(answered=False, text=NOT_FOUND[language], short_answer="", confidence=sure)
        missing = [_label(analysis, n) for n, piece in enumerate(pieces) if piece not in kept]
        sure = min(piece.confidence for piece in kept)
        others = self._others(analysis, kept[0], ranked, used) if len(analysis.parts) == 1 else []
        if others:
            return _write_disagreeing(kept[0], others, language, sure)
        return _write(kept, language, sure, _missing_note(missing, language))

    def ranked(
        self,
        analysis: QuestionAnalysis,
        ask: Ask,
        passages: Sequence[Passage],
        near: Sentence | None,
        asked: str = "",
    ) -> list[Found]:
        """Return all candidates for one thing asked, best first.

        Args:
            analysis: of the question.
            ask: the thing asked.
            passages: to find it in.
            near: the sentence that answered what was asked in the same breath; it is preferred.
            asked: the question as the reader has read it before, where it was analysed in other words.

        Offsets are into what is read of the passages, their tables as sentences: see `rag.tables`.
        """
        passages = [replace(passage, text=verbalise(passage.text).text) for passage in passages]
        readings = self._reader.readings(
            asked or analysis.text,
            [passage.text for passage in passages],
            [passage.above for passage in passages],
        )
        similar = self._similar(analysis, passages)
        found = find_evidence(analysis, ask, passages, readings, similar)
        return sorted(
            found, key=lambda c: -rank_score(c.features) - (SAME_SENTENCE if c.sentence == near else 0.0)
        )

    def _similar(
        self, analysis: QuestionAnalysis, passages: Sequence[Passage]
    ) -> dict[Sentence, float] | None:
        """Cosines of the sentences in another language with the question; None where there are none."""
        crosses = [is_crossing(analysis, [passage]) for passage in passages]
        sentences = [
            s for s in passage_sentences(passages) if crosses[s.passage] and s.end - s.start >= MIN_SENTENCE
        ]
        if self._embedder is None or not sentences:
            return None
        texts = [passages[s.passage].text[s.start : s.end] for s in sentences]
        cosines = self._embedder.embed_documents(texts) @ self._embedder.embed_queries([analysis.text])[0]
        return dict(zip(sentences, (float(cosine) for cosine in cosines), strict=True))

    def _others(
        self,
        analysis: QuestionAnalysis,
        best: _Piece,
        ranked: Sequence[Found],
        passages: Sequence[Passage],
    ) -> list[_Piece]:
        """Find the same figure with another value in another year or document, where no year was asked."""
        ask = analysis.asks[0]
        if ask.kind not in FIGURES or analysis.years or analysis.relative_year is not None:
            return []
        told = {(best.found.year, best.passage.document_id): _value(best)}
        others: list[_Piece] = []
        for found in ranked:
            piece = _piece(found, passages, confidence(found.features), ask)
            key = (found.year, piece.passage.document_id)
            if (
                len(others) < MAX_OTHERS
                and key not in told
                and _is_other(piece, best)
                and found.kind == best.found.kind
                and piece.confidence >= max(SURE, self._options.threshold)
                and _as_near(found, best.found)
                and _comparable(piece, best)
                and (value := _value(piece)) not in told.values()
            ):
                told[key] = value
                others.append(piece)
        return others


def _answer_part(
    analysis: QuestionAnalysis, ranked: Sequence[Found], passages: Sequence[Passage], threshold: float
) -> _Piece | None:
    """Answer one thing asked by the best of its candidates; None where there is none."""
    if not ranked:
        return None
    ask = analysis.asks[0]
    best, sure = ranked[0], confidence(ranked[0].features)
    if _of_another_year(best, analysis):
        fitting = next((found for found in ranked if found.features["year"] >= 0), None)
        if fitting and (fits := confidence(fitting.features)) >= threshold:
            best, sure = fitting, fits
        else:
            sure *= OTHER_YEAR
    if _is_planned(best, passages, analysis):
        held = next((found for found in ranked if not _is_planned(found, passages, analysis)), None)
        if (
            held
            and held.kind == best.kind
            and (fits := confidence(held.features)) >= max(threshold, HELD * sure)
        ):
            best, sure = held, fits
    if ask.kind in NOT_SHORT:  # the sentence is the answer, whichever of its spans is the best
        sure = max(confidence(found.features) for found in ranked if found.sentence == best.sentence)
    text = verbalise(passages[best.sentence.passage].text).text
    best = _outcome(best, ranked, text, analysis)
    best = _coordinated(best, ranked, text, analysis.folded, ask)
    return _piece(best, passages, sure, ask)


_PLAN = re.compile(
    r"力争|争取|确保|目标|预计|预期|有望|将(?:会|可|要|达|超|突破|实现|增|有)|届时"
    r"|\b(?:targets?|targeted|aims?|expects?|expected|forecasts?|hopes?|will)\b"
)


def _is_planned(found: Found, passages: Sequence[Passage], analysis: QuestionAnalysis) -> bool:
    """Whether a figure's clause tells what is aimed at, where the question asks for what is."""
    if analysis.asks[0].kind not in FIGURES or _PLAN.search(analysis.folded):
        return False
    text = fold(verbalise(passages[found.sentence.passage].text).text)
    clause = re.split(r"[,;:。!?]", text[found.sentence.start : found.start])[-1]
    return bool(_PLAN.search(clause))


_DATED = re.compile(  # the year of something else than the figure: 1998年成立的公司有多少员工, 据2024年的报道
    r"\d{4}年[^,。?]{0,8}(?:成立|设立|创办|创立|创建|组建|建立|建成|始建|落成|启用|投产|开工|开业|开通|通车|签约|引进|落户|入驻|上市|获批|发布|出台|印发|公布|出生|毕业)的"
    r"|\d{4}年[^,。?]{0,6}(?:报道|文章|新闻|榜单|第\d+期)"
    r"|\b(?:founded|established|created|built|opened|launched|published|signed|listed|born) in \d{4}\b"
    r"|\b\d{4} (?:[a-z]+ ){0,2}(?:article|list|ranking|evaluation|issue)\b"
)


def _of_another_year(found: Found, analysis: QuestionAnalysis) -> bool:
    """Whether a figure's own sentence says it of another year than the one asked for."""
    return (
        analysis.asks[0].kind in FIGURES
        and found.features["year"] <= -1
        and not _DATED.search(analysis.folded)
    )


def _as_near(found: Found, best: Found) -> bool:
    """Whether a candidate is as much about the question as the best one, in all that tells figures apart."""
    names = ("coverage", "near", "left", "names", "names_least", "unit")
    return all(found.features[name] >= 0.85 * best.features[name] for name in names)


def _is_other(piece: _Piece, best: _Piece) -> bool:
    """Whether a piece is of another document, or in the same one of another year that both tell."""
    if piece.passage.document_id != best.passage.document_id:
        return True
    return None not in (piece.found.year, best.found.year)


def _comparable(piece: _Piece, best: _Piece) -> bool:
    """Whether two figures can be of one thing: in one currency, and in documents of one language."""
    if detect_language(piece.passage.text) != detect_language(best.passage.text):
        return False
    a, b = _figure(piece), _figure(best)
    return not a or not b or same_dimension(a, b)


def _figure(piece: _Piece) -> Figure | None:
    """Return the one figure of a short answer; None where there are more or none."""
    figures = find_figures(fold(_short(piece)), ())
    return figures[0] if len(figures) == 1 else None


def _value(piece: _Piece) -> str:
    """Return a figure in a form in which equal ones are alike: 1,200名 and 1200 名, 1.5亿元 and 15000万元."""
    folded = fold(_short(piece))
    if figure := _figure(piece):
        sign = "-" if re.match("-|零下|负", folded) else ""
        return f"{sign}{figure.number.normalize():f} {figure.dimension}"
    return re.sub(r"\s", "", folded)


def _label(analysis: QuestionAnalysis, number: int) -> str:
    """Return what tells one part of a question from the others, for the front of its line."""
    if len(analysis.parts) == 1 or len(analysis.asks) > 1:
        return ""
    part, other = analysis.parts[number], analysis.parts[number - 1 if number else 1]
    end = 0
    while end < min(len(part), len(other)) and part[-1 - end] == other[-1 - end]:
        end += 1
    return re.sub(r"(?:^.*\bof the |^.*\bdid )", "", part[: len(part) - end]).strip(" ,，的是")


def _piece(found: Found, passages: Sequence[Passage], sure: float, ask: Ask) -> _Piece:
    passage = passages[found.sentence.passage]
    cell = verbalise(passage.text).cell(found.start, found.end)
    if cell and found.end > cell.start:  # without the name of its column in front
        found = replace(found, start=max(found.start, cell.start))
    return _Piece(
        passage=passage,
        found=found,
        confidence=sure,
        label=cell.column if cell and found.start >= cell.start else "",
        show_short=ask.kind not in NOT_SHORT or bool(found.parts),
    )


_CHANGED = re.compile(
    r"[^\d,，。;；]{0,8}?[增升提扩涨降减跌缩][^\d,，。;；]{0,3}?[至到为](?:(?:19|20)\d\d年)?[^\d,，。;；]{0,3}"
)
_BEFORE = re.compile(r"原|[最起当]初|刚开始|一开始|[之此以]前|(?<![目当提])前|过去|[由从](?:多少|几)")
_ORIGIN = re.compile(r"[由从](?P<when>[^\d,，。;；]{0,6}的|(?:19|20)\d\d年的?)?$")
_ADDED = re.compile(r"[新净]增[^\d,，。;；]{0,4}$")
_SUM = re.compile(r"[^\d。;；]{0,12}(?:累计|总数|(?<!公)共|达)[^\d,，。;；]{0,4}")


def _outcome(best: Found, ranked: Sequence[Found], text: str, analysis: QuestionAnalysis) -> Found:
    """Return the figure that holds in the end, where the best one is a step to it: Y in 由X增至Y, 新增X，累计Y.

    Not where the question asks for the step: for what was before, or was added.
    """
    question = analysis.folded
    before = text[best.sentence.start : best.start]
    origin = _ORIGIN.search(before)
    if _BEFORE.search(question):
        return next((found for found in ranked if _leads_to(found, best, text)), best)
    if origin and not (origin["when"] and analysis.years):
        between = _CHANGED
    elif _ADDED.search(before) and "增" not in question:
        between = _SUM
    else:
        return best
    unit = _unit(text, best)
    later = (
        found
        for found in ranked
        if found.sentence == best.sentence
        and found.kind == best.kind
        and found.start >= best.end
        and _unit(text, found) == unit
        and between.fullmatch(text, best.end, found.start)
    )
    return next(later, best)


def _leads_to(found: Found, best: Found, text: str) -> bool:
    """Whether a figure is what the best one was before: X in 由X增至Y."""
    return (
        found.sentence == best.sentence
        and found.kind == best.kind
        and found.end <= best.start
        and bool(_ORIGIN.search(text[best.sentence.start : found.start]))
        and bool(_CHANGED.fullmatch(text, found.end, best.start))
    )


def _unit(text: str, found: Found) -> str:
    """Return what stands behind the digits of a figure."""
    return re.sub(r"^.*[\d.,]\s*[千百十万亿]*", "", text[found.start : found.end])


_JOINT = re.compile(r"[^,，。;；:：!?！？\d]{0,9}?(?:、|以及|和|与|及|and)\s?")
_TITLED = re.compile(r"(?:、|以及|和|与|及|, | and )[^,，。;；、]{0,12}")


def _coordinated(best: Found, ranked: Sequence[Found], text: str, question: str, ask: Ask) -> Found:
    """Widen a figure or person to what it is joined with: 8所学校和5家医院, 甲、乙共同.

    Figures are joined only where the question asks for several things at once or names no unit.
    """
    several = not re.search(r"(?:是|叫)$", question[: ask.span[0]])  # 谁为大楼揭牌; but 校长是谁 asks for one
    bare = question[slice(*ask.span)] in ("多少", "几")  # no unit asked for, so several may do
    figure = best.kind in ("quantity", "money", "percent", "rank")
    if best.kind == "person" and ask.kind == "person" and several:
        pattern = _TITLED
    elif best.features["aligned"] > 0:  # one of several values, each its owner's
        return best
    elif figure and ask.kind in ("quantity", "list") and (bare or re.search(r"[和与及、]", ask.noun)):
        pattern = _JOINT
    else:
        return best
    same = sorted(
        (c for c in ranked if c.sentence == best.sentence and c.kind == best.kind and not c.parts),
        key=lambda c: c.start,
    )
    parts = [(best.start, best.end)]
    for other in same:
        if other.start > parts[-1][1] and pattern.fullmatch(text[parts[-1][1] : other.start]):
            parts.append((other.start, other.end))
    for other in reversed(same):
        if other.end < parts[0][0] and pattern.fullmatch(text[other.end : parts[0][0]]):
            parts.insert(0, (other.start, other.end))
    if len(parts) == 1:
        return best
    end = parts[-1][1]
    if figure:  # the last noun too: 8所学校和5家医院
        noun = re.match(
            r"[\u4e00-\u9fff]{1,10}?(?=项目|入选|[,，。;；、等在的]|$)", text[end : best.sentence.end]
        )
        end += noun.end() if noun and noun.end() <= 8 else 0
        return replace(best, start=parts[0][0], end=end, parts=())
    return replace(best, start=parts[0][0], end=end, parts=tuple(parts))


def _quote(text: str, sentence: TextSpan, answer: TextSpan, limit: int) -> TextSpan:
    """Return the sentence, or where it is too long its clauses around the answer, at most ``limit`` characters."""
    start, end = sentence
    if end - start <= limit:
        return sentence
    cuts = [
        start,
        *(start + m.end() for m in re.finditer(r"[,，;；:：](?!\d)\s?|(?<=[。！？])", text[start:end])),
        end,
    ]
    low = max((cut for cut in cuts if cut <= answer[0]), default=start)
    high = min((cut for cut in cuts if cut >= answer[1]), default=end)
    grown = True
    while grown:
        grown = False
        before = max((cut for cut in cuts if cut < low), default=None)
        after = min((cut for cut in cuts if cut > high), default=None)
        if before is not None and high - before <= limit:
            low, grown = before, True
        if after is not None and after - low <= limit:
            high, grown = after, True
    if high - low > limit:  # one clause longer than the limit: cut it around the answer
        room = max(0, limit - (answer[1] - answer[0])) // 2
        low, high = max(low, answer[0] - room), min(high, max(answer[1], answer[0] + limit) + 0)
        high = min(high, answer[1] + room)
    while high > low and text[high - 1] in ",，;；:： \n":
        high -= 1
    while low < high and text[low] in ",，;；:： \n":
        low += 1
    return low, high


def _write_disagreeing(best: _Piece, others: Sequence[_Piece], language: str, sure: float) -> Draft:
    """Write one line for each figure, labelled with what tells it apart: its year, or else its document."""
    pieces = [best, *others]
    years = [piece.found.year for piece in pieces]
    by_year = None not in years and len(set(years)) == len(years)
    year = "{}" if language == "en" else "{}年"
    labels = [year.format(p.found.year) if by_year else _titled(p.passage.title) for p in pieces]
    if language == "en":
        note = f"The figures differ by {'year' if by_year else 'document'}."
    else:
        note = "不同年份的数字不同。" if by_year else "文档之间的数字不一致。"
    labelled = [replace(piece, label=label) for piece, label in zip(pieces, labels, strict=True)]
    return replace(_write(labelled, language, sure, ""), short_answer=_short(best), notes=(note,))


def _titled(title: str) -> str:
    """Return a title between its marks, cut where it is long."""
    room = MAX_LABEL - len("《》")
    return f"《{title if len(title) <= room else title[: room - 1] + '…'}》"


def _write(pieces: Sequence[_Piece], language: str, sure: float, note: str) -> Draft:
    """Write the lines, one for each quoted sentence, and remember what each stands on."""
    groups = _by_quote(pieces)
    budget = (MAX_TEXT - 20 * len(groups)) // len(groups)
    text = ""
    claims: list[Claim] = []
    for number, group in enumerate(groups, start=1):
        line, quote = _line(group, number, language, budget)
        if text:
            text += "\n"
        claims.append(
            Claim(
                start=len(text),
                end=len(text) + len(line),
                number=number,
                passage=group[0].passage.number,
                quotes=(quote,),
            )
        )
        text += line
    if note and len(text) + len(note) + 1 <= MAX_TEXT:
        text += "\n" + note
    joint = "; " if language == "en" else "；"
    shorts = [_short(piece) for piece in pieces if piece.show_short]
    return Draft(
        answered=True,
        text=text,
        short_answer=joint.join(dict.fromkeys(shorts)),
        confidence=sure,
        claims=tuple(claims),
        notes=(note,) if note else (),
    )


def _by_quote(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Group pieces whose answers stand in the same sentence of the same passage."""
    groups: dict[tuple[int, TextSpan], list[_Piece]] = {}
    for piece in pieces:
        sentence = (piece.found.sentence.start, piece.found.sentence.end)
        groups.setdefault((piece.passage.number, sentence), []).append(piece)
    return list(groups.values())


_QUOTATION = re.compile("“[^“”]+”")


def _line(group: Sequence[_Piece], number: int, language: str, budget: int) -> tuple[str, TextSpan]:
    """One line of the answer and the span of the passage that it quotes."""
    read = group[0].read
    joint, stop, colon = ("; ", ". ", ": ") if language == "en" else ("；", "。", "：")
    shown = []
    for piece in group:
        if piece.show_short:
            short = _short(piece, piece.found.lead)
            gloss = in_english(short) if language == "en" else ""
            shown.append(
                (piece.label + colon if piece.label else "") + short + (f" ({gloss})" if gloss else "")
            )
    head = joint.join(dict.fromkeys(shown))
    first, last = min(p.found.start for p in group), max(p.found.end for p in group)
    sentence = (group[0].found.sentence.start, group[0].found.sentence.end)
    room = max(40, min(MAX_QUOTE, budget - len(head) - 12))
    quote = _quote(read.text, sentence, (first, last), room)
    if quote == sentence and _QUOTATION.fullmatch(read.text, *quote):  # it brings our marks along
        sentence = quote = (quote[0] + 1, quote[1] - 1)
    before = "……" if quote[0] > sentence[0] else ""
    after = (
        "……"
        if quote[1] < sentence[1] and not re.match(r"[,，;；:：\s]*$", read.text[quote[1] : sentence[1]])
        else ""
    )
    quote = read.original(*quote)
    body = f"“{before}{read.source[slice(*quote)]}{after}”[{number}]"
    return (head + stop if head else "") + body, quote


def _short(piece: _Piece, lead: int = 0) -> str:
    """Return the short answer: the items of a list, or one span, with ``lead`` characters in front."""
    text, found = piece.read.text, piece.found
    if len(found.parts) > 1 and found.kind == "person":  # without the titles between them
        return "、".join(_closed(text[start:end]) for start, end in found.parts)
    return _closed(text[found.start - lead : found.end])


_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])")


def _closed(short: str) -> str:
    """Take out the white space that scanned pages have around their figures: 31 个."""
    return _GAP.sub("", short.strip())


def _missing_note(missing: Sequence[str], language: str) -> str:
    named = [label for label in missing if label]
    if not missing:
        return ""
    if language == "en":
        return f"Not found: {', '.join(named)}." if named else "The rest was not found in the documents."
    return f"没有找到：{'、'.join(named)}。" if named else "其余部分在文档中没有找到。"
