"""Every word of the page, Chinese and English side by side. Text only."""

from __future__ import annotations

from ui.datatypes import Language

STRINGS: dict[str, tuple[str, str]] = {
    "chat": ("对话", "Chat"),
    "evaluate": ("评测", "Evaluate"),
    "library": ("文档库", "Library"),
    "documents": ("文档", "Documents"),
    "evidence": ("证据", "Evidence"),
    "conversations": ("历史对话", "Past chats"),
    "new_chat": ("新对话", "New chat"),
    "switch_language": ("English", "中文"),
    "theme": ("深色 / 浅色", "Dark / light"),
    "export": ("导出", "Export"),
    "export_markdown": ("导出为 Markdown", "Export as Markdown"),
    "export_html": ("导出为 HTML（单个文件）", "Export as HTML (one file)"),
    "export_json": ("导出为 JSON（供程序使用）", "Export as JSON (for programs)"),
    "skip_to_question": ("跳到提问框", "Skip to the question"),
    "skip_to_contents": ("跳到内容", "Skip to the contents"),
    # the library panel
    "add_files": ("添加文件", "Add files"),
    "add_folder": ("添加文件夹", "Add a folder"),
    "drop_here": ("松开鼠标，读入这些文档", "Drop to read these documents"),
    "search_documents": ("查找文档…", "Find documents…"),
    "search_conversations": ("查找对话…", "Find chats…"),
    "scope_all": ("提问范围：全部 {count} 篇", "Asking all {count} document{s}"),
    "scope_some": ("提问范围：选中的 {count} 篇", "Asking {count} chosen document{s}"),
    "scope_clear": ("改为全部", "Ask all"),
    "scope_tick": ("只问这篇文档", "Ask only ticked documents"),
    "pages": ("{count} 页", "{count} page{s}"),
    "characters": ("{count} 字", "{count} char{s}"),
    "open": ("打开原文", "Open"),
    "remove": ("移除", "Remove"),
    "reread": ("重新读取", "Read again"),
    "remove_sure": (
        "从文档库移除《{title}》？原文件不会被删除。",
        "Remove “{title}” from the library? The file itself stays.",
    ),
    "no_documents": (
        "文档库是空的。添加文件，或把文件和文件夹拖到这里。",
        "The library is empty. Add files, or drop files and folders here.",
    ),
    "no_match": ("没有匹配的文档", "No document matches"),
    "more_documents": ("另有 {count} 篇，请输入文字查找", "{count} more: type to find them"),
    "uploading": ("正在上传 {done} / {total}", "Uploading {done} of {total}"),
    "reading": ("正在读取 {done} / {total} 个文件", "Reading {done} of {total} files"),
    "embedding": ("正在建立索引 {done} / {total} 段", "Indexing {done} of {total} passages"),
    "indexing": ("正在整理索引", "Finishing the index"),
    "ingested": (
        "读入 {added} 篇，更新 {updated} 篇，未变 {unchanged} 篇",
        "{added} added, {updated} updated, {unchanged} unchanged",
    ),
    "not_read": ("{count} 个文件没有读入", "{count} file{s} not read"),
    "not_a_kind": (
        "{name}：不支持这种文件，可以读 {kinds}。",
        "{name}: this kind is not read; these are: {kinds}.",
    ),
    "upload_gone": ("{name}：上传没有完成，请再试一次。", "{name}: the upload did not finish, try again."),
    "upload_failed": (
        "{name}：上传失败（{reason}），请检查大小和网络后再试。",
        "{name}: the upload failed ({reason}); check its size and try again.",
    ),
    "upload_not_kept": (
        "{name}：无法保存（{reason}），请检查磁盘空间和权限后再试。",
        "{name}: it could not be kept ({reason}); check the disk and its permissions, then try again.",
    ),
    "too_many_files": (
        "一次最多 {limit} 个文件，其余的没有上传。",
        "At most {limit} files at a time; the rest were left out.",
    ),
    "dismiss": ("知道了", "Dismiss"),
    "rename": ("重命名", "Rename"),
    "delete": ("删除", "Delete"),
    "delete_sure": ("删除这段对话？", "Delete this chat?"),
    "no_conversations": ("还没有对话", "No chats yet"),
    "no_conversation_match": ("没有匹配的对话", "No chat matches"),
    "more_conversations": ("另有 {count} 段，请输入文字查找", "{count} more: type to find them"),
    # asking
    "welcome": ("问文档，看原句", "Ask your documents, see the very words"),
    "welcome_more": (
        "每一句回答都标出它依据的原文；文档里没有的，会直说没有。",
        "Every sentence of an answer shows the words it stands on. What the documents do not say, it will not say.",
    ),
    "try_asking": ("可以这样问", "You could ask"),
    "ask_placeholder": ("向这些文档提问…", "Ask these documents…"),
    "ask_hint": (
        "Enter 发送 · Shift+Enter 换行 · Esc 停止 · ↑ 修改上一问",
        "Enter sends · Shift+Enter new line · Esc stops · ↑ edits the last question",
    ),
    "question_cut": (
        "问题最多 {limit} 个字，多出的没有粘贴进来。",
        "A question has at most {limit} characters; the rest was not pasted.",
    ),
    "answerer": ("作答方式", "Answered by"),
    "answerer_extractive": ("摘录原文", "Extracts"),
    "send": ("发送", "Send"),
    "stop": ("停止", "Stop"),
    "searching": ("正在检索文档", "Searching the documents"),
    "passages": ("找到 {count} 段相关文字，正在核对", "Found {count} passage{s}, checking"),
    "writing": ("正在作答", "Answering"),
    "stopped": ("已停止。", "Stopped."),
    "not_kept": (
        "这个回答没有保存：{reason}",
        "This answer was not kept: {reason}",
    ),
    "later_sure": (
        "后面的 {count} 轮问答也会删除，继续吗？",
        "What was asked later ({count}) is deleted, too. Go on?",
    ),
    "you_asked": ("提问", "Question"),
    "answer": ("回答", "Answer"),
    "understood_as": ("理解为：{query}", "Understood as: {query}"),
    "unanswerable": ("文档中没有找到答案", "The documents do not say"),
    "unanswerable_more": (
        "最接近的段落在下面，请自行判断。",
        "These passages come nearest; judge for yourself.",
    ),
    "unanswerable_nothing": ("也没有找到相近的段落。", "Nothing comes near it either."),
    "nearest": ("最接近的段落", "Nearest passages"),
    "confidence": ("把握 {percent}%", "{percent}% sure"),
    "confidence_more": (
        "经校准的估计：答案正确的可能性",
        "A calibrated estimate of the chance that this is right",
    ),
    "cross_language": ("{question}提问 · {source}原文", "asked in {question} · source in {source}"),
    "language_zh": ("中文", "Chinese"),
    "language_en": ("英文", "English"),
    "language_ar": ("阿拉伯文", "Arabic"),
    "language_de": ("德文", "German"),
    "language_el": ("希腊文", "Greek"),
    "language_es": ("西班牙文", "Spanish"),
    "language_fr": ("法文", "French"),
    "language_hi": ("印地文", "Hindi"),
    "language_id": ("印尼文", "Indonesian"),
    "language_it": ("意大利文", "Italian"),
    "language_ja": ("日文", "Japanese"),
    "language_ko": ("韩文", "Korean"),
    "language_pt": ("葡萄牙文", "Portuguese"),
    "language_ru": ("俄文", "Russian"),
    "language_th": ("泰文", "Thai"),
    "language_tr": ("土耳其文", "Turkish"),
    "language_vi": ("越南文", "Vietnamese"),
    "language_other": ("其他语言", "another language"),
    "took": ("{seconds} 秒", "{seconds} s"),
    "retry": ("重答", "Try again"),
    "edit": ("修改问题", "Edit"),
    "undo": ("撤回", "Undo"),
    "copy": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
    "good": ("回答得好", "Good answer"),
    "bad": ("回答不好", "Bad answer"),
    "wrong_citation": ("引用有误", "Wrong citation"),
    "thanks": ("已记录，谢谢", "Noted, thank you"),
    "follow_up": ("接着问", "Ask next"),
    "editing": ("正在修改问题，发送后会重新回答", "Editing: sending answers anew"),
    "cancel": ("取消", "Cancel"),
    # evidence
    "evidence_empty": (
        "点击回答中的编号，这里会显示它依据的原句。",
        "Click a number in an answer: the words it stands on appear here.",
    ),
    "also_read": ("另外读过 {count} 段", "{count} more passage{s} read"),
    "page": ("第 {page} 页", "p. {page}"),
    "verdict_ok": ("与原文逐字一致", "Word for word as in the document"),
    "verdict_bad": ("与原文不一致，或原文不支持这句话", "Not as in the document, or not borne out by it"),
    "doubted": ("未经原文证实", "Not borne out"),
    "doubted_count": ("{count} 句未经原文证实", "sentences not borne out by their passages: {count}"),
    "why_found": ("为何找到", "Why it was found"),
    "dense_rank": ("语义第 {rank}", "meaning no. {rank}"),
    "bm25_rank": ("字词第 {rank}", "words no. {rank}"),
    "reranked": ("重排 {percent}%", "reranked {percent}%"),
    "relevance": ("相关 {percent}%", "{percent}% relevant"),
    "matched": ("匹配：", "matched: "),
    "open_in_document": ("在原文中查看", "Open in document"),
    "exclude": ("排除并重答", "Exclude, answer again"),
    "copy_with_source": ("复制并注明出处", "Copy with source"),
    "where": ("{source}，第 {start}–{end} 字", "{source}, characters {start}–{end}"),
    # the reader
    "reader": ("原文", "Document"),
    "close": ("关闭", "Close"),
    "next_mark": ("下一处", "Next"),
    "text_view": ("文字", "Text"),
    "page_view": ("页面", "Page"),
    "previous_page": ("上一页", "Previous page"),
    "next_page": ("下一页", "Next page"),
    "to_highlight": ("回到高亮处", "Back to the highlight"),
    "document_gone": (
        "这篇文档已被移除或重新读取过，下面是回答时的段落。",
        "This document was removed or read again since; this is the passage as it was when answered.",
    ),
    "page_gone": (
        "原 PDF 文件不在了或已改变，只能看文字。",
        "The PDF file is gone or has changed; only its text can be shown.",
    ),
    # the other pages
    "title": ("标题", "Title"),
    "date": ("日期", "Date"),
    "kind": ("语言", "Language"),
    "size": ("篇幅", "Length"),
    "ask_only_this": ("只问这篇", "Ask only this"),
    "verify": ("检查文档库", "Check the library"),
    "verified": ("一切一致，没有问题。", "Everything matches."),
    "stats_documents": ("文档", "Documents"),
    "stats_chunks": ("段落", "Passages"),
    "stats_characters": ("字数", "Characters"),
    "stats_bytes": ("占用空间", "On disk"),
    "stats_embedder": ("向量模型", "Embedder"),
    "stats_created": ("建立时间", "Made"),
    "evaluate_more": (
        "用一份问题文件检验回答：哪些答对，哪些答错，错在哪一步。",
        "Try a file of questions: which are answered right, which are not, and where along the way it goes wrong.",
    ),
    "choose_questions": ("选择问题文件（JSONL、CSV）", "Choose a questions file (JSONL, CSV)"),
    "draft_questions": ("从文档自动出题并运行", "Draft questions from the documents and run"),
    "draft_warning": (
        "自动出的题取自文档原句，比人问的容易，只适合比较设置。",
        "Drafted questions take their words from the documents and are easier than people's: "
        "good for comparing settings only.",
    ),
    "past_runs": ("以往的评测", "Past runs"),
    "no_runs": ("还没有评测", "No runs yet"),
    "questions_count": ("{count} 道题", "{count} question{s}"),
    "running": ("已回答 {done} / {total} 题", "{done} of {total} questions answered"),
    "run_busy": ("另一次评测正在进行，请等它结束。", "Another run is under way; wait until it has finished."),
    "run_stopped": (
        "提前停止：还有 {count} 题没有问。",
        "Stopped early: {count} question{s} not asked.",
    ),
    "run_stopping": ("正在停止，等这一题答完…", "Stopping after the question under way…"),
    "download_report": ("下载完整报告", "Download the full report"),
    "failures_count": ("{total} 题中 {count} 题有问题", "{count} of {total} went wrong"),
    "expected": ("应为：", "expected: "),
    "got": ("得到：", "got: "),
    # errors
    "internal_error": (
        "出了内部错误（编号 {id}），详情在服务器日志里。",
        "Something went wrong inside (no. {id}); the server's log has the details.",
    ),
    "lost_connection": (
        "与服务器的连接断了，请检查它是否还在运行。",
        "The connection to the server is lost; check that it is still running.",
    ),
    "queue_full": (
        "等待回答的人太多，请稍后再试。",
        "Too many are waiting for an answer; try again in a moment.",
    ),
    "server_restarted": (
        "服务器重新启动过，这个问题没有答完，请再问一次。",
        "The server was started again before this was answered; ask once more.",
    ),
    "logged_out": (
        "登录已失效，请重新登录；没有答完的问题会保留。",
        "You are logged out. Log in again: the question is kept.",
    ),
    "log_in": ("重新登录", "Log in"),
    "log_in_limit": (
        "密码错了十次的，请等五分钟再登录。",
        "After ten wrong passwords, wait five minutes before you log in.",
    ),
}


def say(language: Language, key: str, **values: object) -> str:
    """Return a phrase in a language, its blanks filled; an English plural's {s} by the ``count``."""
    text = STRINGS[key][0 if language == "zh" else 1]
    return text.format(s="" if str(values.get("count")) == "1" else "s", **values) if values else text


def words(language: Language) -> dict[str, str]:
    """Return all phrases of a language, blanks as they are; for the script of the page."""
    return {key: pair[0 if language == "zh" else 1] for key, pair in STRINGS.items()}


def language_name(language: Language, code: str) -> str:
    """Return how the interface names the language of a text."""
    key = f"language_{code}"
    return say(language, key if key in STRINGS else "language_other")
