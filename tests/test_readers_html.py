"""HTML: what a person would read, in order, and its structure. The pages are invented."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from index.errors import ReadError
from index.readers import DocumentReader
from index.readers.html import read_html

PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8">
<title>柳桥镇的风车 - 柳桥新闻网</title><meta name="author" content="温 莉">
<meta property="article:published_time" content="2023-05-04"><style>p { color: red }</style></head><body>
<header>柳桥新闻网</header><nav><ul><li>首页</li></ul></nav><script>var p = "<p>not text</p>";</script>
<main><article><header><h1>柳桥镇的风车</h1></header>
<p>三座风车去年
建成，耗资 5 &lt; 6 亿元&nbsp;&amp; 一年。<br>第二行 <b>bo</b>ld, and
English lines.</p><!-- not text -->
<h2>产量</h2><ul><li>一号<li>二号<ul><li>二号甲</ul></ul>
<blockquote><p>风很大。</p><p>电很多。</p></blockquote>
<table><caption>发电量</caption><thead><tr><th>年份<th>万度</thead><tr><td>2021<td>1,200<tr><td>2022<td><p>1,300</table>
<pre>a = 1
  b</pre><figure><img alt="x"><figcaption>图为风车。</figcaption></figure><div hidden>不可见</div>
<div style="display: none">也不可见</div><form><button>提交</button></form>结尾</article></main>
<aside role="navigation">更多</aside><footer>版权</footer></body></html>"""


def test_a_page_is_read_in_order_with_its_structure() -> None:
    draft = read_html(PAGE.encode())
    assert draft.text == "\n\n".join(
        (
            "柳桥镇的风车",
            "三座风车去年建成，耗资 5 < 6 亿元 & 一年。\n第二行 bold, and English lines.",
            "产量",
            "一号\n二号\n二号甲",
            "风很大。",
            "电很多。",
            "发电量",
            "年份\t万度\n2021\t1,200\n2022\t1,300",
            "a = 1\n  b",
            "图为风车。",
            "结尾",
        )
    )
    assert [(mark.kind, mark.level, draft.text[slice(*mark.span)]) for mark in draft.marks] == [
        ("heading", 1, "柳桥镇的风车"),
        ("heading", 2, "产量"),
        ("list_item", 0, "一号"),
        ("list_item", 0, "二号"),
        ("list_item", 0, "二号甲"),
        ("quote", 0, "风很大。\n\n电很多。"),
        ("caption", 0, "发电量"),
        ("table", 0, "年份\t万度\n2021\t1,200\n2022\t1,300"),
        ("code", 0, "a = 1\n  b"),
        ("caption", 0, "图为风车。"),
    ]


def test_title_author_and_date_come_from_the_head() -> None:
    draft = read_html(PAGE.encode())
    assert draft.title == "柳桥镇的风车"
    assert draft.metadata == {"encoding": "utf-8", "author": "温 莉", "date": "2023-05-04"}


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>The mill - Gazette</title><body><h1>Gazette</h1><h1>The mill</h1>", "The mill"),
        ("<title>The mill - Gazette</title><body><h1>Another</h1>", "The mill - Gazette"),
        ("<title>The mill - Gazette</title><body><h1>Gazette</h1><h2>The mill</h2>", "The mill"),
        ("<title>Mill | a</title><meta property='og:site_name' content='a'><body><h1>a</h1>", "Mill"),
        ("<title>Gazette - The mill</title><body><h1>The mill</h1><h2>Wind</h2>", "The mill"),
        ("<title> </title><body><h1>The mill</h1>", "The mill"),
        ("<body><p>text", ""),
    ],
)
def test_the_headline_that_the_title_begins_with_is_the_title(head: str, title: str) -> None:
    assert read_html(f"<html><head>{head}".encode()).title == title


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_page_is_read_in_its_encoding_whatever_it_declares(encoding: str) -> None:
    assert read_html(PAGE.encode(encoding)).text == read_html(PAGE.encode()).text


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("euc-kr", "cp949", "풍차"),
        ("EUC-JP", "euc_jp", "風車"),
        ("x-sjis", "cp932", "風車"),
        ("tis-620", "cp874", "กังหันลม"),
        ("windows-874", "cp874", "“กังหัน”"),
        ("windows-1251", "cp1251", "мельница"),
    ],
)
def test_a_few_words_are_read_in_the_encoding_that_the_page_declares(
    declared: str, encoding: str, text: str
) -> None:
    page = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}"><p>{text}'
    draft = read_html(page.encode(encoding))
    assert (draft.text, draft.metadata) == (text, {"encoding": encoding})
    assert read_html(page.encode()).text == text  # UTF-8 after all


@pytest.mark.parametrize("declared", ["iso-8859-1", "gb2312", "big5", "euc-kr", "no-such-thing"])
@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_a_chinese_page_is_read_whatever_it_declares(declared: str, encoding: str) -> None:
    text = "柳橋鎮去年新建了三座風車——發電量達到一千二百萬度，居民的電費因此下降了兩成。"
    assert read_html(f"<meta charset={declared}><p>{text}".encode(encoding)).text == text


