"""What single lines look like in newspapers, magazines and reports, Chinese and English; knows no neighbours."""

from __future__ import annotations

import re

from index.tables import UNIT_LINE
from index.terms import tagged_words

CJK = "\u3400-\u9fff\uf900-\ufaff"
_MARKS = "◎▶►▷⊙●○■□◆◇▲△▼★☆※♦•"
_TRAILING = "”’\"'」』）)】〕》〉]*_■□●◆ \t\u3000"

ENDS = "。！？!?…；;：:｡.．؟۔।॥"
_SENTENCE_STARTER = re.compile(
    r"近年来|近日|日前|目前|当前|今年|去年|此外|同时|据|记者|其中|如今|下一步|未来|截至|截止|随着|"
    r"为了|在此|与此同时|然而|但|因此|不过|例如|比如|一[是、]|二[是、]|三[是、]|四[是、]|首先|其次|最后|另外|随后|"
    r"当天|当日|通过|作为|对此|本次|此次|一方面|另一方面|\d{1,4}年|\d{1,2}月|[（(]?[一二三四五六七八九十]+[)）、]|"
    rf"[{_MARKS}]|\*\*"
)
_NEVER_STARTS = re.compile(r"[，。、；：！？）)】》〉”’」』,.;:!?%％]|之一|等[，、。\d]|[a-z]")
_PARTICLES = "的了着们地"  # or the first characters of words: 的士, 了解, 着力, 地铁
_PARTICLE_TAGS = frozenset({"u", "uj", "ul", "uv", "uz", "k"})
_ADVERBIAL = re.compile(rf"[{CJK}]{{2,5}}[，,]|[“《]")
_TIME_OPENING = re.compile(
    r"[从自到在]?(?:\d{4}年|\d{1,2}月|[今去明前]年|近[年日期来]|日前|目前|当[天日前]|上半年|[一二三四]季度|\d+日).{0,14}[，,]|"
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日"
)
_DANGLING_END = re.compile(
    r"(?:[的和与及或在对向把被将为是从由以于并且而、，,（(“‘《—-]|\b(?:the|of|and|to|in|a|an|for|with|by|or|on))$"
)
_PAIRS = ("“”", "‘’", "（）", "()", "《》", "「」", "『』", "【】", "[]")

_ROLE = (
    r"本报|本刊|本网|本社|特约|见习|实习|驻[^\s记]{1,6}|首席|全媒体|融媒体|[\u4e00-\u9fff]{2,6}(?:日报|晚报|时报|商报|社)|"
    r"记者|通讯员|实习生|撰稿人?|评论员|文[/／|｜:：]|图[/／|｜:：]|作者[:：]?|编译|编辑[:：]?|整理[:：]?|摄影报道|报道"
)
_ROLES = re.compile(_ROLE)
_ROLE_NEEDED = re.compile(r"记者|通讯员|实习生|撰稿|评论员|作者|文[/／|｜]|摄影报道")
_NAME = re.compile(rf"[{CJK}]{{1,4}}(?:[·•][{CJK}]{{1,8}})?$|[A-Z][\w.'’-]*$")
_SHORT_NAME = re.compile(rf"[{CJK}]{{2,3}}$")
_SURNAMES = frozenset(  # of 95 % of the people of China
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤柳欧阳康温牛葛申尚庞殷洪詹翟施章"
    "倪关齐易邢安颜柯舒岳费伍凌芦桂游祝焦毕耿祁符路翁党华季池骆霍辛解滕裴穆娄阮童甘苗翦谈"
)
_BY = re.compile(
    r"(?:(?:By|Reported by|Written by|Text by|Words by|Story by)\s+(?:[A-Z][\w.'’-]*(?:[\s,]+|$)|and\s+|in\s+){1,10}|"
    r"(?:[A-Z][\w.'’-]+\s+){1,3}[,|]?\s*(?:Staff (?:Reporter|Writer)|Correspondent|Special Correspondent))$"
)
_SIGN_OFF = re.compile(rf"[{_MARKS}]?\s*[（(](?:[{CJK}·\s]{{2,20}}|(?:责任)?编辑[^（）()]{{1,20}})[）)]$")

