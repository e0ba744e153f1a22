"""Finds what could be a short answer in a text: figures, dates, names, places, lists, by exact offsets.

Takes text, gives typed spans; knows nothing of questions. All patterns run on folded text (Simplified, half
width), whose offsets are those of the text; capitals are kept, since English names are told by them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.datatypes import Span as TextSpan
from index.text import fold

CandidateKind = Literal[
    "money", "percent", "quantity", "rank", "date", "duration", "person", "organisation", "place", "list", "quoted",
    "phrase",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A possible short answer at ``text[start:end]``; ``parts`` are the items of a list, or the aligned values."""

    start: int
    end: int
    kind: CandidateKind
    unit: str = ""  # as the text has it, folded: 亿元, 家, %
    year: int | None = None  # of a date that states one
    lead: int = 0  # characters of a modifier in front that belong to the meaning: 近, 超, 约
    parts: tuple[TextSpan, ...] = ()


_HAN = r"\u4e00-\u9fff"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"  # 1,200 in 1,200,2023年为1,350
_CHINESE_NUMBER = r"[一二三四五六七八九十百千两〇零半]+(?:点[一二三四五六七八九〇零]+)?"
_SCALE = r"万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百"
_SOME = r"[余多几]"
_MONEY = r"美元|欧元|港元|港币|日元|英镑|卢布|新台币|人民币|美金|元|块钱"
_TIME = r"个?多?(?:月(?![底初末中上下]|\d)|小时|工作日|季度|星期|世纪)|年(?!代|度|级|底|初|末|产|均|薪|检|会)半?|分钟|秒钟?|天|周年?(?!岁)|日"
# Longer units first. 型 and 号 are left out: they make names, not figures.
LONG_UNIT = (
    r"周岁|平方公里|平方千米|平方米|立方米|公里|千米|厘米|毫米|微米|纳米|海里|英里|英尺|公顷|公斤|千克|毫克|微克|千瓦时|兆瓦时|吉瓦时"
    r"|千瓦|兆瓦|吉瓦|安时|毫安时|摄氏度|百分点|个百分点|人次|家次|班次|架次|批次|例次|台套|台\(套\)|标准箱|人民币|千伏安?|千兆|卡路里|大卡"
)
LETTER_UNIT = r"gwh|mwh|kwh|twh|kw|mw|gw|km|cm|mm|kg|mg|ml|ah|mah|hz|khz|mhz|ghz|kb|mb|gb|tb|nm|dpi|m³|m²|m3|m2|㎡|mpa|pa|kpa|db|rpm"
_UNIT = (
    rf"{LONG_UNIT}|[家户人名位个项件条款种类份台套辆架艘支只座栋幢处所间张篇部本册场期轮批届级层门片块根枚颗笔单宗起例倍吨度岁米克斤亩顷次分票股首幅段"
    r"句字步站道面口头匹棵朵双对组队伏瓦安集孔瓶箱袋桶枪炮封排列节课卷章元℃°里尺寸升章代室厅桩席字轴核井链圈环辈声眼]"
    rf"|(?i:{LETTER_UNIT}"
    r"|tons?|tonnes?|kilomet(?:er|re)s?|met(?:er|re)s?|miles?|feet|acres?|hectares?|pounds?|people|employees|companies|enterprises"
    r"|firms|projects|times|(?:kilo)?grams?|inch(?:es)?|nautical miles|yards?|lit(?:er|re)s?|visitors|students|seats|square (?:met(?:er|re)s|kilomet(?:er|re)s|miles|feet))(?![a-z])"
)
NEGATIVE = r"(?<=[为是达至到约温度率长幅降润余于:,(：，（\s])-(?=\d)(?!(?:19|20)\d\d(?!\d))"  # a minus sign, and no dash: 增长-2.3%
_FIGURE = re.compile(
    rf"(?P<lead>(?:不足|不到|不低于|不少于|不超过|至少|最多|最高|最低|高达|多达|达到|超过|突破|将近|接近|大约|大概|约为|近|超|逾|约|过|破)\s?)?"
    rf"(?P<sign>(?:(?:US|HK|RMB|CNY|USD)\s?)?[$¥￥€£]\s?|(?<![A-Za-z])(?:RMB|CNY|USD|EUR|GBP|HKD|JPY)\s?|第)?"
    rf"(?P<minus>{NEGATIVE}|零下\s?(?=\d|{_CHINESE_NUMBER}[度摄])|负(?=\d))?"
    rf"(?P<number>(?:百分之(?:{_CHINESE_NUMBER}|{_DIGITS})|(?:{_DIGITS})(?:\s?[-~—–至到]{{1,2}}\s?(?:{_DIGITS}))?|{_CHINESE_NUMBER}|数[十百千万亿]+))"
    rf"(?P<scale>\s?(?:{_SOME})?\s?(?:(?:{_SCALE})(?:{_SOME})?)+|{_SOME})?"
    rf"(?P<english>\s?(?:thousand|million|billion|trillion|bn)\b)?"
    rf"(?:\s?(?P<unit>%|‰|per\s?cent\b|percentage points?\b|(?:{_SOME})?(?:{_MONEY})|(?:{_SOME})?(?:{_TIME})|(?:{_SOME})?(?:{_UNIT})"
    rf"|yuan\b|dollars?\b|euros?\b|pence\b|(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|decades?)\b))?"
    rf"(?P<tail>以[上内下外]|左右|上下|之多|多(?=[,。;、]))?"
)
MEASURE = (  # what a figure may be counted in: 亿元, 万人, %, million yuan, 微克/立方米
    rf"(?:(?:{_SCALE})?\s?(?:{_MONEY}|{_TIME}|{_UNIT})|%|‰|[¥$€£￥]"
    r"|(?i:(?:(?:thousand|million|billion)s?(?: of)? )?(?:yuan|(?:us )?dollars?|euros?|pounds?|pence|usd|rmb|cny|eur|gbp)"
    r"|(?:thousand|million|billion)s?|percent|years?|months?|weeks?|days?|hours?|minutes?|seconds?))(?:[/／每]\S{1,6})?"
)
PHONE = re.compile(  # 0571-8600 2233, (0571) 86002233, +86 571 8600 2233, 400-820-8888
    r"(?<![\d-])(?:(?:\+\d{1,3}[- ]\d{2,4}|\(?0\d{2,3}\)?)[- ]?\d{3,4}|[48]00[- ]\d{3})[- ]?\d{4}(?![\d-])"
)
_TENTHS = re.compile(  # 不到四成, 九成以上; not 一成不变, 三成员
    r"(?P<lead>不[到足]|超过|近|约|超|逾)?[一二三四五六七八九两\d]成[半多]?(?:以[上下]|左右)?(?![立功为员本果熟分绩长交型不就形品色群都])"
)
_ENGLISH_NUMBERS = re.compile(
    r"\b(?P<number>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand)"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine|hundred|thousand|million|billion))*\b"
    r"(?P<half> and a half)?(?: (?!(?:of|and|or|in|on|at|by|to|for|from|with|per(?! cent)|were|was|are|is|had|have|has|more|other|times)\b)"
    r"(?P<unit>per cent|[a-z]+))?",
    re.IGNORECASE,
)
_ENGLISH_TIME = r"years?|months?|weeks?|days?|hours?|minutes?|seconds?|decades?|centuries|century"
_YEAR_NUMBER = r"(?:公元前?)?(?:\d{3,4}|[一二][〇零一二三四五六七八九]{3}|'\d\d)"
_DAY = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_WHEN = r"(?:年初|年底|年末|年中|年内|上半年|下半年|[一二三四1234]季度|第[一二三四1234]季度|前[一二三两\d]季度|春季|夏季|秋季|冬季|[春夏秋冬][天季])"
_LUNAR_DAY = r"初[一二三四五六七八九十]|廿[一二三四五六七八九]?"
_PART_OF_MONTH = rf"{_LUNAR_DAY}|[上中下]旬|月?[初底末]"
_ENGLISH_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|"
    r"Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_PART_OF_YEAR = (
    r"\b(?:(?:[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ll]ast) (?:quarter|half)|[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter"
    rf"|(?:[Bb]eginning|[Mm]iddle|[Ee]nd) of(?: {_ENGLISH_MONTH})?|(?:[Ee]arly|[Mm]id|[Ll]ate)[ -]{_ENGLISH_MONTH},?)"
)
_AFTER_YEAR = r"(?:and|or|but|was|were|is|has|had|to|by|with|when|from|in|at|on|for|as|after|before|the|a|an|it|its|we|our)"
COUNTED = (  # what follows tells a figure from a year: 1500 workers
    r"percent|per\scent|yuan|people|million|billion|thousand|tonnes|tons|km|kg|companies|"
    r"enterprises|firms|workers|employees|students|residents|square|metres|meters|mu|kWh|jobs|units|households"
)
AMOUNT = r"\s?(?:[十百千万亿元吨亩米克倍℃]|公[里顷斤]|[平立]方)"  # what follows tells a figure from a month: 1996.01万元
_MONTH_NAME = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_MONTH_ALONE = re.compile(  # in May; not the verb, nor the person
    r"\b(?:[Ii]n|[Oo]f|[Bb]y|[Ff]rom|[Tt]o|[Ss]ince|[Uu]ntil|[Tt]hroughout|[Dd]uring|[Bb]etween|[Ee]very|[LlPp]ast|[Nn]ext|[Ee]arly|[Ll]ate) "
    rf"(?P<month>{_MONTH_NAME}(?: (?:and|to|until) {_MONTH_NAME})?)(?![a-z]|,? \d)"
)
_DATE = re.compile(
    rf"(?P<full>(?P<year>{_YEAR_NUMBER})\s?年度?(?:\s?{_DAY}\s?月份?(?:\s?(?:{_DAY}\s?[日号]|{_PART_OF_MONTH}))?|[初底末中]|(?:的)?{_WHEN})?)"
    rf"|(?P<relative>(?:今年|去年|前年|明年|当年|本年|上年|同年|次年|后年)(?:以来|{_DAY}\s?月份?(?:\s?{_DAY}\s?[日号]|{_PART_OF_MONTH})?|[初底末]|{_WHEN})?)"
    rf"|(?P<month>{_DAY}\s?月(?:\s?{_DAY}\s?[日号](?:[、和]\s?{_DAY}\s?[日号])*|份|{_PART_OF_MONTH})|(?<!\d)(?:1[0-2]|[1-9])月(?![底个])|(?:正|腊)月(?:{_LUNAR_DAY})?|(?<![一二三四五六七八九十每个几])(?:十[一二]?|[一二三四五六七八九])月(?![底个亮光色一])|(?:本|上|下|当)月{_DAY}[日号])"
    rf"|(?P<period>(?:公元前?)?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,3}})世纪(?:\d0年代)?(?:[初末中]期?)?|(?:\d{{2,4}}|[一二三四五六七八九]十)年代(?:[初末中]期?)?"
    rf"|[\"“]?十[一二三四五]五[\"”]?(?:期间|末|时期)|第[一二三四]季度|[上下]半年)"
    rf"|(?P<english>{_PART_OF_YEAR} (?:of )?(?P<year8>(?:1[5-9]|20)\d\d)(?!\d)|{_ENGLISH_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?P<year2>\d{{4}})|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_ENGLISH_MONTH},? (?P<year3>\d{{4}})"
    rf"|{_ENGLISH_MONTH},? (?P<year4>\d{{4}})|{_ENGLISH_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?!\d)|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_ENGLISH_MONTH}"
    rf"|(?:(?<![\d.$-])|(?<=\b[Mm]id-)|(?<=\b[Ee]arly-)|(?<=\b[Ll]ate-))(?P<year5>1[0-9]\d\d|20[0-4]\d)(?:[-–](?:19|20)\d\d)?"
    rf"(?!\d|[.,-]\d|%|\s?[{_HAN}]|[A-Za-z]|\s(?!{_AFTER_YEAR}\b)[A-Za-z])s?|\d{{1,2}}(?:st|nd|rd|th) century"
    rf"|(?:(?<=\b[Ii]n )|(?<=\b[Bb]y )|(?<=\b[Ss]ince )|(?<=\b[Uu]ntil ))(?P<year7>1[5-9]\d\d|20[0-4]\d)(?=\s(?!(?:{COUNTED})\b|[a-z]+s\b)[A-Za-z]))"
    rf"|(?P<iso>(?<!\d)(?P<year6>(?:1[89]|20)\d\d)[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?(?!\d|{AMOUNT}))",
)
_DAYTIME = r"(?:凌晨|清晨|[早晚]上|早晨|[上中下]午|傍晚|[晚夜]间|早|晚)"
_NOON = r"[ap](?:m\b|\.m\b\.?)"
_COLON = rf"(?:[01]?\d|2[0-4]):[0-5]\d(?:\s?{_NOON})?|(?:1[0-2]|0?[1-9])(?:[:.][0-5]\d)?\s?{_NOON}"  # 19:30, 9 a.m.
_ENGLISH_WEEKDAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_CLOCK_OR_WEEKDAY = re.compile(
    rf"(?P<colon>(?:{_DAYTIME}\s?)?(?<![\d:.$以分比])(?<!\d,)(?<!比分[是为])(?<!比例[是为])(?<!比为)(?<!ratio )(?<!ratio of )(?:{_COLON})(?![\d:])"
    rf"(?:\s?(?:至|到|—|–|-|~|to|until)+\s?(?:次日|翌日)?(?:{_DAYTIME}\s?)?(?:{_COLON})(?![\d:]))?)"  # 8:30—17:00; no score
    rf"|(?P<clock>(?:{_DAYTIME}\s?)?(?<![\d.:涨跌升降有共])(?<![涨跌升降]了)(?<!\d,)(?:[01]?\d|2[0-4])\s?(?:时(?![间代期段候差速长])|点(?!\d(?!\d?分)|[多几位个建意评要方措]))"
    r"(?:[0-5]?\d分(?!钟)|半|整|[一三]刻)?"
    rf"|{_DAYTIME}(?:十[一二]?|[一二三四五六七八九两])[点时](?:[一二三四五]?十?[一二三四五六七八九]?分|半|整|[一三]刻)?)"
    # 每周一, 星期日, 周六, 周二至周日; not 每周一次, 一周三天, nor the person 周一鸣
    rf"|(?P<weekday>(?:每逢?(?:周|星期|礼拜)|(?<![一二两三四五六七八九十几数\d])(?:星期|礼拜)|(?<![{_HAN}\d])周(?=.(?:[^{_HAN}]|[至到、和及与闭休开不起停的]|$))|周(?=.[至到]周))"
    r"[一二三四五六日末](?!\s?[次个回趟天篇班场名种节遍件小])|(?:星期|礼拜)天"
    # on Wednesday, Tuesdays to Fridays; not Friday, June 14, nor the Sunday Times
    rf"|\b{_ENGLISH_WEEKDAY}(?:(?:\s(?:to|until|and|or)\s|\s?[–-]\s?){_ENGLISH_WEEKDAY})?\b(?!,?\s(?:\d{{1,4}}(?![:.\d])|[A-Z])))"
    r"(?:\s?[、至到—–~和及与-]{1,2}\s?(?:周|星期|礼拜)[一二三四五六日天末]|[至到][一二三四五六日](?![楼层号点]))*"
)
_SMALL = r"(?:\d{1,3}|[一二三四五六七八九十两]{1,3})"
_SEVERAL_UNITS = re.compile(  # 1小时20分钟, 1分54秒12, 10秒31, 2年6个月: one duration, and none of its parts
    rf"(?<![\d.一二三四五六七八九十])(?:{_SMALL}\s?个?小时零?\s?{_SMALL}\s?(?:分钟|分(?![\d之]))(?:\s?\d+(?:\.\d+)?\s?秒\d*)?"
    rf"|\d+\s?分钟?\s?\d+(?:\.\d+)?\s?秒\d*|\d{{1,2}}秒\d{{1,2}}(?!\d)|{_SMALL}\s?年零?\s?{_SMALL}\s?个月(?:零?{_SMALL}[天日])?"
    rf"|{_SMALL}\s?个月零\s?{_SMALL}\s?[天日])"
)
_YUAN_AND_LESS = re.compile(  # 4元5角, 三块五: one sum
    rf"(?<![\d.])[\d一二三四五六七八九十百两]+(?:元|块)(?:{_SMALL}[角毛](?:{_SMALL}分)?|[1-9一二三四五六七八九](?![\d{_HAN}]))"
)

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐"
    "费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮"
    "蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣"
    "翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀"
    "蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易"
    "慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公"
    "兰覃原肖闫覃涂展仝付仉阳代初晋楚帅海"
)
_COMPOUND_SURNAMES = (
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|夏侯|诸葛|尉迟|公孙|慕容|司徒|令狐|宇文|长孙|皇甫|轩辕|司空|呼延"
)
_TITLE = (
    r"董事长|总经理|总裁|主席|总统|总理|部长|厅长|局长|处长|科长|市长|县长|区长|镇长|乡长|村长|省长|州长|司长|署长|会长|理事长|秘书长|校长|院长|所长|馆长"
    r"|厂长|行长|社长|台长|站长|队长|组长|班长|团长|师长|军长|书记|主任|委员|常委|主管|总监|经理|总工程师|工程师|总设计师|设计师|负责人|创始人|合伙人|发言人"
    r"|院士|教授|博士|研究员|专家|学者|讲师|老师|医生|律师|法官|记者|通讯员|作者|作家|诗人|画家|导演|演员|歌手|主持人|主编|编辑|教练|球员|选手|运动员|冠军"
    r"|(?:物理|生物|动物|植物|天文|地质|地理|气象|历史|考古|经济|社会|人类|语言|心理|[科数化医农哲文史法力])学家"
    r"|(?:企业|慈善|实业|银行|小说|剧作|艺术|音乐|作曲|戏剧|书法|收藏|雕塑|摄影|教育|思想|政治|军事|外交|革命|发明|探险|评论|翻译|漫画|舞蹈|歌唱|演奏)家"
    r"|将军|司令|元帅|皇帝|国王|先生|女士|同志|首席\w{1,3}官|ceo|CEO|总书记|大使|法人代表|法定代表人|总干事|助理"
    r"|参谋长|秘书|顾问|代表|学生|村民|居民|市民|员工|职工|工人|技术员|院校长|督导员"
)
_NOT_IN_NAME = frozenset(
    "的了在是和与及或说为将从向对把被让等也都就还但而并且以于其这那该此个们中上下内外前后来去到得着过给看称认表介带率亲赴任现曾已共同又再则"
    '告透指出会能可要应需该当由经自之所者处，。、：；！？（）()"“”《》,.:;!? 0123456789二三四五六七八九十'
)
_AFTER_NAME = re.compile(
    r"$|[\s,。、:;!?()\"'《》\[\]·/|*]|说|介绍|表示|认为|告诉|指出|透露|看来|强调|坦言|解释|提出|提到|谈到|宣布|主持|出席|参加|带领|率|率领|在|为|是|的|和|与|及"
    r"|等|于|从|向|对|将|把|也|又|曾|已|任|担任|当选|获|共同|一行|分别|讲|称|看|先生|女士|教授|博士|院士|同志|作|致|到|来|去|前往|赴|深有|感慨|直言|回忆|写|发明|发现"
    r"|创办|创立|执导|饰演|出生|逝世|去世|带|走|代表|领衔|牵头|团队|都|还|就|要|会|能|可|所|被|让|与会|宣读|揭牌|陪同|领|亲自|告|亮出|晒出|道出"
)
_AFTER_FOREIGN_NAME = re.compile(
    rf"{_TITLE}|则|又|被|已|说|表示|介绍|认为|宣布|指出|在|是|的|于|和|与|等|将|曾|率|获|担任|出任|发明|发现|创办|创立|成立|到访|访问|来到|前往"
)
_PERSON_AFTER_TITLE = re.compile(
    rf"(?:{_TITLE})(?:[、,]?(?:{_TITLE}))*[\s:]{{0,2}}(?P<name>(?:{_COMPOUND_SURNAMES})[{_HAN}]{{1,2}}|(?![从和向都])[{SURNAMES}][{_HAN}]{{1,2}})"
)
_PERSON_BEFORE_TITLE = re.compile(
    rf"(?P<name>(?:{_COMPOUND_SURNAMES})[{_HAN}]{{1,2}}|[{SURNAMES}][{_HAN}]{{1,2}}|[{_HAN}]{{2,5}}?(?=博士|先生|女士|教授))"
    rf"(?=(?:{_TITLE})|[接继兼升调转担出主]?任|当选|\(|说[,:]|表示|介绍|认为|告诉|指出|透露|坦言|强调)"
)
_SCHOOL_YEAR = re.compile("[高初]一")  # 高一（7）班
_APPOINTED = re.compile("[接继兼升调转担出主]任(?!职)")  # the end of no name: 贺兰接任
_TRANSLITERATED = re.compile(rf"[{_HAN}A-Z]{{1,7}}(?:[·.][{_HAN}A-Z]{{1,8}})+")
_CAPITAL, _LETTER = "A-Z\u00c0-\u00d6\u00d8-\u00de", "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_ENGLISH_WORD = rf"[{_CAPITAL}](?:[a-z\u00df-\u00f6\u00f8-\u024f]|['’-](?=[{_LETTER}])[{_LETTER}])+(?:(?<=Mc)[{_CAPITAL}][{_LETTER}]+)?"
_ENGLISH_NAME = re.compile(
    rf"(?<![{_LETTER}])(?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?{_ENGLISH_WORD}"
    rf"(?: (?:(?:of|de|van|von|da|bin|al|the|and|&) )*[{_CAPITAL}][{_LETTER}'’-]+| ?[A-Z]\.)*"
    rf"|(?<![{_LETTER}])[A-Z][A-Za-z0-9&-]*[A-Z0-9][A-Za-z0-9&-]*(?: [A-Z][A-Za-z0-9&-]+)*"
)
_NO_NAME = re.compile(  # words that open sentences, and the calendar's
    r"(?:An?|The|Its?|Th(?:is|at|ese|ose|ere|ey|eir|en)|Here|She|He|His|Her|We|Our|You|Your|In|On|At|By|Of|For|From|To|With|Without|After|Before"
    r"|Since|Until|During|While|Wh(?:en|ere|y|o|at|ich)|How|If|As|But|And|Or|So|Yet|Not?|All|Both|Each|Every|Some|Many|Most|More|Few|Several"
    r"|However|Also|Today|Yesterday|Tomorrow|Now|Although|Because|Between|Among|Under|Over|About|According|Meanwhile|Last|Next"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)$"
)
_MAYBE_NAME = re.compile(  # of these some open names, too: Three Gorges, April Jones
    r"(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)$"
)
_HONORIFIC = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Prof|Professor|Sir|Dame|Lord|Lady|Captain|Councillor|President|Minister|Judge|Bishop)\.? (?=[A-Z])"
)
_ENGLISH_ORGANISATION = re.compile(
    r"\b(?:Inc|Ltd|Limited|Corp|Corporation|Company|Co|Group|University|College|Institute|Bank|Agency|Committee|Ministry|Bureau|Department|"
    r"Association|Foundation|Centre|Center|Laboratory|School|Hospital|Council|Works|Mills|Trust|Union|Society)\b"
)
_ORGANISATION_END = (
    r"有限责任公司|股份有限公司|有限公司分公司|有限公司|股份公司|总公司|分公司|子公司|公司|集团|大学|学院|中学|小学|学校|研究院|研究所|实验室|科学院|银行|医院|委员会|管委会"
    r"|办公室|人民政府|市政府|省政府|区政府|法院|检察院|协会|学会|联合会|基金会|工会|商会|联盟|分中心|中心|高新技术产业开发区|高新区|开发区|产业园|科技园|创新园|示范区"
    r"|自贸区|工业园|园区|科教城|出版社|报社|杂志社|电视台|广播电台|乐队|剧团|球队|俱乐部|工厂|制造厂|钢铁|科技|制药|汽车|储能|工作室|酒店|博物馆|图书馆|[厅局院署]"
)
_ORGANISATION = re.compile(
    rf"[{_HAN}A-Za-z0-9·]{{2,24}}?(?:\([{_HAN}]{{2,6}}\)[{_HAN}]{{0,12}}?)?(?:{_ORGANISATION_END})"
    rf"(?:\([{_HAN}]{{2,6}}\)[{_HAN}]{{0,6}}?(?:{_ORGANISATION_END}))?(?!{_ORGANISATION_END})(?:[{_HAN}]{{2,4}}分公司)?"
)
_NOT_NAME_START = re.compile(
    r"^(?:.*(?:的|在|由|是|为|与|和|及|向|对|将|把|从|到|至|于|被|让|位于|来自|其中|包括|作为|依托|围绕|通过|联合|携手|走进|入驻|落户|企业|拥有|以及|建成|成立|获得|经过|当天|日前|近日"
    r"|年|月|日|这家|该|一家|等|了|着|过)(?!限))?(?=..)"
)
_COUNTRIES = (
    "中国|美国|英国|法国|德国|日本|韩国|朝鲜|印度|俄罗斯|苏联|加拿大|澳大利亚|新西兰|意大利|西班牙|葡萄牙|荷兰|比利时|瑞士|瑞典|挪威|丹麦|芬兰|冰岛|爱尔兰|奥地利|匈牙利|波兰|捷克|"
    "希腊|土耳其|以色列|埃及|南非|巴西|阿根廷|墨西哥|智利|秘鲁|古巴|越南|泰国|马来西亚|新加坡|印度尼西亚|印尼|菲律宾|缅甸|老挝|柬埔寨|巴基斯坦|孟加拉国|斯里兰卡|尼泊尔|阿富汗|伊朗|"
    "伊拉克|沙特阿拉伯|沙特|阿联酋|卡塔尔|科威特|约旦|叙利亚|黎巴嫩|乌克兰|白俄罗斯|哈萨克斯坦|乌兹别克斯坦|蒙古|罗马尼亚|保加利亚|塞尔维亚|克罗地亚|斯洛文尼亚|肯尼亚|尼日利亚|埃塞俄比亚|"
    "摩洛哥|阿尔及利亚|利比亚|苏丹|刚果|加纳|坦桑尼亚|哥伦比亚|委内瑞拉|厄瓜多尔|乌拉圭|香港|澳门|台湾"
)
_PROVINCES = "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆"
_PLACE = re.compile(
    rf"(?:{_COUNTRIES}|{_PROVINCES})(?:省|市|自治区|特别行政区)?(?:[{_HAN}]{{2,4}}?[市州县区](?![域场内外]))*(?:[{_HAN}]{{1,4}}?[镇乡村])?"
    rf"|[{_HAN}]{{2,4}}?(?:[省市县州区镇乡村]|自治[州区县]|街道|半岛|群岛|[山湖河江海岛]|高新区|开发区|新城)(?![域场内外])"
)
_QUOTED = re.compile(
    r"\"([^\"\n]{1,80})\"|《([^》\n]{1,60})》|'([^'\n]{2,60})'|\(([^()\n]{2,120})\)|\[([^\]\n]{2,80})\]"
)


