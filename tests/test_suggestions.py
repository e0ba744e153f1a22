"""Suggested questions: as many in English as in Chinese, each answered by the library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from index.text import detect_language
from rag.assistant import Assistant
from ui.suggestions import Suggestions, _reads_well

ENGLISH = (
    "The harbour of Port Elden was built in 1874 by the Elden Company. Its lighthouse stands on the north pier.",
    "The harbour fee is 12 crowns a day. The crossing to the island takes 25 minutes.",
    "In 2022 the ferry carried 310,000 passengers. The new pier will cost 9.4 million crowns.",
    "The Maritime Museum holds more than 12,000 objects. The old crane is 78 metres high.",
)
CHINESE = (
    "埃尔登港由埃尔登公司在1874年建成。灯塔在北码头上。",
    "埃尔登港的泊位费是每天12克朗。渡轮到海岛需要25分钟。",
    "2022年，埃尔登港的渡轮运送旅客31万人次。埃尔登港的新码头将投资940万克朗。",
    "埃尔登海事博物馆收藏物品超过1.2万件。埃尔登港的老吊车高78米。",
)


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def assistant(language: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("suggestions")
    texts: Sequence[str] = ENGLISH if language == "en" else CHINESE
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(f"{text}\n", encoding="utf-8")
    with Assistant.create(folder / "library") as made:
        made.ingest(sorted(folder.glob("*.txt")))
        yield made


def test_a_library_of_either_language_has_four_examples_that_it_answers(
    assistant: Assistant, language: str
) -> None:
    found = Suggestions(assistant).examples("zh")
    assert len(found) == 4
    assert {detect_language(question) for question in found} == {language}
    assert [assistant.ask(question).status for question in found] == ["answered"] * 4
    assert not [question for question in found if "____" in question]


def test_an_answer_offers_what_its_passages_say_beside_it(assistant: Assistant, language: str) -> None:
    suggestions = Suggestions(assistant)
    asked = suggestions.examples(language)[0]
    offered = suggestions.follow_ups(assistant.ask(asked), [asked])
    assert 1 <= len(offered) <= 3
    assert asked not in offered


def test_the_interfaces_language_comes_first(assistant: Assistant, tmp_path: Path, language: str) -> None:
    other = CHINESE if language == "en" else ENGLISH
    (tmp_path / "other.txt").write_text("\n\n".join(other), encoding="utf-8")
    assistant.ingest(tmp_path / "other.txt")
    first = [detect_language(Suggestions(assistant).examples(of)[0]) for of in ("zh", "en")]
    assistant.library.remove(["other.txt"])
    assert first == ["zh", "en"]


def test_a_question_that_goes_on_with_another_figure_is_not_offered() -> None:
    assert not _reads_well("埃尔登港的码头有泊位多少个、吊车5台？")
    assert _reads_well("埃尔登港的码头有泊位、吊车共多少个？")
