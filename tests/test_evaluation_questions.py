"""Questions files: every form that is read, and a clear line for everything that is not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import QuestionsError
from rag.evaluation.questions import Question, question_dict, read_questions, write_questions

CSV = (
    "id,question,answers,documents,evidence,type,language\r\n"
    'a1,临江镇有多少家工厂？,12家|十二家,report.txt,"镇上有12家工厂，都在河边",fact,zh\r\n'
    "a2,What is made there?,paper|ink,,,list,en\r\n"
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_only_the_question_is_required_and_the_rest_follows_from_it(tmp_path: Path) -> None:
    path = write(
        tmp_path, "q.jsonl", '{"question": "临江镇在哪里？"}\n\n{"question": "Who?", "answers": ["Li"]}\n'
    )
    first, second = read_questions(path).questions
    assert (first.language, first.type, first.answers, first.measured) == ("zh", "", None, False)
    assert (second.language, second.type, second.answers, second.measured) == ("en", "fact", ("Li",), True)
    assert first.id != second.id


def test_made_ids_and_the_fingerprint_do_not_depend_on_the_order(tmp_path: Path) -> None:
    lines = ['{"question": "甲？"}', '{"question": "乙？"}', '{"question": "甲？"}']
    forth = read_questions(write(tmp_path, "a.jsonl", "\n".join(lines)))
    back = read_questions(write(tmp_path, "b.jsonl", "\n".join(reversed(lines))))
    assert {q.id for q in forth.questions} == {q.id for q in back.questions}
    assert forth.fingerprint == back.fingerprint
    assert len({q.id for q in forth.questions}) == 3


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", ""), ("utf-8-sig", ""), ("gb18030", "GB18030"), ("utf-16", "UTF-16")],
)
def test_csv_is_read_in_the_encodings_that_excel_writes(tmp_path: Path, encoding: str, note: str) -> None:
    found = read_questions(write(tmp_path, "q.csv", CSV.encode(encoding)))
    first, second = found.questions
    assert first.answers == ("12家", "十二家")
    assert first.evidence == ("镇上有12家工厂，都在河边",)
    assert (second.type, second.answers, second.in_parts) == ("list", ("paper", "ink"), True)
    assert found.notes == ((f"q.csv was read as {note}",) if note else ())


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_with_any_of_excels_separators(tmp_path: Path, separator: str) -> None:
    text = separator.join(("question", "answers")) + "\n" + separator.join(("几家？", "三家")) + "\n"
    assert read_questions(write(tmp_path, "q.csv", text)).questions[0].answers == ("三家",)


def test_an_unanswerable_csv_row_has_known_empty_answers(tmp_path: Path) -> None:
    path = write(tmp_path, "q.csv", "question,type,answers\n谁是镇长？,unanswerable,\n谁？,,\n")
    known, unknown = read_questions(path).questions
    assert (known.answers, known.unanswerable, known.measured) == ((), True, True)
    assert (unknown.answers, unknown.measured) == (None, False)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.jsonl", '{"question": "好？"}\n{"question": }\n', "line 2, column 14: no JSON"),
        ("q.jsonl", '{"question": "好？"}\n["好"]\n', "line 2: expected an object"),
        ("q.jsonl", '{"answers": ["a"]}\n', 'line 1, column "question": Field required'),
        ("q.jsonl", '{"question": "  "}\n', 'line 1, column "question": String should have at least 1'),
        ("q.jsonl", '{"question": "a?", "evidence": ["x", {}]}\n', 'line 1, column "evidence": item 2:'),
        (
            "q.jsonl",
            '{"question": "a?", "type": "unanswerable", "answers": ["b"]}\n',
            "but there are answers",
        ),
        (
            "q.jsonl",
            '{"id": "x", "question": "a?"}\n{"id": "x", "question": "b?"}\n',
            '"x" is used in line 1 already',
        ),
        ("q.csv", "question,answers\n几家？,三家,四家\n", "line 2, column 3: 3 cells"),
        ("q.csv", 'question\n"几家？\n', "line 2: no CSV"),
        ("q.csv", "frage,antwort\na,b\n", 'no column "question" among: frage, antwort'),
        ("q.jsonl", "", "holds no question"),
        ("q.jsonl", b'{"question": "\xff\xff\xff"}', "line 1: neither UTF-8 nor GB18030"),
        ("q.json", '{"data": [{"title": "x"}]}', "article 1 is not as in SQuAD"),
        ("q.json", "{", "no JSON"),
        ("q.jsonl", "[" * 100_000, "line 1: nested too deeply"),
    ],
)
def test_a_bad_line_is_named_by_number_and_column(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(QuestionsError) as error:
        read_questions(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_what_is_no_file_is_said_to_be_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(QuestionsError, match=r"does not exist|is a folder"):
        read_questions(tmp_path / name)


def test_a_gzip_cut_in_half_is_an_error_of_one_line(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"question": "a?"}\n' * 100)
    with pytest.raises(QuestionsError, match="could not be read"):
        read_questions(write(tmp_path, "q.jsonl.gz", packed[: len(packed) // 2]))


def test_skip_bad_leaves_bad_lines_out_and_lists_them(tmp_path: Path) -> None:
    path = write(tmp_path, "q.jsonl", '{"question": "甲？"}\nnonsense\n{"question": "乙？"}\n')
    found = read_questions(path, skip_bad=True)
    assert [q.question for q in found.questions] == ["甲？", "乙？"]
    assert [problem.line for problem in found.skipped] == [2]


def test_an_unknown_column_is_left_aside_with_a_hint(tmp_path: Path) -> None:
    path = write(tmp_path, "q.jsonl", '{"question": "a?", "anwsers": ["b"]}\n')
    assert read_questions(path).notes == (
        'column "anwsers" is not known and was left aside; did you mean "answers"?',
    )


@pytest.mark.parametrize(
    ("spelt", "kind"),
    [
        ("Unanswerable", "unanswerable"),
        ("multi-hop", "multi_hop"),
        ("Multi hop", "multi_hop"),
        ("ＬＩＳＴ", "list"),
        ("Table-B", "Table-B"),  # a type of one's own
    ],
)
def test_a_type_that_is_measured_otherwise_counts_however_it_is_spelt(
    tmp_path: Path, spelt: str, kind: str
) -> None:
    found = read_questions(write(tmp_path, "q.csv", f"question,type,answers\n几家？,{spelt},\n"))
    assert (found.questions[0].type, found.notes) == (kind, ())
    assert found.questions[0].answers == (() if kind == "unanswerable" else None)


@pytest.mark.parametrize(
    ("spelt", "near"), [("multihop", "multi_hop"), ("lists", "list"), ("unaswerable", "unanswerable")]
)
def test_a_type_that_is_nearly_one_is_left_with_a_hint(tmp_path: Path, spelt: str, near: str) -> None:
    lines = [{"question": f"{n}?", "type": kind} for n in range(2) for kind in (spelt, "fact", "table")]
    lines.append({"question": "Who?", "type": "answerable", "answers": ["Li"]})
    path = write(tmp_path, "q.jsonl", "\n".join(map(json.dumps, lines)))
    assert read_questions(path).notes == (
        f'type "{spelt}" (2 questions) changes nothing; did you mean "{near}"?',
    )


SQUAD = {
    "version": "1.1",
    "data": [
        {
            "title": "临江/镇",
            "paragraphs": [
                {
                    "context": "临江镇在河边。镇上有12家工厂。",
                    "qas": [
                        {
                            "id": "s1",
                            "question": "几家工厂？",
                            "answers": [{"text": "12家", "answer_start": 10}] * 2,
                        },
                        {"id": "s2", "question": "镇长是谁？", "is_impossible": True, "answers": []},
                    ],
                },
                {"context": "The mill opened in 1931. It makes paper.", "qas": []},
            ],
        },
        {
            "title": "临江:镇",
            "paragraphs": [
                {
                    "context": "它造纸。",
                    "qas": [
                        {"id": "s3", "question": "造什么？", "answers": [{"text": "纸", "answer_start": 0}]}
                    ],
                }
            ],
        },
    ],
}


@pytest.mark.parametrize("packed", [False, True])
def test_squad_gives_one_text_per_article_and_the_sentence_as_evidence(
    tmp_path: Path, *, packed: bool
) -> None:
    content = json.dumps(SQUAD, ensure_ascii=False).encode()
    path = write(tmp_path, "s.json.gz" if packed else "s.json", gzip.compress(content) if packed else content)
    found = read_questions(path)
    first, impossible, misplaced = found.questions
    assert (first.id, first.answers, first.type) == ("s1", ("12家",), "fact")
    assert first.evidence == ("镇上有12家工厂。",)
    assert (impossible.unanswerable, impossible.documents) == (True, ())
    assert misplaced.evidence == ("它造纸。",)  # the offset in the file is wrong, the answer is looked up
    assert len(found.texts) == 2
    assert all("/" not in name and ":" not in name for name in found.texts)
    assert (
        found.texts[first.documents[0]]
        == "临江镇在河边。镇上有12家工厂。\n\nThe mill opened in 1931. It makes paper.\n"
    )


names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)


@given(question=names, answers=st.lists(names, max_size=3), evidence=st.lists(names, max_size=2))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, question: str, answers: list[str], evidence: list[str]
) -> None:
    path = tmp_path_factory.mktemp("q") / "q.jsonl"
    made = Question(
        id="x",
        question=question,
        answers=tuple(answers),
        evidence=tuple(evidence),
        type="fact",
        language="zh",
    )
    write_questions(path, [made])
    assert read_questions(path).questions == (made,)
    assert "history" not in question_dict(made)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(QuestionsError, match="cannot be written: No such file"):
        write_questions(tmp_path / "none" / "q.jsonl", [])