_CAPTION_START = re.compile(
    r"(?:[▲△▼◀▶]\s*)?(?:[\[【（(](?:图片?|照片|[Pp]hoto(?:graph)?|[Cc]aption|[Pp]icture|[Ii]mage)\s?[:：]|图为|图[示中]为|图[一二三四五六七八九十\d]+[\s:：.、]|[上下左右题]图[：:为\s]|本版(?:图片|摄影)|"
    r"表[一二三四五六七八九十\d]+[\s:：.、]|(?:Figure|Fig\.?|Table|Photo|Image|Picture|Chart)\s*\d*\s*[:.：])"
)
_CAPTION_END = re.compile(
    r"(?:摄(?:影)?|供图|制图|绘图|资料(?:图片?|照片)|图片来源[:：]?\S{0,16}|图[/／]\S{2,10}|"
    r"(?:[Pp]hoto(?:graph)?s?|[Ii]mage|[Cc]redit|[Ii]llustration)(?: by|:| courtesy of)\s+[^.]{2,60})[）)\]】.。]?$"
)
_SURE_DATELINE = re.compile(
    rf"(?:[{_MARKS}]\s*)?(?:【?[{CJK}\d]{{0,16}}?(?:讯|电|报|社)】?\s*[（(][^（）()]{{0,40}}?(?:记者|通讯员|实习生|特约)[^（）()]{{0,60}}[）)]|"
    rf"【[{CJK}\d\s]{{1,16}}[讯电]】|本报讯|本刊讯|[{CJK}]{{2,10}}\d{{1,2}}月\d{{1,2}}日[讯电])"
)
_DATELINE = re.compile(
    rf"(?:[{_MARKS}]\s*)?【?[{CJK}\d]{{0,16}}?(?:讯|电|报|社)】?\s*[（(][{CJK}]{{2,4}}(?:[\s、][{CJK}]{{2,4}}){{0,5}}[）)]|"
    r"[A-Z][A-Z .'-]{2,30}(?:, [A-Z][a-z]+\.? \d{1,2})?(?: \([A-Z][\w .]+\))? ?(?:—|--|–) ?[A-Z“\"]"
)
_ORGANISATION = re.compile(
    rf"[{CJK}]{{1,14}}?(?:高新技术产业开发区|高新区|开发区|新区|示范区|园区|产业园|科技园|创新园|科教城|[省市县区州镇乡村]|公司|集团|"
    r"大学|学院|医院|银行|中心|研究院|研究所|实验室|机场|基地|协会|学会|学校|中学|小学|港|厂|局|委|馆)|"
    r"(?:[A-Z][\w.&'-]+\s?){2,}"
)
_PLACE = r"第?\s*([A-Za-z]?\d{1,3}|[一二三四五六七八九十]{1,3})\s*[版页面]"
_TO = re.compile(
    rf"[{_MARKS}]?\s*(?:[（(【\[]\s*(?:[^（）()【】\[\]]{{1,24}}(?=下转))?)?(?:紧?下转|转)\s*{_PLACE}\s*[）)】\]]?|"
    r"(?:[(\[]?(?:Continued|continued|CONTINUED)|^[(\[]?(?:See|Turn to)) "  # in mid-line they refer to a page
    r"(?:on |to )?(?:page|PAGE|p\.|Page) ?([A-Z]?\d{1,3})[)\]]?"
)
_FROM = re.compile(
    rf"[{_MARKS}]?\s*[（(【\[]?\s*(?:上接|紧接|接)\s*{_PLACE}\s*(?:[:：]|《[^《》]{{1,40}}》\s*)?[）)】\]]?|"
    r"[(\[]?(?:Continued|continued|CONTINUED) from (?:page|PAGE|p\.|Page) ?([A-Z]?\d{1,3})[)\]]?"
)
_IMPRINT = re.compile(
    r"(?:地\s*址|社\s*址|邮\s*编|邮政编码|电\s*话|传\s*真|主\s*编|副主编|总\s*编辑?|执行主编|社\s*长|责任编辑|责\s*编|编\s*辑|编辑部|"
    r"美\s*编|版式|视觉|校\s*对|排\s*版|承\s*印|印\s*[数刷]|印刷厂?|出版(?:日期|单位|社)?|发\s*行|准印证号?|主办(?:单位)?|承办(?:单位)?|"
    r"协办(?:单位)?|主管(?:单位)?|投\s*稿|邮\s*箱|网\s*址|国内统一(?:连续出版物)?刊?号|刊\s*号|定\s*价|零\s*售|邮发代号|"
    r"[（(]?(?:数据|资料)?来\s*源|发布(?:时间|日期|单位)|时\s*间|日\s*期|浏览|字号|索引号|文号|广告热线|新闻热线|订阅热线|"
    r"ISSN|ISBN|CN\s*\d|E-?mail|Tel|Fax|Address|Editor(?:-in-[Cc]hief)?|Publisher|Printed by)"
    r"(?:\s*[:：]|\s*[(（][^（）()]*[)）]\s*[:：]?|\s*\d|\s*$)"
)
_STAFF = re.compile(
    r"(?:(?:执行|副|总|常务)*主\s*编|总编辑?|社\s*长|主\s*任|副主任|成\s*员|顾\s*问|(?:责任|执行|文字|图片|本版|美术)?编\s*辑|责\s*编|"
    rf"美\s*编|版式|视觉|校\s*对|排\s*版)(?:\s*[（(][^（）()]*[)）])?(?:\s+[{CJK}]{{2,4}})+$"
)
_ISSUE_LINE = re.compile(
    r"[\u4e00-\u9fff]{1,10}[〔\[（(]\d{4}[〕\]）)]\s*(?:第\s*)?\d+\s*号|"
    r"\d{4}\s*年\s*第?\s*\**\s*\d+\s*\**\s*期|总第?\s*\**\s*\d+\s*\**\s*期|第\s*\**\s*\d+\s*\**\s*期"
)
_DATE_LINE = re.compile(
    r"(?:\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|\d{4}[-./]\d{1,2}[-./]\d{1,2})[\s　]*(?:星期.|周.)?|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? [A-Z][a-z]+ \d{1,2},? \d{4}"
)
_BESIDE_DATE = re.compile(  # of an issue, not of what happened on a day
    r"第\s*\**\s*\d+\s*\**\s*[期版]|[A-Z]?\d{1,2}\s*版|星期.|周[一二三四五六日天]|农历|農曆|[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]|刊号|"
    r"(?:^|\s)(?:作者|编辑|责编|记者|浏览|阅读)[\s:：]|(?:时间|日期)\s*[:：]|\b(?:Vol|No|Issue|Page)\.? ?\d|\bEdition\b"
)
_PUBLISHED = re.compile(
    r"(?:发[布佈表文]|[公刊]布|刊[发登]|印发|出版|更新|修订|填报|成文)(?:(?:日期|时间)?\s*[:：]|(?:日期|时间)\s|[)）]?$)|"
    r"(?:^|[\s(（])(?:日期\s*[:：]|[来來]源[\s:：])|"
    r"\b(?:[Pp]ublished|[Pp]osted|[Uu]pdated|[Rr]evised|[Ii]ssued|Dated?|Source)\b"
)
_SOURCE_LINE = re.compile(
    r"[^。]{0,24}[，,\s（(]\s*(?:\d{4}年\d{1,2}月(?:\d{1,2}日)?|"
    r"\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4})[)）]?$"
)
_PAPER_NAME = re.compile(
    r"(?:[日晚早时商周导月季学]报|[周月季期旬]刊|杂志|通讯|画报|新闻)$|\b(?:Herald|Times|Post|News|Gazette|Journal|Daily|Weekly|Tribune|"
    r"Chronicle|Review|Magazine|HERALD|TIMES|POST|NEWS|GAZETTE|JOURNAL|DAILY|WEEKLY|TRIBUNE|CHRONICLE)\b"
)
_ISSUE_NUMBER = re.compile(r"第\s*\**\s*\d+\s*\**\s*[期版]|(?:Vol|No|Issue|Page)\.? ?\d")
_ISSUE_PART = re.compile(rf"{_ISSUE_NUMBER.pattern}|星期")
_PAGE_NUMBER = re.compile(
    r"[-—–·.~\s]*(?:第?\s*[A-Z]?\d{1,4}\s*[页版]?(?:\s*(?:[/／]\s*共?|共)\s*\d{1,4}\s*页?)?|[Pp](?:age|AGE|\.)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?)"
    r"[-—–·.~\s]*$"
)
_CONTENTS_TITLE = re.compile(
    r"(?:目\s*录|目\s*次|本期(?:目录|导读|要目|看点)|要\s*目|导\s*读|contents|table of contents|in this issue)"
    r"(?:\s*[/／|]?\s*(?:contents|目\s*录))?$",
    re.I,
)
_CONTENTS_LINE = re.compile(
    r"(?:[-*•]\s*)?(?:[Pp]\.?\s*)?\d{1,3}(?:[-/]\d{1,3})?(?:\s+|\s*[|/／]\s*)[^\s.．、)）年月日%％,，][^。]*[^。，；：:;.]$|"
    r"(?:[-*•]\s*)?\S[^。\n]{1,80}?(?:[.…·．_\-—\s]{3,}|[/／(（]\s*)[Pp]?\d{1,3}[)）]?$"
)
_CLOCK = r"(?:上午|下午|晚上?|中午)?\s*\d{1,2}[:：]\d{2}(?!\d)"
_ROW_TIME = re.compile(
    rf"(?:\d{{1,2}}月\d{{1,2}}日|(?:星期|周)[一二三四五六日天])(?:\s*{_CLOCK}|\s+\S)|{_CLOCK}"
)
_ROW_NUMBER = re.compile(r"(\d{1,3})(?:\s+|[.．、]\s*)(?=[^\d\s.,%])")
_ROW_LABEL = re.compile(  # 办公室：83451234, Saturday – Sunday: closed; no clock time, no address
    r"(?!\d+[:：])(?:[\w（）()/／ ]{2,10}|[A-Z][A-Za-z&' –—-]{1,23})[:：](?!//)\s*\S"
)
_FIGURE_JOINT = re.compile(r"(?:.?\d|\d[:.,/-])\n\d|.?\d\n[:.,/%-]|.?%\n[,.]")
_LEADERS = re.compile(r"[.…·．_\-—]{3,}\s*[Pp]?\d{1,3}[)）]?$")
_LABEL = re.compile(r"(?:相关|新闻|背景|知识)?链接|延伸阅读|图片新闻|简讯|要闻|短讯|一句话新闻|快讯")
# 1 天堰高新区 93.6 is a row of a ranking; a lone digit or a year at the end may be part of a heading's name.
_LAST_FIGURE = rf"\s(?!(?:19|20)\d\d年?$)[+-]?\d[\d.,]*[\d%％](?:[{CJK}]{{1,3}})?$"
NUMBERED = (
    re.compile(r"第[一二三四五六七八九十百零\d]{1,4}[编篇部卷](?:\s|分|[:：]|$)|(?:PART|Part) [IVX\d]+\b"),
    re.compile(
        r"第[一二三四五六七八九十百零\d]{1,4}章|(?:CHAPTER|Chapter) [IVXLC\d]+\b|"
        r"附录|前言$|引言$|结语$|摘要$|Abstract$|References$"
    ),
    re.compile(
        r"第[一二三四五六七八九十百零\d]{1,4}节|[一二三四五六七八九十]{1,3}、|"
        rf"\d{{1,2}}[\s.．、]\s*(?=[^\d\s.])(?!.*{_LAST_FIGURE})|[IVX]{{1,5}}\.\s"
    ),
    re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]|\d{1,2}[.．]\d{1,2}[\s　]|[A-Z]\.\s"),
    re.compile(r"\d{1,2}[.．]\d{1,2}[.．]\d{1,2}[\s　]|[（(]\d{1,2}[）)]"),
)


