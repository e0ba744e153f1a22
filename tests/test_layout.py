from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.datatypes import Block, Document, Mark, MarkKind, Page
from index.layout import analyse, cues
from index.layout.pieces import LONGEST_PARAGRAPH, Piece
from index.layout.roles import neighbour
from index.layout.stitching import stitch


def blocks_of(text: str, **fields: object) -> tuple[Document, list[Block]]:
    document, blocks = analyse(Document(source="page.txt", title="page", text=text, **fields))  # type: ignore[arg-type]
    return document, list(blocks)


def words(text: str, block: Block) -> str:
    return "".join(text[start:end] for start, end in block.spans)


def outline(text: str, **fields: object) -> list[tuple[str, tuple[str, ...], str]]:
    _, blocks = blocks_of(text, **fields)
    return [(block.kind, block.heading, words(text, block)) for block in blocks]


def paragraphs(text: str, **fields: object) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for kind, heading, content in outline(text, **fields):
        if kind == "paragraph":
            found.setdefault(heading, []).append(content)
    return found


HARBOUR = "湖城港区：老码头焕发新活力"
HILL = "山南林区：林下经济富民强区"

QUOTE = "山南林区鼓励林农发展林下种植，去年林下经济产值达到6亿元，山南林区因此成为全省示范区。"

# One page: the last column of the second article stands before its headline, a caption and a pull quote cut
# sentences in two.
PAGE = """
图为湖城港区新建的集装箱码头。 受访者供图

湖城港区：老码头焕发新活力

◎本报记者 李明
通讯员 王晓红

3月初，记者走进湖城港区，只见吊车林立，货轮进出繁忙。去年，湖城港区完成货物吞吐量1200万吨。

打通堵点 服务企业

“企业有什么困难，我们就解决什么困难。”湖城港区管委会主任顾远说。

近年来，湖城港区先后投资8亿元改造码头，建成了一

批自动化泊位和冷链仓库。

目前，湖城港区已有航运企业86家。

近年来，山南林区鼓励林农发展林下种植，去年林下经济产值达到6亿元，山南林区因此成为全省示范区。

引来人才 留住青年

山南林区还建起了青年公寓，已有210名大学生回到山南林区创业。

山南林区：林下经济富民强区

本报记者 张小雨 通讯员 陈立

清明过后，山南林区的油茶花开得正好。山南林区共有林地90万亩。

林长制带来新变化

从2021年起，山南林区全面推行林长制，每一片林子都有了

山南林区鼓励林农发展林下种植，去年林下经济产值达到6亿元，山南林区因此成为全省示范区。

自己的管家，火情比上年减少了四成。
"""


def test_columns_before_their_headline_go_to_their_article() -> None:
    found = paragraphs(PAGE)
    assert found[(HARBOUR, "打通堵点 服务企业")][-1] == "目前，湖城港区已有航运企业86家。"
    assert found[(HILL, "引来人才 留住青年")] == [
        "山南林区还建起了青年公寓，已有210名大学生回到山南林区创业。"
    ]
    assert found[(HILL, "林长制带来新变化")][-1].startswith("近年来，山南林区鼓励林农发展林下种植")


def test_sentences_cut_by_blank_lines_and_pull_quotes_are_stitched() -> None:
    found = paragraphs(PAGE)
    assert (
        "近年来，湖城港区先后投资8亿元改造码头，建成了一批自动化泊位和冷链仓库。"
        in found[(HARBOUR, "打通堵点 服务企业")]
    )
    assert found[(HILL, "林长制带来新变化")][0] == (
        "从2021年起，山南林区全面推行林长制，每一片林子都有了自己的管家，火情比上年减少了四成。"
    )


def test_bylines_captions_and_section_headings_are_told_apart() -> None:
    kinds = [(kind, content) for kind, _, content in outline(PAGE) if kind != "paragraph"]
    assert kinds == [
        ("caption", "图为湖城港区新建的集装箱码头。 受访者供图"),
        ("heading", HARBOUR),
        ("byline", "本报记者 李明"),
        ("byline", "通讯员 王晓红"),
        ("heading", "打通堵点 服务企业"),
        ("heading", HILL),
        ("byline", "本报记者 张小雨 通讯员 陈立"),
        ("heading", "林长制带来新变化"),
        ("furniture", QUOTE),
        ("heading", "引来人才 留住青年"),
    ]


def test_an_article_goes_on_behind_another_one() -> None:
    text = (
        "湖城港区：老码头焕发新活力\n\n◎本报记者 李明\n\n湖城港区去年完成货物吞吐量1200万吨，湖城港区因此名列全省第三。"
        "\n\n湖城港区还与湖城大学、湖城海事\n\n山南林区：林下经济富民强区\n\n◎本报记者 张小雨\n\n"
        "山南林区共有林地90万亩，山南林区的油茶远近闻名。\n\n山南林区今年还要修路30公里。\n\n"
        "学院、湖城科技学校等8所学校建立了合作关系。\n\n期间，湖城港区签订协议12份，湖城港区的引才计划全面铺开。\n"
    )
    assert paragraphs(text)[(HARBOUR,)] == [
        "湖城港区去年完成货物吞吐量1200万吨，湖城港区因此名列全省第三。",
        "湖城港区还与湖城大学、湖城海事学院、湖城科技学校等8所学校建立了合作关系。",
        "期间，湖城港区签订协议12份，湖城港区的引才计划全面铺开。",
    ]


def test_articles_that_mention_each_other_keep_their_paragraphs() -> None:
    text = (
        "湖城港区：老码头焕发新活力\n\n◎本报记者 李明\n\n湖城港区去年完成货物吞吐量1200万吨。\n\n"
        "湖城港区的货物里，有三成来自山南林区。\n\n山南林区：林下经济富民强区\n\n◎本报记者 张小雨\n\n"
        "山南林区共有林地90万亩。\n\n山南林区的油茶从湖城港区运往海外。\n"
    )
    found = paragraphs(text)
    assert len(found[(HARBOUR,)]) == 2
    assert len(found[(HILL,)]) == 2


