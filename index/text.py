"""Gives text the one form in which it is compared, and tells its language. Knows nothing of documents.

Nothing here is ever stored or shown in place of the original: ``fold`` keeps every code point at its
position, so an offset into folded text is an offset into the original.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Mapping
from functools import cache

MAX_LANGUAGE_SAMPLE = 20_000
"""Code points that ``detect_language`` reads; a longer text is judged by its beginning."""

_ALIKE = str.maketrans(
    {  # one to one, so that offsets hold; only what people type in place of each other
        "“": '"', "”": '"', "„": '"', "‟": '"', "「": '"', "」": '"', "『": '"', "』": '"',
        "‘": "'", "’": "'", "‛": "'", "‐": "-", "‑": "-", "‒": "-", "−": "-",
        "•": "·", "・": "·", "‧": "·", "∙": "·", "〔": "(", "〕": ")", "〈": "《", "〉": "》",
        "ς": "σ", "ı": "i", "ø": "o", "đ": "d", "ł": "l",
    }
)  # fmt: skip


_CIRCLED_ZERO = re.compile("(?<=[一二三四五六七八九〇零])○+")


def fold(text: str) -> str:
    """Return text in the form used for comparing: Simplified, half width, lower case, plain Latin letters.

    Length-preserving: code point i of the result stands for code point i of ``text``. Characters whose
    folded form is longer than one code point (ß, ㎡, ①) stay as they are. Idempotent.
    """
    folded = text.translate(_FOLDS)
    if "○" in folded:  # as many type the 〇 of a year
        return _CIRCLED_ZERO.sub(lambda match: "〇" * len(match[0]), folded)
    return folded


def detect_language(text: str, default: str = "zh") -> str:
    """Return the ISO 639-1 code of most of a text, or ``default`` when it has no letters.

    Scripts decide first. Where Han and Latin meet, as in "What is the GDP of 常州?" or "BYD的总投资是多少",
    the side whose function words hold the sentence together wins. Latin languages are told apart by
    function words and letters of their own; without such evidence a Latin text is "en".
    """
    sample = text[:MAX_LANGUAGE_SAMPLE]
    counts = {script: len(pattern.findall(sample)) for script, pattern in _SCRIPTS.items()}
    latin, han, kana = counts.pop("latin"), counts.pop("han"), counts.pop("kana")
    script, most = max(counts.items(), key=lambda item: item[1])
    if most > max(latin * 2, (han + kana) // 2):
        return _refine(script, sample)
    if kana > 0.15 * (han + kana) and kana > latin:
        return "ja"
    if latin and han:
        return _mixed(sample, han)
    if latin:
        return _latin_language(sample)
    return "zh" if han else "ja" if kana else default


def is_chinese(text: str) -> bool:
    """Tell whether a text holds at least one Han character."""
    return _SCRIPTS["han"].search(text) is not None


_BESIDE_WORDS = "”’»\"'.,;:!?…·،؛؟۔।॥"  # set in every script: what stands before them says which one
_UNSPACED = re.compile(  # East Asian (but Hangul) and Southeast Asian scripts with their punctuation
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f"
    "\U00020000-\U000323af]"
)


def is_spaced(before: str, after: str) -> bool:
    """Tell whether a blank stands between two lines that are joined: where both are of scripts that space words."""
    joint = before.rstrip(_BESIDE_WORDS)[-1:], after.lstrip("“‘«„\"'£€")[:1]
    return all(
        char.isascii() or (unicodedata.category(char)[0] in "LMN" and not _UNSPACED.match(char))
        for char in joint
    )


HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""Character class (without brackets) of Han characters, for use inside regular expressions."""


class _Folds(dict[int, int]):
    """The folding table for ``str.translate``, filled as characters are met.

    A plain mapping would raise and swallow a KeyError for every character that folds to itself.
    """

    def __missing__(self, code: int) -> int:
        folded = code
        for _ in range(4):  # a fixed point: full width → letter → lower case → without accent
            step = _fold_once(chr(folded))
            if ord(step) == folded:
                break
            folded = ord(step)
        self[code] = folded
        return folded