# The characters of the words that cues look for; whole texts are not converted here.
_TRADITIONAL = str.maketrans(
    "記報員訊電攝圖為轉編責輯錄頁發紙聯實習約評論張連製導讀總週時間單誌畫聞網華處會長終號",
    "记报员讯电摄图为转编责辑录页发纸联实习约评论张连制导读总周时间单志画闻网华处会长终号",
)
_IS_TRADITIONAL = re.compile("[記報員訊電攝圖為轉編責輯錄頁發總週號]")


def simple(text: str) -> str:
    """Write the words that cues look for in Simplified characters, one for one."""
    return text.translate(_TRADITIONAL) if _IS_TRADITIONAL.search(text) else text


def width(text: str) -> int:
    """How long a line looks: a Chinese character counts 1, a Latin one a half."""
    wide = (
        len(text.encode("utf-8", "ignore")) - len(text)
    ) // 2  # three bytes a Chinese character, one a Latin
    return wide + (len(text) - wide + 1) // 2


def bare(text: str) -> str:
    """Without marks of emphasis and ornaments at the ends, its white space single."""
    return " ".join(text.replace("**", "").replace("__", "").strip(_MARKS + "#>*<» \t\u3000\xa0").split())


def has_cjk(text: str) -> bool:
    """Whether a Chinese character is in the text."""
    return re.search(f"[{CJK}]", text) is not None


