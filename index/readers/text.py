"""From the bytes of a text or Markdown file to a draft: finds the encoding, reads pages from form feeds."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from index.datatypes import Mark, MarkKind, Page
from index.errors import ReadError
from index.readers.draft import Draft, normalise

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = (
    *("utf-8", "gb18030", "cp950", "big5hkscs"),
    *("euc_jp", "cp949"),  # Japanese and Korean, whose bytes are common Chinese characters too
    *("utf-16-le", "utf-16-be"),
)
_SAMPLE_BYTES = 65_536
_GOOD_SCORE = 0.35  # right guesses on prose score 0.6 to 0.9, wrong ones mostly below 0.2
_MAX_JUNK = 0.02  # share of control, unassigned and private characters; UTF-16 that passes for UTF-8 has more
_WHOLE_TO_DAMAGED = 20  # characters beyond ASCII that are whole in UTF-8, for each damaged one
_MAX_DAMAGE = 0.01  # share of characters that may be undecodable: a file cut in mid-character, a bad block

_WESTERN_NAMES = "Danish Dutch English Finnish French German Italian Norwegian Portuguese Spanish Swedish"
_WESTERN = frozenset(_WESTERN_NAMES.split())  # languages that Windows-1252 holds

# The most frequent characters of written Chinese in both scripts, about half of any text.
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件"
    "计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象"
    "完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运"
    "這個們來為國說時會對著後裡發經還進樣從開實軍無與長機關點業將兩間問應戰頭體見產兒東聲員論處義幾條氣題"
    "爾別變總電數報結務場計資許統區隊決馬書聽卻達強難權設記類據張該規萬覺術領確傳師觀讓識帶導爭運門過種動"
    "，。、；：？！“”‘’「」『』（）《》〈〉【】—…·　〇％０１２３４５６７８９"
)
# The same for Korean, whose other syllables are common; the consonants are more than half of Thai.
_FREQUENT_HANGUL = frozenset(
    "이다는에의을가하고로은한지를사기자시도인서정어대리아그해수일들나있라과여부전으상제것보국원장스성주구적안게동선면만세조유"
    "마공우연오비소생미신경까치트화요되관계니않없히위할했었았습며와야중말내때등개년월및데모더속실방무문회진간행점용단당물발러"
    "누두려르바디명음드산래배차작학된새"
)
_FREQUENT_THAI = frozenset("กขคงจชดตทนบปพมยรลวสหอ")
_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))

# Encodings that pages declare rightly; declarations of UTF-8, Latin-1 and the Chinese ones are often wrong.
_TRUSTED = re.compile(r"euc_|johab|cp949|cp932|cp874|koi8|iso8859-(?:[2-9]|13)$|cp125[013-8]")
# What browsers take these for: the encoding that holds more, or a name that Python knows.
_BROWSERS = {
    "windows-949": "cp949",
    "euc_kr": "cp949",
    "x-euc-jp": "euc_jp",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "shift_jis": "cp932",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
}


def read_text(content: bytes) -> Draft:
    """Read a plain text file; form feeds, which OCR and pdftotext put between pages, make pages.

    Raises
    ------
    ReadError
        If the bytes are not text.

    """
    text, metadata = decode(content)
    sheets = text.split("\f")
    if len(sheets) > 1 and not sheets[-1].strip():
        del sheets[-1]  # pdftotext ends every page with a form feed, the last one too
    if len(sheets) == 1:
        return Draft(text=normalise(text), metadata=metadata)
    pages: list[Page] = []
    pieces: list[str] = []
    start = 0
    for number, sheet in enumerate(sheets, 1):
        piece = normalise(sheet + "\n")
        pages.append(Page(number=number, span=(start, start + len(piece) - 1)))
        pieces.append(piece)
        start += len(piece)
    return Draft(text="".join(pieces), pages=tuple(pages), metadata=metadata)


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)(?:\n|\Z)", re.S)
_FRONT_MATTER_LINES = re.compile(
    r"(?:#[^\n]*\n|\s)*[\w-]+[ \t]*:[^\n]*(?:\n(?:[\w-]+[ \t]*:|[ \t]|-|#)[^\n]*|\n)*\Z"
)
_FIELD = re.compile(r"^(title|author|date)[ \t]*:[ \t]*(\S.*)$", re.M | re.I)
_FIRST_HEADING = re.compile(r"#[ \t]+(\S.*)")


def read_markdown(content: bytes) -> Draft:
    """Read a Markdown file as the text it is; marks are set on code fences, tables and front matter only.

    Headings and lists keep their signs in the text, so nobody needs marks to see them.

    Raises
    ------
    ReadError
        If the bytes are not text.

    """
    text, metadata = decode(content)
    text = normalise(text)
    marks: list[Mark] = []
    fields: dict[str, str] = {}
    front = _FRONT_MATTER.match(text)
    if front and _FRONT_MATTER_LINES.match(front[1]):  # else two rules, with text between them
        fields = {key.lower(): value.strip().strip("\"'") for key, value in _FIELD.findall(front[1])}
        metadata |= {key: fields[key] for key in ("author", "date") if key in fields}
        marks.append(Mark(kind="furniture", span=(0, front.end())))
    blocks, heading = _scan_markdown(text, marks[0].span[1] if marks else 0)
    return Draft(
        text=text,
        marks=(*marks, *blocks),
        title=fields.get("title", "") or re.sub(r"[*_`]+", "", heading.rstrip("# \t")),
        metadata=metadata,
    )


def _scan_markdown(text: str, start: int) -> tuple[list[Mark], str]:
    """Walk over the lines once: patterns over the whole text would take quadratic time on bad input."""
    marks: list[Mark] = []
    heading = fence = previous = ""
    kind: MarkKind | None = None
    block_start = previous_start = position = start
    for line in (*text[start:].split("\n"), ""):  # one empty line more ends what the text's end leaves open
        mark_end = previous_start + len(previous)
        fenced = _FENCE.match(line)
        if kind == "code":
            if fenced and fenced[1].startswith(fence) and not line.strip(" \t`~"):
                marks.append(Mark(kind="code", span=(block_start, position + len(line))))
                kind = None
        elif kind == "table" and "|" not in line:
            marks.append(Mark(kind="table", span=(block_start, mark_end)))
            kind = None
        elif kind is None and fenced:
            kind, fence, block_start = "code", fenced[1], position
        elif kind is None and "|" in previous and "|" in line and _TABLE_RULE.match(line):
            kind, block_start = "table", previous_start
        elif not heading and (first := _FIRST_HEADING.match(line)):
            heading = first[1]
        previous, previous_start = line, position
        position += len(line) + 1
    if kind == "code":
        marks.append(Mark(kind="code", span=(block_start, len(text))))
    return marks, heading


def decode(content: bytes, declared: str = "") -> tuple[str, dict[str, str]]:
    """Turn bytes into text, whatever their encoding, and say which it was.

    A byte order mark decides, then strict UTF-8, then what the file declares if it is likely, then how the text
    looks as Chinese, Japanese and Korean, then charset-normalizer for the rest of the world. Up to 1 % of
    damaged characters become U+FFFD.

    Returns
    -------
    tuple[str, dict[str, str]]
        The text, line ends as they are, and metadata: ``encoding`` and, where there are any, the number of
        damaged characters as ``undecodable``.

    Raises
    ------
    ReadError
        If no encoding makes text of it.

    """
    encoding = find_encoding(content, declared)
    if encoding is None:
        raise ReadError("its encoding is not recognised, or it is not text; save it as UTF-8.")
    text = content.decode(encoding, "replace")
    metadata = {"encoding": "big5" if encoding in ("cp950", "big5hkscs") else encoding}
    damaged = text.count("\ufffd")
    if damaged:
        metadata["undecodable"] = str(damaged)
    if _junk_share(text) > _MAX_JUNK or _is_too_damaged(text, damaged):
        raise ReadError("it holds binary data, not text; open it in its own program and save it as text.")
    return text, metadata


def find_encoding(content: bytes, declared: str = "") -> str | None:
    """Name the encoding of some bytes as Python does, or None; ``declared`` is what the file says itself."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding
    text = _as_utf8(content)
    if text is not None and _junk_share(text) <= _MAX_JUNK:
        return "utf-8"
    if text is None and _is_nearly_utf8(content):
        return "utf-8"
    trusted = _trusted(content, declared)
    if trusted is not None:
        return trusted
    scores = {encoding: _score(content, encoding) for encoding in _CANDIDATES}
    best = max(scores, key=scores.__getitem__)
    good = scores[best] >= _GOOD_SCORE
    if good and scores[best] >= _score(content, "cp874"):
        return best
    if b"\x00" in content:  # no 8-bit encoding has NULs; UTF-16 was tried
        return None
    guess = _guess(content)  # which few bytes mislead, as a few accents look Thai: both must say it
    return best if good and guess != "cp874" else guess