_FOLDS = _Folds()


@cache
def _simplified() -> Mapping[str, str]:
    """Return the table of Traditional → Simplified, kept by MediaWiki, carried by zhconv (30 ms to load)."""
    from zhconv.zhconv import getdict

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # zhconv leaves its file open
        table: dict[str, str] = getdict("zh-hans")
    return {source: target for source, target in table.items() if len(source) == 1 and len(target) == 1}


def _fold_once(char: str) -> str:
    """Take one folding step; the result is always one code point."""
    category = unicodedata.category(char)
    if category == "No":  # "①2022年" must not become "12022年", nor "10²" "102"
        return char
    step = unicodedata.normalize("NFKC", char)
    if len(step) != 1:
        step = char
    lowered = step.lower()
    if len(lowered) == 1:
        step = lowered
    elif step == "İ":
        step = "i"
    if "LATIN" in unicodedata.name(step, ""):
        base = unicodedata.normalize("NFD", step)[0]
        step = base if base.isalpha() else step
    step = step.translate(_ALIKE)
    return _simplified().get(step, step) if step > "\u3000" else step


_SCRIPTS = {
    "han": re.compile(f"[{HAN}]"),
    "kana": re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"),
    "latin": re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]+(?:['’][A-Za-z]+)?"),  # counted in words
    "ko": re.compile("[\uac00-\ud7a3]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
}


def _refine(script: str, sample: str) -> str:
    """Tell apart the common languages that share a non-Latin script."""
    if script == "ru" and re.search("[іїєґІЇЄҐ]", sample):
        return "uk"
    if script == "ar" and re.search("[پچگژ]", sample):
        return "fa"
    return script


_CHINESE_FUNCTION = re.compile(
    "什么|多少|哪[里个些家年位种几]|怎么|怎样|如何|为何|为什么|是否|有没有|几[个家年月次名位]|多[长高重大宽深远久快]|[的是了在和与吗呢谁被把将对从于]"
)


def _mixed(sample: str, han: int) -> str:
    """Decide between Chinese and a Latin language by the words that build the sentence."""
    words = _latin_words(sample)
    language = _latin_language(sample)
    function = sum(word in FUNCTION_WORDS[language] for word in words)
    chinese = len(_CHINESE_FUNCTION.findall(fold(sample)))
    latin_score = len(words) + 4 * function
    chinese_score = han / 1.6 + 4 * chinese
    return language if latin_score > chinese_score else "zh"


def _latin_words(sample: str) -> list[str]:
    return [word.lower() for word in _SCRIPTS["latin"].findall(sample)]


def _latin_language(sample: str) -> str:
    """Return the Latin-script language with most evidence, English where there is none.

    What is written with a capital letter is a name, which says nothing (Los Angeles, Müller Foods), but for the
    first word before one in lower case. Words that English has too say little.
    """
    found = _SCRIPTS["latin"].findall(sample)
    spoken = [word for word in found if word[0].islower()] if not sample.isupper() else found
    opening = [word.lower() for word in found[:1] if word not in spoken]
    followed = len(found) == 1 or (len(found) > 1 and found[1][0].islower())
    letters = " ".join(spoken) + " ".join(re.findall("[¿¡]", sample))
    lowered = [word.lower() for word in spoken]
    scores = {}
    for language, function in FUNCTION_WORDS.items():
        words = lowered + (opening if followed or language == "de" else [])  # German nouns have capitals
        scores[language] = sum(
            _ENGLISH_TOO if word in _ALSO_ENGLISH and language != "en" else 1.0
            for word in words
            if word in function
        ) + 0.5 * _own_letters(language, letters)
    best = max(scores, key=lambda language: scores[language])  # English comes first, so it wins a tie
    return best if scores[best] >= scores["en"] + 0.5 else "en"


_ENGLISH_TOO = 0.25  # of evidence is a function word that is another word in English
_ALSO_ENGLISH_TEXT = "chi come comment con dove era ha kim lama mi par per sang son var war"
_ALSO_ENGLISH = frozenset(_ALSO_ENGLISH_TEXT.split())


def _own_letters(language: str, sample: str) -> int:
    letters = _OWN_LETTERS.get(language)
    return len(letters.findall(sample)) if letters else 0


_FUNCTION_TEXT = {
    "en": "a an and are as at be been but by can did do does for from had has have he her his how i if in is"
    " it its many much not of on or s she that the their there they this to was were what when where which"
    " who whom whose why will with would you",
    "de": "aber als am an auf aus bei das dass dem den der des die ein eine einem einen einer er es für haben hat"
    " hatte ich im in ist kann mit nach nicht oder sein seine sich sie sind und unter viel viele von wann war warum"
    " was welche welchem welchen welcher welches wem wen wer wessen wie wird wo woher wohin womit wozu wurde wurden"
    " zu zum zur",
    "fr": "a à au aux avec ce cette combien comment dans de des du elle en est et il ils je la le les leur mais ne"
    " nous on ont ou où par pas pour pourquoi quand que quel quelle quelles quels qui quoi sa se ses son"
    " sont sur un une vous étaient était été",
    "es": "a adónde al como con cual cuál cuáles cuándo cuánta cuántas cuánto cuántos cómo de del dónde el ella en era"
    " es está esta este fue fueron ha había hay la las le les lo los muy más no para pero por que qué quién quiénes"
    " se son su sus tiene un una y",
    "pt": "a ao aos as até com como da das de depois do dos e ela ele em era estava foi foram há mais mas na nas não no"
    " nos o onde os ou para pela pelo por porque quais qual quando quanta quantas quanto quantos que quem se sobre"
    " são sua tem teve tinha um uma à às é",
    "it": "a al alla anche aveva che chi com come con cosa da dal dalla degli dei del della delle di dov"
    " dove e era fu furono gli ha hanno i il in la le lo ma nel nella nelle non per perché più prima qual quale"
    " quali quando quanta quante quanti quanto si sono su sua sulla suo un una è",
    "nl": "aan als bij dat de den der deze die dit door een en er het hij hoe ik in is maar met naar niet of"
    " om ook op over te uit van voor waar was wat werd wie wordt zijn",
    "tr": "bir bu da daha de en gibi göre hangi hangisi ile ilk için kadar kaç kim kimdi kimdir kime kimi kimin mi mu"
    " mı mü nasıl ne neden nedir nerede nereden nereye neydi neye neyi neyin neyle niçin niye olan olarak sonra var"
    " ve ya zaman çok önce",
    "id": "ada adalah akan apa apakah atau bagaimana berapa dalam dan dari dengan di ini itu kapan karena ke kenapa"
    " kepada lebih mana mengapa menurut oleh pada para paling sang seberapa sebagai sebelum setelah si siapa siapakah"
    " tidak untuk yang",
    "vi": "bao bị các cho có của cùng gì là này những người như nào ở theo trong tại từ và về với được để",
    "pl": "ale co czy do gdzie i ile jak jest kto nie o od oraz po przez się są to w z za że",
}

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""In English, January first."""

FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in _FUNCTION_TEXT.items()
}
"""Words that build sentences and carry no matter, in lower case, by language with Latin letters."""

_OWN_LETTERS = {
    "de": re.compile("[ßäöüÄÖÜ]"),
    "es": re.compile("[ñ¿¡]"),
    "pt": re.compile("[ãõ]"),
    "tr": re.compile("[ğışöüçĞİŞÖÜÇ]"),
    "vi": re.compile("[ơưđăạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]"),
    "pl": re.compile("[ąćęłńśźż]"),
    "fr": re.compile("[çœ]"),
}