def is_finished(text: str) -> bool:
    """Whether a paragraph ends as paragraphs end; one cut by a column break does not."""
    stripped = text.rstrip(_TRAILING)
    return stripped.endswith(tuple(ENDS)) or stripped.endswith("——") or not stripped


def is_balanced(text: str) -> bool:
    """Whether every quote and bracket opened is closed."""
    return all(text.count(pair[0]) == text.count(pair[1]) for pair in _PAIRS)


def starts_sentence(text: str) -> bool:
    """Whether the text opens like a sentence of its own."""
    return _SENTENCE_STARTER.match(text) is not None


def opens_sentence(text: str) -> bool:
    """Whether the text opens like a sentence, an adverbial and a comma included, as in 期间，他…."""
    return starts_sentence(text) or _ADVERBIAL.match(text) is not None


def cannot_start(text: str) -> bool:
    """Whether the text opens with what no sentence opens with, such as a comma or 的."""
    if text and text[0] in _PARTICLES:
        return tagged_words(text[:8])[0][1] in _PARTICLE_TAGS
    return _NEVER_STARTS.match(text) is not None


def is_byline(text: str) -> bool:
    """Whether the line names the writers: ◎本报记者 王明, By Jane Doe."""
    text = simple(text).strip("*_")
    if not text or len(text) > 80:
        return False
    if not has_cjk(text):
        return _BY.match(text) is not None
    marked = text[0] in _MARKS
    if not marked and not _ROLE_NEEDED.search(text):
        return False
    names = re.split(r"[\s、,，:：/／|｜()（）&和]+", _ROLES.sub(" ", text.strip(_MARKS + " \u3000")))
    names = [name for name in names if name]
    return (
        0 < len(names) <= 14 and all(_NAME.match(name) for name in names) and (not marked or len(text) <= 50)
    )