JUMPS = """# 湖城科技

2023年第2期

总第 46 期

## 目录 / CONTENTS

- 01 全市科技大会召开
- 03 港区精密：把齿轮做到极致
- 06 渔业科技超市开张

主编 温良玉

地址：湖城市望湖路8号

## 全市科技大会召开

■2月27日，全市科技大会在湖城会堂召开，参会代表共320人。

会议提出今年研发投入要达到85亿元。

■（办公室）

## 港区精密：把齿轮做到极致

■港区精密成立于2009年，最初只有14名员工，后来公司把目光投向了高精

■（下转第7页）

# 渔业科技超市开张

■5月8日，渔业科技超市在北港开张，首日接待渔民400人次。

## ■ (上接第3页)

密减速器，三年间报废了四千多个零件。

如今，公司拥有专利83件。
"""


def test_jumps_are_followed_across_other_articles() -> None:
    assert paragraphs(JUMPS)[("港区精密：把齿轮做到极致",)] == [
        "港区精密成立于2009年，最初只有14名员工，后来公司把目光投向了高精密减速器，三年间报废了四千多个零件。",
        "如今，公司拥有专利83件。",
    ]


def test_jumps_in_the_lines_of_a_paragraph_are_cut_off_and_followed() -> None:
    text = (
        "# 大桥开工\n\n◎本报记者 李明\n\n湖城将新建三座大桥，总投资超过四十亿元，预计明年年底\n前全部（下转第二版）\n\n"
        "# 灯塔通电\n\n◎本报记者 王芳\n\n湖城灯塔昨天通电，工程师们用了三个月时间。\n\n"
        "（上接第一版《大桥开工》）建成通车，届\n时过江的时间可以缩短一半，两岸的居民都盼着这一天。\n"
    )
    assert paragraphs(text) == {
        ("大桥开工",): [
            "湖城将新建三座大桥，总投资超过四十亿元，预计明年年底前全部建成通车，届时过江的时间可以缩短一半，"
            "两岸的居民都盼着这一天。"
        ],
        ("灯塔通电",): ["湖城灯塔昨天通电，工程师们用了三个月时间。"],
    }


def test_a_landing_goes_on_with_the_paragraph_above_it_where_no_line_says_from_where() -> None:
    upper, lower = (
        "湖城将新建三座大桥，总投资超过四十亿元，预计明年年底前全部",
        "建成通车，两岸的居民都盼着这一天。",
    )
    assert paragraphs(f"{upper}\n\n（上接第1版）\n\n{lower}\n") == {(): [upper + lower]}


@pytest.mark.parametrize(
    "line", ["The fares are listed below. See page 12", "Opening hours: See page 12", "12 15", "1234 5678"]
)
def test_references_and_figures_are_no_jumps_and_no_page_numbers(line: str) -> None:
    text = f"灯塔通电\n\n湖城灯塔昨天通电，工程师们用了三个月时间。\n\n{line}\n\n灯塔明年还要再修一次。\n"
    assert (line, "furniture") not in [(content, kind) for kind, _, content in outline(text)]
    assert any(line in content for _, _, content in outline(text))


def test_words_about_jumps_stay_in_their_sentence() -> None:
    text = "稿件太长时，排版工人会在末尾加上下转第3版\n或上接第1版\n的字样，让读者知道文章没有完，还要翻到别的版面。\n"
    assert paragraphs(text) == {(): [text.replace("\n", "")]}


def test_a_table_under_a_headline_of_its_own_stays_there() -> None:
    table = "| 站 | 客流 |\n|---|---|\n| 港口 | 12 |\n\n"
    first = "湖城港区的集装箱码头昨天开工，湖城港区管委会说工期两年。湖城港区还要修路。\n\n"
    text = (
        f"# 湖城港区扩建\n\n◎本报记者 李明\n\n{first * 3}"
        f"# 山南林区造林\n\n◎本报记者 王芳\n\n山南林区今年造林九万亩。\n\n{first}# 一周客流\n\n{table}"
    )
    assert [heading for kind, heading, _ in outline(text) if kind == "table"] == [("一周客流",)] * 2


def test_a_byline_in_italics_is_one() -> None:
    assert cues.is_byline("*本报记者 李明 通讯员 王芳*")


def test_a_jump_may_land_on_a_page_before() -> None:
    text = (
        "# 全市渔业大会召开\n\n◎本报记者 李明\n\n大会昨天召开。\n\n（上接第9页）\n\n力，今年还要再建两座。\n\n"
        "# 灯塔通电\n\n◎本报记者 王芳\n\n湖城灯塔昨天通电，工程师们用了三个月时间安装新的电\n\n（下转第8页）\n"
    )
    assert paragraphs(text)[("灯塔通电",)] == [
        "湖城灯塔昨天通电，工程师们用了三个月时间安装新的电力，今年还要再建两座。"
    ]


def test_masthead_issue_contents_and_dates_are_read() -> None:
    document, blocks = blocks_of(JUMPS)
    assert document.title == "湖城科技 2023年第2期"
    assert document.date == "2023"
    assert document.metadata["newspaper"] == "湖城科技"
    assert document.metadata["total_issue"] == "总第46期"
    dates = {block.heading[0]: block.date for block in blocks if block.kind == "paragraph" and block.heading}
    assert dates["全市科技大会召开"] == "2023-02-27"
    assert dates["渔业科技超市开张"] == "2023-05-08"
    assert [words(JUMPS, block) for block in blocks if block.kind == "contents"][-3:] == [
        "- 01 全市科技大会召开",
        "- 03 港区精密：把齿轮做到极致",
        "- 06 渔业科技超市开张",
    ]
    assert ("list", "地址：湖城市望湖路8号") in [(block.kind, words(JUMPS, block)) for block in blocks]


def test_signs_of_level_that_lie_do_not_nest_articles() -> None:
    _, blocks = blocks_of(JUMPS)
    headlines = [words(JUMPS, block) for block in blocks if block.kind == "heading" and block.level == 1]
    assert [line for line in headlines if line != "湖城科技"] == [
        "全市科技大会召开",
        "港区精密：把齿轮做到极致",
        "渔业科技超市开张",
    ]
    assert len({block.article for block in blocks if block.kind == "paragraph"}) == 3


