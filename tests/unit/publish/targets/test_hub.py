"""Publishing to a hub, against one on this machine: upload, versions, refusals, withdrawal, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants as constants
import pytest

from loraloom.publish.targets.hub import HubTarget, hub_user
from loraloom.spec.errors import LoomError
from loraloom.spec.publication import Publish
from tests.bundles import bundle_of
from tests.fake_hub import TOKEN, Hub, running


@pytest.fixture(scope="module")
def _hub() -> Iterator[Hub]:
    with running() as hub:
        yield hub


@pytest.fixture
def hub(_hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """An empty hub at which this process is logged in. The client reads its switches when it is imported."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    _hub.repos.clear()
    _hub.objects.clear()
    _hub.asked.clear()
    return _hub


def test_a_version_arrives_whole_private_and_tagged(hub: Hub, tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "b")
    put = HubTarget("loom/felt", endpoint=hub.address).put(bundle)
    repo = hub.repos["loom/felt"]
    assert repo.private
    assert put.address == f"{hub.address}/loom/felt"
    files = repo.commits[repo.refs["v1"]]
    assert set(files) == {".gitattributes", *bundle.files} == {".gitattributes", *put.files}
    assert files["Felt.safetensors"] == (bundle.folder / "Felt.safetensors").read_bytes()
    assert files["README.md"].startswith(b"---\nlicense: cc0-1.0\n")
    assert any("info/lfs/objects/batch" in call for call in hub.asked), "weights go as large files"


def test_it_can_be_public(hub: Hub, tmp_path: Path) -> None:
    HubTarget("loom/felt", private=False, endpoint=hub.address).put(bundle_of(tmp_path / "b"))
    assert not hub.repos["loom/felt"].private


def test_a_second_version_takes_the_place_of_the_first(hub: Hub, tmp_path: Path) -> None:
    first = HubTarget("loom/felt", endpoint=hub.address).put(bundle_of(tmp_path / "1"))
    before = frozenset({*first.files, "old.safetensors"})
    repo = hub.repos["loom/felt"]
    repo.commit({**repo.commits[repo.refs["main"]], "old.safetensors": b"ours", "other.safetensors": b"theirs"})
    second = bundle_of(tmp_path / "2", version=2, seed=5)
    HubTarget("loom/felt", version=2, before=before, endpoint=hub.address).put(second)
    assert set(repo.refs) == {"main", "v1", "v2"}
    now = repo.commits[repo.refs["main"]]
    assert now["Felt.safetensors"] == (second.folder / "Felt.safetensors").read_bytes()
    assert repo.commits[repo.refs["v1"]]["Felt.safetensors"] != now["Felt.safetensors"]
    assert "old.safetensors" not in now and now["other.safetensors"] == b"theirs", "what is not ours stays"


def test_a_repository_with_files_of_others_is_left_alone(hub: Hub, tmp_path: Path) -> None:
    HubTarget("loom/felt", endpoint=hub.address).put(bundle_of(tmp_path / "1"))
    repo = hub.repos["loom/felt"]
    commits = len(repo.commits)
    with pytest.raises(LoomError) as caught:
        HubTarget("loom/felt", endpoint=hub.address).put(bundle_of(tmp_path / "2", seed=5))
    assert caught.value.code == "hub_refused" and len(repo.commits) == commits


def test_withdrawing_deletes_files_and_tag(hub: Hub, tmp_path: Path) -> None:
    target = HubTarget("loom/felt", "Felt", endpoint=hub.address)
    put = target.put(bundle_of(tmp_path / "1"))
    target.take(put)
    repo = hub.repos["loom/felt"]
    left = repo.commits[repo.refs["main"]]
    assert set(left) == {".gitattributes", "README.md"} and b"withdrawn" in left["README.md"]
    assert "v1" not in repo.refs
    target.take(put)  # again, and of a repository that is gone
    hub.repos.clear()
    target.take(put)


def test_withdrawing_an_older_version_leaves_the_newest(hub: Hub, tmp_path: Path) -> None:
    put = HubTarget("loom/felt", endpoint=hub.address).put(bundle_of(tmp_path / "1"))
    before = frozenset(put.files)
    HubTarget("loom/felt", version=2, before=before, endpoint=hub.address).put(bundle_of(tmp_path / "2", version=2))
    HubTarget("loom/felt", version=1, last=False, endpoint=hub.address).take(put)
    repo = hub.repos["loom/felt"]
    assert set(repo.refs) == {"main", "v2"} and "Felt.safetensors" in repo.commits[repo.refs["main"]]


@pytest.mark.parametrize("repo", ["felt", "../felt", "loom/..", "loom/fe lt", "loom/a/b", "", "loom/a--b"])
def test_names_that_are_none(repo: str, tmp_path: Path) -> None:
    with pytest.raises(LoomError, match="name of a repository"):
        HubTarget(repo).put(bundle_of(tmp_path / "b"))


def test_refusals_are_said_without_the_token(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = bundle_of(tmp_path / "b")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    for name in ("loom/felt", "somebody/felt"):
        with pytest.raises(LoomError) as caught:
            HubTarget(name, endpoint=hub.address).put(bundle)
        assert caught.value.code == "hub_refused" and "hf auth login" in caught.value.hint
        assert "hf_wrong" not in caught.value.message + caught.value.hint
        monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(LoomError) as caught:
        HubTarget("loom/felt", endpoint="http://127.0.0.1:9").put(bundle)
    assert caught.value.code == "hub_refused" and "HF_ENDPOINT" in caught.value.hint


def test_who_is_logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub_user(hub.address) == "loom"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert hub_user(hub.address) is None


def test_what_was_asked_is_said_in_the_front_matter(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "b", Publish(target="hub", license="My own, ask me"))
    front = (bundle.folder / "README.md").read_text("utf-8").split("---")[1]
    assert "license: other\nlicense_name: my-own-ask-me\n" in front