def _guess(content: bytes) -> str | None:
    """Name the encoding of some bytes by charset-normalizer, or None."""
    from charset_normalizer import from_bytes

    guess = from_bytes(_telling_bytes(content)).best()
    if guess is None:
        return None
    if guess.language in _WESTERN:  # it guesses a neighbour of Windows-1252 as often as that itself
        return "cp1252"
    return guess.encoding


def _as_utf8(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_too_damaged(text: str, damaged: int) -> bool:
    """Whether more characters could not be decoded than a cut or a bad block accounts for."""
    return damaged > max(1, _MAX_DAMAGE * len(text))


def _is_nearly_utf8(content: bytes) -> bool:
    """Whether few characters are damaged among many that are whole, which no other encoding gives by chance."""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = len(text) - len(text.encode("ascii", "ignore")) - damaged
    return not _is_too_damaged(text, damaged) and whole >= _WHOLE_TO_DAMAGED * damaged


def _trusted(content: bytes, declared: str) -> str | None:
    """Return the declared encoding as Python names it if it is believed and all bytes are text in it."""
    try:
        name = codecs.lookup(_BROWSERS.get(declared.lower(), declared)).name
        name = _BROWSERS.get(name, name)
        if _TRUSTED.match(name):
            content.decode(name)
            return name
    except (LookupError, UnicodeDecodeError):
        pass
    return None


_HIGH_BYTE = re.compile(rb"[\x80-\xff]")


def _telling_bytes(content: bytes) -> bytes:
    """Sample the lines that are not plain ASCII: a long English preamble says nothing about the encoding.

    A line feed is never part of a longer character in UTF-8, GB18030 or Big5.
    """
    sample = bytearray()
    place = 0
    while len(sample) < _SAMPLE_BYTES and (found := _HIGH_BYTE.search(content, place)):
        start = max(place, content.rfind(b"\n", place, found.start()) + 1)
        place = content.find(b"\n", found.end()) + 1 or len(content)
        sample += content[start : min(place, start + _SAMPLE_BYTES - len(sample))]
    return bytes(sample)


def _score(content: bytes, encoding: str) -> float:
    """Say how much like prose the bytes look in an encoding: about 0.8 when right, below 0.2 when wrong."""
    wide = encoding.startswith("utf-16")
    if wide and len(content) % 2:
        return -9.0
    sample = content[:_SAMPLE_BYTES] if wide else _telling_bytes(content)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)  # the sample's end may be ragged
    letters = text if wide else [character for character in text if not " " <= character <= "~"]
    frequent, common = _alphabet(encoding)
    weights = [
        _weight(character, frequent, common) for character in letters if wide or character not in "\t\r\n"
    ]
    return sum(weights) / len(weights) if weights else -9.0