def test_a_table_that_lays_out_a_page_is_read_as_blocks() -> None:
    page = "<table><tr><td><h2>News</h2><p>One.</p></td><td><table><tr><td>a<td>b</table></td></tr></table>"
    draft = read_html(page.encode())
    assert draft.text == "News\n\nOne.\n\na\tb"
    assert [mark.kind for mark in draft.marks] == ["heading", "table"]


def test_cells_that_stretch_over_rows_and_columns_leave_each_figure_in_its_column() -> None:
    draft = read_html(
        b"<table><tr><th>City<th>Park<th>Firms<th>Output</tr>"
        b"<tr><td rowspan=2>Lanchuan<td>East<td>12<td>3.4</tr><tr><td>West<td>15<td>4.1</tr>"
        b"<tr><td colspan=2>Both<td>27<td rowspan='0'>7.5</tr><tr><td colspan='99999999'>End<td>1</tr></table>"
    )
    assert draft.text.split("\n") == [
        "City\tPark\tFirms\tOutput",
        "Lanchuan\tEast\t12\t3.4",
        "Lanchuan\tWest\t15\t4.1",
        "Both\t\t27\t7.5",
        "End\t1",
    ]


def test_double_line_breaks_part_paragraphs_and_soft_hyphens_go() -> None:
    assert read_html(b"<p>one<br><br><br><br>two&shy;fold").text == "one\n\ntwofold"


def test_a_page_that_holds_only_furniture_is_read_all_the_same() -> None:
    assert read_html(b"<footer><p>Only this.</p></footer>").text == "Only this."


def test_a_header_outside_an_article_counts_if_it_holds_the_title() -> None:
    assert read_html(b"<header><h1>Title</h1></header><p>Text.").text == "Title\n\nText."


@pytest.mark.parametrize("around", ["blockquote", "figure", "section", "td"])
def test_headers_and_footers_inside_the_text_are_not_the_pages(around: str) -> None:
    inside = f"<{around}><header>Head</header><p>Said.</p><footer>Anna Liu</footer></{around}>"
    page = f"<table><tr>{inside}</table>" if around == "td" else inside
    draft = read_html(f"<header>Site</header>{page}<footer>Rights</footer>".encode())
    assert draft.text == "Head\n\nSaid.\n\nAnna Liu"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ('Price <span aria-hidden="true">$350</span> million', "Price $350 million"),
        ('Price <b class="off">$350</b> <b aria-hidden="true"><i>$</i>350</b>.', "Price $350 ."),
        ('Mill <i aria-hidden="true">search</i><a aria-hidden="true">#</a>', "Mill"),
        ('Mill <b aria-hidden="true" class="material-icons">menu</b>', "Mill"),
        ('<div aria-hidden="true"><p>Log in</p></div>Mill', "Mill"),
    ],
)
def test_what_is_hidden_from_screen_readers_only_is_read_once(page: str, text: str) -> None:
    assert read_html(page.encode()).text == text


def test_a_formula_is_read_without_its_source_and_its_picture() -> None:
    formula = (
        "<span><math><semantics><mrow><mi>E</mi><mo>=</mo><mfrac><mn>1</mn><mn>2</mn></mfrac>"
        "<msup><mi>v</mi><mn>2</mn></msup></mrow><annotation>E=\\frac12</annotation></semantics></math></span>"
        '<span aria-hidden="true">E=21v2</span>'
    )
    assert read_html(f"So {formula} holds.".encode()).text == "So E=1/2v^2 holds."


def test_deep_nesting_takes_no_quadratic_time() -> None:
    begun = process_time()
    draft = read_html(b"<h2>" + b"<div>mill" * 20_000)
    assert draft.text.count("mill") == len(draft.marks) == 20_000
    assert process_time() - begun < 10  # measured: 1.5 s; a look at every open block took 28 s


def test_deep_nesting_does_not_end_in_a_recursion_error() -> None:
    assert read_html(b"<div>" * 5000 + b"deep").text == "deep"


@pytest.mark.parametrize("page", [b"<script>only()</script>", b"<p>&nbsp;</p>", b"<!-- -->"])
def test_a_page_without_text_is_a_read_error(tmp_path: Path, page: bytes) -> None:
    (tmp_path / "a.html").write_bytes(page)
    with DocumentReader() as reader, pytest.raises(ReadError, match=r"a\.html: there is no text in it"):
        reader.read(tmp_path / "a.html")


def test_html_is_read_through_the_reader(tmp_path: Path) -> None:
    (tmp_path / "风车.htm").write_text(PAGE, encoding="utf-8")
    with DocumentReader() as reader:
        document = reader.read(tmp_path / "风车.htm")
    draft = read_html(PAGE.encode())
    assert (document.text, document.marks, document.title) == (draft.text, draft.marks, draft.title)
    assert (document.language, document.page_count, document.pages) == ("zh", 0, ())


@pytest.mark.parametrize("element", ["<title/>", '<script src="mill.js"/>', '<style type="text/css" />'])
@pytest.mark.parametrize("declaration", ['<?xml version="1.0" encoding="utf-8"?>\n', ""])
def test_xhtml_elements_that_close_themselves_swallow_nothing(element: str, declaration: str) -> None:
    page = (
        f'{declaration}<html xmlns="http://www.w3.org/1999/xhtml"><head>{element}</head>'
        "<body><p>三座风车建成。</p></body></html>"
    )
    assert read_html(page.encode()).text == "三座风车建成。"