@lru_cache(maxsize=2048)
def flat(text: str) -> str:
    """Return the folded text with the Latin letters of the original, so that capitals still tell names."""
    return "".join(o if o.isalpha() and o < "\u0250" else f for o, f in zip(text, fold(text), strict=True))


@lru_cache(maxsize=2048)
def find_candidates(text: str) -> tuple[Candidate, ...]:
    """Return every candidate of a sentence or passage, by kind and place; spans of different kinds may overlap."""
    shown = flat(text)
    dates = list(_dates(shown))
    dates.extend(_times(shown, dates))
    wholes = [*dates, *of_several_units(shown)]
    phones = [
        Candidate(start=match.start(), end=match.end(), kind="quantity") for match in PHONE.finditer(shown)
    ]
    taken = {place for c in (*wholes, *phones) for place in range(c.start, c.end)}
    found: list[Candidate] = [*wholes, *phones]
    found.extend(_figures(shown, taken))
    found.extend(_persons(shown))
    organisations = list(_organisations(shown))
    found.extend(organisations)
    found.extend(_joined(shown, organisations))
    found.extend(_places(shown))
    found.extend(_quoted(shown))
    found.extend(_lists(shown))
    unique = {(c.kind, c.start, c.end): c for c in found if c.start < c.end}
    return tuple(sorted(unique.values(), key=lambda c: (c.start, c.end, c.kind)))