def test_a_column_name_is_no_article() -> None:
    text = (
        "# 湖城港区：扩建开工\n\n◎本报记者 李明\n\n湖城港区扩建工程昨天开工。\n\n## 园区短波\n\n### 山南通车\n\n"
        "本报讯（记者 王芳）山南公路昨天通车。\n\n### 北岛通电\n\n本报讯（记者 王芳）北岛昨天通电。\n"
    )
    assert paragraphs(text) == {
        ("湖城港区：扩建开工",): ["湖城港区扩建工程昨天开工。"],
        ("山南通车",): ["本报讯（记者 王芳）山南公路昨天通车。"],
        ("北岛通电",): ["本报讯（记者 王芳）北岛昨天通电。"],
    }


def test_a_kicker_and_a_second_line_belong_to_the_headline() -> None:
    text = (
        "# 港区扩建\n\n◎本报记者 李明\n\n港区扩建工程昨天开工，市长出席。\n\n市长走访企业并强调——\n\n"
        "## 把服务送到车间\n\n"
        "全年要办二十件实事\n\n■2月18日下午，市长走访了三家企业，要求各部门上门服务。\n"
    )
    assert ("市长走访企业并强调—— 把服务送到车间 全年要办二十件实事",) in paragraphs(text)


def test_a_headline_announced_twice_has_one_article() -> None:
    text = (
        "山南公路通车在即\n\n湖城港区：扩建开工\n\n◎本报记者 李明\n\n湖城港区扩建工程昨天开工，总投资3亿元。\n\n"
        "山南公路通车在即\n\n◎本报记者 王芳\n\n山南公路将于5月通车，全长30公里。\n"
    )
    assert set(paragraphs(text)) == {("湖城港区：扩建开工",), ("山南公路通车在即",)}


def test_the_stump_of_a_cut_text_is_no_heading() -> None:
    text = (
        "湖城港区：扩建开工\n\n◎本报记者 李明\n\n湖城港区扩建工程昨天开工。\n\n"
        "新码头年底建成\n\n在总投资105亿元的深水泊位\n"
    )
    assert paragraphs(text) == {
        ("新码头年底建成",): ["在总投资105亿元的深水泊位"],
        (): ["湖城港区扩建工程昨天开工。"],
    }


def test_a_page_in_traditional_characters_is_read_alike() -> None:
    text = (
        "湖城港區：老碼頭煥發新活力\n\n◎本報記者 李明\n\n近年來，湖城港區先後投資8億元改造碼頭，建成了一\n\n"
        "批冷鏈倉庫。\n\n"
        "圖為港區新建的碼頭。 李明攝\n\n渡輪去年運客268萬人次\n\n"
        "本報訊（記者 王芳）記者從渡輪公司獲悉，去年運客268萬人次。\n"
    )
    assert paragraphs(text) == {
        ("湖城港區：老碼頭煥發新活力",): ["近年來，湖城港區先後投資8億元改造碼頭，建成了一批冷鏈倉庫。"],
        ("渡輪去年運客268萬人次",): ["本報訊（記者 王芳）記者從渡輪公司獲悉，去年運客268萬人次。"],
    }
    assert ("caption", ("湖城港區：老碼頭煥發新活力",), "圖為港區新建的碼頭。 李明攝") in outline(text)


def test_a_page_without_blank_lines_is_read_alike() -> None:
    text = (
        "湖城日报\n2023年4月7日 星期五 第5版\n湖城港区：老码头焕发新活力\n本报记者 李明\n"
        "3月初，记者走进湖城港区，只见吊车林立，货轮进出繁忙。\n打通堵点服务企业\n"
        "“企业有什么困难，我们就解决什么困难。”湖城港区管委会主任顾远说，去年还投资8亿元改造了码头。\n"
        "山南公路昨日通车\n【本报讯】（记者 王芳）4月6日，全长30公里的山南公路正式通车，车程缩短到25分钟。\n"
    )
    document, blocks = blocks_of(text)
    assert (document.title, document.date) == ("湖城日报 2023-04-07", "2023-04-07")
    assert list(paragraphs(text)) == [
        ("湖城港区：老码头焕发新活力",),
        ("湖城港区：老码头焕发新活力", "打通堵点服务企业"),
        ("山南公路昨日通车",),
    ]
    assert [block.date for block in blocks if block.heading == ("山南公路昨日通车",)] == ["2023-04-06"]


ENGLISH = """THE LAKE TOWN HERALD

Monday, March 6, 2023

Harbour Expansion Wins Approval

By Jane Miller, Staff Reporter

LAKE TOWN, March 5 — The council on Sunday approved a plan to expand the harbour, and the mayor said that

Photo by Anna Bell

work would begin in May.

Continued on page 8

School Board Elects New Chair

By Peter Hall

The school board elected Maria Lopez as its chair on Friday. She has taught for 20 years.

Continued from page 4

Council members voted 7 to 2. Two of them called the estimate out of date.
"""


def test_an_english_page_is_read_alike() -> None:
    document, _ = blocks_of(ENGLISH)
    assert document.title == "THE LAKE TOWN HERALD 2023-03-06"
    assert document.date == "2023-03-06"
    found = paragraphs(ENGLISH)
    first, second = found[("Harbour Expansion Wins Approval",)]
    assert first.split()[-7:] == ["said", "that", "work", "would", "begin", "in", "May."]
    assert second.startswith("Council members voted 7 to 2.")
    assert len(found[("School Board Elects New Chair",)]) == 1


TWO_PAGES = """THE PORT CHRONICLE
Tuesday, May 4, 2021                                        Page 1

NEW PILOT BOAT IS NAMED

By Ann Wold

The pilots of the port have a new boat, which was named by the
widow of the last coxswain on Saturday morning at the old quay.
(Continued on page 2)

[Photo: The new boat leaves the old quay on Saturday with her
first crew. Photograph by Jon Brandt]

BAKERY CLOSES AFTER A CENTURY
The bakery on Mill Lane will close in June because nobody could be
found to take it over, its owner told this newspaper yesterday.

THE PORT CHRONICLE
Tuesday, May 4, 2021                                        Page 2

(Continued from page 1)

She is fourteen metres long and can go out in any weather, which
the old boat could not, and she has room for six men.
"""


