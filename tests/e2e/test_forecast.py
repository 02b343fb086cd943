"""The forecast beside the form in a real browser: bars that follow, what if, fit and undo, a measurement, and the page of forecasts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served

SLOW = 120_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all of them, without a warm child."""
    started = Served(tmp_path_factory.mktemp("served") / "home", "--no-warm").start()
    yield started
    started.stop()


def words(language: str, key: str, **values: object) -> str:
    return word(language, f"forecast:{key}", **values)


def form(page: Page, served: Served) -> None:
    page.goto(f"/runs/new?preset=quick-look&dataset={served.sample_dataset()}")
    expect(page.locator("[data-part=activations]")).to_be_attached(timeout=SLOW)


def batch_field(page: Page, language: str) -> Locator:
    page.get_by_text(word(language, "newRun:basic")).click()
    return page.get_by_role("textbox", name=re.compile("^(Batch size|批大小)")).first


def width(page: Page) -> float:
    style = page.locator("[data-part=activations]").get_attribute("style") or ""
    found = re.search(r"width: ([\d.]+)%", style)
    assert found, style
    return float(found[1])


def wait_for_width(page: Page, wider_than: float) -> None:
    page.wait_for_function(
        "least => parseFloat(document.querySelector('[data-part=activations]').style.width) > least", arg=wider_than
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_bars_follow_the_form(chromium: Browser, server: Served, language: str) -> None:
    page, said = open_page(chromium, server.address, language)
    form(page, server)
    batch = batch_field(page, language)
    batch.fill("2")
    expect(
        page.get_by_role("button", name=words(language, "whatIf.useLong", name=batch_name(language), value=4))
    ).to_be_visible()
    before = width(page)
    batch.fill("6")
    wait_for_width(page, before)
    # what the server says and what is drawn are the same
    dataset = server.sample_dataset()
    config = {"preset": "quick-look", "base_model": "thimble", "name": "Sample", "training": {"batch_size": 6}}
    told = page_forecast(server, dataset, config)
    shown = page.get_by_role("img", name=re.compile("GB|MB")).get_attribute("aria-label") or ""
    assert f"{told['peak_memory_bytes']['p50'] / 1e6:.0f}" in shown.replace(",", "")
    assert said == []
    page.context.close()


def batch_name(language: str) -> str:
    return {"en": "Batch size", "zh": "批大小"}[language]


def page_forecast(served: Served, dataset: str, config: dict[str, Any]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = served.post("/api/config/forecast", {"dataset": dataset, "config": config})[
        "forecast"
    ]
    return found


def test_the_answer_to_an_older_question_is_not_shown(chromium: Browser, server: Served) -> None:
    page, said = open_page(chromium, server.address, "en")
    form(page, server)
    batch = batch_field(page, "en")
    held: list[Route] = []

    def hold(route: Route, request: Request) -> None:
        asked: Any = request.post_data_json
        if asked["config"]["training"]["batch_size"] == 9:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/config/forecast", hold)
    batch.fill("9")
    page.wait_for_timeout(300)
    assert held
    batch.fill("3")
    expect(page.get_by_role("button", name="Batch size: use 6")).to_be_visible()
    expect(page.locator("[data-stale]")).to_have_count(0)
    assert said == []
    page.context.close()


def test_what_if_sets_a_setting_and_prices_stay(chromium: Browser, server: Served) -> None:
    page, said = open_page(chromium, server.address, "en")
    form(page, server)
    batch = batch_field(page, "en")
    batch.fill("2")
    page.get_by_role("button", name="Batch size: use 4").click()
    expect(batch).to_have_value("4")
    expect(page.get_by_role("button", name="Batch size: use 8")).to_be_visible()
    page.get_by_text(words("en", "prices.title")).click()
    page.get_by_label(words("en", "prices.watts")).fill("200")
    page.get_by_label(words("en", "prices.price_kilowatt_hour")).fill("0.3")
    expect(page.get_by_text(re.compile(r"[\d.]+ kWh"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"[\d.]+ kWh"))).to_be_visible(timeout=SLOW)
    page.get_by_label(words("en", "device.title")).select_option("NVIDIA GeForce RTX 4090")
    expect(page.get_by_role("button", name=words("en", "measure.start"))).to_be_disabled()
    assert said == []
    page.context.close()


def test_advice_is_mended_and_taken_back(chromium: Browser, server: Served) -> None:
    page, said = open_page(chromium, server.address, "zh")
    form(page, server)
    page.get_by_text(word("zh", "newRun:basic")).click()
    rate = page.get_by_role("textbox", name=re.compile("^学习率")).first
    rate.fill("0.5")
    advice = page.locator("#advice")
    expect(advice).to_contain_text("LoRA 会过拟合崩坏")
    advice.get_by_role("button").first.click()
    expect(rate).not_to_have_value("0.5")
    expect(advice).to_have_count(0)
    page.get_by_role("button", name=words("zh", "put.undo")).click()
    expect(rate).to_have_value("0.5")
    expect(advice).to_be_visible()
    assert said == []
    page.context.close()


def test_a_measurement_is_told_and_can_be_stopped(chromium: Browser, server: Served) -> None:
    page, said = open_page(chromium, server.address, "en")
    form(page, server)
    batch_field(page, "en").fill("2")
    expect(page.get_by_role("button", name="Batch size: use 4")).to_be_visible()
    start = page.get_by_role("button", name=words("en", "measure.start"))
    start.click()
    expect(page.get_by_text(words("en", "measure.now", batch=2))).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name=words("en", "measure.cancel")).click()
    expect(page.get_by_text(words("en", "measure.cancelled"))).to_be_visible()
    expect(start).to_be_enabled()
    for _ in range(60):  # the device is given back a moment after
        start.click()
        ended = page.get_by_text(re.compile("^Measured: takes")).or_(page.get_by_text(words("en", "measure.inUse")))
        expect(ended).to_be_visible(timeout=SLOW)
        if page.get_by_text(words("en", "measure.inUse")).count() == 0:
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text(re.compile("^Batch 2: .+ a step, "))).to_be_visible()
    expect(page.get_by_text(re.compile("^Measured on "))).to_be_visible()
    assert [text for text in said if "409" not in text] == []
    page.context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_finished_run_stands_beside_its_forecast(chromium: Browser, server: Served, language: str) -> None:
    run = server.start_run(training={"steps": 4}, name=f"told {language}")
    assert server.wait_for(run, "finished", "failed")["state"] == "finished"
    page, said = open_page(chromium, server.address, language)
    page.goto(f"/runs/{run}")
    expect(page.get_by_text(word(language, "runs:told.title"))).to_be_visible()
    page.get_by_role("link", name=word(language, "runs:told.all")).click()
    table = page.get_by_role("region", name=words(language, "page.table"))
    expect(table.get_by_role("link", name=f"told {language}")).to_be_visible()
    column = words(language, "page.column.name")
    table.get_by_role("button", name=column, exact=True).click()
    expect(table.get_by_role("columnheader", name=column, exact=True)).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_text("torch", exact=True)).to_be_visible()
    assert said == []
    page.context.close()
