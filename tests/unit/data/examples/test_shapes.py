"""The shapes people have their texts in: all of them become the same few things, and can be written and read again."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from loraloom.data.examples.read import parse, read
from loraloom.data.examples.write import to_jsonl
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message


def said(row: dict[str, Any]) -> tuple[list[tuple[str, str]], Example, str]:
    report = parse(json.dumps(row).encode(), "a.jsonl")
    assert not report.skipped, report.skipped
    (example,) = report.examples
    return [(m.role, m.content) for m in example.messages], example, report.formats[0]


ASKED = [("user", "Q"), ("assistant", "A")]
LED = [("system", "S"), *ASKED]
CONVERSATIONS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("alpaca", {"instruction": "Q", "output": "A"}, ASKED),
    ("alpaca", {"instruction": "Q", "input": "", "output": "A", "system": "S"}, LED),
    ("alpaca", {"instruction": "Q", "input": "I", "output": "A"}, [("user", "Q\n\nI"), ("assistant", "A")]),
    ("alpaca", {"Instruction": "Q", "Output ": "A", "input": None}, ASKED),
    (
        "alpaca",
        {"instruction": "Q2", "output": "A2", "history": [["Q", "A"]]},
        [*ASKED, ("user", "Q2"), ("assistant", "A2")],
    ),
    ("alpaca", {"prompt": "Q", "completion": "A"}, ASKED),
    ("alpaca", {"question": "Q", "answer": "A"}, ASKED),
    ("alpaca", {"input": "Q", "output": "A"}, ASKED),
    (
        "alpaca",
        {"prompt": [{"role": "user", "content": "Q"}], "completion": [{"role": "assistant", "content": "A"}]},
        ASKED,
    ),
    (
        "sharegpt",
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}], "system": "S"},
        LED,
    ),
    ("messages", {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}, ASKED),
    (
        "messages",
        {
            "messages": [
                {"role": "developer", "content": "S"},
                {"role": "User", "content": "Q"},
                {"role": "model", "content": "A"},
            ]
        },
        LED,
    ),
    (
        "messages",
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Q"}]},
                {"role": "assistant", "content": "A"},
            ],
            "text": "T",
        },
        ASKED,
    ),
]


@pytest.mark.parametrize(("shape", "row", "expected"), CONVERSATIONS)
def test_conversations(shape: str, row: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    turns, _, form = said(row)
    assert (turns, form) == (expected, shape)


PAIR = {"chosen": "C", "rejected": "R"}
HUMAN = "\n\nHuman: Q\n\nAssistant: "
PREFERENCES: list[dict[str, Any]] = [
    {"prompt": "Q", **PAIR},
    {"messages": [{"role": "user", "content": "Q"}], **PAIR},
    {
        "conversations": [{"from": "human", "value": "Q"}],
        "chosen": {"from": "gpt", "value": "C"},
        "rejected": {"from": "gpt", "value": "R"},
    },
    {
        "prompt": "Q",
        **{k: [{"role": "user", "content": "Q"}, {"role": "assistant", "content": v}] for k, v in PAIR.items()},
    },
    {
        "prompt": [{"role": "user", "content": "Q"}],
        **{k: [{"role": "assistant", "content": v}] for k, v in PAIR.items()},
    },
    {k: HUMAN + v for k, v in PAIR.items()},
]


@pytest.mark.parametrize("row", PREFERENCES)
def test_two_answers(row: dict[str, Any]) -> None:
    turns, example, form = said(row)
    assert (turns, example.chosen, example.rejected, form) == ([("user", "Q")], "C", "R", "preference")


def test_answers_to_different_questions_are_refused() -> None:
    row = {k: [{"role": "user", "content": k}, {"role": "assistant", "content": v}] for k, v in PAIR.items()}
    assert "different conversations" in parse(json.dumps(row).encode(), "a.jsonl").skipped[0].message


def test_calls_of_tools_in_both_styles_become_one() -> None:
    call = {"type": "function", "function": {"name": "weather", "arguments": {"town": "Bern"}}}
    openai = {
        "messages": [
            {"role": "user", "content": "Q"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"town": "Bern"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": "Sun"},
            {"role": "assistant", "content": "A"},
        ]
    }
    sharegpt = {
        "conversations": [
            {"from": "human", "value": "Q"},
            {"from": "function_call", "value": '{"name": "weather", "arguments": {"town": "Bern"}}'},
            {"from": "observation", "value": "Sun"},
            {"from": "gpt", "value": "A"},
        ]
    }
    _, first, _ = said(openai)
    _, second, _ = said(sharegpt)
    assert first.messages == second.messages
    assert first.messages[1].tool_calls == (call,)
    assert [m.role for m in first.messages] == ["user", "assistant", "tool", "assistant"]


EXAMPLES = [
    Example(
        messages=(
            Message(role="system", content="S"),
            Message(role="user", content="Q\n漢"),
            Message(role="assistant", content='A "x"'),
        )
    ),
    Example(
        messages=(
            Message(role="user", content="Q"),
            Message(
                role="assistant",
                tool_calls=({"type": "function", "function": {"name": "f", "arguments": {"a": [1, None]}}},),
            ),
        ),
        held_out=True,
    ),
    Example(text="One.\n\n# Two\n\u2028three"),
    Example(messages=(Message(role="user", content="Q"),), chosen="C", rejected="R"),
]


def test_what_is_written_is_read_back_equal() -> None:
    for some in (EXAMPLES[:3], EXAMPLES[3:]):
        report = parse(to_jsonl(some), "a.jsonl")
        assert not report.skipped and not report.warnings
        assert [e.model_copy(update={"file": "", "line": 0}) for e in report.examples] == some
        assert [e.line for e in report.examples] == list(range(1, len(some) + 1))


ROWS = [{"instruction": "Q1", "output": 'A, "1"\nand more'}, {"instruction": "Q2", "output": "A2"}]


def tables() -> dict[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), file, row_group_size=1)
    lines = "\n".join(json.dumps(row) for row in ROWS)
    return {
        "a.parquet": file.getvalue(),
        "a.csv": b'instruction,output\nQ1,"A, ""1""\nand more"\nQ2,A2\n',
        "a.tsv": b'Instruction\tOutput\nQ1\t"A, ""1""\nand more"\nQ2\tA2\n',
        "semicolons.csv": b'instruction;output\nQ1;"A, ""1""\nand more"\nQ2;A2\n',
        "a.json": json.dumps(ROWS, indent=2).encode(),
        "one line.json": json.dumps(ROWS).encode(),
        "inside.json": json.dumps({"version": 1, "data": ROWS}, indent=1).encode(),
        "stream.json": "\n".join(json.dumps(row, indent=2) for row in ROWS).encode(),
        "a.jsonl": lines.encode(),
        "lines.json": lines.encode(),
        "list.jsonl": json.dumps(ROWS).encode(),
        "windows.jsonl": b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode(),
        "pasted": lines.encode(),
        "pasted.txt": b'instruction,output\nQ1,"A, ""1""\nand more"\nQ2,A2\n',
        "no name": json.dumps(ROWS, indent=2).encode(),
    }


LINES = {
    "a.json": [2, 6],
    "inside.json": [4, 8],
    "stream.json": [1, 5],
    "a.csv": [2, 4],
    "a.tsv": [2, 4],
    "semicolons.csv": [2, 4],
    "pasted.txt": [2, 4],
    "no name": [2, 6],
    "one line.json": [1, 1],
    "list.jsonl": [1, 1],
}


@pytest.mark.parametrize("name", tables())
def test_every_format_says_the_same_with_its_lines(name: str) -> None:
    report = parse(tables()[name], name)
    assert not report.skipped and not report.warnings
    assert [(e.messages[0].content, e.messages[1].content) for e in report.examples] == [
        tuple(r.values()) for r in ROWS
    ]
    assert [e.line for e in report.examples] == LINES.get(name, [1, 2])
    assert {e.file for e in report.examples} == {name}


@pytest.mark.parametrize("text", ["Only words.\n\nAnd more, and more.", "# A title\n\n[a](b) and {c}", "[1] A note\n"])
def test_what_is_no_data_is_a_document(text: str) -> None:
    report = parse(text.encode(), "pasted")
    assert [e.text for e in report.examples] == [text.strip("\n")] and report.formats == ["text"]


def fill(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.txt").write_text("First.", encoding="utf-8")
    (folder / "b.md").write_text("# Second", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "train.jsonl").write_text('{"text": "Third."}', encoding="utf-8")
    (folder / "sub" / "validation.jsonl").write_text('{"text": "Fourth."}\n{"text": "First."}', encoding="utf-8")
    (folder / "README.md").write_text("About this.", encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / ".hidden.txt").write_text("x", encoding="utf-8")
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_folders_and_zips(packed: bool, tmp_path: Path) -> None:
    folder = fill(tmp_path / "texts")
    place = folder
    if packed:
        place = tmp_path / "texts.zip"
        with zipfile.ZipFile(place, "w") as zipped:
            for file in sorted(folder.rglob("*")):
                zipped.write(file, file.relative_to(folder).as_posix())
    seen: list[tuple[int, int]] = []
    report = read(str(place), lambda done, total: seen.append((done, total)))
    assert {e.text for e in report.examples} == {"First.", "# Second", "Third.", "Fourth."}
    assert {e.text for e in report.examples if e.held_out} == {"Fourth."}
    assert {e.file for e in report.examples} == {"a.txt", "b.md", "sub/train.jsonl", "sub/validation.jsonl"}
    reasons = {(note.file, note.reason) for note in report.skipped}
    assert reasons == {
        ("README.md", "unsupported"),
        ("photo.png", "unsupported"),
        ("sub/validation.jsonl", "duplicate"),
    }
    assert seen[-1] == (6, 6) and report.files == 6
    if packed:
        assert parse(place.read_bytes(), "texts.zip").examples == report.examples


def test_what_is_not_there_or_hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoomError, match="no file or folder") as caught:
        read(str(tmp_path / "gone.jsonl"))
    assert caught.value.code == "dataset_not_found"
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert read(str(tmp_path / "empty.jsonl")).skipped[0].reason == "empty_file"
    monkeypatch.setattr("loraloom.data.examples.read.MAX_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("../../out.jsonl", '{"text": "a"}')
        zipped.writestr("big.txt", b"a" * (2**20 + 1))
    report = read(str(tmp_path / "bomb.zip"))
    assert [e.text for e in report.examples] == ["a"] and report.skipped[0].reason == "too_long_line"
    assert {file.name for file in tmp_path.iterdir()} == {"empty.jsonl", "bomb.zip"}
    (tmp_path / "cut.zip").write_bytes((tmp_path / "bomb.zip").read_bytes()[:-40])
    assert "a zip archive" in read(str(tmp_path / "cut.zip")).skipped[0].message