def test_the_second_page_of_a_newspaper_goes_on_with_the_first() -> None:
    headline = "NEW PILOT BOAT IS NAMED"
    document, blocks = blocks_of(TWO_PAGES)
    assert (document.title, document.date) == ("THE PORT CHRONICLE 2021-05-04", "2021-05-04")
    captions = [words(TWO_PAGES, block) for block in blocks if block.kind == "caption"]
    assert [(caption[:7], caption[-8:]) for caption in captions] == [("[Photo:", " Brandt]")]
    found = paragraphs(TWO_PAGES)
    assert [text[:10] for text in found[(headline,)]] == ["The pilots", "She is fou"]
    assert [text[:10] for text in found[(headline, "BAKERY CLOSES AFTER A CENTURY")]] == ["The bakery"]


def test_markdown_is_title_sections_lists_tables_and_code() -> None:
    text = (
        "# Widget\n\nMakes widgets.\n\n## Use\n\n```\n# not a heading\n```\n\n- first\n- second\n\n### Options\n\n"
        "| name | meaning |\n|---|---|\n| size | how large |\n"
    )
    assert outline(text) == [
        ("title", (), "Widget"),
        ("paragraph", (), "Makes widgets."),
        ("heading", (), "Use"),
        ("table", ("Use",), "# not a heading"),
        ("list", ("Use",), "- first"),
        ("list", ("Use",), "- second"),
        ("heading", ("Use",), "Options"),
        ("table", ("Use", "Options"), "| name | meaning |"),
        ("table", ("Use", "Options"), "| size | how large |"),
    ]
    assert blocks_of(text)[0].title == "Widget"


@pytest.mark.parametrize("sentence", ["灯塔昨天通电。", "The lamp was lit yesterday."])
def test_dashes_under_a_sentence_make_no_heading(sentence: str) -> None:
    below = "另一段话从这里开始。"
    assert outline(f"{sentence}\n----\n{below}\n") == [("paragraph", (), sentence), ("paragraph", (), below)]
    assert outline(f"灯塔通电\n----\n{below}\n")[0][0] == "heading"


def test_paragraphs_that_the_format_states_are_not_joined() -> None:
    verse = [
        "春天来了，湖边的柳树开始发芽，风也变得温和起来",
        "孩子们在草地上奔跑，放着各色的风筝，笑声传得很远",
    ]
    _, blocks = analyse(Document(source="verse.md", title="verse", text="\n\n".join(verse)))
    assert [words("\n\n".join(verse), block) for block in blocks] == verse
    assert paragraphs("\n\n".join(verse))[()] == ["".join(verse)]


def test_an_official_document_is_read_by_its_numbering() -> None:
    text = (
        "湖城市关于促进渔业发展的意见\n\n各区人民政府：\n\n现提出如下意见。\n\n一、总体要求\n\n到2025年，渔业产值达到300亿元。\n\n"
        "二、重点任务\n\n（一）建设渔港\n\n新建渔港3个。\n\n（二）培育企业\n\n引进企业10家。\n"
    )
    assert outline(text) == [
        ("title", (), "湖城市关于促进渔业发展的意见"),
        ("paragraph", (), "各区人民政府："),
        ("paragraph", (), "现提出如下意见。"),
        ("heading", (), "一、总体要求"),
        ("paragraph", ("一、总体要求",), "到2025年，渔业产值达到300亿元。"),
        ("heading", (), "二、重点任务"),
        ("heading", ("二、重点任务",), "（一）建设渔港"),
        ("paragraph", ("二、重点任务", "（一）建设渔港"), "新建渔港3个。"),
        ("heading", ("二、重点任务",), "（二）培育企业"),
        ("paragraph", ("二、重点任务", "（二）培育企业"), "引进企业10家。"),
    ]


def test_prose_without_blank_lines_keeps_its_paragraphs() -> None:
    text = "第一章 湖边\n\n　　清晨的雾还没有散去，老王就出了门。\n　　“能行吗？”妻子问。\n　　船来了。\n"
    assert paragraphs(text) == {
        ("第一章 湖边",): ["清晨的雾还没有散去，老王就出了门。", "“能行吗？”妻子问。", "船来了。"]
    }


def test_wrapped_lines_become_one_paragraph() -> None:
    chinese = (
        "湖城新区位于湖城市东部，总面积120平方公里，是省级重点开发区之一，自\n2015年成立以来，已引进企业320家，"
        "累计完成投资480亿元，成为全市经\n济增长的重要引擎。\n"
    )
    assert [content for _, _, content in outline(chinese)] == [chinese.replace("\n", "")]
    english = (
        "The council on Sunday approved a plan to expand the har-\n"
        "bour of the town, and the mayor of the town said that\n"
        "work would begin in May of this year at the latest.\n"
    )
    assert [content for _, _, content in outline(english)] == [
        english.replace("har-\nbour", "harbour").rstrip("\n")
    ]


def test_marks_of_the_format_are_believed() -> None:
    text = "Lake Town\n\nA town.\n\nFerries\n\nEvery hour\n\nRed boats\n\nTown council, page 3"
    at = text.index
    marks = (
        Mark(kind="title", span=(0, 9)),
        Mark(kind="heading", span=(at("Ferries"), at("Ferries") + 7), level=2),
        Mark(kind="list_item", span=(at("Every"), at("Every") + 10)),
        Mark(kind="caption", span=(at("Red"), at("Red") + 9)),
        Mark(kind="furniture", span=(at("Town council"), len(text))),
    )
    assert outline(text, marks=marks) == [
        ("title", (), "Lake Town"),
        ("paragraph", (), "A town."),
        ("heading", (), "Ferries"),
        ("list", ("Ferries",), "Every hour"),
        ("caption", ("Ferries",), "Red boats"),
        ("furniture", ("Ferries",), "Town council, page 3"),
    ]


LONG = "湖城港区去年完成货物吞吐量一千二百万吨，名列全省第三。" * 6


@pytest.mark.parametrize("kind", ["title", "heading"])
def test_a_paragraph_in_the_style_of_a_heading_is_a_paragraph(kind: MarkKind) -> None:
    text = f"Ferries\n\n{LONG}\n\nEvery hour."
    marks = (
        Mark(kind="heading", span=(0, 7), level=1),
        Mark(kind=kind, span=(9, 9 + len(LONG)), level=2),
    )
    assert outline(text, marks=marks)[1:] == [("paragraph", (), LONG), ("paragraph", (), "Every hour.")]


