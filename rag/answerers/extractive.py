"""Answers from passages without a language model: the short answer first, then the sentence it was found in.

Takes a question and numbered passages, gives a draft whose every line quotes a passage word for word.
The reader proposes and scores spans, `rag.candidates` finds figures, dates and names, `rag.answerers.scoring`
weighs them, `rag.answerers.choosing` takes one. It writes no sentence of its own beyond the frame around a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from index.datatypes import Span as TextSpan
from index.embedder import Embedder
from index.terms import tagged_words
from index.text import detect_language, fold, is_chinese
from rag.answerers.base import NOT_FOUND, Claim, Draft, Question
from rag.answerers.choosing import choose
from rag.answerers.contradictions import OTHER
from rag.answerers.evidence import Found, Sentence, find_evidence, passage_sentences
from rag.answerers.scoring import confidence, rank_score, shipped_weights
from rag.asks import EXPLANATIONS, FIGURES, AnswerKind, Ask
from rag.checking.values import Figure, find_figures, same_dimension
from rag.comparing import Comparison
from rag.crossing import in_known_words, is_crossing
from rag.datatypes import Passage
from rag.figures import in_english
from rag.keywords import as_question
from rag.questions import QuestionAnalysis, analyse_question
from rag.readings import PassageReader
from rag.tables import Verbalised, verbalise
from rag.terms import in_full
from rag.unknown_names import names_unknown

MAX_TEXT = 400  # characters of an answer, marks included
MAX_QUOTE = 150  # characters of one quotation; longer sentences are cut at their clauses
SURE = 0.6  # confidence that a second figure needs to be told beside the first
RENDERED = 0.6  # of the threshold for a question that is read in English words: those that no glossary has are missed
MAX_OTHERS = 2
MAX_LABEL = 40  # characters of the document's title before its figure, marks included
UNNAMED = 0.75  # of its confidence is left where what was found of its document lacks a name that others hold
SAME_SENTENCE = 4.0  # utility of standing in the sentence that answered the first thing asked
MIN_SENTENCE = 8  # characters of a sentence that is worth embedding


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
    asked: AnswerKind
    label: str = ""

    @property
    def is_headed(self) -> bool:
        """Whether the line begins with the short answer: not where only its sentence is understood."""
        return self.asked not in EXPLANATIONS or bool(self.found.parts)

    @property
    def has_short(self) -> bool:
        """Whether there is a short answer: to whether something is so, there is not."""
        return self.asked != "yes_no" or bool(self.found.parts)

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
        return f"extractive-7 {shipped_weights().digest} threshold={self._options.threshold:g}"

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """Yield the text in one piece, then its draft."""
        draft = self.draft(question, passages)
        yield draft.text
        yield draft

    def draft(self, question: Question, passages: Sequence[Passage]) -> Draft:
        """Answer each thing asked from the best candidate, or say that the passages do not say."""
        used = [passage for passage in passages if passage.text.strip()]
        text = as_question(question.text)
        words = in_known_words(text, [passage.text for passage in used])
        threshold = self._options.threshold * (1.0 if words == text else RENDERED)
        analysis = analyse_question(words)
        pieces: list[_Piece | None] = []
        ranked: list[Found] = []
        for number, part in enumerate(analysis.parts):
            part_analysis = analyse_question(part) if len(analysis.parts) > 1 else analysis
            near = pieces[0].found.sentence if pieces and pieces[0] and len(analysis.asks) > 1 else None
            asked = text if len(analysis.parts) == 1 else part
            asked = in_full(asked, [passage.text for passage in used])
            ranked = self.ranked(part_analysis, part_analysis.asks[0], used, near, asked)
            ranked = _of_known_names(asked, ranked, used, threshold)
            if not ranked:
                pieces.append(None)
                continue
            best, sure = choose(part_analysis, ranked, used, threshold)
            piece = _piece(best, used, sure * _known_share(asked, best, used), part_analysis.asks[0])
            label = _label(analysis, number)
            pieces.append(replace(piece, label=label) if label else piece)
        if len(analysis.asks) == 1:
            pieces = _each_its_own(pieces)
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
        draft = _write(kept, language, sure, _missing_note(missing, language))
        winner = _winner(analysis.comparison, pieces) if analysis.comparison and not missing else ""
        return replace(draft, short_answer=winner) if winner else draft

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


def _told(passages: Sequence[Passage], document: int | None = None) -> tuple[str, ...]:
    """Return what is read of passages, or of those of one document, each with its titles and the name of its file."""
    return tuple(
        " ".join((*passage.titles, passage.source, passage.text))
        for passage in passages
        if document in (None, passage.document_id)
    )


def _known_share(question: str, best: Found, passages: Sequence[Passage]) -> float:
    """Return what is left of a confidence: less where the candidate's document lacks what the question names."""
    if names_unknown(question, _told(passages)):
        return OTHER
    return (
        UNNAMED
        if names_unknown(question, _told(passages, passages[best.sentence.passage].document_id))
        else 1.0
    )


def _of_known_names(
    question: str, ranked: list[Found], passages: Sequence[Passage], threshold: float
) -> list[Found]:
    """Return the candidates of documents that name what the question does.

    All where none of those is sure enough: what a passage is about may stand in a part of its document not found.
    """
    documents = dict.fromkeys(passage.document_id for passage in passages)
    naming = {one for one in documents if not names_unknown(question, _told(passages, one))}
    known = [found for found in ranked if passages[found.sentence.passage].document_id in naming]
    return known if known and confidence(known[0].features) >= threshold else ranked


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
    """Return the one figure of a short answer, 23 of 第23名; None where there are more or none."""
    short = re.sub("[第位名]", "", _short(piece)) if piece.asked == "rank" else _short(piece)
    figures = find_figures(fold(short), ())
    return figures[0] if len(figures) == 1 else None