def is_names(text: str) -> bool:
    """Whether the line holds only two or more Chinese names, as some bylines do."""
    parts = text.split()
    return len(parts) >= 2 and all(part[0] in _SURNAMES and _SHORT_NAME.match(part) for part in parts)


def is_sign_off(text: str) -> bool:
    """Whether the line signs an article at its end: ■（办公室）."""
    text = simple(text)
    return len(text) <= 26 and _SIGN_OFF.match(text) is not None


def is_caption(text: str) -> bool:
    """Whether the text says of itself that it belongs to a picture or table."""
    text = simple(text)
    if _CAPTION_START.match(text):
        return width(text) <= 160
    return width(text) <= 130 and _CAPTION_END.search(text) is not None and "记者" not in text[:6]


def is_credit(text: str) -> bool:
    """Whether a caption names only whose picture it is: 新华社供图."""
    text = simple(text)
    return width(text) <= 10 and _CAPTION_END.search(text) is not None and " " not in text


def is_dateline(text: str) -> bool:
    """Whether a paragraph opens as news items do: 本报讯（记者 …）, BEIJING, April 3 (Xinhua) —."""
    text = simple(text[:200])
    return (_SURE_DATELINE.match(text) or _DATELINE.match(text)) is not None


def opens_news_item(text: str) -> bool:
    """Whether a line opens a news item and cannot be the rest of the line before it.

    With a mere name in brackets a dateline looks like 发电（光伏）, which may stand in mid-sentence.
    """
    return _SURE_DATELINE.match(simple(text[:200])) is not None