def test_a_paragraph_after_the_sign_of_a_heading_is_a_paragraph() -> None:
    text = f"# Ferries\n\n## {LONG}\n\nEvery hour.\n"
    assert outline(text) == [
        ("title", (), "Ferries"),
        ("paragraph", (), LONG),
        ("paragraph", (), "Every hour."),
    ]


def test_a_title_as_long_as_a_paragraph_is_none() -> None:
    document, _ = analyse(Document(source="page.html", title=LONG, text="Ferries\n\nEvery hour.\n"))
    assert document.title == "Ferries"


@pytest.mark.parametrize(
    "text", ["Ferries run.", "THE LAKE TOWN HERALD\n\nMonday, March 6, 2023\n\nFerries run."]
)
def test_the_date_that_the_file_states_is_the_documents(text: str) -> None:
    document, _ = blocks_of(text, metadata={"date": "2023-05-04T09:30:00+08:00"})
    assert document.date == "2023-05-04"
    assert blocks_of(text, metadata={"date": "soon"})[0].date == blocks_of(text)[0].date


@pytest.mark.parametrize(
    ("stated", "date"),
    [
        ("2023", "2023"),
        ("2023-04", "2023-04"),
        ("20230405", "2023-04-05"),
        ("2023-04-05T10:00:00Z", "2023-04-05"),
        ("5 Apr 2023", "2023-04-05"),
        ("Sept. 5, 2023", "2023-09-05"),
        ("Wed, 05 Apr 2023 10:00:00 GMT", "2023-04-05"),
        ("2023-45-67, 2023年4月5日", "2023-04-05"),
        ("1680000000", None),
        ("2023-45", None),
    ],
)
def test_dates_in_metadata_are_read_in_every_usual_form(stated: str, date: str | None) -> None:
    assert blocks_of("Ferries run.", metadata={"date": stated})[0].date == date


@pytest.mark.parametrize(
    ("headline", "below", "date"),
    [
        ("关于2019年3月1日事故的调查报告", "发布日期：2020年6月5日", "2020-06-05"),
        ("2023年3月5日大桥通车", "", None),
        ("湖城大桥通车", "2023-03-05 10:20 来源：湖城日报", "2023-03-05"),
        ("湖城大桥通车", "2023年3月5日\n\n2023年3月8日发布", "2023-03-08"),
        ("湖城市统计公报", "湖城市统计局2024年2月1日", "2024-02-01"),
        ("Lake Town Bridge", "Mar 5, 2023", "2023-03-05"),
        ("湖城造船厂大事记", "- 1958年5月1日，工厂成立\n- 1979年3月2日，改制", None),
        ("湖城造船厂大事记", "1958年5月1日 工厂成立", None),
        ("A History of the Yard", "- Founded on March 3, 1921", None),
        ("顾明简历", "出生：1960年4月2日", None),
    ],
)
def test_the_date_is_that_of_publication_and_a_dated_headline_is_the_title(
    headline: str, below: str, date: str | None
) -> None:
    prose = "原因已经查明，阀门老化，没有按规定更换，厂方因此受到处罚，报告全文已经公开，任何人都可以查阅。"
    document, _ = blocks_of(f"{headline}\n\n{below}\n\n{prose}\n")
    assert (document.title, document.date) == (headline, date)


@pytest.mark.parametrize(
    "line",
    [
        "湖城日报 2023年3月22日 第2版",
        "2023年3月22日 星期三 农历癸卯年闰二月初一",
        "2023年3月22日 癸卯年闰二月初一",
        "2023年3月22日 今日8版",
        "2023年3月22日 湖城晚报",
        "湖城市人民政府2023年3月22日",
        "（2023年3月22日）",
        "2023年3月22日印发",
        "Thursday, March 9, 2023 | Page 3",
        "2023年第2期",
    ],
)
def test_an_issue_line_has_words_of_an_imprint_beside_its_date(line: str) -> None:
    assert cues.is_issue_line(line)


@pytest.mark.parametrize("line", ["2023年3月5日大桥通车", "1958年5月1日 建厂", "关于2019年3月1日事故的报告"])
def test_a_line_that_says_what_happened_on_a_day_is_no_issue_line(line: str) -> None:
    assert not cues.is_issue_line(line)


def test_running_heads_are_furniture_and_pages_are_kept() -> None:
    sheets = [
        f"湖城年鉴 2023\n\n{name}的情况在这一页里说明，内容完整，数字准确，共有{n}项。\n\n- {n} -\n"
        for n, name in enumerate(("渔业", "林业", "农业", "工业"), 1)
    ]
    text = "".join(sheets)
    starts = [sum(map(len, sheets[:n])) for n in range(5)]
    pages = tuple(Page(number=n + 1, span=(starts[n], starts[n + 1])) for n in range(4))
    _, blocks = blocks_of(text, pages=pages)
    assert [(block.kind, block.page) for block in blocks if block.kind == "paragraph"] == [
        ("paragraph", n) for n in (1, 2, 3, 4)
    ]
    assert sum(block.kind == "furniture" for block in blocks) == 8


def test_sentences_that_differ_in_their_figures_are_no_running_heads() -> None:
    told = ["2020年实现产值700亿元。", "2021年实现产值832亿元。", "2022年实现产值885亿元。"]
    sheets = [
        f"{sentence}\n\n湖城的{name}在这一页里说明，内容完整。\n\n{name}明年还要再办两件事。\n\n"
        for sentence, name in zip(told, ("渔业", "林业", "农业"), strict=True)
    ]
    starts = [sum(map(len, sheets[:n])) for n in range(4)]
    pages = tuple(Page(number=n + 1, span=(starts[n], starts[n + 1])) for n in range(3))
    found = outline("".join(sheets), pages=pages)
    assert [content for kind, _, content in found if kind == "paragraph" and content in told] == told


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (["湖城年鉴 第3页 共8页", "湖城年鉴 第4页 共8页", "湖城年鉴 第5页 共8页"], {"furniture"}),
        (["12 湖城年鉴 2023", "13 湖城年鉴 2023", "14 湖城年鉴 2023"], {"furniture"}),
        (["1号楼 120户", "2号楼 96户", "3号楼 144户"], {"list", "paragraph", "heading", "title"}),
        (
            ["2020年产值 700亿元", "2021年产值 832亿元", "2022年产值 885亿元"],
            {"list", "paragraph", "heading", "title"},
        ),
    ],
)
def test_only_the_number_of_the_page_may_differ_in_running_heads(lines: list[str], kinds: set[str]) -> None:
    sheets = [
        f"{line}\n\n湖城的{name}在这一页里说明，内容完整。\n\n{name}明年还要再办两件事。\n\n"
        for line, name in zip(lines, ("渔业", "林业", "农业"), strict=True)
    ]
    starts = [sum(map(len, sheets[:n])) for n in range(4)]
    pages = tuple(Page(number=n + 1, span=(starts[n], starts[n + 1])) for n in range(3))
    found = outline("".join(sheets), pages=pages)
    assert {kind for kind, _, content in found if content in lines} <= kinds


