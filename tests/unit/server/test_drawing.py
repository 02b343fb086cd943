"""The server's drawing process: one at most, the newest of a stream alone, and a training goes before it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loraloom.server import drawing as module
from loraloom.server.context import Context
from loraloom.server.drawing import Easel, Wish
from loraloom.server.playing import DrawnLine
from loraloom.spec.drawing import Drawing
from loraloom.store.tables import BaseModel, Lease
from tests.fake_weights import header_only, original_base
from tests.unit.server.easels import Fake, add_run, begin, draw, events, me, refused, wait_for


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, server: TestClient) -> list[Fake]:
    """The processes that were made; the client may write."""
    Fake.made, Fake.go = [], False
    monkeypatch.setattr(module, "DrawProcess", Fake)
    monkeypatch.setattr("loraloom.server.kept_process.TICK", 0.01)
    monkeypatch.setattr("loraloom.jobs.devices.slots", lambda: ["cpu"])
    server.headers["X-CSRF-Token"] = server.get("/api/session").json()["csrf"]
    return Fake.made


def prompts(fake: Fake) -> list[str]:
    return [drawing.prompt for drawing in fake.drawn]


def hold(context: Context, device: str, run_id: str | None) -> None:
    with context.database.session() as session:
        lease = session.get(Lease, device) or Lease(device=device)
        lease.run_id = run_id
        session.add(lease)


def easel(server: TestClient) -> Easel:
    return server.app.state.studio.easel  # type: ignore[attr-defined]


def test_the_newest_of_a_stream_takes_the_place_of_older_ones(server: TestClient, made: list[Fake]) -> None:
    first, one = begin(server, "slow 1", stream="page")
    wait_for(lambda: bool(made) and prompts(made[0]) == ["slow 1"])
    other, elsewhere = begin(server, "slow other", stream="elsewhere")
    wait_for(lambda: len(easel(server)._line) == 1)
    second, two = begin(server, "slow 2", stream="page")
    first.join(20)
    assert events(one[0]) == ["loading", "newer"], "it was being drawn"
    wait_for(lambda: prompts(made[0]) == ["slow 1", "slow other"])
    third, three = begin(server, "slow 3", stream="page")
    second.join(20)
    assert events(two[0]) == ["waiting", "newer"], "it was never drawn"
    Fake.go = True
    other.join(20)
    third.join(20)
    assert events(elsewhere[0]) == ["waiting", "done"] and events(three[0]) == ["waiting", "done"]
    assert prompts(made[0]) == ["slow 1", "slow other", "slow 3"] and len(made) == 1


def test_without_a_stream_nothing_is_replaced(server: TestClient, made: list[Fake]) -> None:
    first, one = begin(server, "slow 1")
    wait_for(lambda: bool(made) and len(made[0].drawn) == 1)
    second, two = begin(server, "slow 2")
    wait_for(lambda: len(easel(server)._line) == 1)
    Fake.go = True
    first.join(20)
    second.join(20)
    assert events(one[0])[-1] == "done" and events(two[0]) == ["waiting", "done"]


def test_too_many_wait(server: TestClient, made: list[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 1)
    threads = [begin(server, "slow")[0]]
    wait_for(lambda: bool(made) and len(made[0].drawn) == 1)
    threads.append(begin(server, "slow")[0])
    wait_for(lambda: len(easel(server)._line) == 1)
    assert refused(server, prompt="a") == "in_use"
    Fake.go = True
    for thread in threads:
        thread.join(20)


def test_an_error_is_told_and_the_process_stays(server: TestClient, made: list[Fake]) -> None:
    last = draw(server, "broken")[-1]
    assert (last["event"], last["code"], last["hint"]) == ("error", "lora_mismatch", "Take another.")
    assert events(draw(server)) == ["done"] and len(made) == 1
    made[0].end()
    assert events(draw(server)) == ["loading", "done"] and len(made) == 2


def test_the_processor_draws_beside_a_training(server: TestClient, context: Context, made: list[Fake]) -> None:
    hold(context, "cpu", add_run(context, me(context)))
    assert events(draw(server)) == ["loading", "done"]
    assert made[0].device == "cpu" and made[0].gentle and made[0].alive


def test_a_card_is_drawn_on_unless_a_training_holds_it(
    server: TestClient, context: Context, made: list[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loraloom.jobs.devices.slots", lambda: ["cuda:0", "cuda:1", "cpu"])
    run = add_run(context, me(context))
    hold(context, "cuda:0", run)
    assert events(draw(server)) == ["loading", "done"] and made[0].device == "cuda:1" and not made[0].gentle
    hold(context, "cuda:0", None)
    assert events(draw(server)) == ["done"], "it stays where its base is"
    thread, found = begin(server, "slow")
    wait_for(lambda: prompts(made[0])[-1:] == ["slow"])
    hold(context, "cuda:1", run)
    thread.join(20)
    assert found[0][-1]["event"] == "error" and found[0][-1]["code"] == "in_use" and not made[0].alive
    assert events(draw(server)) == ["loading", "done"] and made[1].device == "cuda:0"
    hold(context, "cuda:0", run)
    assert refused(server, prompt="a") == "in_use"


def test_a_base_that_it_does_not_see_makes_another(
    server: TestClient, context: Context, made: list[Fake], tmp_path: Path
) -> None:
    bases = [header_only(tmp_path / f"{name}.safetensors", original_base("sd1")) for name in ("one", "two")]
    values = {"layout": "original", "family": "sd1", "user_id": me(context)}
    with context.database.session() as session:
        session.add(BaseModel(name="one", source=str(bases[0]), **values))
        session.add(BaseModel(name="gone", source=str(tmp_path / "gone.safetensors"), **values))
    assert events(draw(server)) == ["loading", "done"] and set(made[0].bases) == {bases[0]}
    assert events(draw(server, base_model=str(bases[0]))) == ["done"], "what was known at the start is seen"
    assert made[0].drawn[-1].base_model == str(bases[0])
    assert events(draw(server, base_model=str(bases[1]))) == ["loading", "done"]
    assert not made[0].alive and set(made[1].bases) == set(bases)


def wish(prompt: str) -> Wish:
    return Wish(Drawing(prompt=prompt), None, "me", "", lambda png, line: DrawnLine(event="done", steps=line.steps))


def test_who_leaves_stops_it(context: Context, made: list[Fake], tmp_path: Path) -> None:
    async def leave(one: Easel) -> list[str]:
        loop = asyncio.get_running_loop()
        with context.database.session() as session:
            first, second = one.ask(session, wish("slow 1"), loop), one.ask(session, wish("slow 2"), loop)
            third = one.ask(session, wish("3"), loop)
        async for line in second:
            assert line.event == "waiting"
            break
        await second.aclose()  # type: ignore[attr-defined]
        async for line in first:
            if line.event == "drawing":
                break
        await first.aclose()  # type: ignore[attr-defined]
        return [line.event async for line in third]

    one = Easel(context.database, tmp_path / "room", idle=0.05)
    assert asyncio.run(leave(one))[-1] == "done"
    assert prompts(made[0]) == ["slow 1", "3"], "who waited and left was never drawn"
    wait_for(lambda: not made[0].alive)
    assert not one.alive, "it is idle"


def test_it_ends_with_the_server(context: Context, made: list[Fake], tmp_path: Path) -> None:
    async def draw_one(one: Easel) -> list[str]:
        with context.database.session() as session:
            lines = one.ask(session, wish("a"), asyncio.get_running_loop())
        return [line.event async for line in lines]

    lasting = Easel(context.database, tmp_path / "room")
    assert asyncio.run(draw_one(lasting))[-1] == "done" and lasting.alive
    lasting.end()
    assert not made[0].alive and not lasting.alive