def _weight(character: str, frequent: frozenset[str], common: frozenset[str]) -> float:
    if character in frequent or " " <= character <= "~" or character in "\t\r\n":
        return 1.0
    if character in common:
        return 0.5
    if character == "\ufffd":
        return -20.0
    if unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs"):
        return -3.0
    return 0.0 if character < "\u2e80" else -0.3


@cache
def _alphabet(encoding: str) -> tuple[frozenset[str], frozenset[str]]:
    """Collect the characters that make up half of a text in an encoding, and the other common ones.

    Common are the level-1 characters of GB 2312 and Big5 and the syllables of KS X 1001, which those standards
    chose for it.
    """
    trails = range(0xA1, 0xFF)
    if encoding == "cp874":
        return _FREQUENT_THAI, frozenset()
    if encoding == "cp949":
        return _FREQUENT_HANGUL, _characters("euc_kr", range(0xB0, 0xC9), trails)
    simplified = _characters("gb2312", range(0xB0, 0xD8), trails)
    traditional = _characters("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *trails))
    common = (simplified | traditional) - _KANA  # which follow level 1 in Big5
    return (_KANA, _FREQUENT | common) if encoding == "euc_jp" else (_FREQUENT, common)


def _characters(encoding: str, leads: Iterable[int], trails: Iterable[int]) -> frozenset[str]:
    pairs = bytes(byte for lead in leads for trail in trails for byte in (lead, trail))
    return frozenset(pairs.decode(encoding, "ignore"))


def _junk_share(text: str) -> float:
    """Share of control characters, unassigned and private ones in the first part of a text."""
    sample = text[:_SAMPLE_BYTES]
    junk = sum(
        unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs") and character not in "\t\r\n\f\v\x85\x1b"
        for character in sample
    )
    return junk / max(1, len(sample))
