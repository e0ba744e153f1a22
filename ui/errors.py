"""What went wrong, in Chinese. Takes the English sentences of ``index`` and ``rag``, gives Chinese ones.

Each pattern is such a sentence as it stands in the code that makes it, ``{}`` for what it fills in; a test holds the
two together. A sentence that is not here stays as it is, and so does everything in an English interface.
"""

from __future__ import annotations

import re
from functools import cache

from ui.datatypes import Language

CHINESE: dict[str, str] = {
    # files
    "it is no Word document, or a damaged one; open it in Word and save it again.": (
        "不是 Word 文档，或者已经损坏；请用 Word 打开后另存一次。"
    ),
    "it has {} parts, more than the limit of {}; save it again in Word.": (
        "内部有 {} 个部分，超过上限 {}；请用 Word 另存一次。"
    ),
    "it unpacks to {} MB, more than the limit of {} MB; split it or raise the limit.": (
        "解压后有 {} MB，超过上限 {} MB；请拆分文件。"
    ),
    "it unpacks to {} times its size, more than {}, as a bomb does; save it again in Word.": (
        "解压后是原来的 {} 倍，超过上限 {} 倍，像是压缩炸弹；请用 Word 另存一次。"
    ),
    "its part {} declares XML entities, as no Word document does; it may be an attack and is not read.": (
        "其中的 {} 声明了 XML 实体，正常的 Word 文档不会这样；可能有害，没有读取。"
    ),
    "it is damaged or cut off (no whole ZIP archive); copy or download it again.": (
        "文件损坏或不完整；请重新复制或下载。"
    ),
    "it holds {} characters, more than the limit of {}; split it or raise max_characters.": (
        "有 {} 个字符，超过上限 {}；请拆分文件。"
    ),
    "is {} MB, larger than the limit of {} MB; split it or raise the limit.": (
        "文件有 {} MB，超过上限 {} MB；请拆分文件。"
    ),
    "it is {} by its content but {} by its name; "
    "save it as .docx, .pdf or .txt, or give it its right extension.": (
        "内容是 {}，扩展名却是 {}；请存为 .docx、.pdf 或 .txt，或改正扩展名。"
    ),
    "it has {} pages, more than the {} allowed; split it or raise the limit.": (
        "有 {} 页，超过上限 {} 页；请拆分文件。"
    ),
    "it holds more than {} characters; split it or raise the limit.": "超过 {} 个字符；请拆分文件。",
    "its text layer cannot be read (the fonts do not say which characters they draw); run OCR on it.": (
        "文字层无法读取（字体没有说明对应的字）；请先做文字识别（OCR）。"
    ),
    "it has no text layer, as scans have none; run OCR on it and use the result.": (
        "是没有文字层的扫描件；请先做文字识别（OCR），再添加识别后的文件。"
    ),
    "its encoding is not recognised, or it is not text; save it as UTF-8.": (
        "认不出编码，或者不是文本；请存为 UTF-8。"
    ),
    "its encoding is not recognised, or it is not HTML; save it as UTF-8.": (
        "认不出编码，或者不是 HTML；请存为 UTF-8。"
    ),
    "it holds binary data, not text; open it in its own program and save it as text.": (
        "内容不是文本；请用原来的程序打开，存为文本。"
    ),
    "there is no text in it, only white space; leave it out or replace it.": "里面没有文字，只有空白；请换一个文件。",
    "is not a regular file; name a file.": "不是普通文件；请选择文件。",
    "the file is not there (any more); list the folder again.": "文件已经不在原处；请重新添加。",
    "there is no such file or folder; check the path.": "没有这个文件或文件夹；请检查它是否移走或改了名。",
    "cannot be opened ({}); check its permissions.": "无法打开（{}）；请检查权限。",
    "cannot be read ({}); check that it is there and may be read.": "无法读取（{}）；请检查文件是否还在、能否读取。",
    "was changed while it was read; ingest it again when it is finished.": (
        "读取时文件正在改变；请等它写完再重新读取。"
    ),
    "the file is empty (0 bytes); leave it out or replace it.": "文件是空的（0 字节）；请换一个文件。",
    "it holds nothing but NUL bytes, as after a failed copy; copy it again.": (
        "内容全是空字节，像是没有复制完；请重新复制。"
    ),
    "it is cut off (the end of the PDF is missing); copy or download it again.": (
        "PDF 不完整（缺少结尾）；请重新复制或下载。"
    ),
    "it has no pages, or is damaged; print it to a new PDF.": "没有页面，或者已经损坏；请重新打印为 PDF。",
    "it is encrypted; remove its password in the program that opens it.": (
        "文件加了密；请用能打开它的程序去掉密码。"
    ),
    "it is not a PDF or it is damaged; open it and print it to a new PDF.": (
        "不是 PDF，或者已经损坏；请打开后重新打印为 PDF。"
    ),
    "it is damaged ({}); open it and print it to a new PDF.": "文件损坏（{}）；请打开后重新打印为 PDF。",
    "it needs more than {} GB of memory to read; split it.": "读取它要用超过 {} GB 内存；请拆分文件。",
    "reading it took more than {} seconds and was stopped; split it, or raise the time limit if you trust it.": (
        "读取超过 {} 秒，已停止；请拆分文件。"
    ),
    "the parser crashed on it, or needed more than {} GB of memory; save it again or print it to a new PDF.": (
        "解析时出错，或需要超过 {} GB 内存；请另存一次，或重新打印为 PDF。"
    ),
    # questions
    "the question is empty; write what you want to know": "问题是空的；请写下想知道的事。",
    "the question has {} characters; {} are the limit": "问题有 {} 个字符，最多 {} 个。",
    "the question is not valid Unicode; send it as UTF-8": "问题不是有效的 Unicode 文本；请用 UTF-8 发送。",
    "{} hits were asked for; ask for at least 1": "要求 {} 条结果；至少要 1 条。",
    "the chosen documents are not in the library any more; choose again": "选中的文档已经不在文档库里；请重新选择。",
    # models
    "{} could not be reached within {} s; is the server running?": "{} 在 {} 秒内没有连上；服务器在运行吗？",
    "{} could not be reached or broke off ({}); is the server running?": (
        "连不上 {}，或连接中断（{}）；服务器在运行吗？"
    ),
    "{} said nothing for {} s; it may be overloaded": "{} 有 {} 秒没有回应，可能太忙。",
    "{} took longer than {} s for an answer; ask for less or take a faster model": (
        "{} 作答超过 {} 秒；请问得少一些，或换更快的模型。"
    ),
    "{} broke off in the middle of its answer; ask again": "{} 的回答中断了；请再问一次。",
    "{} ended without a word; ask again": "{} 没有写出一个字就结束了；请再问一次。",
    "{} wrote no answer; ask in other words": "{} 没有写出回答；请换个说法再问。",
    "{} wrote no answer within {} tokens; raise max_new_tokens": (
        "{} 在 {} 个词元内没有写出回答；请调高 max_new_tokens。"
    ),
    "one passage and the rules take {} tokens and the reply {}, but {} reads {} at once; "
    "raise context_tokens or lower max_new_tokens": (
        "一个段落和规则要 {} 个词元，回答要 {} 个，但 {} 一次只能读 {} 个；"
        "请调高 context_tokens 或调低 max_new_tokens。"
    ),
    "{} withheld its answer ({}); ask in other words": "{} 拒绝给出回答（{}）；请换个说法再问。",
    "{} sent a page ({}) and no answer; the URL of most servers ends in /v1": (
        "{} 发来的是网页（{}），不是回答；多数服务器的网址以 /v1 结尾。"
    ),
    "{} sent what is no answer ({}); is that a chat model's URL?": (
        "{} 发来的不是回答（{}）；那是对话模型的网址吗？"
    ),
    "{} refused the request (HTTP {}: {})": "{} 拒绝了请求（HTTP {}：{}）。",
    "{} does not accept the key (HTTP {}); set CHUCHU_API_KEY": (
        "{} 不接受密钥（HTTP {}）；请设置环境变量 CHUCHU_API_KEY。"
    ),
    "{} asks for a key (HTTP {}); set CHUCHU_API_KEY": "{} 需要密钥（HTTP {}）；请设置环境变量 CHUCHU_API_KEY。",
    "{} is not there (HTTP 404: {}); see which models the server has": (
        "找不到 {}（HTTP 404：{}）；请看服务器上有哪些模型。"
    ),
    "{} is not there (HTTP 404: {}); the URL of most servers ends in /v1": (
        "找不到 {}（HTTP 404：{}）；多数服务器的网址以 /v1 结尾。"
    ),
    "{} has no capacity for us now (HTTP 429: {}); ask again later": "{} 现在太忙（HTTP 429：{}）；请稍后再问。",
    "{} has no capacity for us now (HTTP 429: {}); ask again in {} s": (
        "{} 现在太忙（HTTP 429：{}）；请过 {} 秒再问。"
    ),
    "{} failed (HTTP {}: {}); ask again later": "{} 出错（HTTP {}：{}）；请稍后再问。",
    "{} failed (HTTP {}: {}); ask again in {} s": "{} 出错（HTTP {}：{}）；请过 {} 秒再问。",
    "{} failed ({}); ask again later": "{} 出错（{}）；请稍后再问。",
    "The language model {} needs about {} GB on {}, where {} GB are free; take a smaller one, "
    "lower context_tokens, or let a server run a quantised one (openai:URL#MODEL).": (
        "语言模型 {0} 在 {2} 上约需 {1} GB，只有 {3} GB 可用；请换小一些的模型，调低 context_tokens，"
        "或改用服务器上的量化模型（openai:URL#MODEL）。"
    ),
    "The {} {} is not on this machine and huggingface.co could not be asked ({}); "
    "go online, give a folder, or use {}.": (
        "本机没有模型 {1}，也连不上 huggingface.co（{2}）；请联网，给出模型的文件夹，或改用 {3}。"
    ),
    "the language model failed: {}": "语言模型出错：{}",
    # the library
    "There is no document {} any more; load the page again.": "这篇文档（{}）已经不在文档库里；请刷新页面。",
    "There is no conversation {} any more: begin a new one.": "这段对话（{}）已经不在了；请开始新的对话。",
    "There is no message {} any more: ask again.": "这条消息（{}）已经不在了；请重新提问。",
    "that message is not in this conversation (any more); load the page again": (
        "这条消息不在这段对话里了；请刷新页面。"
    ),
    "That model is not offered any more; load the page again and choose another.": (
        "这个模型已不再提供；请刷新页面另选一个。"
    ),
    "it was stopped before the first answer; run it again": "还没有答完一题就停止了；请重新运行。",
    "the upload did not finish; choose the file again": "上传没有完成；请重新选择文件。",
}
"""By the English sentence; a name of a file and a colon may stand before it."""


def in_language(sentence: str, language: Language) -> str:
    """Return a sentence about what went wrong in the language of the interface."""
    if language != "zh":
        return sentence
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            before, *filled = found.groups()
            filled = [part.strip("'\"") for part in filled]
            return (
                f"{before.removesuffix(': ')}：{chinese.format(*filled)}"
                if before
                else chinese.format(*filled)
            )
    return sentence


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the sentences as expressions, those that begin with what they fill in last."""
    ordered = sorted(CHINESE.items(), key=lambda pair: (pair[0].startswith("{}"), -len(pair[0])))
    return tuple(
        (re.compile("(|.*?: )" + "(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in ordered
    )
