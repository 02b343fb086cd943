"""The whole path in a real browser, in Chinese and in English: upload, choose, start, watch, download, load elsewhere."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from loraloom import presets
from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served
from tests.runs import DEMO

STEPS = 6
ZH = Path(presets.__file__).parents[1] / "spec" / "zh.json"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def pictures(tmp_path: Path) -> tuple[list[Path], Path]:
    """20 files (pictures and captions) and a zip with the rest."""
    found = sorted(DEMO.glob("*.png")) or sorted(DEMO.glob("*.webp"))
    assert len(found) == 24
    first = [file for picture in found[:10] for file in (picture, picture.with_suffix(".txt")) if file.exists()]
    single = (first + found[10:20])[:20]
    archive = tmp_path / "rest.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for picture in found:
            if picture not in single:
                target.write(picture, f"rest/{picture.name}")
    return single, archive


def make_dataset(page: Page, language: str, tmp_path: Path) -> None:
    single, archive = pictures(tmp_path)
    page.goto("/datasets")
    page.get_by_role("button", name=word(language, "datasets:new")).first.click()
    page.wait_for_url(re.compile(r"/datasets/\w{16}"))
    page.locator("input[type=file]").first.set_input_files([*map(str, single), str(archive)])
    shown = page.get_by_role("textbox", name=re.compile(".")).locator("visible=true")
    expect(shown.first).to_be_visible(timeout=60_000)
    count = word(language, "datasets:pictures_other").replace("{{count, number}}", "24")
    expect(page.get_by_text(count, exact=False).first).to_be_visible(timeout=60_000)


def start_run(page: Page, language: str) -> str:
    page.get_by_role("link", name=word(language, "datasets:train")).or_(
        page.get_by_role("button", name=word(language, "datasets:train"))
    ).first.click()
    page.wait_for_url(re.compile(r"/runs/new"))
    preset = presets.read("quick-look")
    title = preset.title if language == "en" else preset.zh.title
    page.get_by_role("radio", name=title).first.check(force=True)
    page.get_by_text(word(language, "newRun:basic")).click()
    label = "Steps" if language == "en" else json.loads(ZH.read_text("utf-8"))["keys"]["training.steps"]["label"]
    page.get_by_role("textbox", name=re.compile("^" + label)).locator("visible=true").first.fill(str(STEPS))
    start = page.get_by_role("button", name=word(language, "newRun:start"), exact=True)
    expect(start).to_be_enabled(timeout=30_000)
    page.wait_for_timeout(1500)
    start.click()
    page.wait_for_url(re.compile(r"/runs/\w{16}"), timeout=30_000)
    return page.url.rsplit("/", 1)[-1]


def load_with_diffusers(file: Path) -> None:
    from diffusers import StableDiffusionPipeline

    from loraloom.models.resolve import thimble_path

    pipe: Any = StableDiffusionPipeline.from_pretrained(thimble_path(), safety_checker=None)
    pipe.load_lora_weights(str(file))
    adapters = pipe.get_list_adapters()
    assert list(adapters) == ["unet"] and len(adapters["unet"]) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_upload_start_watch_download(chromium: Browser, served: Served, tmp_path: Path, language: str) -> None:
    page, said = open_page(chromium, served.address, language)
    make_dataset(page, language, tmp_path)
    run = start_run(page, language)
    # without reload: samples of the base arrive, then the end with its own
    samples = page.locator(f"img[src*='/api/runs/{run}/files/samples/']")
    expect(samples.first).to_be_visible(timeout=90_000)
    expect(page.get_by_text(word(language, "common:state.finished")).first).to_be_visible(timeout=180_000)
    expect(page.locator(f"img[src*='step-{STEPS:06d}']").first).to_be_visible()
    page.get_by_role("button", name=word(language, "runs:download.title")).first.click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=word(language, "runs:download.lora")).first.click()
    file = tmp_path / "downloaded.safetensors"
    download.value.save_as(file)
    load_with_diffusers(file)
    assert [event["type"] for event in served.events(run)][-1] == "RunFinished"
    assert said == []
    page.context.close()


def test_a_page_that_was_closed_misses_nothing(chromium: Browser, served: Served) -> None:
    run = served.start_run(name="closed and opened")
    served.wait_for_step(run, 3)
    page, _ = open_page(chromium, served.address, "en")
    page.goto(f"/runs/{run}")
    expect(page.get_by_text("Live").first).to_be_visible(timeout=20_000)
    page.close()
    served.wait_for_step(run, 15)
    page, said = open_page(chromium, served.address, "en")
    page.goto(f"/runs/{run}")
    expect(page.get_by_text(word("en", "common:state.finished")).first).to_be_visible(timeout=120_000)
    page.get_by_role("button", name=re.compile("table")).first.click()
    rows = page.get_by_role("table").last.get_by_role("row")
    expect(rows).to_have_count(41)
    steps = [int(rows.nth(number).get_by_role("cell").first.inner_text()) for number in range(1, 41)]
    assert sorted(steps) == list(range(1, 41))
    assert said == []
    page.context.close()
