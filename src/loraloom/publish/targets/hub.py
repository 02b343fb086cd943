"""A repository on a model hub, through `huggingface_hub`: private unless asked, a commit and a tag a version."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from loraloom.publish.bundle import Bundle
from loraloom.publish.hashes import sha256_of
from loraloom.publish.markdown import one_line
from loraloom.publish.targets.target import Put
from loraloom.spec.errors import LoomError

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
LOGIN = "Log in there with `hf auth login`, or set HF_TOKEN; the token needs the right to write."
ITS_OWN = frozenset({".gitattributes"})
"""What a hub puts into a new repository."""


@dataclass(frozen=True)
class HubTarget:
    """`repo` is `owner/name`. `before` are the files of earlier versions of this LoRA there; `last`: whether the version
    that is taken is the newest one there."""

    repo: str
    label: str = ""
    version: int = 1
    private: bool = True
    before: frozenset[str] = frozenset()
    last: bool = True
    endpoint: str | None = None

    def put(self, bundle: Bundle) -> Put:
        """Make the repository if it is not there, upload in one commit, tag it `v<version>`.

        Raises LoomError `hub_refused`: no login, no network, a name of somebody else, a repository with other content.
        """
        check_name(self.repo)
        with refusals(self.repo):
            hub = _hub()
            api = hub.HfApi(endpoint=self.endpoint)
            api.create_repo(self.repo, private=self.private, exist_ok=True)
            there = set(api.list_repo_files(self.repo)) - ITS_OWN
            self._refuse_foreign(there, bundle)
            adds = [hub.CommitOperationAdd(name, str(bundle.folder / name)) for name in bundle.files]
            old = sorted((self.before & there) - set(bundle.files))
            done = api.create_commit(
                self.repo,
                [*adds, *(hub.CommitOperationDelete(name) for name in old)],
                commit_message=f"{one_line(bundle.label)}, version {bundle.version}",
            )
            api.create_tag(self.repo, tag=f"v{bundle.version}", revision=done.oid, exist_ok=True)
        sums = {name: sha256_of(bundle.folder / name) for name in bundle.files}
        return Put(sums, f"{api.endpoint}/{self.repo}")

    def _refuse_foreign(self, there: set[str], bundle: Bundle) -> None:
        if (there & set(bundle.files)) - self.before:
            says = f"{self.repo} holds files of the same names that LoRA Loom did not put there."
            raise LoomError("hub_refused", says, "Publish under another name, or delete them on the hub.")

    def take(self, put: Put) -> None:
        """Delete the tag, and where it was the newest version its files too; the card then says that it was withdrawn. The
        hub's history keeps old commits: whoever wants them gone deletes the repository. Raises LoomError `hub_refused`."""
        with refusals(self.repo):
            hub, errors = _hub(), import_module("huggingface_hub.errors")
            api = hub.HfApi(endpoint=self.endpoint)
            try:
                there = set(api.list_repo_files(self.repo))
            except errors.RepositoryNotFoundError:
                return
            with suppress(errors.RevisionNotFoundError):
                api.delete_tag(self.repo, tag=f"v{self.version}")
            if not self.last:
                return
            says = f"# {one_line(self.label)}\n\nVersion {self.version} was withdrawn by its author.\n"
            card = hub.CommitOperationAdd("README.md", says.encode())
            gone = [hub.CommitOperationDelete(name) for name in put.files if name in there and name != "README.md"]
            api.create_commit(self.repo, [card, *gone], commit_message=f"Version {self.version} withdrawn")


def check_name(repo: str) -> None:
    """Raises LoomError `hub_refused` unless `repo` is `owner/name`."""
    if not NAME.fullmatch(repo) or "--" in repo or ".." in repo:
        raise LoomError("hub_refused", f"{repo!r} is no name of a repository.", "Write it as owner/name.")


def hub_user(endpoint: str | None = None) -> str | None:
    """Who is logged in to the hub on this machine; None without a token, or when the hub does not answer."""
    try:
        hub = _hub()
        return None if hub.get_token() is None else str(hub.HfApi(endpoint=endpoint).whoami(cache=True)["name"])
    except Exception:  # whatever it is, nobody is logged in as far as we know
        return None


def hub_address() -> str:
    """The hub that is used: `HF_ENDPOINT`, else huggingface.co."""
    try:
        return str(import_module("huggingface_hub.constants").ENDPOINT)
    except ImportError:
        return ""


def _hub() -> Any:
    """The library, slow to import and partly typed. It brings no torch."""
    return import_module("huggingface_hub")


@contextmanager
def refusals(repo: str) -> Generator[None]:
    """Turns whatever the library raises into LoomError `hub_refused`, without tokens or addresses of requests in it."""
    try:
        yield
    except LoomError:
        raise
    except ImportError as error:
        raise LoomError(
            "extra_missing", "The package huggingface_hub is missing.", "pip install huggingface_hub"
        ) from error
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            raise LoomError("hub_refused", f"The hub does not let you write to {repo}.", LOGIN) from error
        said = (
            getattr(error, "server_message", None)
            or f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        )
        hint = "Check the connection and HF_ENDPOINT." if status is None else "Look at what it says, then try again."
        raise LoomError("hub_refused", f"The hub refused {repo}: {said}", hint) from error
