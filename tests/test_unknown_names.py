from __future__ import annotations

import pytest

from rag.unknown_names import names_unknown

REPORT = "The Pinder Valley Railway was designed by Rupert Hallam of Canada. The saw K9 and the vaccine RFV-2 are sold."


@pytest.mark.parametrize(
    "question",
    [
        "Who designed the Thornbury Valley Railway?",
        "What does the saw K12 cost?",
        "When was RFV-3 approved?",
        "锯子K12卖多少钱？",
        "How many people live in Ostrava?",
        "Who designed the Binder Valley Railway?",  # the first letter is seldom misspelt
    ],
)
def test_a_name_or_code_that_stands_nowhere_is_unknown(question: str) -> None:
    assert names_unknown(question, (REPORT,))


@pytest.mark.parametrize(
    "question",
    [
        "Who designed the Pinder Valley Railway?",
        "What does the saw K-9 cost?",
        "When was RFV2 approved?",
        "Which Canadian designed it?",
        "Who is the CEO?",  # may be written out
        "Who is the Managing Director?",  # may be called otherwise
        "How much CO2 did it save in Q3?",
        "Was it a French design?",
        'Who designed the train "When in Doubt"?',
        "Rupert designed what?",
        "Who designed the Pindre Valley Railway?",  # misspelt
        "How did COVID-19 change it?",
        "Wer hat die Thornbury-Bahn entworfen?",  # nouns have capitals
    ],
)
def test_what_may_be_put_otherwise_is_not_unknown(question: str) -> None:
    assert not names_unknown(question, (REPORT,))


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("How long is the bridge of Qingchuan?", False),
        ("How long is the bridge of Fuyang?", True),
        ("When did Zhao Mingyuan visit the bridge?", True),
        ("When did Schindler visit the bridge?", False),
        ("When did people from Japan visit the bridge?", False),
        ("When did Tang Wan visit the bridge?", False),
        ("How long is the bridge of Blueharbour Town (青川)?", False),
    ],
)
def test_in_chinese_a_name_stands_by_its_pinyin_sound_or_meaning(question: str, unknown: bool) -> None:
    text = "青川大桥全长3.86公里。去年，辛德勒、唐婉和日本客人参观了大桥。"
    assert names_unknown(question, (text,)) == unknown


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("Holland", "The team of the Netherlands won."),
        ("America", "The U.S. team won."),
        ("Britain", "The team of the United Kingdom won."),
    ],
)
def test_a_country_may_have_another_name(country: str, text: str) -> None:
    assert not names_unknown(f"When did the team of {country} win?", (text,))


@pytest.mark.parametrize(
    "text",
    [
        "ソーンベリー鉄道は1884年に開業しました。",
        "Die Bahn wurde im Jahr 1884 in Deutschland eröffnet und ist noch in Betrieb.",
        "Le chemin de fer a été ouvert en 1884 en Allemagne et il est toujours en service.",
    ],
)
def test_in_other_languages_no_name_is_missed(text: str) -> None:
    assert not names_unknown("Who designed the Thornbury Railway in Germany?", (text,))


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("青川市第一中学的校长是谁？", True),
        ("青川市第三中学的校长是谁？", False),
        ("第一个校长是谁？", False),  # no other is told of
        ("白山茶几月开花？", True),
        ("红山茶几月开花？", False),
        ("山茶几月开花？", False),
        ("白色的花几月开？", False),
        ("东门停车场几点关门？", True),
        ("西门几点关门？", False),
    ],
)
def test_of_a_name_that_a_number_colour_or_side_begins_only_another_may_be_told(
    question: str, unknown: bool
) -> None:
    text = "青川市第三中学校长李明远说，红山茶二月开花。西门停车场晚上九点关门。"
    assert names_unknown(question, (text,)) == unknown


def test_a_name_that_only_begins_another_one_is_unknown() -> None:
    assert names_unknown("Z5有多重？", ("Z5 Pro重595克。",))
    assert not names_unknown("Z5有多重？", ("Z5 Pro重595克。", "Z5重480克。"))
