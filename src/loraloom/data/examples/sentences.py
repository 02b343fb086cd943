"""Every sentence that a line of a data file can get: the reason it is filed under, and the words. Once each."""

from __future__ import annotations

from typing import Any

from loraloom.spec.example import ExampleSkip, ExampleWarning, LineNote

Reason = ExampleSkip | ExampleWarning

SENTENCES: dict[str, tuple[Reason, str]] = {
    "json": ("bad_json", "not valid JSON at column {column} ({problem})."),
    "json_comma": ("bad_json", "a comma is missing at column {column}."),
    "json_colon": ("bad_json", "a colon is missing at column {column}, after a name."),
    "json_name": ("bad_json", "a name in double quotes is missing at column {column}."),
    "json_value": ("bad_json", "a value is missing at column {column}: a text in double quotes, a list or an object."),
    "json_escape": ("bad_json", "a backslash at column {column} has no meaning there; write two of them for one."),
    "json_tab": ("bad_json", "a tab stands inside a text at column {column}; write \\t instead."),
    "trailing_comma": ("bad_json", "a comma stands before {bracket}; delete it."),
    "missing_comma": ("bad_json", "a comma is missing between two examples."),
    "single_quotes": (
        "bad_json",
        "not valid JSON at column {column}: names and texts need double quotes, not single ones.",
    ),
    "open_text": ("bad_json", "a text that begins at column {column} has no closing quote on its line."),
    "cut_off": ("bad_json", "the file ends in the middle of an example; it was cut off, copy it again."),
    "second_value": ("bad_json", "something follows the example at column {column}; put each on a line of its own."),
    "too_deep": ("bad_json", "more brackets inside each other than can be read."),
    "rest_unread": (
        "bad_json",
        "the rest of the file after this mistake was not read; correct it and read the file again.",
    ),
    "after_list": ("bad_json", "something follows the end of the list; it was not read."),
    "cells": (
        "bad_csv",
        "the header has {expected} cells and this line {found}; put texts with commas in double quotes.",
    ),
    "csv": ("bad_csv", "not valid CSV ({problem}); close every double quote, and double those inside a text."),
    "no_header": (
        "unknown_shape",
        "the header names no column that is read (found {found}); name them instruction and output, or text.",
    ),
    "parquet": (
        "bad_parquet",
        "This parquet file is damaged or cut off ({problem}); copy it again from where it came.",
    ),
    "needs_pyarrow": ("unsupported", "Parquet needs the package pyarrow: pip install 'loraloom[text]'."),
    "binary": ("not_text", "This is {kind}, not text, whatever its name says; save the texts as .jsonl, .csv or .txt."),
    "pointer": ("not_text", "This is a Git LFS pointer, not the data itself; fetch it with git lfs pull."),
    "utf16": ("not_text", "This seems to be UTF-16 without its mark; save the file as UTF-8."),
    "too_long": (
        "too_long_line",
        "{size} MB long, and one example may have {limit} MB; split it, or give it as a .txt file.",
    ),
    "too_large": ("too_long_line", "This file is larger than {limit} MB; split it."),
    "too_many": ("unsupported", "More than {limit} examples; the rest was not read."),
    "empty_file": ("empty_file", "This file is empty; write examples into it or take it out."),
    "no_rows": ("empty_file", "This file holds no examples."),
    "columns": ("unknown_shape", "no name in it is one that is read (found {found}); see the shapes in docs/texts.md."),
    "no_shape": ("unknown_shape", "an example must be an object in {{ }}, and this is {found}."),
    "mixed": ("unknown_shape", "one answer where most examples have two; one data set learns from one kind."),
    "mixed_pairs": ("unknown_shape", "two answers where most examples have one; one data set learns from one kind."),
    "prompt_differs": (
        "unknown_shape",
        "`chosen` and `rejected` answer different conversations; both must answer the same.",
    ),
    "one_of_two": ("no_answer", "`{key}` is missing beside `{other}`."),
    "same_answers": ("no_answer", "`chosen` and `rejected` say the same; nothing can be learned from it."),
    "role": ("unknown_role", "message {number} has the role {role}; known are system, user, assistant and tool."),
    "no_role": ("unknown_role", "message {number} does not say who speaks; give it a `role`."),
    "answer_first": ("role_order", "the answer (message {number}) comes before any question."),
    "system_late": ("role_order", "message {number} is a system prompt, which belongs at the beginning."),
    "twice": (
        "role_order",
        "messages {before} and {number} are both from the {role}; join them or put the other's turn between.",
    ),
    "tool_alone": ("role_order", "message {number} is a tool's result that no answer asked for."),
    "no_answer": ("no_answer", "a question (`{key}`) without an answer; looked for {looked}."),
    "no_question": ("unknown_shape", "an answer (`{key}`) without a question; looked for {looked}."),
    "ends_open": ("no_answer", "the conversation ends with the {role}'s turn, so nothing answers it."),
    "ends_answered": ("role_order", "the conversation before `chosen` and `rejected` must end with the user's turn."),
    "nobody_answers": ("no_answer", "nobody answers in this conversation."),
    "empty_answer": ("empty_answer", "the answer (`{key}`) is empty."),
    "empty_message": ("empty_answer", "the answer in message {number} is empty."),
    "empty_question": ("wrong_type", "the question ({key}) is empty."),
    "empty_text": ("empty_answer", "the text (`{key}`) is empty."),
    "empty_list": ("no_answer", "`{key}` is an empty list."),
    "not_text": ("wrong_type", "`{key}` is {found} where a text should be."),
    "number": ("wrong_type", "`{key}` is {found} where a text should be; put it in double quotes."),
    "not_list": ("wrong_type", "`{key}` is {found} where a list of messages should be."),
    "not_message": ("wrong_type", "message {number} is {found} where an object with role and content should be."),
    "content": ("wrong_type", "the content of message {number} is {found} where a text should be."),
    "no_content": ("wrong_type", "message {number} has no content."),
    "picture": ("unsupported", "message {number} holds {kind}; only texts are learned from."),
    "tool_calls": ("wrong_type", "the tool call in message {number} is not an object with a name and arguments."),
    "history": ("wrong_type", "`history` is not a list of pairs of a question and an answer."),
    "answer_cut": ("no_answer", "nothing of the answer is left after {limit} tokens; raise dataset.max_length."),
    "not_shown": ("no_answer", "the model's chat template shows nothing of the answer."),
    "refused": ("role_order", "the model's chat template refuses this conversation ({problem})."),
    "duplicate": ("duplicate", "says the same as {place}; raise dataset.repeats to count it more often."),
    "duplicate_id": ("duplicate_id", "its id {id} was used in line {first}; only the first one is taken."),
    "kind": ("unsupported", "{kind} are not read; of data files json, jsonl, csv, parquet, txt, md and zip are."),
    "about": ("unsupported", "Describes the data beside it; not learned from."),
    "file": ("unsupported", "{problem}"),
    "more": ("unsupported", "{count} more lines of this file were skipped for reasons such as these."),
    "encoding": ("encoding", "not UTF-8, read as {encoding}; save the file as UTF-8 if letters look wrong."),
    "duplicate_key": ("duplicate_key", "`{key}` stands twice in one object; the last one counts."),
    "empty_lines": ("empty_line", "{count} empty lines, this one first; they are passed over."),
    "unused": ("unused_column", "Not used: {columns}."),
    "tools_unused": (
        "unused_column",
        "Descriptions of tools (`tools`) are not shown to the model; put them into the system prompt.",
    ),
}
"""By name. `LineNote.values` holds that name as `says` and what stands in the braces, for translation."""

FOUND: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def found(value: object) -> str:
    """What `value` is, in a sentence."""
    return "nothing (null)" if value is None else FOUND.get(type(value), "something else")


class Unfit(Exception):
    """This example or file is not taken. Never leaves `loraloom.data`."""

    def __init__(self, says: str, **values: Any) -> None:
        super().__init__(says)
        self.says = says
        self.values = values


def note(file: str, line: int, says: str, values: dict[str, Any], unit: str = "Line") -> LineNote:
    """The note with sentence `says` for one line (or row) of `file`; line 0 is the file itself."""
    reason, words = SENTENCES[says]
    text = words.format(**values)
    message = f"{unit} {line}: {text}" if line else text[:1].upper() + text[1:]
    return LineNote(file=file, line=line, reason=reason, message=message, values={"says": says, "line": line} | values)
