"""Workers, quotas, what is kept and the reasons for waiting, as people see them: English and Chinese, keyboard, axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Run, Worker, now
from loraloom.store.users import ensure_local
from tests.e2e.browser import browser, faults, open_page, word
from tests.e2e.served import Served, wait

GB = 1 << 30
CARD = {"id": "cuda:0", "name": "A card", "kind": "cuda", "memory_total": 24 * GB}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server that trains nothing itself, with two workers, one of them away, and 60 runs that wait."""
    server = Served(tmp_path / "home", "--no-warm", "--no-train").start()
    database = Database(sqlite_url(server.home))
    with database.session() as session:
        user = ensure_local(session)
        session.add(
            Worker(name="gpu-1", devices=[CARD], labels=["a100"], version="1", seen_at=now() + timedelta(hours=1))
        )
        session.add(Worker(name="attic", devices=[CARD], seen_at=now() - timedelta(hours=1)))
        common = {"user_id": user.id, "family": "sd1", "base_model": "thimble", "config": {}}
        session.add(Run(name="too big", place=0.0, needs_bytes=30 * GB, **common))
        session.add_all(Run(name=f"run {n}", place=float(n), **common) for n in range(1, 60))
    database.close()
    yield server
    server.stop()


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 1280), ("zh", "dark", 360)])
def test_workers_and_quotas(chromium: Browser, served: Served, language: str, scheme: str, width: int) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page, said = open_page(chromium, served.address, language, **options)
    page.goto("/settings")

    def says(key: str, **values: str) -> str:
        return word(language, f"settings:{key}", **values)

    drain = page.get_by_role("button", name=says("workers.drainOf", name="gpu-1"), exact=True)
    expect(drain).to_be_visible(timeout=30_000)
    page.get_by_role("button", name=says("limits.add")).click()
    page.get_by_role("table").get_by_role("textbox", name=says("limits.name")).fill("ink")
    active = page.get_by_role("textbox", name=says("limits.activeOf", name=says("limits.eachUser")), exact=True)
    active.fill("2")
    page.wait_for_timeout(500)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    active.press("Enter")
    drain.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=says("workers.undrainOf", name="gpu-1"), exact=True)).to_be_visible()
    quotas = served.get("/api/settings/quotas")["items"]
    assert [(row["name"], row["most_active"]) for row in quotas] == [("", 2), ("ink", None)]
    assert {row["name"]: row["draining"] for row in served.get("/api/workers")["items"]} == {
        "attic": False,
        "gpu-1": True,
    }
    page.get_by_role("button", name=says("workers.forgetOf", name="attic"), exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=says("workers.forget"), exact=True).click()
    expect(page.get_by_role("button", name=says("workers.forgetOf", name="attic"), exact=True)).to_have_count(0)
    assert said == []
    page.context.close()


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "dark", 360), ("zh", "light", 1280)])
def test_what_is_kept(chromium: Browser, served: Served, language: str, scheme: str, width: int) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page, said = open_page(chromium, served.address, language, **options)
    page.goto("/settings")

    def field(key: str) -> Locator:
        return page.get_by_role("textbox", name=word(language, f"settings:kept.field.{key}"), exact=True)

    expect(field("blobs_grace_hours")).to_have_value("24", timeout=30_000)
    field("checkpoints_days").fill("30")
    field("cache_bytes").fill("2.5")
    hours = field("blobs_grace_hours")
    hours.fill("0.5")
    hours.press("Enter")
    expect(hours).to_be_focused()
    expect(hours).to_have_accessible_description(
        re.compile(re.escape(word(language, "settings:kept.range", least="1", most="876,000")))
    )
    page.wait_for_timeout(500)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    nothing = dict.fromkeys(("checkpoints_days", "samples_days", "run_caches_days", "cache_bytes"))
    assert served.get("/api/settings/lifecycle") == nothing | {"blobs_grace_hours": 24}
    hours.fill("")
    hours.press("Enter")
    wait(lambda: served.get("/api/settings/lifecycle")["blobs_grace_hours"] is None, "not saved", 10)
    page.reload()
    expect(field("checkpoints_days")).to_have_value("30")
    for key, value in (("samples_days", ""), ("cache_bytes", "2.5"), ("blobs_grace_hours", "")):
        expect(field(key)).to_have_value(value)
    saved = nothing | {"checkpoints_days": 30, "cache_bytes": 2_500_000_000, "blobs_grace_hours": None}
    assert served.get("/api/settings/lifecycle") == saved
    assert said == []
    page.context.close()


