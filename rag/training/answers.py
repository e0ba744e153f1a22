"""Finds what one can ask for in a Chinese passage: figures, dates, people, organisations, places, lists.

Takes a passage and its words, gives answers with the words that ask for them. Precision matters more than
recall here: a missed answer costs nothing, a wrong one teaches nonsense.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.translation.lexicon import word_set
from rag.training.words import DATE, Lexicon, Word

AnswerKind = Literal["figure", "date", "person", "organisation", "place", "work", "term", "list", "name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAnswer:
    """A span of a passage that a question can ask for; ``asks`` are the words that may ask for it."""

    kind: AnswerKind
    start: int
    end: int
    asks: tuple[str, ...]


_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍"
    "韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单"
    "包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙"
    "计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙伏岑习胥保和蔺"
)
_TITLES = (
    "董事长|总经理|总裁|首席执行官|首席经济学家|CEO|创始人|主席|主任|书记|市长|县长|区长|省长|局长|厅长|处长|科长|所长|院长|"
    "校长|会长|秘书长|理事长|负责人|部长|外长|总统|总理|首相|大使|发言人|教授|研究员|工程师|主编|导演|编剧|主演|教练|队长|队员|"
    "记者|律师|法官|检察官|医生|分析师|行长|经理|主持人|司令|馆长|站长|镇长|村支书|选手|运动员|演员|歌手|作家|画家|学者|专家|"
    "院士|总监|委员|董事|店长|厂长|民警|老师|班长|博士|作者"
)
TITLE_END = re.compile(f"(?:{_TITLES})$")
PUNCTUATION = frozenset('，。；：！？、\n（）()“”"?!;:—…《》【】「」 ')

_ENDS = (
    *("公司", "集团", "大学", "学院", "医院", "银行", "法院", "检察院", "研究院", "研究所", "协会", "委员会"),
    *("管委会", "公安局", "交易所", "基金会", "俱乐部", "博物馆", "出版社", "学会", "联盟", "中学", "小学"),
    *("幼儿园", "商会", "通讯社", "电视台", "总局", "分局", "管理局", "监管局", "办公室", "实验室", "证券"),
    *("保险", "科技", "股份", "药业", "汽车", "资本"),
)
_ORGANISATION_ASKS = {
    "公司": ("哪家公司", "哪家企业", "哪个公司", "什么公司"),
    "集团": ("哪家企业", "哪家集团", "哪家公司"),
    "大学": ("哪所大学", "哪所高校", "哪个学校"),
    "学院": ("哪所学院", "哪个学院", "哪所高校"),
    "医院": ("哪家医院", "哪个医院"),
    "银行": ("哪家银行", "哪个银行"),
    "证券": ("哪家券商", "哪家公司"),
    "科技": ("哪家公司", "哪家企业"),
    "股份": ("哪家公司", "哪家企业"),
    "药业": ("哪家药企", "哪家公司"),
    "汽车": ("哪家车企", "哪家公司", "哪个品牌"),
    "中学": ("哪所中学", "哪所学校"),
    "小学": ("哪所小学", "哪所学校"),
}
_OTHER_ORGANISATION = ("哪个机构", "哪个单位", "哪个部门", "哪家机构")
_NO_NAME = frozenset({"有限公司", "股份有限公司", "责任有限公司"})

_COUNTED = (
    "人名位家个项件条辆台套架艘次场届起份张部款种类所座栋处户枚支只头匹字集期批对站层股票口间"
    "门例宗笔颗粒块片根幅首队组轮棵株"
)
_UNITS = (
    "美元|欧元|日元|英镑|港元|元人民币|人民币|元|卢布|平方公里|平方千米|平方米|立方米|公顷|亩|公里|千米|厘米|毫米|米|吨|公斤|千克|克|"
    "千瓦时|万千瓦|千瓦|兆瓦|度|摄氏度|岁|天|个小时|小时|分钟|秒钟|秒|个月|周年|周|年|%|％|个百分点|倍|家次|人次|户次|车次|人份|"
    "只基金|人|名|位|家|个|项|件|条|辆|台|套|架|艘|次|场|起|份|张|部|款|种|类|所|座|栋|处|户|枚|支|只|头|字|集|期|批|层|股|票|"
    "间|例|笔|颗|块|幅|首|组|轮|棵|分|寸|升|马力|桶|点|单|页"
)
_MAGNITUDE = r"(?:万亿|千亿|百亿|万|亿|千万|百万|千|百)?(?:余|多)?(?:亿|万)?(?:多|余)?"
_FIGURE = re.compile(
    r"(?<![\d.\-—~～至A-Za-z第])(?:百分之[一二三四五六七八九十百零点]+"
    rf"|(?:\d[\d,，]*\d|\d)(?:\.\d+)?{_MAGNITUDE}(?:{_UNITS})"
    r"|(?:两|[二三四五六七八九十][十百]?[一二三四五六七八九]?)(?:万|亿|百|千)?(?:余|多)?"
    r"(?:家|名|位|项|人|元|次|座|所|个月|年|天|小时|公里|套|部|条))"
    r"(?:以上|左右|以下|以内)?(?![\d.月\-—~～至日号])"
)
_YEAR = re.compile(r"(?:19|20)\d\d年")
_FOREIGN_PERSON = re.compile(r"[\u4e00-\u9fff]{1,5}(?:·[\u4e00-\u9fff]{1,6})+")
_TITLED = re.compile(r"《[^《》\n]{2,20}》")
_QUOTED = re.compile(r"“([^“”，。；、\n]{3,14})”")
_LISTED = re.compile(
    r"(?:包括|涵盖|涉及|分别是|分别为|包含|囊括|有)"
    r"((?:[^，。；：、“”（）\n的]{2,10}、){1,5}[^，。；：、“”（）\n]{2,14}?)(?=等|，|。|；)"
)
_PREDICATE = re.compile(
    r"(?<=[\u4e00-\u9fff]{3})(?:是|为|成为|称为|称作|名为|叫做|担任|获得|荣获|采用|发现|缺乏|导致|引发)"
    r"([\u4e00-\u9fffA-Za-z0-9]{3,14})(?=[，。；！])"
)
_WHERE_BEFORE = word_set("在 位于 来自 前往 到 至 从 赴 抵达 往 坐落于 于 驻 飞往 返回 访问 出生于 毕业于")


def find_answers(text: str, words: Sequence[Word], lexicon: Lexicon) -> list[FoundAnswer]:
    """Return what a passage could be asked for; of overlapping finds, the surer kind is kept."""
    found: list[FoundAnswer] = []
    taken = [False] * len(text)
    finders = (
        _dates(text),
        _organisations(text, words, lexicon),
        _persons(text, words, lexicon),
        _figures(text),
        _places(text, words, lexicon),
        _by_pattern(text),
    )
    for finder in finders:
        for answer in finder:
            if answer.start < answer.end and not any(taken[answer.start : answer.end]):
                found.append(answer)
                taken[answer.start : answer.end] = [True] * (answer.end - answer.start)
    return found


def _dates(text: str) -> Iterator[FoundAnswer]:
    for match in DATE.finditer(text):
        yield FoundAnswer(kind="date", start=match.start(), end=match.end(), asks=_date_asks(match.group()))


def _date_asks(date: str) -> tuple[str, ...]:
    if _YEAR.fullmatch(date):
        return "哪一年", "哪年", "什么时候", "何时", "什么时间"
    if re.search("[日号]", date):
        return "什么时候", "哪一天", "哪天", "何时", "几月几日", "什么时间", "哪一日"
    return "什么时候", "何时", "哪一年", "什么时间", "哪个月" if "月" in date else "什么时候"


def _organisations(text: str, words: Sequence[Word], lexicon: Lexicon) -> Iterator[FoundAnswer]:
    """Yield names that end in what organisations are called, with the words of the name before."""
    for n, word in enumerate(words):
        tagged = word.tag == "nt" and len(word.text) >= 3
        if not tagged and not (word.text.endswith(_ENDS) and word.tag[0] in "njb"):
            continue
        if n + 1 < len(words) and words[n + 1].text.endswith(_ENDS) and words[n + 1].tag[0] == "n":
            continue  # the name goes on
        first = n
        while first > 0 and n - first < 5 and _in_a_name(words[first - 1]):
            first -= 1
        name = text[words[first].start : word.end]
        if len(name) < 4 or name in _NO_NAME or (not tagged and first == n and word.text in lexicon.common):
            continue
        asks = next(
            (asks for end, asks in _ORGANISATION_ASKS.items() if name.endswith(end)), _OTHER_ORGANISATION
        )
        yield FoundAnswer(kind="organisation", start=words[first].start, end=word.end, asks=asks)


def _in_a_name(word: Word) -> bool:
    """Whether a word may be part of an organisation's name, before its last word."""
    if TITLE_END.search(word.text):
        return False
    long = len(word.text) > 1 and word.text[-1] not in "元日月年上下中内外里"
    named = word.tag in {"ns", "nz", "n", "j", "nt", "eng", "nrt", "b", "nr"}
    return (named and long) or word.tag in {"ns", "j", "nz"}


