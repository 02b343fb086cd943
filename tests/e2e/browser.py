"""Debian's chromium, driven by Playwright; the page's own words, so that tests read what people read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WEB = ROOT / "src" / "loraloom" / "assets" / "web" / "index.html"


def chromium() -> str:
    """The browser; without one the test is skipped, but never in CI."""
    found = shutil.which("chromium")
    missing = "chromium (Debian: chromium)" if not found else "the built page (make web)" if not WEB.exists() else None
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing} is missing, and CI must have it")
    if missing:
        pytest.skip(f"needs {missing}")
    return str(found)


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser that asks nobody but our server."""
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        started.close()


def open_page(browser: Browser, address: str, language: str, **options: Any) -> tuple[Page, list[str]]:
    """A page in `language` (`en` or `zh`), and what its console complains of."""
    locale = {"en": "en-US", "zh": "zh-CN"}[language]
    context = browser.new_context(base_url=address, locale=locale, accept_downloads=True, **options)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical on the page as it is now; skipped without axe, but never in CI."""
    if not AXE.exists():
        assert not os.environ.get("CI")
        pytest.skip("needs axe-core (make web)")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:160]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


@cache
def _words(language: str, namespace: str) -> dict[str, Any]:
    file = ROOT / "web" / "src" / "i18n" / language / f"{namespace}.json"
    words: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return words


def word(language: str, key: str, **values: Any) -> str:
    """The page's text for `namespace:dotted.key`."""
    namespace, _, path = key.partition(":")
    found: Any = _words(language, namespace)
    for part in path.split("."):
        found = found[part]
    text = str(found)
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text