def test_an_unfinished_paragraph_goes_on_over_a_page_break() -> None:
    text = "湖城的渔业在去年取得了很大的进步，全年产量达到\n\n- 1 -\n\n二十万吨，比上年增长一成。\n"
    assert paragraphs(text) == {
        (): ["湖城的渔业在去年取得了很大的进步，全年产量达到二十万吨，比上年增长一成。"]
    }


def test_figures_set_line_by_line_are_no_page_numbers() -> None:
    text = "港区产值\n\n年份\n\n产值\n\n2021\n\n832\n\n2022\n\n885\n"
    assert [content for kind, _, content in outline(text) if kind == "list"] == ["2021", "832", "2022", "885"]


@pytest.mark.parametrize("value", ["120/80", "B12"])
def test_a_value_under_its_name_is_no_page_number(value: str) -> None:
    text = (
        f"体检的各项结果列在下面，供医生参考。\n\n血检\n\n{value}\n\n体检的各项结果列在上面，供医生参考。\n"
    )
    assert (value, "furniture") not in [(content, kind) for kind, _, content in outline(text)]
    assert cues.is_page_number("3/8")


@pytest.mark.parametrize(
    "text",
    [
        "各市产值\n\n1 苏州 24653亿元\n2 南京 17421亿元\n3 无锡 15456亿元\n",
        "会议名单\n\n王明（45）\n李强（47）\n张伟（52）\n",
        "财务部   12\n市场部   25\n研发部   180\n",
        "渡轮票价\n\n儿童票......5\n学生票......12\n成人票......50\n\n凭票上船。\n",
    ],
)
def test_rows_whose_numbers_rise_are_no_contents(text: str) -> None:
    assert "contents" not in {kind for kind, _, _ in outline(text)}


@pytest.mark.parametrize(
    "text",
    [
        "目录\n\n渔业概况   12\n林业概况   25\n农业概况   180\n\n今年的年鉴增加了两章。\n",
        "湖城年鉴\n\n渔业概况......12\n林业概况......25\n农业概况......180\n\n渔业概况\n\n渔船有九艘。\n",
        "湖城年鉴\n\n渔业概况   12\n林业概况   25\n农业概况   180\n\n"
        "渔业概况\n\n渔船有九艘。\n\n林业概况\n\n林地有90万亩。\n",
    ],
)
def test_contents_are_told_by_their_heading_their_leaders_or_titles_that_come_again(text: str) -> None:
    entries = [content[:4] for kind, _, content in outline(text) if kind == "contents" and content != "目录"]
    assert entries == ["渔业概况", "林业概况", "农业概况"]


@pytest.mark.parametrize("text", ["", "\n\n \n", "■", "#", "——", "图为", "\u3000", "（下转第8页）", "目录"])
def test_tiny_documents_are_read_without_complaint(text: str) -> None:
    document, blocks = blocks_of(text)
    assert document.text == text
    assert all(block.spans for block in blocks)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_and_no_character_is_in_two_blocks(text: str) -> None:
    _, blocks = blocks_of(text)
    covered = [p for block in blocks for start, end in block.spans for p in range(start, end)]
    assert len(covered) == len(set(covered))


def test_nothing_is_stitched_to_a_finished_paragraph() -> None:
    assert stitch([], "") == []
    assert len(paragraphs("湖城很美。\n\n的确如此。\n")[()]) == 2


def test_stitching_stops_where_it_would_take_quadratic_time() -> None:
    line = "the council of the town said that the harbour would be made\n\n"
    found = paragraphs(line * 2000)[()]
    assert max(map(len, found)) <= LONGEST_PARAGRAPH + len(line)
    assert sum(map(len, found)) >= 2000 * (len(line) - 2)


@pytest.mark.parametrize(
    "line",
    [
        "By Jane Doe",
        "By JANE DOE and Peter O’Brien, Lake Town",
        "Jane Doe Staff Reporter",
        "Text by A. Hall in Rome",
    ],
)
def test_english_bylines_are_told_by_their_words(line: str) -> None:
    assert cues.is_byline(line)


def test_a_line_of_capitals_is_no_byline_and_takes_no_time() -> None:
    assert not cues.is_byline(
        "By THECOMPTROLLERGENERALOFTHEUNITEDSTATESANDTHEOFFICEOFMANAGEMENTANDBUDGET; 1975"
    )