def _persons(text: str, words: Sequence[Word], lexicon: Lexicon) -> Iterator[FoundAnswer]:
    for n, word in enumerate(words):
        before = words[n - 1] if n else None
        after = words[n + 1] if n + 1 < len(words) else None
        if (
            word.tag in {"nr", "nrt", "nrfg"}
            and word.text not in lexicon.common
            and _is_person(word, before, after)
        ):
            yield FoundAnswer(kind="person", start=word.start, end=word.end, asks=("谁",))
    for match in _FOREIGN_PERSON.finditer(text):
        dot = text.find("·", match.start())
        start = next((w.start for w in words if w.start < dot <= w.end and len(w.text) > 1), match.start())
        start = max(start, match.start())
        if match.end() - start >= 5:
            yield FoundAnswer(kind="person", start=start, end=match.end(), asks=("谁",))


def _is_person(word: Word, before: Word | None, after: Word | None) -> bool:
    """Whether a word that the tagger holds for a name stands where persons stand: many do not."""
    if (
        word.text[0] not in _SURNAMES
        or not 2 <= len(word.text) <= 4
        or word.text[-1] in "市县省区镇村路街山河湖岛州"
    ):
        return False
    if after and not (
        (after.tag[0] in "vdp" and len(after.text) > 1)
        or after.text in {*"，、（(：:在对为和与以将已是从", "告诉", "等"}
    ):
        return False
    if (
        before is None
        or TITLE_END.search(before.text)
        or before.text in PUNCTUATION
        or before.tag[0] in "vdpc"
    ):
        return True
    return before.tag[0] == "n" and before.tag not in {"nr", "ns", "nz", "nt", "nrt"}


