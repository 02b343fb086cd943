"""The editor of data sets in a real browser: captions by keyboard, edits of all, undo, comparison, restore, two at once."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served

NAMES = ("a.png", "b.png", "c.png", "d.png")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def filled(page: Page, served: Served, tmp_path: Path) -> str:
    """A data set of four pictures, uploaded on the page, which is open; its id."""
    dataset: str = served.post("/api/datasets", {"name": "to write"})["id"]
    page.goto(f"/datasets/{dataset}")
    for number, name in enumerate(NAMES):
        buffer = io.BytesIO()
        Image.new("RGB", (96, 96), (60 * number, 90, 200 - 40 * number)).save(buffer, "PNG")
        (tmp_path / name).write_bytes(buffer.getvalue())
        page.locator("input[type=file]").first.set_input_files(str(tmp_path / name))
        expect(page.locator("[data-card]")).to_have_count(
            number + 1, timeout=30_000
        )  # one by one: their order is known
    return dataset


def stored(served: Served, dataset: str) -> list[str | None]:
    items: list[dict[str, Any]] = served.get(f"/api/datasets/{dataset}/images")["items"]
    return [one["caption"] for one in sorted(items, key=lambda one: one["name"])]


def until(served: Served, dataset: str, wanted: list[str | None], page: Page) -> None:
    for _ in range(100):
        if stored(served, dataset) == wanted:
            return
        page.wait_for_timeout(100)
    assert stored(served, dataset) == wanted


def test_captions_by_keyboard_alone(chromium: Browser, served: Served, tmp_path: Path) -> None:
    page, said = open_page(chromium, served.address, "en")
    dataset = filled(page, served, tmp_path)
    keys = page.keyboard
    keys.press("j")
    keys.press("e")
    for text in ("one, cat", "two, cat", "three, cat", "four"):
        keys.insert_text(text)
        keys.press("Control+Enter")
    keys.press("Escape")
    until(served, dataset, ["one, cat", "two, cat", "three, cat", "four"], page)
    # the last picture is where the keys are: its most used tag on, the picture out of the set, and back
    expect(page.get_by_role("complementary").get_by_text("cat").first).to_be_visible()  # the set's tags are known
    keys.press("1")
    until(served, dataset, ["one, cat", "two, cat", "three, cat", "four, cat"], page)
    keys.press("Delete")
    expect(page.locator("[data-card]")).to_have_count(3)
    keys.press("u")
    expect(page.locator("[data-card]")).to_have_count(4)
    keys.press("?")
    expect(page.get_by_role("dialog")).to_contain_text(word("en", "datasets:keys.saveNext"))
    assert said == []
    page.context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_find_and_replace_undo_compare_restore(
    chromium: Browser, served: Served, tmp_path: Path, language: str
) -> None:
    def words(key: str, **values: Any) -> str:
        return word(language, f"datasets:{key}", **values)

    page, said = open_page(chromium, served.address, language)
    dataset = filled(page, served, tmp_path)
    ids = {one["name"]: one["id"] for one in served.get(f"/api/datasets/{dataset}/images")["items"]}
    for name, caption in zip(NAMES, ("cat, red", "cat, blue", "dog, blue", "dog"), strict=True):
        served.client.patch(f"/api/images/{ids[name]}", json={"caption": caption})
    page.reload()
    before = stored(served, dataset)
    page.get_by_role("tab", name=words("panel.edit")).click()
    page.get_by_role("textbox", name=words("edit.find"), exact=True).fill("cat")
    page.get_by_role("textbox", name=words("edit.put"), exact=True).fill("tabby")
    apply = page.get_by_role(
        "button", name=re.compile(words("edit.apply_other", number="2").replace("{{number}}", "2"))
    )
    expect(apply).to_be_enabled(timeout=15_000)  # once the preview says how many
    apply.click()
    until(served, dataset, ["tabby, red", "tabby, blue", "dog, blue", "dog"], page)
    expect(page.get_by_role("textbox", name=words("grid.caption", name="a.png"))).to_have_value("tabby, red")
    page.get_by_role("tab", name=words("panel.history")).click()
    expect(page.get_by_text(words("history.kind.replace", find="cat", put="tabby"))).to_be_visible()
    page.get_by_role("button", name=re.compile(re.escape(words("tools.undo")))).first.click()
    until(served, dataset, before, page)
    served.post(f"/api/datasets/{dataset}/edits", {"edit": {"do": "trigger", "text": "sks"}})
    version = served.get(f"/api/datasets/{dataset}/changes")["items"][0]["number"]
    page.reload()
    page.get_by_role("tab", name=words("panel.history")).click()
    page.get_by_role("button", name=words("history.more", number=version)).click()
    page.get_by_role("menuitem", name=words("history.compareBefore")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_count(4)
    expect(dialog.get_by_text("sks").first).to_be_visible()
    dialog.get_by_role("button", name=words("history.restore")).click()
    page.get_by_role("dialog").last.get_by_role("button", name=words("restore.action"), exact=True).click()
    until(served, dataset, before, page)
    assert said == []
    page.context.close()


def test_two_browsers_in_one_caption(chromium: Browser, served: Served, tmp_path: Path) -> None:
    first, _ = open_page(chromium, served.address, "en")
    dataset = filled(first, served, tmp_path)
    second, _ = open_page(chromium, served.address, "en")
    second.goto(f"/datasets/{dataset}")
    caption = word("en", "datasets:grid.caption", name="a.png")
    theirs, mine = (page.get_by_role("textbox", name=caption) for page in (first, second))
    expect(mine).to_be_visible()
    theirs.fill("from the first")
    theirs.blur()
    until(served, dataset, ["from the first", None, None, None], first)
    mine.fill("from the second")
    mine.blur()
    expect(second.get_by_text(word("en", "datasets:conflict.title"))).to_be_visible(timeout=10_000)
    assert stored(served, dataset)[0] == "from the first"  # nothing is overwritten
    expect(mine).to_have_value("from the second")  # and nothing typed is lost
    second.get_by_role("button", name=word("en", "datasets:conflict.keep")).click()
    until(served, dataset, ["from the second", None, None, None], second)
    first.context.close()
    second.context.close()
