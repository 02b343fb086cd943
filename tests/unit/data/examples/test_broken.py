"""Broken data files: each gives a sentence with the line, and what is whole in it is still taken."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass

import pytest

from loraloom.data.examples.gather import MAX_NOTES
from loraloom.data.examples.read import parse
from loraloom.data.examples.sentences import SENTENCES

GOOD = '{"instruction": "Who?", "output": "Me."}'
LAST = '{"instruction": "Where?", "output": "Here."}'


def chat(*turns: tuple[str, str]) -> str:
    return json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]})


def parquet(rows: int) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table({"instruction": [f"q{i}" for i in range(rows)], "output": ["a"] * rows}), file)
    return file.getvalue()


@dataclass(frozen=True)
class Broken:
    """A file, how many of its examples can be taken, and what is said of the rest: line, reason, words."""

    name: str
    content: str | bytes
    taken: int
    line: int
    reason: str
    words: str


BROKEN = [
    Broken(
        "a.jsonl",
        f'{GOOD}\n{{"instruction": "a" "output": "b"}}\n{LAST}',
        2,
        2,
        "bad_json",
        "comma is missing at column 21",
    ),
    Broken("a.jsonl", f'{GOOD}\n{{"instruction" "a", "output": "b"}}', 1, 2, "bad_json", "colon is missing"),
    Broken("a.jsonl", f'{GOOD}\n{{instruction: "a"}}', 1, 2, "bad_json", "name in double quotes is missing"),
    Broken("a.jsonl", f'{GOOD}\n{{"instruction": }}', 1, 2, "bad_json", "value is missing"),
    Broken("a.jsonl", f"{GOOD}\n{{'instruction': 'a'}}", 1, 2, "bad_json", "not single ones"),
    Broken("a.jsonl", f'{GOOD}\n{{"text": "C:\\dir"}}', 1, 2, "bad_json", "backslash"),
    Broken("a.jsonl", f'{GOOD}\n{{"text": "a\tb"}}', 1, 2, "bad_json", "write \\t"),
    Broken("a.jsonl", f'{GOOD}\n{{"instruction": "a", "outp', 1, 2, "bad_json", "no closing quote"),
    Broken(
        "a.jsonl", f'{GOOD}\n{{"instruction": "a", "output": "b",}}\n{LAST}', 2, 2, "bad_json", "comma stands before }"
    ),
    Broken("a.jsonl", f"{LAST}\n{GOOD} {GOOD}", 1, 2, "bad_json", "each on a line of its own"),
    Broken("a.jsonl", f'{GOOD}\n{{"text": {"[" * 100_000}', 1, 2, "bad_json", "more brackets"),
    Broken("a.jsonl", f'{GOOD}\n{{"text": {"9" * 5000}}}', 1, 2, "bad_json", "digits"),
    Broken("a.json", f"[\n{GOOD},\n{LAST},\n]\n", 2, 3, "bad_json", "comma stands before ]"),
    Broken("a.json", f"[\n{GOOD}\n{LAST}\n]\n", 2, 3, "bad_json", "comma is missing between"),
    Broken("a.json", f'[\n{GOOD},\n{{"instruction": "a", "out', 1, 3, "bad_json", "ends in the middle"),
    Broken("a.json", f"[\n{GOOD},\n{LAST}\n", 2, 3, "bad_json", "ends in the middle"),
    Broken("a.json", f"[\n{GOOD}\n]\n{LAST}", 1, 4, "bad_json", "follows the end of the list"),
    Broken(
        "a.json",
        '[\n {\n  "text": "a"\n },\n {\n  "text": "b"\n  "id": 1\n },\n {\n  "text": "c"\n }\n]',
        2,
        7,
        "bad_json",
        "comma",
    ),
    Broken("a.json", f'[{GOOD}, {{"text" 1}}, {LAST}]', 1, 1, "bad_json", "colon is missing"),
    Broken(
        "a.json", f'{{\n "data": [\n  {GOOD},\n  {{"instruction": "a"}}\n ]\n}}', 1, 4, "no_answer", "without an answer"
    ),
    Broken("a.json", '{"version": 3, "rate": [1]}', 0, 1, "unknown_shape", "found `version`, `rate`"),
    Broken(
        "a.jsonl",
        f'{GOOD}\n{{"instruction": "a", "output": "{"y" * 10_000_000}"}}\n{LAST}',
        2,
        2,
        "too_long_line",
        "10.0 MB",
    ),
    Broken("a.jsonl", f'{GOOD}\n"only text"\n[1, 2]', 1, 2, "unknown_shape", "an object in { }, and this is a text"),
    Broken(
        "a.jsonl",
        f"{GOOD}\n{chat(('user', 'a'), ('narrator', 'b'))}",
        1,
        2,
        "unknown_role",
        "message 2 has the role 'narrator'",
    ),
    Broken("a.jsonl", '{"messages": [{"content": "a"}]}', 0, 1, "unknown_role", "who speaks"),
    Broken("a.jsonl", f"{GOOD}\n{chat(('assistant', 'a'), ('user', 'b'))}", 1, 2, "role_order", "before any question"),
    Broken(
        "a.jsonl",
        chat(("user", "a"), ("user", "b"), ("assistant", "c")),
        0,
        1,
        "role_order",
        "1 and 2 are both from the user",
    ),
    Broken("a.jsonl", chat(("user", "a"), ("assistant", "b"), ("system", "c")), 0, 1, "role_order", "at the beginning"),
    Broken(
        "a.jsonl", chat(("user", "a"), ("tool", "b"), ("assistant", "c")), 0, 1, "role_order", "no answer asked for"
    ),
    Broken(
        "a.jsonl",
        chat(("user", "a"), ("assistant", "b"), ("user", "c")),
        0,
        1,
        "no_answer",
        "ends with the user's turn",
    ),
    Broken("a.jsonl", chat(("system", "a"), ("user", "b")), 0, 1, "no_answer", "nobody answers"),
    Broken("a.jsonl", f'{GOOD}\n{{"instruction": "a", "output": " \\n"}}', 1, 2, "empty_answer", "`output`) is empty"),
    Broken("a.jsonl", chat(("user", "a"), ("assistant", "")), 0, 1, "empty_answer", "message 2 is empty"),
    Broken("a.jsonl", '{"instruction": "", "output": "a"}', 0, 1, "wrong_type", "question (`instruction`) is empty"),
    Broken("a.jsonl", '{"messages": "hello"}', 0, 1, "wrong_type", "`messages` is a text where a list"),
    Broken("a.jsonl", '{"messages": [1]}', 0, 1, "wrong_type", "message 1 is a number"),
    Broken("a.jsonl", '{"messages": []}', 0, 1, "no_answer", "empty list"),
    Broken(
        "a.jsonl",
        f'{GOOD}\n{{"instruction": "a", "output": 42}}',
        1,
        2,
        "wrong_type",
        "`output` is a number .* double quotes",
    ),
    Broken(
        "a.jsonl",
        '{"conversations": [{"from": "human", "value": 3}]}',
        0,
        1,
        "wrong_type",
        "content of message 1 is a number",
    ),
    Broken(
        "a.jsonl",
        '{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}',
        0,
        1,
        "unsupported",
        "'image_url'",
    ),
    Broken(
        "a.jsonl",
        '{"messages": [{"role": "assistant", "tool_calls": [7]}]}',
        0,
        1,
        "wrong_type",
        "tool call in message 1",
    ),
    Broken("a.jsonl", '{"instruction": "a", "output": "b", "history": [["x"]]}', 0, 1, "wrong_type", "`history`"),
    Broken("a.jsonl", f"{GOOD}\n{GOOD}", 1, 2, "duplicate", "the same as line 1"),
    Broken(
        "a.jsonl",
        '{"id": 7, "text": "a"}\n{"id": 8, "text": "b"}\n{"id": 7, "text": "c"}',
        2,
        3,
        "duplicate_id",
        "id 7 was used in line 1",
    ),
    Broken("a.jsonl", '{"prompt": "a", "chosen": "b"}', 0, 1, "no_answer", "`rejected` is missing"),
    Broken("a.jsonl", '{"prompt": "a", "chosen": "b", "rejected": "b"}', 0, 1, "no_answer", "say the same"),
    Broken("a.jsonl", '{"chosen": "a", "rejected": "b"}', 0, 1, "unknown_shape", "without a question"),
    Broken(
        "a.jsonl",
        f'{GOOD}\n{LAST}\n{{"prompt": "a", "chosen": "b", "rejected": "c"}}',
        2,
        3,
        "unknown_shape",
        "two answers where",
    ),
    Broken("a.csv", "name,age\nBo,3\n", 0, 1, "unknown_shape", "found `name`, `age`"),
    Broken("a.csv", "instruction,output\nWho, are you,Me\nok,fine\n", 1, 2, "bad_csv", "2 cells and this line 3"),
    Broken("a.csv", 'instruction,output\nok,fine\n"Who,Me\n', 1, 3, "bad_csv", "double quote"),
    Broken("a.csv", "instruction,output\n", 0, 0, "empty_file", "no examples"),
    Broken("a.parquet", parquet(500)[:-400], 0, 0, "bad_parquet", "cut off"),
    Broken("a.parquet", b"version https://git-lfs.github.com/spec/v1\n", 0, 0, "not_text", "Git LFS"),
    Broken("a.jsonl", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 0, 0, "not_text", "a PNG picture"),
    Broken("a.jsonl", b"\x00\x01\x02\x03" * 99, 0, 0, "not_text", "unknown kind"),
    Broken("a.jsonl", GOOD.encode("utf-16-le"), 0, 0, "not_text", "UTF-16"),
    Broken("a.jsonl", "<!doctype html><html></html>", 0, 0, "not_text", "HTML"),
    Broken("a.jsonl", b"", 0, 0, "empty_file", "This file is empty"),
    Broken("a.md", " \n\t\n", 0, 0, "empty_file", "This file is empty"),
    Broken("a.json", "[]", 0, 0, "empty_file", "no examples"),
]


def test_there_are_enough() -> None:
    assert len(BROKEN) > 50
    assert len({one.reason for one in BROKEN}) > 12


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.name}-{b.words[:30]}")
def test_a_sentence_with_the_line(broken: Broken) -> None:
    content = broken.content.encode() if isinstance(broken.content, str) else broken.content
    report = parse(content, broken.name)
    assert len(report.examples) == broken.taken
    note = report.skipped[0]
    assert (note.file, note.line, note.reason) == (broken.name, broken.line, broken.reason), note.message
    assert note.message.startswith(f"Line {broken.line}: " if broken.line else "This ")
    assert note.message.endswith(".") and len(note.message) < 250
    escaped = broken.words if ".*" in broken.words or "|" in broken.words else re.escape(broken.words)
    assert re.search(escaped, note.message), note.message
    assert SENTENCES[note.values["says"]][0] == note.reason


def test_one_line_in_another_encoding_is_named_and_the_others_stay_as_they_are() -> None:
    lines = ['{"text": "grün"}'.encode(), '{"text": "früh"}'.encode("latin-1"), '{"text": "漢字"}'.encode()]
    report = parse(b"\n".join(lines), "a.jsonl")
    assert [example.text for example in report.examples] == ["grün", "früh", "漢字"]
    assert [(note.line, note.reason) for note in report.warnings] == [(2, "encoding")]
    assert "CP1252" in report.warnings[0].message


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-8-sig", "latin-1"])
def test_a_file_in_another_encoding_is_read(encoding: str) -> None:
    word = "früh" if encoding == "latin-1" else "世界很大"
    report = parse(f"instruction,output\nHello,Hi\nWhat,{word}\n".encode(encoding), "a.csv")
    assert [example.messages[1].content for example in report.examples] == ["Hi", word]
    assert [note.line for note in report.warnings] == ([3] if encoding in ("gbk", "latin-1") else [])


def test_what_is_noticed_and_taken_all_the_same() -> None:
    text = f'{GOOD}\n\n\n{{"text": "a", "text": "b"}}\n{{"text": "c", "source": "web", "tools": [1]}}\n\n'
    report = parse(text.encode(), "a.jsonl")
    assert [e.text for e in report.examples] == ["", "b", "c"]
    said = {note.reason: (note.line, note.message) for note in report.warnings if "tools" not in note.message}
    assert said["empty_line"] == (2, "Line 2: 2 empty lines, this one first; they are passed over.")
    assert said["duplicate_key"][0] == 4 and said["unused_column"] == (0, "Not used: `source`.")
    assert any("not shown to the model" in note.message for note in report.warnings)


def test_what_no_database_can_hold_is_taken_out() -> None:
    report = parse(b'{"text": "a\\ud800b\\u0000c\\ufdd0d\\r\\ne"}', "a.jsonl")
    assert report.examples[0].text == "a\ufffdbcd\ne"


def test_long_lists_of_mistakes_are_counted() -> None:
    report = parse(b"{\n" * 500, "a.jsonl")
    assert len(report.skipped) == MAX_NOTES + 1
    assert report.skipped[-1].values["count"] == 400