def _figures(text: str) -> Iterator[FoundAnswer]:
    for match in _FIGURE.finditer(text):
        if not _YEAR.fullmatch(match.group()):
            asks = _figure_asks(match.group())
            yield FoundAnswer(kind="figure", start=match.start(), end=match.end(), asks=asks)


def _figure_asks(figure: str) -> tuple[str, ...]:
    """Return the ways to ask for a figure; they follow its unit and, for counts, the measure word."""
    unit = re.sub(r"^[\d,，.一二三四五六七八九十百千两]+", "", re.sub("(?:以上|左右|以下|以内)$", "", figure))
    bare = re.sub("^[万亿千百余多]+", "", unit)
    if bare == "岁":
        return "多大", "多少岁", "几岁"
    if bare in {"年", "天", "小时", "分钟", "个月", "周", "个小时"}:
        return "多久", "多长时间", f"多少{bare}", f"几{bare}"
    if bare == "点":
        return "多少", "百分之多少", "多少个百分点"
    if not bare or bare in "%％":
        return "多少", "多少", "百分之多少", "多大比例"
    if bare[0] in _COUNTED:
        return f"多少{bare}", f"多少{bare}", "多少", f"几{bare}" if len(figure) < 5 else f"多少{bare}"
    scaled = (f"多少{re.sub('[余多]', '', unit)}",) if unit.startswith(("亿", "万")) else ()
    length = ("多长", "多高", "多远") if bare in {"米", "公里", "千米", "厘米"} else ()
    return "多少", f"多少{bare}", *scaled, *length


def _places(text: str, words: Sequence[Word], lexicon: Lexicon) -> Iterator[FoundAnswer]:
    n = 0
    while n < len(words):
        first = n
        n += 1
        if words[first].tag != "ns" or len(words[first].text) < 2:
            continue
        while n < len(words) and words[n].tag == "ns" and n - first < 4:
            n += 1
        name = text[words[first].start : words[n - 1].end]
        after = words[n] if n < len(words) else None
        located = first > 0 and words[first - 1].text in _WHERE_BEFORE
        if located or (name in lexicon.names and (after is None or after.tag[0] in "vpdcx")):
            asks = _place_asks(name, lexicon.names.get(name, ""))
            yield FoundAnswer(kind="place", start=words[first].start, end=words[n - 1].end, asks=asks)


def _place_asks(name: str, meaning: str) -> tuple[str, ...]:
    asks = ["哪里", "什么地方", "哪个地方"]
    if name.endswith("市") or "city" in meaning:
        asks += ["哪个城市", "哪座城市"]
    if name.endswith("县"):
        asks += ["哪个县"]
    if name.endswith("省") or "province" in meaning:
        asks = ["哪个省", "哪个省份", "哪里"]
    if name.endswith("国") or "country" in meaning or "republic" in meaning.lower():
        asks = ["哪个国家", "哪国", "哪里"]
    return tuple(asks)


def _by_pattern(text: str) -> Iterator[FoundAnswer]:
    """Yield titles of works, quoted terms, lists after 包括, and what something is, has or becomes."""
    for match in _TITLED.finditer(text):
        asks = ("什么", "哪部作品", "哪个", "哪一部")
        yield FoundAnswer(kind="work", start=match.start(), end=match.end(), asks=asks)
    for match in _QUOTED.finditer(text):
        yield FoundAnswer(kind="term", start=match.start(1), end=match.end(1), asks=("什么", "哪个"))
    for match in _LISTED.finditer(text):
        yield FoundAnswer(
            kind="list", start=match.start(1), end=match.end(1), asks=("哪些", "什么", "哪几个")
        )
    for match in _PREDICATE.finditer(text):
        yield FoundAnswer(kind="term", start=match.start(1), end=match.end(1), asks=("什么", "什么", "哪个"))