def _value(piece: _Piece) -> str:
    """Return a figure in a form in which equal ones are alike: 1,200名 and 1200 名, 1.5亿元 and 15000万元."""
    folded = fold(_short(piece))
    if figure := _figure(piece):
        sign = "-" if re.match("-|零下|负", folded) else ""
        return f"{sign}{figure.number.normalize():f} {figure.dimension}"
    return re.sub(r"\s", "", folded)


_OF_ALL = re.compile(r"[都均各皆同]|\b(?:all|both|each)\b")


def _each_its_own(pieces: Sequence[_Piece | None]) -> list[_Piece | None]:
    """Leave a figure or name that answers for several things to the one it is surest of, if it isn't told of all."""
    surest: dict[tuple[int, int, int], float] = {}
    for piece in filter(None, pieces):
        place = (piece.passage.number, piece.found.start, piece.found.end)
        surest[place] = max(piece.confidence, surest.get(place, 0.0))

    def is_own(piece: _Piece) -> bool:
        sentence = piece.read.text[piece.found.sentence.start : piece.found.sentence.end]
        place = (piece.passage.number, piece.found.start, piece.found.end)
        return piece.confidence == surest[place] or bool(_OF_ALL.search(sentence))

    return [piece if piece and is_own(piece) else None for piece in pieces]


def _winner(comparison: Comparison, pieces: Sequence[_Piece | None]) -> str:
    """Return the name of the thing whose figure is what a comparison asks for; empty where that can't be told."""
    first, second = (_figure(piece) if piece else None for piece in pieces)
    if not first or not second or not same_dimension(first, second) or first.number == second.number:
        return ""
    return comparison.names[int((second.number > first.number) == comparison.greatest)]


def _label(analysis: QuestionAnalysis, number: int) -> str:
    """Return what tells one part of a question from the others, for the front of its line."""
    if analysis.comparison:
        return analysis.comparison.names[number]
    if len(analysis.parts) == 1 or len(analysis.asks) > 1:
        return ""
    part, other = analysis.parts[number], analysis.parts[number - 1 if number else 1]
    end = 0
    while end < min(len(part), len(other)) and part[-1 - end] == other[-1 - end]:
        end += 1
    end = min(_whole_words(part, end), _whole_words(other, end))  # 眼科, not 眼, of 眼科在几楼
    return re.sub(r"(?:^.*\bof the |^.*\bdid )", "", part[: len(part) - end]).strip(" ,，的是")


def _whole_words(text: str, end: int) -> int:
    """Return how many of the last ``end`` characters of a text are words of their own."""
    stops = accumulate(len(word) for word, _ in tagged_words(text))
    return len(text) - next((stop for stop in stops if stop >= len(text) - end), len(text))


def _piece(found: Found, passages: Sequence[Passage], sure: float, ask: Ask) -> _Piece:
    passage = passages[found.sentence.passage]
    cell = verbalise(passage.text).cell(found.start, found.end)
    if cell and cell.whole and found.end > cell.start and not found.parts:
        found = replace(found, start=cell.start, end=cell.end, lead=0)
    elif cell and found.end > cell.start:  # without the name of its column in front
        found = replace(found, start=max(found.start, cell.start))
    return _Piece(
        passage=passage,
        found=found,
        confidence=sure,
        label=cell.column if cell and found.start >= cell.start else "",
        asked=ask.kind,
    )


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
    shorts = [_short(piece) for piece in pieces if piece.has_short]
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
        if piece.is_headed:
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
    if head.endswith("."):  # 10 a.m.
        stop = " "
    return (head + stop if head else "") + body, quote


def _short(piece: _Piece, lead: int = 0) -> str:
    """Return the short answer: the items of a list, or one span, with ``lead`` characters in front."""
    text, found = piece.read.text, piece.found
    if len(found.parts) > 1 and found.kind == "person":  # without the titles between them
        people = [_closed(text[start:end]) for start, end in found.parts]
        return ("、" if is_chinese("".join(people)) else ", ").join(people)
    return _closed(text[found.start - lead : found.end])


_WIDE_GAP = re.compile(r"[^\S\n]*\t[^\S\n]*|[^\S\n]{2,}")
_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])")
_BETWEEN_NAMES = re.compile(r"(?<=[\u3400-\u9fff]{2})[^\S\n](?=[\u3400-\u9fff]{2})")


def _closed(short: str) -> str:
    """Take out the white space that scanned pages have around figures, 31 个.

    A blank is left between columns and between words of two characters and more, as of names: 高山 林小河.
    """
    words = (word for column in _WIDE_GAP.split(short.strip()) for word in _BETWEEN_NAMES.split(column))
    return " ".join(_GAP.sub("", word) for word in words)


def _missing_note(missing: Sequence[str], language: str) -> str:
    named = [label for label in missing if label]
    if not missing:
        return ""
    if language == "en":
        return f"Not found: {', '.join(named)}." if named else "The rest was not found in the documents."
    return f"没有找到：{'、'.join(named)}。" if named else "其余部分在文档中没有找到。"