def test_the_real_pages_give_whole_articles(shared: Path) -> None:
    for path in sorted((shared / "seeds").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        document, blocks = analyse(Document(source=path.name, title=path.stem, text=text))
        body = [block for block in blocks if block.kind == "paragraph"]
        assert int(document.metadata["articles"]) >= 4
        assert all(block.heading for block in body), path.name
        assert sum(len(block.spans) > 1 for block in body) >= 3, path.name


FRONT_PAGE = """湖城日报 2023年3月9日 星期四 第1版

湖城港区交出去年“成绩单”
货物吞吐量迈上千万吨台阶
本报记者 李明 通讯员 王晓红

本报讯 昨日上午，湖城港区召开发展大会。记者从会
上获悉，去年湖城港区完成货物吞吐量1200万吨，同
比增长8.6%，名列全省第三。
湖城港区管委会主任顾远在会上说，今年还要新建泊位
六个，其中五万吨级以上的泊位不少于三个，深水港。
（下转第3版）

山南林区：林下经济逆势上扬
本报讯（记者 张小雨）去年，山南林区的林下经济产
值达到6亿元，同比增长21.3%，其中油茶占四成。

第3版
（上接第1版）
会上，港区与12家企业集中签约，总投资137.5亿元。
"""


def test_a_headline_of_two_lines_heads_its_article_and_what_goes_on_elsewhere() -> None:
    found = paragraphs(FRONT_PAGE)
    headline = "湖城港区交出去年“成绩单” 货物吞吐量迈上千万吨台阶"
    assert list(found) == [(headline,), ("山南林区：林下经济逆势上扬",)]
    assert [content[:10] for content in found[(headline,)]] == [
        "本报讯 昨日上午，湖",
        "湖城港区管委会主任顾",
        "会上，港区与12家企",
    ]


def test_a_headline_of_three_lines_and_one_cut_in_a_figure_are_whole() -> None:
    text = (
        "湖城港区开门迎客之后，泊位已有五千吨级船停靠。\n对话\n湖城港区交出半年“成绩单”了\n"
        "上半年完成货物吞吐量786万吨 同比增长1\n4.3%\n"
        "本报讯（记者 李明）7月13日，湖城港区召开\n大会，通报了半年的成绩。\n"
    )
    assert [content for kind, _, content in outline(text) if kind == "heading"] == [
        "对话",
        "湖城港区交出半年“成绩单”了",
        "上半年完成货物吞吐量786万吨 同比增长14.3%",
    ]


def test_a_headline_under_front_matter_is_none_of_it() -> None:
    text = (
        "湖城晚报\n2014年1月7日 星期二\n总第4866期\n主编：温良玉\n地址：湖城市望湖路8号\n印刷：湖城印刷厂\n\n"
        "湖城渔火节开幕\n"
        "本报讯（记者 王芳）1月5日晚7时，第十六届湖城渔火节在湖心岛开幕，为期57天，共展出渔灯2100盏。\n\n"
        "本报讯（记者 李明）湖城灯塔昨天通电。\n"
    )
    assert ("heading", (), "湖城渔火节开幕") in outline(text)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("湖城日报 2023年3月9日 星期四 第1版", "湖城日报"),
        ("湖城工运 2024年第2期", "湖城工运"),
        ("湖港時報 2023年11月20日 A5 港聞", "湖港時報"),
        ("THE LAKE TOWN HERALD Monday, March 6, 2023", "THE LAKE TOWN HERALD"),
        ("会议通知 2023年3月9日", ""),
        ("湖城市委主管 2023年3月9日 第1版", ""),
        ("1 湖城港区 93.6 2023年第2期", ""),
        ("2023年第2期", ""),
        ("湖城日报", ""),
    ],
)
def test_a_masthead_of_one_line_is_told_by_name_date_and_issue(line: str, name: str) -> None:
    assert cues.masthead(line) == name


def test_the_title_of_a_page_is_its_masthead_not_one_of_its_headlines() -> None:
    document, _ = blocks_of(FRONT_PAGE)
    assert (document.title, document.metadata["newspaper"]) == ("湖城日报 2023-03-09", "湖城日报")


def test_the_only_headline_is_no_title_of_what_stands_above_it() -> None:
    text = (
        "山南林区共有林地90万亩，油茶远近闻名，去年林下经济的产值达到了6亿元，比上年多了两成。\n\n"
        "湖城港区扩建开工\n\n◎本报记者 李明\n\n湖城港区扩建工程昨天开工，总投资3亿元。\n"
    )
    document, _ = blocks_of(text)
    assert document.title == "page"
    assert [(heading, content[:4]) for kind, heading, content in outline(text) if kind == "paragraph"] == [
        (("湖城港区扩建开工",), "湖城港区"),
        ((), "山南林区"),
    ]


@pytest.mark.parametrize(
    "opening", ["本报讯", "【本報訊】", "【湖城日报讯】", "新华社北京3月5日电", "▲本报讯 "]
)
def test_a_dateline_is_no_rest_of_the_line_above(opening: str) -> None:
    headline = "湖城港区去年全年的进出口总额首破两百亿元"
    item = (
        f"{opening}去年，湖城港区的进出口总额达到了\n"
        "二百一十三亿元，比上年增长了一成四，其中出口\n一百六十八亿元，名列全省第三位。"
    )
    assert [content for _, _, content in outline(f"{headline}\n{item}\n")] == [
        headline,
        item.replace("\n", "").strip("▲"),
    ]


def test_the_rest_of_a_sentence_that_looks_like_a_dateline_stays() -> None:
    text = "去年，湖城港区在码头的屋顶上安装了三千块板子，靠光伏发\n电（光伏）每年可以省下煤炭三百吨，名列全省第三。\n"
    assert [content for _, _, content in outline(text)] == [text.replace("\n", "")]


def test_rows_of_a_schedule_stand_by_themselves_under_its_heading() -> None:
    text = (
        "渔火节共有38项活动，六十岁以上的老人、现役军人免票。\n主要活动安排\n"
        "9月22日 19:30 开幕式暨渔灯诗会 南湖公园主舞台 免费\n9月23日 14:00 渔灯制作体验 湖城民俗馆 每人48元\n"
        "9月24日 9:00 环湖健步走 南湖东门集合 免费\n\n湖城博物馆开放公告\n\n湖城博物馆中秋之夜延长开放，票价60元。\n"
    )
    assert [(kind, heading) for kind, heading, _ in outline(text)][1:5] == [
        ("heading", ()),
        *[("list", ("主要活动安排",))] * 3,
    ]
    assert not any("免费9月" in content or "免费湖城" in content for _, _, content in outline(text))


def test_lines_that_open_with_a_label_are_rows_of_a_list() -> None:
    rows = ["采编部：5512 刘建国、何小燕", "借阅部：5513 陈立（主任） 5514 周文静", "少儿部：5515 孙丽萍"]
    assert [content for _, _, content in outline("青川图书馆通讯录\n\n" + "\n".join(rows))][-3:] == rows
    rows = ["Monday - Thursday: 8:00 - 18:30", "Friday: 8:00 - 17:00", "Sunday: closed"]
    assert [content for _, _, content in outline("Opening hours\n" + "\n".join(rows))][-3:] == rows