def is_jump(line: str) -> bool:
    """Whether a line holds a jump and nothing else: （下转第8版）."""
    if len(line) > 24 or not is_balanced(line):
        return False
    leaving, landing = jump_to(line), jump_from(line)
    if leaving is not None and leaving.start() == 0:
        return True  # behind a landing a title may stand: 上接第1版 大桥开工
    return landing is not None and (landing.end() == len(line) or not is_finished(line))


def are_rows(upper: str, lower: str) -> bool:
    """Whether two lines open as neighbouring rows of a list do: with dates, times or labels, or numbers one apart."""
    if any(opening.match(upper) and opening.match(lower) for opening in (_ROW_TIME, _ROW_LABEL)):
        return True
    first, second = _ROW_NUMBER.match(upper), _ROW_NUMBER.match(lower)
    return first is not None and second is not None and int(first[1]) + 1 == int(second[1])


def splits_figure(before: str, after: str) -> bool:
    """Whether a figure or time goes on from one line to the next: 21: and 30, 12 and %."""
    return _FIGURE_JOINT.match(f"{before[-2:]}\n{after[:1]}") is not None


def jump_to(text: str) -> re.Match[str] | None:
    """Match （下转第8页） at the end of a line, set apart from the words before it, which else speak of it."""
    text = simple(text)
    for match in _TO.finditer(text, max(0, len(text) - 40)):
        if match.end() >= len(text.rstrip(_TRAILING)):
            return match if not match[0][0].isalpha() or is_finished(text[: match.start()]) else None
    return None


def jump_from(text: str) -> re.Match[str] | None:
    """Match （上接第3页） at the start of a line, set apart from the words after it, which else speak of it."""
    match = _FROM.match(simple(text))
    return match if match and (match.end() == len(text) or not match[0][-1].isalpha()) else None


def subject(headline: str) -> str:
    """Return what a headline is about: what stands before its colon, or the places and organisations in it."""
    before, colon, _ = headline.partition("：")
    if colon and 2 <= len(before.strip()) <= 20:
        return before
    return "\n".join(match[0] for match in _ORGANISATION.finditer(headline)) or headline


def is_imprint(text: str) -> bool:
    """Whether the line is one of the facts of an imprint: address, editor, print run."""
    text = simple(text)
    if width(text) > 60 or text.rstrip().endswith("。"):
        return False
    line = bare(text)
    return (_IMPRINT.match(line) or _STAFF.match(line)) is not None


def is_issue_line(text: str) -> bool:
    """Whether the line is little but an issue number or a full date, as under a masthead.

    Words behind a date tell what happened that day unless they are those of an imprint.
    """
    text = " ".join(simple(text).split())  # a date and a page number may stand at the two ends of a line
    if width(text) > 40 or text.endswith(("。", "，")):
        return False
    if _SOURCE_LINE.match(bare(text).strip("*_")):
        return True
    unnumbered = _ISSUE_LINE.sub("", text)
    parts = _DATE_LINE.split(unnumbered)
    if (len(parts) == 1 and unnumbered == text) or width("".join(parts)) > 14:
        return False
    return (
        unnumbered != text
        or not any(map(str.isalpha, parts[-1]))
        or _BESIDE_DATE.search(text) is not None
        or _PAPER_NAME.search(bare(parts[-1])) is not None
        or is_published(text)
    )


def is_published(text: str) -> bool:
    """Whether the line says of its date that something was published then: 发布日期：…, Published …."""
    return _PUBLISHED.search(simple(text)) is not None


