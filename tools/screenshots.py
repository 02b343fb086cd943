"""`python tools/screenshots.py [FOLDER]`: every screen, light, dark and at 360 pixels, into docs/screenshots.

Starts a server on a data home of its own, trains the sample for real, and walks through the page as a person would.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.e2e.browser import browser, open_page
from tests.e2e.served import Served, wait

LOOKS = {
    "light-zh": {"language": "zh", "color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark-en": {"language": "en", "color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone-zh": {"language": "zh", "color_scheme": "dark", "viewport": {"width": 360, "height": 760}},
}
TALLEST, PHONE = 1800, 400


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        server = Served(Path(home) / "home", "--no-warm").start()
        try:
            screens = prepare(server)
            with browser() as started:
                for look, options in LOOKS.items():
                    page, said = open_page(started, server.address, **options)  # type: ignore[arg-type]
                    for name, path in screens.items():
                        take(page, path, folder / f"{name}-{look}.webp")
                    page.context.close()
                    assert not said, said
        finally:
            server.stop()


def prepare(server: Served) -> dict[str, str]:
    """A finished run, one half way and one that waits; the addresses of the screens."""
    dataset = server.sample_dataset()
    config = {
        "preset": "demo",
        "name": "Fluent 3D",
        "training": {"threads": 2},
        "validation": {"share": 0.1, "every_steps": 20},
    }
    done = server.post("/api/runs", {"dataset": dataset, "config": config})["id"]
    server.wait_for(done, "finished", seconds=600)
    config |= {"name": "水墨 · ink", "preset": "quick-look"}
    going = server.post("/api/runs", {"dataset": dataset, "config": config})["id"]
    server.post("/api/runs", {"dataset": dataset, "config": config | {"name": "next in line"}})
    wait(lambda: server.run(going)["step"] >= 70, "too slow", 300)
    server.post(f"/api/runs/{going}/pause")
    lora = server.get("/api/loras")["items"][0]["id"]
    compared = {
        "candidates": [{"what": "base"}, {"what": "lora", "id": lora}],
        "strengths": [0.5, 1.0],
        "prompts": ["a strawberry", "an owl", "[trigger], an owl"],
        "seeds": [1, 2],
    }
    experiment = server.post("/api/experiments", {"name": "Fluent 3D: how strong?", "experiment": compared})["run"][
        "id"
    ]
    server.wait_for(experiment, "finished", seconds=300)
    return {
        "start": "/",
        "datasets": "/datasets",
        "dataset": f"/datasets/{dataset}",
        "new-run": f"/runs/new?dataset={dataset}&preset=quick-look",
        "run": f"/runs/{done}",
        "runs": "/runs",
        "loras": "/loras",
        "lora": f"/loras/{lora}",
        "playground": f"/playground?lora={lora}",
        "experiment": f"/experiments/{experiment}",
        "publish": f"/loras/{lora}#publish",
        "models": "/models",
        "settings": "/settings",
    }


def take(page: Page, path: str, file: Path) -> None:
    """One screen as WebP: whole, but on a phone what is seen at first, with its bar at the bottom."""
    page.goto(path)
    page.wait_for_load_state("load")
    page.wait_for_timeout(2500)  # fonts, pictures, curves
    width, height = page.viewport_size["width"], page.viewport_size["height"]
    if width > PHONE:
        height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    if picture.width > 1000:
        picture = picture.resize((1000, round(picture.height * 1000 / picture.width)), Image.Resampling.LANCZOS)
    picture.save(file, "WEBP", quality=50, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs" / "screenshots")