def test_a_colon_in_the_middle_of_wrapped_lines_opens_no_row() -> None:
    text = "青川图书馆的老馆长在会上一再地对大家\n说：今年的书比去年的要多出许多，可是\n来的人还不如去年。\n"
    assert [content for _, _, content in outline(text)] == [text.replace("\n", "")]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_rows_of_a_ranking_are_no_headings(between: str) -> None:
    rows = ["名次 园区 得分", "1 湖城高新技术产业开发区 93.6", "2 山南经开区 91.2", "3 北岛高新区 90.7"]
    text = (
        "园区经济 2023年第11期\n\n全省开发区综合评价前三名\n"
        + between.join(rows)
        + "\n\n数据来源：省商务厅\n"
    )
    document, _ = blocks_of(text)
    assert document.title == "园区经济 2023年第11期"
    assert {content for kind, _, content in outline(text) if kind in ("heading", "title")} <= {
        "全省开发区综合评价前三名",
        "名次 园区 得分",
    }
    assert [content for kind, _, content in outline(text) if kind == "list"][-4:-1] == rows[1:]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("1 天堰高新区 93.6", 0),
        ("2．湖城港区 24653亿元", 0),
        ("3 港区概况", 3),
        ("4 规划到2025年", 3),
        ("5. Phase 2", 3),
    ],
)
def test_a_numbered_line_that_ends_in_a_figure_is_no_heading(line: str, level: int) -> None:
    assert cues.numbered_level(line) == level


@pytest.mark.parametrize(
    ("upper", "lower", "joint"),
    [
        ("九月三十日中秋之夜，湖城博物馆的开放时间延长至21:", "30，票价六十元。", "21:30"),
        ("去年全年，湖城港区完成的货物吞吐量比上年增长了8.", "6%，名列全省第三位。", "8.6%"),
        ("去年全年，湖城港区完成的货物吞吐量比上年增长了86", "%，名列全省第三位。", "86%"),
        ("湖城港区去年完成的货物吞吐量达到了历史最高的3", "217万吨，名列全省第三位。", "3217"),
        ("湖城港区去年开始使用的调度系统名称就叫做Lake", "Town，全省第三家。", "Lake\nTown"),
        ("湖城港区去年的外贸货物在全部货物中占二成四即24%", "1月又升到三成。", "24%\n1月"),
    ],
)
def test_a_line_break_inside_a_figure_is_no_space(upper: str, lower: str, joint: str) -> None:
    text = f"湖城港区管委会主任顾远昨天上午在湖城会堂的大会上说\n{upper}\n{lower}\n"
    assert joint in "".join(content for _, _, content in outline(text))


def test_a_notice_printed_twice_is_kept_once() -> None:
    notice = "城东供水站将于6月8日零时至六时停水检修，影响银杏路、青河路两侧居民，请提前储水。"
    text = (
        f"防汛会议召开\n\n本报讯（记者 张远）湖城昨日召开防汛会议，部署今年汛期各项工作。\n\n停水通知\n\n{notice}\n\n"
        f"图书馆开放\n\n本报讯（记者 李青）新建的图书馆藏书四十万册，将于五月一日起开放。\n\n停水通知\n\n{notice}\n"
    )
    unheaded = (
        "湖城日报\n2023年4月3日\n\n"
        f"本报讯（记者 张远）湖城昨日召开防汛会议，部署今年汛期各项工作，并储备沙袋两万只。\n\n{notice}\n\n"
        f"本报讯（记者 李青）新建的图书馆藏书四十万册，将于五月一日起开放。\n\n{notice}\n"
    )
    for page in (text, unheaded):
        assert ("paragraph", notice) in [(kind, content) for kind, _, content in outline(page)]


@pytest.mark.parametrize(
    "word", ["地铁三号线昨日开通", "着力打造渔港", "了解民情", "的士司机返岗", "的确如此"]
)
def test_words_that_begin_like_particles_may_begin_a_heading(word: str) -> None:
    assert not cues.cannot_start(word)
    assert cues.looks_like_heading(word)


@pytest.mark.parametrize(
    "rest", ["地推进各项工作", "的油茶远近闻名", "了一批冷链仓库", "着笑脸", "们的家", "，他说"]
)
def test_nothing_begins_with_a_particle(rest: str) -> None:
    assert cues.cannot_start(rest)


def test_the_name_of_an_issue_is_the_title_and_its_first_section_no_newspaper() -> None:
    text = "2023年第2期简报\n\n一、投资情况\n\n全区共完成投资十二亿元，同比增长一成，各项工作进展顺利，得到肯定。\n"
    document, _ = blocks_of(text)
    assert document.title == "2023年第2期简报"
    assert "newspaper" not in document.metadata


@pytest.mark.parametrize(
    "text",
    [
        "Он вышел из дома рано утром и пошёл по длинной улице вдоль\nреки к старому мосту, где его уже ждали друзья.",
        "서울시는 올해부터 새로운 교통 정책을 시행한다고 밝혔다 그리고 시민들의\n의견을 듣기 위해 공청회를 연다.",
        "Thành phố đã công bố kế hoạch mới về giao thông công cộng với mục tiêu để\nđảm bảo an toàn.",
        "قال رئيس البلدية إن الجسر الجديد سيفتح أمام الناس في الصيف المقبل،\nوإن العمل فيه لم يتوقف.",
        "Il a dit aux habitants de la ville que le pont était « sûr et solide »\net que personne ne devait avoir peur.",
        "He told the people of the town that the bridge was “safe and sound”\nand that nobody had to fear for it.",
    ],
)
def test_words_with_spaces_keep_one_at_the_end_of_a_line(text: str) -> None:
    head = text.partition("\n")[0] + "\n"
    assert paragraphs(head * 2 + text)[()] == [head * 2 + text]


def test_no_space_stands_in_chinese_with_half_width_marks() -> None:
    upper, lower = "湖城港区管委会主任顾远昨天上午在湖城会堂的大会上说,", "2023年要再建两座码头。"
    assert paragraphs(f"{upper}\n{lower}\n")[()] == [upper + lower]


def test_thousands_of_jumps_take_seconds() -> None:
    lines = [f"（{way}第{n % 90}版）" for way in ("下转", "上接") for n in range(4000)]
    started = time.process_time()
    analyse(Document(source="page.txt", title="page", text="\n\n".join(lines)))
    assert time.process_time() - started < 15


def test_what_lies_behind_many_captions_is_no_neighbour() -> None:
    text, caption = Piece([(0, 1)], "岸"), Piece([(1, 2)], "图", "caption")
    assert neighbour([text, *[caption] * 9], 10, -1) is text
    assert neighbour([text, *[caption] * 99], 100, -1) is None
