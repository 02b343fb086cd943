"""The built page: its files, and its first document for every address that is a screen."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "assets" / "web"
MISSING = (
    "<!doctype html><meta charset=utf-8><title>LoRA Loom</title><p>The page is not built. "
    "From a checkout: <code>make web</code>. The API works: <a href=/api/openapi.json>/api/openapi.json</a>."
)


class _Kept(StaticFiles):
    """Files with a hash in their name may be kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file `path`."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def install(app: FastAPI) -> None:
    """Serve the page under every address that nothing else answers."""
    app.mount("/assets", GZipMiddleware(_Kept(directory=FOLDER / "assets", check_dir=False), minimum_size=1000))

    @app.get("/{path:path}", include_in_schema=False)
    def read_page(path: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404)
        document = FOLDER / "index.html"
        if not document.is_file():
            return HTMLResponse(MISSING, 503)
        file = FOLDER / path
        if path and "/" not in path and file.is_file() and not file.name.startswith("."):
            return FileResponse(file)  # favicon and the like, beside the document
        return FileResponse(document, headers={"Cache-Control": "no-cache"})
