"""Questions in fifteen other languages: how they are cut, what they are in English, and where they lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import detect_language
from index.translation import OTHERS, into_english, translate
from index.translation.from_others import key_of, plain_figures, words_of
from index.translation.palladius import readings
from rag import Assistant
from rag.crossing import crossed, in_known_words
from rag.followup import resolve

QUESTIONS = {
    "ar": "كم عدد الموظفين في الشركة؟",
    "de": "Wie viele Mitarbeiter hat das Unternehmen?",
    "el": "Πόσους υπαλλήλους έχει η εταιρεία;",
    "es": "¿Cuántos empleados tiene la empresa?",
    "fr": "Combien d'employés l'entreprise compte-t-elle ?",
    "hi": "कंपनी में कितने कर्मचारी हैं?",
    "id": "Berapa jumlah karyawan perusahaan itu?",
    "it": "Quanti dipendenti ha l'azienda?",
    "ja": "その会社の従業員は何人ですか？",
    "ko": "그 회사의 직원은 몇 명입니까?",
    "pt": "Quantos funcionários tem a empresa?",
    "ru": "Сколько сотрудников в компании?",
    "th": "บริษัทมีพนักงานกี่คน",
    "tr": "Şirketin kaç çalışanı var?",
    "vi": "Công ty có bao nhiêu nhân viên?",
}


def keys(text: str, language: str, *known: str) -> list[str]:
    return [word.key for word in words_of(text, language, known)]


def test_there_is_a_question_for_each_language() -> None:
    assert set(QUESTIONS) == set(OTHERS)


@pytest.mark.parametrize(("language", "question"), QUESTIONS.items())
def test_a_question_is_known_by_its_language_and_has_its_words_in_english_and_chinese(
    language: str, question: str
) -> None:
    assert detect_language(question) == language
    english = into_english(question, language)
    assert english.startswith("how ")
    assert "company" in english.split()
    assert {"employee", "staff", "personnel"} & set(english.split())
    chinese = translate(question, source=language, target="zh")
    assert chinese is not None
    assert "公司" in chinese.text
    assert any(word in chinese.text for word in ("员工", "雇员", "职工", "工作人员"))
    direct = translate(question, source=language, target="en")
    assert direct is not None
    assert "compani" in {term.term for term in direct.terms}


def test_forms_of_a_word_have_one_key() -> None:
    assert key_of("Häuser", "de") == key_of("Haus", "de")
    assert key_of("компаниями", "ru") == key_of("компания", "ru")
    assert key_of("الشَّرِكَة", "ar") == key_of("شركة", "ar")
    assert key_of("İstanbul", "tr") == "istanbul"
    assert key_of("má", "vi") != key_of("ma", "vi")  # other words


def test_words_without_blanks_are_cut_at_the_longest_known_ones() -> None:
    assert keys("会社の社長", "ja", "会", "会社", "の", "社长") == ["会社", "の", "社长"]
    assert keys("บริษัทใหญ่", "th", "บริษัท", "ใหญ่") == ["บริษัท", "ใหญ่"]


def test_single_characters_in_a_row_are_a_name() -> None:
    assert keys("常州の人口", "ja", "常", "州", "の", "人口") == ["常州", "の", "人口"]
    assert keys("比亚迪は", "ja", "比", "は") == ["比亚迪", "は"]


def test_glued_words_are_taken_apart() -> None:
    assert keys("회사에서는", "ko", "회사") == ["회사"]
    assert keys("Gesamtinvestition", "de", "gesamt", "investition") == ["gesamt", "investition"]
    assert keys("vereinbart", "de", "verein", "bart") != ["verein", "bart"]
    assert keys("aufgewertet", "de", "aufwert") == ["aufwert"]
    assert keys("وبالكتاب", "ar", key_of("كتاب", "ar")) == [key_of("كتاب", "ar")]
    assert keys("Ankara'da", "tr") == [key_of("Ankara", "tr")]
    assert keys("Xi'an", "de", "xi") == ["xi'an"]


def test_figures_are_written_as_in_english() -> None:
    assert plain_figures("1.234,5 und 3,5 und 12 000", "de") == "1,234.5 und 3.5 und 12,000"
    assert plain_figures("1,234.5", "ko") == "1,234.5"
    assert plain_figures("٢٠٢٣", "ar") == "2023"
    assert "3.5 billion" in into_english("Wer zahlte 3,5 Milliarden Euro?", "de")
    assert "PM2.5" in into_english("Wie hoch ist die PM2,5-Konzentration?", "de")


def test_dates_are_written_as_in_english() -> None:
    assert "29 March 2023" in into_english("2023年3月29日に契約した会社は？", "ja")
    assert "29 March 2023" in into_english("2023년 3월 29일에 설립된 회사는?", "ko")
    assert "3.5" in into_english("Wer wuchs um 3,5 Prozent?", "de")


def test_katakana_that_is_not_all_known_is_one_name() -> None:
    assert keys("ターボの会社", "ja", "ター", "の", "会社") == ["ターボ", "の", "会社"]
    assert keys("ホテルの会社", "ja", "ホテル", "の", "会社") == ["ホテル", "の", "会社"]


@pytest.mark.parametrize(
    ("written", "pinyin"),
    [("Чанчжоу", "changzhou"), ("Хунань", "hunan"), ("Чанъань", "changan"), ("Сямэне", "xiamen"),
     ("Цюаньчжоу", "quanzhou"), ("Хуэйчжоу", "huizhou"), ("Шэньчжэнь", "shenzhen"), ("Логэна", "luogeng"),
     ("Люйлян", "lvliang"), ("Нэйцзян", "neijiang")],
)  # fmt: skip
def test_a_chinese_name_in_russian_is_read_as_pinyin(written: str, pinyin: str) -> None:
    assert pinyin in readings(written)


@pytest.mark.parametrize("word", ["Компания", "Москва", "банк", "Кино", "", "ъ", "Лиза"])
def test_what_is_no_chinese_name_has_no_pinyin(word: str) -> None:
    assert readings(word) == []


def test_a_chinese_name_in_russian_is_found_as_the_documents_write_it() -> None:
    assert "Wuhu" in crossed("Где находится Уху?", "芜湖位于安徽。")
    assert "芜湖" in crossed("Где находится Уху?", "芜湖位于安徽。")


def test_a_name_in_latin_letters_stays() -> None:
    assert "Wrenfield" in into_english("¿Quién fundó Wrenfield?", "es")
    assert "Tavenko" in into_english("Wer gründete Tavenko?", "de")
    assert "BYD" in into_english("БЫЛА ли прибыль у BYD?", "ru")


@given(st.text(max_size=60), st.sampled_from(OTHERS))
def test_any_text_can_be_put_into_english(text: str, language: str) -> None:
    assert isinstance(into_english(text, language), str)
    for word in words_of(text, language, {"a", "das", "ab"}):
        assert 0 <= word.start < word.end <= len(text)


def test_a_reader_reads_it_in_english_and_in_the_passages_language() -> None:
    asked = crossed("Wer entwarf die Brücke?", "新桥由尹砚舟设计，2015年9月建成。")
    assert asked.startswith("who ")
    assert "桥" in asked
    assert crossed("Wer entwarf die Brücke?", "Die Brücke wurde 2015 gebaut.") == "Wer entwarf die Brücke?"
    assert "bridge" in crossed("Wer entwarf die Brücke?", "The bridge was built in 2015.")


def test_a_language_that_the_reader_has_learnt_is_read_in_its_own_words_too() -> None:
    assert crossed("橋は誰が設計しましたか", "The bridge was built in 2015.").startswith(
        "橋は誰が設計しましたか who "
    )
    assert crossed("橋は誰が設計しましたか", "新桥由尹砚舟设计。").count("橋") == 1


def test_among_passages_in_its_own_language_a_question_keeps_its_words() -> None:
    asked, own = "Wer entwarf die Brücke?", "Die Brücke wurde von Ada Finch entworfen."
    assert in_known_words(asked, [own]) == asked
    assert in_known_words(asked, [own, "The bridge is old.", "新桥很长。"]) == asked
    assert in_known_words(asked, ["The bridge is old.", own]).startswith("who ")
    assert in_known_words(asked, []) == asked
    assert in_known_words("Who built it?", ["新桥很长。"]) == "Who built it?"


@pytest.fixture(scope="module")
def wharf(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("documents")
    texts = {
        "wharf.txt": "新码头由建筑师尹砚舟设计，2015年9月建成，总投资3.2亿元，有员工420人。",
        "mill.txt": "老磨坊位于河的北岸，1932年关闭，现在是一座博物馆，每年有8万名游客参观。",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Assistant.from_documents(folder, library=folder / "library")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie viele Besucher hat das Museum jedes Jahr?", "8万"),
        ("¿Cuántos visitantes tiene el museo cada año?", "8万"),
        ("Combien de visiteurs le musée reçoit-il chaque année ?", "8万"),
        ("博物館には毎年何人の観光客が訪れますか？", "8万"),
    ],
)
def test_a_chinese_document_answers_in_other_languages(wharf: Assistant, question: str, answer: str) -> None:
    found = wharf.ask(question)
    assert found.citations, found.text
    assert answer in found.short_answer


def test_what_is_not_there_is_refused_in_english(wharf: Assistant) -> None:
    refused = wharf.ask("Wie heißt die Hauptstadt von Frankreich?")
    assert refused.status == "unanswerable"
    assert refused.text == "The documents do not say."


def test_the_glossaries_ship_with_the_package() -> None:
    folder = Path(__file__).parents[1] / "index" / "models" / "lexicon"
    assert {f"{language}-en.tsv.xz" for language in OTHERS} <= {path.name for path in folder.iterdir()}


def test_a_question_in_a_mixed_library_is_answered_in_its_own_words(tmp_path: Path) -> None:
    texts = {
        "werk.txt": "Das Werk Nordvolta in Lindental wurde 2016 gegründet und schafft 750 Arbeitsplätze.",
        "wharf.txt": "新码头由建筑师尹砚舟设计，2015年9月建成，总投资3.2亿元。",
        "mill.txt": "老磨坊1932年关闭，现在是一座博物馆，每年有8万名游客参观。",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with Assistant.from_documents(tmp_path, library=tmp_path / "library") as assistant:
        assert assistant.ask("Wie viele Arbeitsplätze schafft Nordvolta?").short_answer.startswith("750")


def test_a_name_that_the_documents_write_is_no_word() -> None:
    passage = "Klein Motors sold 300 engines, Stein Medical 20."
    assert "Klein" in crossed("Was verkaufte Klein Motors?", passage)
    assert "small" in crossed("Was verkaufte die kleine Firma?", passage)


def test_what_else_is_asked_stands_behind_and() -> None:
    assert "and when" in into_english("Wer leitet das Werk und wann soll die Fabrik fertig sein?", "de")


def test_a_follow_up_of_a_few_words_takes_the_rest_from_the_question_before() -> None:
    turns = [("Wie hoch war der Umsatz von BYD 2020?", "3亿元")]
    assert resolve("Und 2021?", turns) == "how much turnover BYD 2021"
    asked = "Wie viele Besucher hat das Museum?"
    assert resolve(asked, turns) == asked


@pytest.mark.parametrize(
    "question",
    ["Los Angeles population", "La La Land director", "Müller Foods sales 2022", "Vietnam war end year",
     "Dell net worth", "Victorian era population", "Disney plus subscribers"],
)  # fmt: skip
def test_names_and_words_that_english_has_too_make_no_other_language(question: str) -> None:
    assert detect_language(question) == "en"


def test_a_chinese_question_with_a_foreign_name_stays_chinese() -> None:
    assert detect_language("Dell 2022年营收") == "zh"
    assert detect_language("Vitamin D 每天摄入量") == "zh"
    assert detect_language("Wann wurde 海川公司 gegründet?") == "de"
