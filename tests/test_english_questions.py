"""English questions from sentences: natural where the form is plain, none where it is not."""

from __future__ import annotations

import pytest

from rag.candidates import find_candidates
from rag.evaluation.english_questions import ask_for

ASKED = ("money", "percent", "quantity", "duration", "date")


def asked(sentence: str, answer: str) -> str:
    start = sentence.index(answer)
    candidate = next(c for c in find_candidates(sentence) if c.start == start and c.kind in ASKED)
    return ask_for(sentence, candidate.start, candidate.end, candidate.kind)


@pytest.mark.parametrize(
    ("sentence", "answer", "question"),
    [
        ("Net profit was RMB 236 million.", "RMB 236 million", "What was net profit?"),
        ("The fare is 20 yuan, or 10 for children.", "20 yuan", "What is the fare?"),
        (
            "Revenue in 2023 was RMB 1.61 billion, up 29.8% from 2022.",
            "RMB 1.61 billion",
            "What was revenue in 2023?",
        ),
        ("The plant will cost RMB 740 million.", "RMB 740 million", "How much will the plant cost?"),
        ("The recall cost about RMB 9.4 million.", "RMB 9.4 million", "How much did the recall cost?"),
        ("The crossing takes 25 minutes.", "25 minutes", "How long does the crossing take?"),
        ("The old bridge is 46 metres long.", "46 metres", "How long is the old bridge?"),
        (
            "In 2023 the Chenghu ferry company carried 268,000 people across the lake.",
            "268,000",
            "How many people did the Chenghu ferry company carry across the lake in 2023?",
        ),
        (
            "Linlan Museum holds more than 12,000 objects.",
            "12,000",
            "How many objects does Linlan Museum hold?",
        ),
        (
            "The lighthouse of Port Elden was built in 1874.",
            "1874",
            "When was the lighthouse of Port Elden built?",
        ),
        (
            "Construction of the second plant began on 8 May 2023.",
            "8 May 2023",
            "When did construction of the second plant begin?",
        ),
        (
            "The yard shipped 128,000 harmonic drives in May, half of them abroad.",
            "128,000",
            "How many harmonic drives did the yard ship in May?",
        ),
        ("Luo Jincheng will retire in June 2024.", "June 2024", "When will Luo Jincheng retire?"),
    ],
)
def test_a_plain_sentence_becomes_a_question_that_people_ask(
    sentence: str, answer: str, question: str
) -> None:
    assert asked(sentence, answer) == question


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("We shipped 128,000 drives, one third of them abroad.", "128,000"),
        ("Since April 2024 there have been 16 round trips a day.", "16"),
        ("The harbour zigzagged 12 times.", "12"),
        ("What nobody knew was 42 metres.", "42 metres"),
        ("The gantry crane in the old shipyard, built in 1967 and repainted.", "1967"),
        ("The ferry that was lost carried 90 people.", "90"),
    ],
)
def test_other_forms_give_nothing(sentence: str, answer: str) -> None:
    assert asked(sentence, answer) == ""