def test_the_queue_says_why_and_shows_more(chromium: Browser, served: Served) -> None:
    page, said = open_page(chromium, served.address, "en", viewport={"width": 1280, "height": 900})
    page.goto("/runs")
    expect(page.get_by_role("heading", name="60 runs wait")).to_be_visible(timeout=30_000)
    row = page.locator("ol li").first
    expect(row).to_contain_text("too big")
    expect(row).to_contain_text("no machine that is there has it")
    expect(page.locator("ol li")).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("ol li")).to_have_count(60)
    expect(page.locator("ol li").last).to_contain_text("run 59")
    assert faults(page) == []
    assert said == []
    page.context.close()


def test_a_new_run_asks_for_a_label(chromium: Browser, served: Served) -> None:
    dataset = served.sample_dataset()
    page, _ = open_page(chromium, served.address, "en", viewport={"width": 1280, "height": 900})
    page.goto(f"/runs/new?dataset={dataset}&preset=quick-look")
    page.get_by_role("combobox", name="Only on machines with").click()
    page.get_by_role("option", name="a100", exact=True).click()
    page.keyboard.press("Escape")
    wait(
        lambda: faults(page) == [], "faults", 10, lambda: str(faults(page))
    )  # figures are dimmed while they are reckoned
    page.get_by_role("button", name=word("en", "newRun:start"), exact=True).click()
    page.wait_for_url("**/runs/*")
    expect(page.locator("dl")).to_contain_text(["Only on machines with"])
    run = page.url.rsplit("/", 1)[-1]
    assert served.run(run)["labels"] == ["a100"]
    page.context.close()


def test_a_captioning_and_a_comparison_ask_for_a_label(chromium: Browser, served: Served) -> None:
    dataset = served.sample_dataset()
    page, said = open_page(chromium, served.address, "en", viewport={"width": 1280, "height": 900})

    def choose() -> None:
        page.get_by_role("combobox", name="Only on machines with").click()
        page.get_by_role("option", name="a100", exact=True).click()
        page.keyboard.press("Tab")
        wait(lambda: faults(page) == [], "faults", 10, lambda: str(faults(page)))

    page.goto(f"/datasets/{dataset}")
    page.get_by_role("button", name="Caption for me", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="subjects").first.click()
    choose()
    page.get_by_role("button", name=word("en", "datasets:captions.start"), exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    caption = served.get(f"/api/runs?kind=caption&dataset={dataset}")["items"][0]
    assert caption["labels"] == ["a100"]
    page.goto("/experiments/new")
    page.get_by_text(word("en", "experiments:new.more"), exact=True).click()
    choose()
    page.get_by_role("combobox", name=word("en", "experiments:new.samplers"), exact=True).press("ArrowDown")
    page.get_by_role("option", name=word("en", "experiments:sampler.euler"), exact=True).click()
    page.keyboard.press("Tab")
    page.get_by_role("textbox", name=word("en", "experiments:new.prompts"), exact=True).fill("a cat")
    page.get_by_role("button", name=word("en", "experiments:new.start"), exact=True).click()
    page.wait_for_url(re.compile(r"/experiments/(?!new)"))
    assert served.run(page.url.rsplit("/", 1)[-1])["labels"] == ["a100"]
    assert said == []
    page.context.close()
