"""Pictures from a folder of the server, taken in on the page; what is wrong with a path is said beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.broken_pictures import encoded, noise
from tests.e2e.browser import browser, open_page, word
from tests.e2e.served import Served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat.png").write_bytes(encoded(noise(), "PNG"))
    (tmp_path / "pictures" / "cat.txt").write_text("a cat", "utf-8")
    served = Served(tmp_path / "home", "--no-warm", "--import-root", str(tmp_path / "pictures")).start()
    yield served
    served.stop()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_folder_of_the_server(server: Served, tmp_path: Path, language: str) -> None:
    made = server.post("/api/datasets", {"name": "cats"})["id"]
    with browser() as chromium:
        page, _ = open_page(chromium, server.address, language)
        page.goto(f"/datasets/{made}")
        page.get_by_role("button", name=word(language, "datasets:import.action")).click()
        dialog = page.get_by_role("dialog")
        path = dialog.get_by_label(word(language, "datasets:import.path"))
        expect(path).to_have_value(str(tmp_path / "pictures"))
        for wrong, says in ((tmp_path, "outside"), (tmp_path / "pictures" / "dogs", "missing")):
            path.fill(str(wrong))
            path.press("Enter")
            expect(dialog.get_by_text(word(language, f"datasets:import.{says}"))).to_be_visible()
        path.fill(str(tmp_path / "pictures"))
        path.press("Enter")
        expect(dialog).to_be_hidden()
        expect(page.get_by_text("a cat").first).to_be_visible()
    assert server.get(f"/api/datasets/{made}")["images"] == 1
