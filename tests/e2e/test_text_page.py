"""Texts in a real browser, in English and in Chinese: paste, correct, check, choose, start, watch, chat."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from loraloom import presets
from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served
from tests.tiny_text import tiny_text_base

PRESET = "text-demo"
BROKEN = '{"instruction": "What is broken here?"}'
QUESTIONS = {"en": "Which colour has the door?", "zh": "门是什么颜色？"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that knows a tiny language model, and no other that would have to be converted first."""
    home = tmp_path_factory.mktemp("served")
    base = tiny_text_base(home / "tiny")
    served = Served(home / "home", "--no-warm").start()
    served.post("/api/models", {"source": str(base), "name": "Tiny Llama"})
    yield served
    served.stop()


def pairs(language: str) -> list[str]:
    return [
        json.dumps(
            {"instruction": f"{QUESTIONS[language]} {number}", "output": f"{number}: blue 蓝"}, ensure_ascii=False
        )
        for number in range(8)
    ]


def paste(page: Page, language: str) -> None:
    """An empty set of texts; what is pasted has a line that cannot be learned, which is said and corrected."""
    page.goto("/datasets")
    page.get_by_role("button", name=word(language, "datasets:newTexts")).first.click()
    page.wait_for_url(re.compile(r"/datasets/\w{16}"))
    page.get_by_role("button", name=word(language, "texts:add.paste")).click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_role("textbox", name=word(language, "texts:paste.label"))
    lines = pairs(language)
    field.fill("\n".join([*lines[:2], BROKEN, *lines[2:]]))
    dialog.get_by_role("button", name=word(language, "texts:paste.action")).click()
    expect(dialog.get_by_text(word(language, "texts:notes.line", line=3), exact=True)).to_be_visible(timeout=20_000)
    field.fill("\n".join(lines))
    dialog.get_by_role("button", name=word(language, "texts:paste.action")).click()
    duplicates = word(language, "texts:paste.duplicates_other").replace("{{count, number}}", "8")
    expect(dialog.get_by_text(duplicates, exact=False)).to_be_visible(timeout=20_000)
    dialog.get_by_role("button", name=word(language, "common:action.close")).last.click()


def edit(page: Page, language: str) -> None:
    """An example is changed in its place; half of it is still there after the page was closed."""
    page.get_by_role("button", name=word(language, "texts:edit.one", number=1), exact=True).click()
    name = word(language, "texts:turn.says", number=2, role=word(language, "texts:role.assistant"))
    page.get_by_role("textbox", name=name).fill("The door is green. 绿色")
    page.reload()
    field = page.get_by_role("textbox", name=name)
    expect(field).to_have_value("The door is green. 绿色")
    field.press("Control+Enter")
    expect(page.get_by_role("button", name="The door is green. 绿色")).to_be_visible(timeout=20_000)


def check(page: Page, language: str) -> None:
    """What the model sees of the example, with what it learns marked."""
    expect(page.get_by_text(word(language, "texts:check.notCut"))).to_be_visible(timeout=30_000)
    page.get_by_role("button", name=word(language, "texts:preview.one", number=1), exact=True).click()
    seen = page.get_by_role("dialog").get_by_role("region", name=word(language, "texts:preview.title"))
    expect(seen.locator("mark").first).to_contain_text("The door is green.", timeout=30_000)
    expect(seen).to_contain_text("<|im_start|>user")
    page.keyboard.press("Escape")


def label_of(server: Served, key: str, language: str) -> str:
    """The name of a setting of a text run on the form, which is made from the schema."""
    schema = server.get("/api/config/schema")

    def resolved(part: dict[str, Any]) -> dict[str, Any]:
        return schema["$defs"][part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part

    group, name = key.split(".")
    run = resolved({"$ref": schema["discriminator"]["mapping"]["causal_lm"]})
    field = resolved(run["properties"][group])["properties"][name]
    return str(field["title"] if language == "en" else field["x-zh"]["label"])


def start(server: Served, page: Page, language: str) -> str:
    page.get_by_role("link", name=word(language, "datasets:train")).click()
    page.wait_for_url(re.compile(r"/runs/new"))
    expect(page.locator("input[name=kind][value=texts]")).to_be_checked(timeout=20_000)
    preset = presets.read(PRESET)
    page.get_by_role("radio", name=preset.title if language == "en" else preset.zh.title).check(force=True)
    page.get_by_role("combobox", name=word(language, "newRun:name.base")).click()
    page.get_by_role("option", name=re.compile("Tiny Llama")).click()
    page.get_by_text(word(language, "newRun:basic")).click()
    for key, value in (
        ("training.steps", "8"),
        ("sample.prompts", QUESTIONS[language]),
        ("sample.every_steps", "4"),
        ("validation.share", "0.2"),
    ):
        label = re.compile("^" + re.escape(label_of(server, key, language)))
        page.get_by_role("textbox", name=label).locator("visible=true").first.fill(value)
    button = page.get_by_role("button", name=word(language, "newRun:start"), exact=True)
    page.wait_for_timeout(1000)
    expect(button).to_be_enabled(timeout=30_000)
    button.click()
    page.wait_for_url(re.compile(r"/runs/\w{16}"), timeout=30_000)
    return page.url.rsplit("/", 1)[-1]


def watch(page: Page, language: str) -> None:
    """The answer before training, then the newest one, and the perplexity; without a reload."""
    expect(page.get_by_role("region", name=word(language, "runs:samples.before"))).to_be_visible(timeout=90_000)
    expect(page.get_by_text(word(language, "common:state.finished")).first).to_be_visible(timeout=120_000)
    expect(page.get_by_role("region", name=word(language, "runs:samples.step", step=8))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(word(language, "runs:chart.perplexity")))).to_be_visible()


def chat(page: Page, language: str) -> None:
    page.get_by_role("link", name=word(language, "runs:do.chat")).click()
    field = page.get_by_role("textbox", name=word(language, "chat:question"))
    field.fill(QUESTIONS[language])
    field.press("Enter")
    both = [word(language, "chat:speaker.loraAt", strength="1"), word(language, "chat:speaker.base")]
    for name in both:
        answer = page.get_by_role("region", name=name)
        expect(answer).to_have_attribute("data-state", "done", timeout=60_000)
    page.reload()
    expect(page.get_by_role("region", name=both[0])).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_paste_start_watch_chat(chromium: Browser, server: Served, language: str) -> None:
    page, said = open_page(chromium, server.address, language)
    paste(page, language)
    edit(page, language)
    check(page, language)
    run = start(server, page, language)
    watch(page, language)
    chat(page, language)
    assert [event["type"] for event in server.events(run)][-1] == "RunFinished"
    assert said == []
    page.context.close()