@lru_cache(maxsize=2048)
def find_clock_times(text: str) -> tuple[Candidate, ...]:
    """Return every time of day, those behind a date too, which `find_candidates` leaves to the date."""
    return tuple(c for c in _times(flat(text), ()) if c.unit == "时")


def _dates(text: str) -> Iterator[Candidate]:
    for match in _DATE.finditer(text):
        groups = match.groupdict()
        years = [
            groups[name]
            for name in ("year", "year2", "year3", "year4", "year5", "year6", "year7", "year8")
            if groups.get(name)
        ]
        start, end = match.span()
        if groups["full"] and re.match(r"\d{3}\s?年|'\d\d", match.group()):
            continue  # 300年 is a duration
        year = parse_year(years[0]) if years else None
        yield Candidate(start=start, end=end, kind="date", year=year, unit=_grain(match.group()))
        if groups["full"] and match.group().endswith("年度"):
            yield Candidate(start=start, end=end - 1, kind="date", year=year, unit="年")
        head = re.match(rf"{_YEAR_NUMBER}\s?年", match.group())
        if groups["full"] and head and head.end() < end - start and not match.group().endswith("年度"):
            yield Candidate(start=start, end=start + head.end(), kind="date", year=year, unit="年")

    for match in _MONTH_ALONE.finditer(text):
        yield Candidate(start=match.start("month"), end=match.end(), kind="date", unit="月")


