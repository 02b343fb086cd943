"""Every screen: nothing serious for axe, nothing that sticks out at 360 pixels, nothing that jumps while data streams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import browser, faults, open_page
from tests.e2e.served import Served
from tests.tiny_text import tiny_text_base

SHIFTS = """() => { window.shifted = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


TALK = '{{"messages": [{{"role": "user", "content": "Question {0}?"}}, {{"role": "assistant", "content": "Answer {0}."}}]}}'


def text_screens(server: Served, folder: Path) -> dict[str, str]:
    """The addresses of the screens of texts: a set, a new run on it, a finished run with answers, its LoRA."""
    base = server.post("/api/models", {"source": str(tiny_text_base(folder)), "name": "Tiny Llama"})["id"]
    texts = server.post("/api/datasets", {"name": "Texts", "kind": "texts"})["id"]
    pasted = "\n".join(TALK.format(number) for number in range(12))
    server.post(f"/api/datasets/{texts}/examples/import", {"text": pasted, "name": "pasted.jsonl"})
    config = {
        "base_model": base,
        "training": {"steps": 4, "batch_size": 2, "threads": 1, "device": "cpu"},
        "sample": {"prompts": ["Question 3?", "Question 5?"], "every_steps": 2, "max_tokens": 12},
        "validation": {"share": 0.2, "every_steps": 2},
    }
    run = server.post("/api/runs", {"dataset": texts, "config": config})["id"]
    assert server.wait_for(run, "finished", "failed")["state"] == "finished"
    lora = server.run(run)["lora"]
    return {
        "texts": f"/datasets/{texts}",
        "new text run": f"/runs/new?dataset={texts}",
        "text run": f"/runs/{run}",
        "text lora": f"/loras/{lora}",
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """A server with a finished run that drew samples, and the addresses of its screens."""
    server = Served(tmp_path_factory.mktemp("served") / "home", "--no-warm").start()
    sample = {"prompts": ["a red apple", "a yellow pear"], "every_steps": 4, "steps": 4}
    run = server.start_run(training={"steps": 8}, sample=sample, validation={"share": 0.1, "every_steps": 4})
    assert server.wait_for(run, "finished", "failed")["state"] == "finished"
    lora = server.get("/api/loras")["items"][0]["id"]
    dataset = server.sample_dataset()
    texts = text_screens(server, tmp_path_factory.mktemp("tiny"))
    compared = {
        "candidates": [{"what": "base"}, {"what": "lora", "id": lora}],
        "prompts": ["a red apple", "a cat"],
        "steps": 2,
    }
    experiment = server.post("/api/experiments", {"experiment": compared})["run"]["id"]
    assert server.wait_for(experiment, "finished", "failed")["state"] == "finished"
    yield (
        server,
        {
            "start": "/",
            "datasets": "/datasets",
            "dataset": f"/datasets/{dataset}",
            "new": f"/runs/new?dataset={dataset}",
            "run": f"/runs/{run}",
            "runs": "/runs",
            "loras": "/loras",
            "lora": f"/loras/{lora}",
            "publish": f"/loras/{lora}#publish",
            "playground": f"/playground?lora={lora}",
            "experiments": "/experiments",
            "new experiment": f"/experiments/new?lora={lora}",
            "experiment": f"/experiments/{experiment}",
            "vote": f"/experiments/{experiment}/vote",
            "run diff": f"/run-diff?runs={run}",
            "models": "/models",
            "settings": "/settings",
            "forecasts": "/forecasts",
            **texts,
        },
    )
    server.stop()


def settled(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("load")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(1200)


@pytest.mark.parametrize(
    ("scheme", "width", "language"), [("light", 1280, "en"), ("dark", 1280, "zh"), ("dark", 360, "en")]
)
def test_nothing_serious(
    chromium: Browser, finished: tuple[Served, dict[str, str]], scheme: str, width: int, language: str
) -> None:
    server, screens = finished
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page, said = open_page(chromium, server.address, language, **options)
    wrong: dict[str, list[str]] = {}
    for name, path in screens.items():
        settled(page, path)
        found = faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append("wider than the screen")
        if not (page.locator("html").get_attribute("lang") or "").startswith(language):
            found.append("the language is not told")
        if found:
            wrong[name] = found
    assert wrong == {}
    assert said == []
    page.context.close()


def test_dialogs_of_texts(chromium: Browser, finished: tuple[Served, dict[str, str]]) -> None:
    server, screens = finished
    page, said = open_page(chromium, server.address, "en", color_scheme="dark", viewport={"width": 360, "height": 900})
    settled(page, screens["texts"])
    wrong: dict[str, list[str]] = {}
    page.get_by_role("button", name="Edit example 1", exact=True).click()
    page.get_by_role("checkbox", name="Choose example 2", exact=True).check()
    wrong["edit"] = faults(page)
    for name in ("Paste text", "Draft from documents", "What the model sees of example 3"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.wait_for_timeout(900)
        wrong[name] = faults(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert said == []
    page.context.close()


def test_nothing_jumps_while_data_streams(chromium: Browser, finished: tuple[Served, dict[str, str]]) -> None:
    server, _ = finished
    run = server.start_run(training={"steps": 30}, sample={"prompts": ["a red apple"], "every_steps": 10, "steps": 4})
    server.wait_for_step(run, 2)
    page, _ = open_page(chromium, server.address, "en", viewport={"width": 1280, "height": 900})
    settled(page, f"/runs/{run}")
    page.evaluate(SHIFTS)
    before = page.evaluate("window.shifted")
    server.wait_for(run, "finished", "failed")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.shifted") - before < 0.1
    page.context.close()


def test_the_keyboard_reaches_everything_that_matters(
    chromium: Browser, finished: tuple[Served, dict[str, str]]
) -> None:
    server, _ = finished
    page, _ = open_page(chromium, server.address, "en", viewport={"width": 1280, "height": 900})
    settled(page, "/")
    reached: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("(document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()")
        )
    assert {"Try the sample", "New pictures", "New texts", "Data sets", "Runs", "LoRAs", "Models"} <= reached
    page.context.close()
