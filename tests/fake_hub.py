"""A model hub on this machine that speaks the calls which `huggingface_hub` makes to upload, tag, delete and download."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

TOKEN = "hf_made_up"


@dataclass
class Repo:
    """Files by commit; `main` and tags are names of commits."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes]) -> str:
        name = hashlib.sha1(repr((len(self.commits), sorted(files))).encode()).hexdigest()
        self.commits[name] = files
        self.refs["main"] = name
        return name

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        name = self.refs.get(revision, revision)
        return (name, self.commits[name]) if name in self.commits else None


@dataclass
class Hub:
    """What is on it, and what it was asked."""

    address: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def running() -> Iterator[Hub]:
    """A hub that listens on a free port until the end of the block."""
    hub = Hub()
    server = uvicorn.Server(uvicorn.Config(_app(hub), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    hub.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield hub
    finally:
        server.should_exit = True
        thread.join(10)


def _no(status: int, code: str = "") -> Response:
    return JSONResponse({"error": code or "no"}, status, headers={"X-Error-Code": code} if code else {})


def _app(hub: Hub) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def known(request: Request, call_next: Any) -> Response:
        hub.asked.append(f"{request.method} {request.url.path}")
        said = request.headers.get("authorization", "")
        if not request.url.path.startswith("/objects/") and said != f"Bearer {TOKEN}":
            return _no(401)
        return await call_next(request)

    _repos(app, hub)
    _uploads(app, hub)
    _downloads(app, hub)
    return app


def _repos(app: FastAPI, hub: Hub) -> None:
    @app.get("/api/whoami-v2")
    def whoami() -> Any:
        return {"name": "loom", "type": "user", "auth": {}}

    @app.post("/api/repos/create")
    async def create(request: Request) -> Any:
        asked = await request.json()
        name = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] == "somebody":
            return _no(403)
        there = name in hub.repos
        if not there:
            hub.repos[name] = Repo(asked.get("visibility") == "private" or bool(asked.get("private")))
            hub.repos[name].commit({".gitattributes": b"*.safetensors filter=lfs\n"})
        return JSONResponse({"url": f"{hub.address}/{name}", "name": name}, 409 if there else 200)

    @app.post("/api/validate-yaml")
    def validate() -> Any:
        return {"errors": [], "warnings": []}

    @app.get("/api/models/{owner}/{name}")
    @app.get("/api/models/{owner}/{name}/revision/{revision}")
    def info(owner: str, name: str, revision: str = "main") -> Any:
        repo = hub.repos.get(f"{owner}/{name}")
        found = repo.at(revision) if repo else None
        if repo is None or found is None:
            return _no(404, "RevisionNotFound" if repo else "RepoNotFound")
        files = [{"rfilename": file} for file in found[1]]
        return {"id": f"{owner}/{name}", "sha": found[0], "private": repo.private, "siblings": files, "tags": []}

    @app.get("/api/models/{owner}/{name}/tree/{revision}")
    def tree(owner: str, name: str, revision: str) -> Any:
        repo = hub.repos.get(f"{owner}/{name}")
        found = repo.at(revision) if repo else None
        if found is None:
            return _no(404, "RepoNotFound")
        return [
            {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for path, data in found[1].items()
        ]

    @app.post("/api/models/{owner}/{name}/tag/{revision}")
    async def tag(owner: str, name: str, revision: str, request: Request) -> Any:
        repo = hub.repos[f"{owner}/{name}"]
        repo.refs[(await request.json())["tag"]] = repo.refs.get(revision, revision)
        return {}

    @app.delete("/api/models/{owner}/{name}/tag/{tag}")
    def untag(owner: str, name: str, tag: str) -> Any:
        return {} if hub.repos[f"{owner}/{name}"].refs.pop(tag, None) else _no(404, "RevisionNotFound")


def _uploads(app: FastAPI, hub: Hub) -> None:
    @app.post("/api/models/{owner}/{name}/preupload/{revision}")
    async def preupload(owner: str, name: str, revision: str, request: Request) -> Any:
        files = (await request.json())["files"]
        kinds = {True: "lfs", False: "regular"}
        return {
            "files": [
                {"path": f["path"], "uploadMode": kinds[f["path"].endswith(".safetensors")], "shouldIgnore": False}
                for f in files
            ]
        }

    @app.post("/{owner}/{name}.git/info/lfs/objects/batch")
    async def batch(owner: str, name: str, request: Request) -> Any:
        wanted = (await request.json())["objects"]
        put = [{"upload": {"href": f"{hub.address}/objects/{w['oid']}"}} for w in wanted]
        return {
            "transfer": "basic",
            "objects": [{"oid": w["oid"], "size": w["size"], "actions": a} for w, a in zip(wanted, put, strict=True)],
        }

    @app.put("/objects/{oid}")
    async def store(oid: str, request: Request) -> Response:
        data = await request.body()
        if hashlib.sha256(data).hexdigest() != oid:
            return _no(422)
        hub.objects[oid] = data
        return Response()

    @app.post("/api/models/{owner}/{name}/commit/{revision}")
    async def commit(owner: str, name: str, revision: str, request: Request) -> Any:
        repo = hub.repos[f"{owner}/{name}"]
        files = dict(repo.commits[repo.refs["main"]])
        for line in (await request.body()).splitlines():
            said = json.loads(line)
            value = said["value"]
            match said["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = hub.objects[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
                case _:
                    assert said["key"] == "header"
        oid = repo.commit(files)
        return {
            "success": True,
            "commitOid": oid,
            "commitUrl": f"{hub.address}/{owner}/{name}/commit/{oid}",
            "hookOutput": "",
        }


def _downloads(app: FastAPI, hub: Hub) -> None:
    @app.api_route("/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    def resolve(owner: str, name: str, revision: str, path: str) -> Response:
        repo = hub.repos.get(f"{owner}/{name}")
        found = repo.at(revision) if repo else None
        if found is None or path not in found[1]:
            return _no(404, "EntryNotFound")
        data = found[1][path]
        tag = f'"{hashlib.sha256(data).hexdigest()}"'
        return Response(data, media_type="application/octet-stream", headers={"X-Repo-Commit": found[0], "ETag": tag})