def _times(text: str, dates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield times of day and days of the week; those of a date, 3月28日上午9时, are left to the date."""
    dated = {c.end for c in dates}
    for match in _CLOCK_OR_WEEKDAY.finditer(text):
        if len(text[: match.start()].rstrip(" (,")) not in dated:
            unit = "日" if match["weekday"] else "时"
            yield Candidate(start=match.start(), end=match.end(), kind="date", unit=unit)


def of_several_units(text: str) -> Iterator[Candidate]:
    """Yield the durations and sums of a folded text that several units state together, and so none alone."""
    for match in _SEVERAL_UNITS.finditer(text):
        yield Candidate(start=match.start(), end=match.end(), kind="duration")
    for match in _YUAN_AND_LESS.finditer(text):
        yield Candidate(start=match.start(), end=match.end(), kind="money", unit="元")


def _grain(text: str) -> str:
    """年, 月 or 日: the finest thing that a date states."""
    if re.search(
        r"[日号]$|[A-Za-z] \d{1,2}\b(?!\d)|^\d{1,2}(?:st|nd|rd|th)? (?:of )?[A-Z]|\d[-/.]\d{1,2}[-/.]\d", text
    ):
        return "日"
    if re.search(r"月|旬|[A-Z][a-z]{2}", text):
        return "月"
    return "年"


def parse_year(text: str) -> int | None:
    """Return the year of 2023 or 二〇二三; None for anything else."""
    digits = text.translate(str.maketrans("〇零一二三四五六七八九", "00123456789"))
    return int(digits) if digits.isdigit() and len(digits) == 4 else None


def _figures(text: str, taken: Container[int]) -> Iterator[Candidate]:
    for match in _FIGURE.finditer(text):
        start, end = match.span()
        number = match.start("number")
        if number in taken:
            continue
        if number and re.match(r"[A-Za-z]", text[number - 1]) and not match["sign"]:
            continue  # V2, R15: part of a code
        if end < len(text) and re.match(r"[A-Za-z]", text[end]) and not match["unit"]:
            continue
        digits = match["number"][0].isdigit()
        if not digits and not (
            match["unit"] or match["scale"] or match["sign"] or match["number"].startswith("百分")
        ):
            continue
        if not digits and match["unit"] in (
            "分",
            "道",
            "面",
            "口",
            "头",
            "里",
            "字",
            "步",
            "集",
            "环",
            "圈",
            "代",
            "声",
            "眼",
            "对",
            "排",
            "路",
            "链",
        ):
            continue  # 十分, 一道, 一面 are mostly words
        lead = match.end("lead") - start if match["lead"] else 0
        shown = 0 if lead and match["lead"].strip() in ("达到", "高达", "多达", "过", "破") else lead
        unit = re.sub(rf"^{_SOME}", "", (match["unit"] or "").strip())
        begin = start + lead
        yield Candidate(start=begin, end=end, kind=_figure_kind(match, unit), unit=unit.lower(), lead=shown)
        if match["tail"]:
            yield Candidate(
                start=begin,
                end=match.start("tail"),
                kind=_figure_kind(match, unit),
                unit=unit.lower(),
                lead=shown,
            )
    for match in _TENTHS.finditer(text):
        lead = match.end("lead") - match.start() if match["lead"] else 0
        yield Candidate(start=match.start() + lead, end=match.end(), kind="percent", unit="成", lead=lead)
    for match in _ENGLISH_NUMBERS.finditer(text):
        unit = (match["unit"] or "").lower()
        kind: CandidateKind = "duration" if re.fullmatch(_ENGLISH_TIME, unit) else "quantity"
        kind = "percent" if unit in ("percent", "per cent") else kind
        yield Candidate(start=match.start(), end=match.end(), kind=kind, unit=unit)


def _figure_kind(match: re.Match[str], unit: str) -> CandidateKind:
    sign = (match["sign"] or "").strip()
    if sign == "第" or (
        unit in ("位", "名")
        and re.search(r"(?:排名?|位?列|居|名列)[^,。]{0,6}$", match.string[: match.start()])
    ):
        return "rank"
    if sign or re.fullmatch(rf"{_MONEY}|yuan|dollars?|euros?", unit):
        return "money"
    if (
        unit in ("%", "‰", "百分点", "个百分点")
        or unit.startswith(("percent", "per cent"))
        or match["number"].startswith("百分之")
    ):
        return "percent"
    if re.fullmatch(rf"{_TIME}|{_ENGLISH_TIME}", unit):
        return "duration"
    if not unit and re.search(
        r"(?:排名?|位列|位居|名列|列全\w|居全\w)[^,。]{0,6}(?:\d+[、,和与])*$", match.string[: match.start()]
    ):
        return "rank"
    return "quantity"


def _persons(text: str) -> Iterator[Candidate]:
    for match in _PERSON_AFTER_TITLE.finditer(text):
        yield from _name_lengths(text, match.start("name"), match.end("name"))
    for match in _PERSON_BEFORE_TITLE.finditer(text):
        start, end = match.span("name")
        start += _after_function_word(match["name"])
        if end - start > 2 and _APPOINTED.match(text, end - 1):
            end -= 1
        name = text[start:end]
        if end - start >= 2 and not set(name) & _NOT_IN_NAME and not _SCHOOL_YEAR.fullmatch(name):
            yield Candidate(start=start, end=end, kind="person")
    for match in _TRANSLITERATED.finditer(text):
        first, last = match.group().split("·")[0], re.split("[·.]", match.group())[-1]
        title = re.match(rf".*(?:{_TITLE})", first)
        start = match.start() + max(title.end() if title else 0, _after_function_word(first))
        behind = _AFTER_FOREIGN_NAME.search(last, 1)
        end = match.end() - (len(last) - behind.start() if behind else 0)
        if start < end:
            yield Candidate(start=start, end=end, kind="person")
    for match in _ENGLISH_NAME.finditer(text):
        yield from _english_names(text, *match.span())


def _english_names(text: str, start: int, end: int) -> Iterator[Candidate]:
    """Offer an English name as what it may be, without what only opens its sentence; with "and" as several too."""
    opening, _, rest = text[start:end].partition(" ")
    begins = [start] if rest and _MAYBE_NAME.match(opening) else []
    while opening != "The" and (_NO_NAME.match(opening) or _MAYBE_NAME.match(opening)):
        start += len(opening) + bool(rest)
        opening, _, rest = rest.partition(" ")
    if start < end and (rest or opening != "The"):
        begins.append(start)
    if honorific := _HONORIFIC.match(text, start, end):
        begins.append(honorific.end())
    for begin in begins:
        yield from _kinds_of_name(text, begin, end)


def _kinds_of_name(text: str, start: int, end: int) -> Iterator[Candidate]:
    """Offer a name as an organisation where it says so, else as anything, and its parts around "and"."""
    if _ENGLISH_ORGANISATION.search(text, start, end):
        yield Candidate(start=start, end=end, kind="organisation")
        return
    joints = [(start + cut.start(), start + cut.end()) for cut in re.finditer(" and ", text[start:end])]
    bounds = [start, *(place for joint in joints for place in joint), end]
    parts = tuple(zip(bounds[::2], bounds[1::2], strict=True))
    if len(parts) > 1:
        yield Candidate(start=start, end=end, kind="list", parts=parts)
    for first, last in parts:
        for kind in ("person", "organisation", "place"):
            yield Candidate(start=first, end=last, kind=kind)


def _name_lengths(text: str, start: int, end: int) -> Iterator[Candidate]:
    """Offer two or three characters of a Chinese name, by what may follow a name."""
    surname = 2 if re.match(_COMPOUND_SURNAMES, text[start:]) else 1
    longest = min(end, start + surname + 2)
    if longest - start > surname + 1 and _APPOINTED.match(text, longest - 1):
        longest -= 1
    whole = text[start:longest]
    if not set(whole[1:]) & _NOT_IN_NAME and (
        _AFTER_NAME.match(text[longest:])
        or text.count(whole) > 1
        or not _AFTER_NAME.match(text[longest - 1 :])
    ):
        yield Candidate(start=start, end=longest, kind="person")
    elif longest - start > surname + 1 and not set(text[start + 1 : longest - 1]) & _NOT_IN_NAME:
        yield Candidate(start=start, end=longest - 1, kind="person")


def _after_function_word(name: str) -> int:
    match = re.match(r".*(?:[的在由是为与和及向对把从到于被让年月日]|将(?!军))", name)
    return match.end() if match else 0


def _organisations(text: str) -> Iterator[Candidate]:
    for match in _ORGANISATION.finditer(text):
        start = match.start()
        cut = _NOT_NAME_START.match(match.group())
        offset = cut.end() if cut else 0
        if not re.fullmatch(_ORGANISATION_END, match.group()[offset:]):  # 有限公司 alone names nobody
            yield Candidate(start=start + offset, end=match.end(), kind="organisation")


_BETWEEN = re.compile(r"\s?(?:、|以及|[和与及]|联合|携手|会同)\s?")


def _joined(text: str, organisations: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield organisations that words join, as lists: 甲公司与乙公司, 甲大学联合乙中心和丙中心."""
    row: list[TextSpan] = []
    for found in sorted(organisations, key=lambda c: c.start):
        if row and _BETWEEN.fullmatch(text[row[-1][1] : found.start]):
            row.append((found.start, found.end))
            continue
        if len(row) > 1:
            yield Candidate(start=row[0][0], end=row[-1][1], kind="list", parts=tuple(row))
        row = [(found.start, found.end)]
    if len(row) > 1:
        yield Candidate(start=row[0][0], end=row[-1][1], kind="list", parts=tuple(row))


_PLACE_UNIT = re.compile(r"[省市州县区镇乡村岛]")


def _places(text: str) -> Iterator[Candidate]:
    """Yield places, each with what it lies in (江西省吉安市吉安县) and by itself, its unit the last character."""
    chain = (-1, -1)  # of places that follow each other without a gap
    for match in _PLACE.finditer(text):
        start = match.start() + _after_function_word(match.group()[:-1])
        end = match.end()
        if end - start < 2:
            continue
        chain = (chain[0] if chain[1] == start else start, end)
        inner = [start, *(start + cut.end() for cut in _PLACE_UNIT.finditer(text[start : end - 2]))]
        for begin in dict.fromkeys((chain[0], *inner)):
            if end - begin >= 2:
                yield Candidate(start=begin, end=end, kind="place", unit=_place_unit(text[begin:end]))
    for match in re.finditer(rf"{_COUNTRIES}|{_PROVINCES}", text):
        yield Candidate(start=match.start(), end=match.end(), kind="place")


def _place_unit(place: str) -> str:
    return place[-1] if _PLACE_UNIT.fullmatch(place[-1]) else ""


def _quoted(text: str) -> Iterator[Candidate]:
    for match in _QUOTED.finditer(text):
        number = match.lastindex or 1
        start, end = match.span(number)
        parts = tuple(_split_items(text, start, end))
        if len(parts) > 1:
            yield Candidate(start=start, end=end, kind="list", parts=parts)
        if match.group()[0] in "\"《'":
            yield Candidate(start=start, end=end, kind="quoted")


def _split_items(text: str, start: int, end: int) -> Iterator[TextSpan]:
    """Split an enumeration at 、 (or , and ; where it has none); only its last joint may be a word: 和, 与, 及."""
    inner = text[start:end]
    mark = "、" if "、" in inner else ";" if ";" in inner else "," if "," in inner else ""
    if not mark:
        return
    position = start
    pieces: list[TextSpan] = []
    for match in re.finditer(re.escape(mark), inner):
        pieces.append((position, start + match.start()))
        position = start + match.end()
    pieces.append((position, end))
    last_start, last_end = pieces[-1]
    joint = re.search(r"以及|[和与及]", text[last_start + 1 : last_end - 1]) if mark == "、" else None
    if joint:
        pieces[-1:] = [(last_start, last_start + 1 + joint.start()), (last_start + 1 + joint.end(), last_end)]
    for s, e in pieces:
        while s < e and text[s] in " \"'":
            s += 1
        while s < e and text[e - 1] in " \"'.,;":
            e -= 1
        if s < e:
            yield (s, e)


_BEFORE_ITEMS = re.compile(
    r".*(?:包括|包含|涵盖|涉及|分别是|分别为|主要有|例如|比如|诸如|依次是|形成了?|建成了?|涌现出了?|围绕|聚焦|发展|推进|促进|打造|构建|覆盖|集聚了?|聚集了?|吸引了?|引进了?|荣获|获得了?"
    r"|来自|位于|对于|按照|坚持|实现|完成|培育了?|建设了?|签约|通过|依托|重点|大力|加快|进行|提供|当选|指的?是|就是|即|由|在|为|是|有|对|向|将|把|从|与|以|的|了|让|被|于|如|设)(?!限)"
)
_AFTER_ITEMS = re.compile(
    rf"(?:等|这?(?:{_CHINESE_NUMBER}|\d+)(?:大|个|家|项|类|种|款|条|方面|方|者|链|区|市|省|县|位|名|所|座|支)|共同|联合|分别|先后|都|均|一起|组成|齐头|三方|双方)"
)


def _lists(text: str) -> Iterator[Candidate]:
    """Yield enumerations joined by 、 within one clause, their outer edges cut at function words and counts."""
    for clause in re.finditer(r"[^,。;:!?()\"《》\n]+", text):
        start, end = clause.span()
        marks = [start + m.start() for m in re.finditer("、", clause.group())]
        if not marks:
            continue
        first, last = marks[0], marks[-1]
        begin = start
        lead = _BEFORE_ITEMS.match(text[start:first])
        if lead and lead.end() < first - start:
            begin = start + lead.end()
        finish = end
        after = _AFTER_ITEMS.search(text[last + 1 : end])
        if after and after.start() > 0:
            finish = last + 1 + after.start()
        parts = tuple(_split_items(text, begin, finish))
        if len(parts) > 1:
            yield Candidate(start=parts[0][0], end=parts[-1][1], kind="list", parts=parts)
            if begin != start:
                whole = tuple(_split_items(text, start, finish))
                yield Candidate(start=whole[0][0], end=whole[-1][1], kind="list", parts=whole)
    yield from _quoted_rows(text)


def _quoted_rows(text: str) -> Iterator[Candidate]:
    """Rows of quoted items: "甲""乙""丙", with or without marks between them."""
    for match in re.finditer(r"\"[^\"\n]{1,24}\"(?:[、和与及,]?\"[^\"\n]{1,24}\")+", text):
        parts = tuple(
            (match.start() + item.start(1), match.start() + item.end(1))
            for item in re.finditer(r"\"([^\"\n]{1,24})\"", match.group())
        )
        yield Candidate(start=parts[0][0], end=parts[-1][1], kind="list", parts=parts)
