"""From a run to people, in a real browser: compare, vote, publish; two LoRAs and the base in English and in Chinese."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from loraloom import presets
from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served

STRENGTHS = ("0.4", "0.7", "1", "1.3")
PROMPTS = ("a cat", "an owl", "a red apple", "a car", "a flower")
SEEDS, STEPS = 3, 5
"""Denoising steps: few, as 135 pictures are drawn twice."""
CELLS = (1 + 2 * len(STRENGTHS)) * len(PROMPTS) * SEEDS
LOAD = """
import sys
import torch
from diffusers import StableDiffusionPipeline
from loraloom.models.resolve import thimble_path
pipeline = StableDiffusionPipeline.from_pretrained(thimble_path(), safety_checker=None, torch_dtype=torch.float32)
pipeline.load_lora_weights(sys.argv[1])
layers = [name for name, _ in pipeline.unet.named_modules() if name.endswith("lora_A.default_0")]
assert layers, "no layer of the UNet has it"
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with two small LoRAs."""
    served = Served(tmp_path_factory.mktemp("compared") / "home", "--no-warm").start()
    for name in ("ink", "clay"):
        training = {"steps": 8, "seed": 1 if name == "ink" else 2}
        run = served.start_run(name=name, training=training, caption={"trigger": f"{name}style"})
        served.wait_for(run, "finished")
    yield served
    served.stop()


def picture_count(language: str, count: int) -> str:
    return word(language, "experiments:picturesCount_other", shown=count)


def fill_number(page: Page, label: str, value: int) -> None:
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(str(value))
    field.blur()


def ask(page: Page, language: str, names: tuple[str, ...], strengths: tuple[str, ...] | None = None) -> str:
    """Choose LoRAs, strengths, prompts, seeds and start; the experiment's id."""
    for name in names:
        box = page.get_by_role("checkbox", name=re.compile(name))
        if not box.is_checked():
            box.check(force=True)
    if strengths is not None:
        tags = page.get_by_role("combobox", name=word(language, "experiments:new.strengths"), exact=True)
        for _ in range(8):
            tags.press("Backspace")
        for strength in strengths:
            tags.fill(strength)
            tags.press("Enter")
        tags.blur()
    page.get_by_role("textbox", name=word(language, "experiments:new.prompts"), exact=True).fill("\n".join(PROMPTS))
    page.get_by_text(word(language, "experiments:new.more"), exact=True).click()
    fill_number(page, word(language, "experiments:new.steps"), STEPS)
    button = page.get_by_role("button", name=word(language, "experiments:new.start"), exact=True)
    expect(button).to_be_enabled(timeout=20_000)
    return button.text_content() or ""


def begin(page: Page, language: str) -> str:
    page.get_by_role("button", name=word(language, "experiments:new.start"), exact=True).click()
    page.wait_for_url(re.compile(r"/experiments/[0-9a-z]{16}$"), timeout=30_000)
    return page.url.rsplit("/", 1)[-1]


def vote(page: Page, language: str, times: int) -> None:
    """Blind: the left one, the right one, a tie, in turn; nothing on the page tells which is which."""
    page.get_by_role("link", name=word(language, "experiments:vote.start")).first.click()
    page.wait_for_url(re.compile(r"/vote$"))
    left = page.get_by_role("button", name=word(language, "experiments:vote.left"), exact=True)
    for number in range(times):
        expect(left).to_be_visible(timeout=20_000)
        shown = page.locator("main").inner_html()
        assert not re.search(r"\b(ink|clay)", shown), shown
        total = re.compile(rf"^{number}\D")
        expect(page.locator("main [class*=count]").get_by_text(total)).to_be_visible(timeout=20_000)
        page.keyboard.press(("ArrowLeft", "ArrowRight", "=")[number % 3])
    done = re.compile(rf"^{times}\D")
    expect(page.locator("main [class*=count]").get_by_text(done)).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_loras_and_the_base(chromium: Browser, server: Served, tmp_path: Path, language: str) -> None:
    page, said = open_page(chromium, server.address, language)
    page.goto("/experiments/new")
    ask(page, language, ("ink", "clay"), STRENGTHS)
    expect(page.get_by_text(picture_count(language, CELLS)).first).to_be_visible()
    experiment = begin(page, language)
    expect(page.locator(f"img[src*='/experiments/{experiment}/cells/']").first).to_be_visible(timeout=120_000)
    server.wait_for(experiment, "finished", seconds=300)
    found = server.get(f"/api/experiments/{experiment}")
    assert len(found["cells"]) == CELLS and all(cell["there"] for cell in found["cells"])
    assert len(found["columns"]) == 9 and len(found["measured"]) == 9
    vote(page, language, 6)
    page.get_by_role("link", name=word(language, "experiments:vote.back")).first.click()
    ranking = page.get_by_role("table", name=word(language, "experiments:ranking.title"))
    expect(ranking.get_by_role("row").nth(1)).to_be_visible(timeout=20_000)
    assert server.get(f"/api/experiments/{experiment}/ranking")["votes"] == 6
    other, more = open_page(chromium, server.address, language)  # somebody who got the link
    other.goto(f"/experiments/{experiment}")
    expect(other.locator(f"img[src*='/experiments/{experiment}/cells/']").first).to_be_visible(timeout=20_000)
    expect(other.get_by_role("table", name=word(language, "experiments:ranking.title"))).to_be_visible()
    other.screenshot(path=tmp_path / f"experiment-{language}.png", full_page=True)
    assert said == [] and more == []
    page.context.close()
    other.context.close()