def is_masthead(name: str, line: str) -> bool:
    """Whether a short line over a date or issue line is the name of a newspaper or magazine."""
    name = simple(name)
    if width(name) > 24 or "。" in name:
        return False
    return _PAPER_NAME.search(name) is not None or _ISSUE_PART.search(line) is not None


def masthead(line: str) -> str:
    """Return the name in a masthead of one line, 湖城日报 2023年3月9日 星期四 第1版, or nothing."""
    text = simple(line)
    starts = [match.start() for match in (_DATE_LINE.search(text), _ISSUE_LINE.search(text)) if match]
    if not starts or width(text) > 60 or text.endswith("。"):
        return ""
    name = bare(line[: min(starts)])
    if not 2 <= width(name) <= 24 or re.search("[，。：:；]|主[管办]", name) or _ROW_NUMBER.match(name):
        return ""
    return name if _PAPER_NAME.search(simple(name)) or _ISSUE_NUMBER.search(text) else ""


def is_page_number(text: str) -> bool:
    """Whether the line is only a page number; none is greater than the number of pages: 120/80."""
    text = simple(text)
    if len(text) > 24 or (text.startswith(("- ", "* ")) and not text.endswith(("-", "*"))):
        return False
    if _PAGE_NUMBER.match(text) is None:
        return False
    page, *pages = map(int, re.findall(r"\d+", text))
    return not pages or page <= pages[0]


def is_contents_line(text: str) -> bool:
    """Whether the line may be of a table of contents: a page number and a title, or the other way round."""
    return width(text) <= 90 and _CONTENTS_LINE.match(text) is not None


def has_leaders(text: str) -> bool:
    """Whether dots or dashes lead from a title to a page number."""
    return _LEADERS.search(text) is not None


def is_contents_title(text: str) -> bool:
    """Whether the line is a heading of a table of contents: 目录, Contents."""
    return _CONTENTS_TITLE.match(simple(bare(text))) is not None


def is_label(text: str) -> bool:
    """Whether the line only labels what follows: 链接 >>."""
    text = simple(text)
    return _LABEL.fullmatch(bare(text)) is not None


def is_table_rule(text: str) -> bool:
    """Whether the line only draws a line under the head of a Markdown table."""
    return text.startswith(("|", ":", "-")) and "|" in text and not text.strip("|:- \t")


def reads_like_a_sentence(text: str) -> bool:
    """Whether a line has words that sentences have and headlines leave out."""
    return re.search("[、还也都已就该其这那了是]", text) is not None


def numbered_level(text: str) -> int:
    """Rank of a numbered heading, 1 (第一编) to 5 (1.1.1), or 0."""
    return next((rank for rank, pattern in enumerate(NUMBERED, 1) if pattern.match(text)), 0)


def looks_like_headline(text: str) -> bool:
    """Whether a line over a byline or dateline could be the headline: short, no end mark, nothing cut or open in it."""
    line = bare(text)
    return (
        2 <= width(line) <= 45
        and not is_finished(line)
        and is_balanced(line)
        and "。" not in line
        and _DANGLING_END.search(line) is None
        and not cannot_start(line)
        and not any(is_imprint(part) for part in line.split() if "：" in part or ":" in part)
    )


def looks_like_heading(text: str) -> bool:
    """Whether a line could be a heading by its own words alone: short, no end mark, nothing cut or open in it."""
    line = bare(text)
    if not line or is_finished(line) or not is_balanced(line) or "。" in line or _DANGLING_END.search(line):
        return False
    if UNIT_LINE.match(line):
        return False
    if not has_cjk(line):
        words = line.split()
        return (
            len(words) <= 14
            and len(line) <= 90
            and (line[0].isupper() or line[0].isdigit())
            and any(map(str.isalpha, line))
        )
    commas = line.count("，") + line.count(",")
    longest = max(map(width, re.split(r"[，,：:\s]", line)))
    if commas and not numbered_level(line) and (commas > 1 or longest > 12 or starts_sentence(line)):
        return False
    return (
        2 <= width(line) <= 40
        and commas <= 2
        and not (_TIME_OPENING.match(line) and (commas or width(line) > 16))
        and not cannot_start(line)
    )