def train(page: Page, served: Served) -> str:
    """From the first page of an empty home to a finished run; its id."""
    page.goto("/")
    dataset = served.sample_dataset()
    page.goto(f"/runs/new?dataset={dataset}&preset=quick-look")
    preset = presets.read("quick-look")
    expect(page.get_by_role("radio", name=preset.title).first).to_be_checked(timeout=30_000)
    page.get_by_text(word("en", "newRun:basic")).click()
    page.get_by_role("textbox", name=re.compile("^Steps")).locator("visible=true").first.fill("30")
    start = page.get_by_role("button", name=word("en", "newRun:start"), exact=True)
    page.wait_for_timeout(1500)
    expect(start).to_be_enabled(timeout=30_000)
    start.click()
    page.wait_for_url(re.compile(r"/runs/\w{16}"), timeout=30_000)
    expect(page.get_by_text(word("en", "common:state.finished")).first).to_be_visible(timeout=240_000)
    run = page.url.rsplit("/", 1)[-1]
    served.wait_for(run, "finished")  # the page hears of the end a moment before the LoRA is in the gallery
    return run


def publish(page: Page, tmp_path: Path) -> Path:
    """Publish as a zip and take it along."""
    page.get_by_role("link", name=word("en", "publish:open")).first.click()
    page.get_by_role("radio", name=re.compile("^" + word("en", "publish:target.zip.title"))).check(force=True)
    page.get_by_role("textbox", name=word("en", "publish:words.data")).fill("Fluent emoji, MIT")
    page.get_by_role("button", name=word("en", "publish:send", version=1)).click()
    expect(page.get_by_text(word("en", "publish:made.title", version=1))).to_be_visible(timeout=60_000)
    bundle = page.locator("a[href*='/bundle']").first
    with page.expect_download() as download:
        bundle.click()
    file = tmp_path / "bundle.zip"
    download.value.save_as(file)
    return file


def test_train_test_publish(chromium: Browser, served: Served, tmp_path: Path) -> None:
    began = time.monotonic()
    page, said = open_page(chromium, served.address, "en")
    run = train(page, served)
    lora = served.run(run)["lora"]
    answer = served.client.post(f"/api/loras/{lora}/publications", json={"target": "zip"})
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "lora_untested"
    page.get_by_role("navigation", name=word("en", "runs:next.title")).get_by_role(
        "link", name=word("en", "runs:next.compare")
    ).click()
    page.wait_for_url(re.compile(r"/experiments/new"))
    ask(page, "en", ())
    experiment = begin(page, "en")
    served.wait_for(experiment, "finished", seconds=300)
    vote(page, "en", 3)
    page.goto(f"/loras/{lora}")
    expect(page.get_by_text(word("en", "loras:flow.tested")).first).to_be_visible(timeout=20_000)
    file = publish(page, tmp_path)
    with zipfile.ZipFile(file) as bundle:
        names = bundle.namelist()
        bundle.extractall(tmp_path / "bundle")
    weights = [name for name in names if name.endswith(".safetensors")]
    assert len(weights) == 1 and any(name.endswith("README.md") for name in names), names
    card: Any = next((tmp_path / "bundle").rglob("README.md")).read_text("utf-8")
    assert "Fluent emoji, MIT" in card and "24" in card
    subprocess.run([sys.executable, "-c", LOAD, str(tmp_path / "bundle" / weights[0])], check=True)
    assert said == []
    assert time.monotonic() - began < 600
    page.context.close()
