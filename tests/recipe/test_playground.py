"""The drawing engine on Thimble: what a plain pipeline draws and more, the same picture for the same drawing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from loraloom.generate.draw import draw, pipeline_for
from loraloom.generate.parts import load_parts
from loraloom.generate.playground import engine as module
from loraloom.generate.playground.engine import Drawn, Engine, Stopped
from loraloom.generate.playground.text import encode, tokens
from loraloom.generate.sheet import save_picture, to_picture
from loraloom.models.resolve import resolve
from loraloom.spec.drawing import SAMPLERS, Drawing, LoraUse
from loraloom.spec.errors import LoomError
from tests.runs import make_run, train_here
from tests.tiny_models import build_folder

APPLE = "red apple on white background"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    before = torch.get_num_threads()
    yield Engine("cpu", threads=1)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose LoRA is on the text encoder too, and which exports an average."""
    run_dir = make_run(
        tmp_path_factory.mktemp("runs") / "run",
        training={"steps": 8, "ema": 0.9},
        optimizer={"learning_rate": 1e-2},
        lora={"rank": 4, "alpha": 6, "text_encoder": True, "rslora": True, "targets": "attention+ff+conv"},
        export={"dtype": "fp32"},
    )
    train_here(run_dir)
    return run_dir


def drawing(prompt: str = APPLE, **more: Any) -> Drawing:
    return Drawing.model_validate({"prompt": prompt, "steps": 3, "seed": 7, **more})


def apart(one: Drawn | np.ndarray, other: Drawn | np.ndarray) -> float:
    """Mean distance of two pictures, of 1."""
    a, b = (found.pixels if isinstance(found, Drawn) else found for found in (one, other))
    return float(np.abs(a - b).mean())


def test_a_plain_prompt_is_what_the_plain_pipeline_draws(engine: Engine) -> None:
    parts = load_parts(resolve("thimble"), "sd1", torch.float32)
    given = [{"prompt": APPLE, "negative_prompt": "owl"}]
    (wanted,) = draw(pipeline_for(parts), given, seeds=[7], steps=3, guidance=3.0, width=64, height=64)
    got = engine.draw(drawing(negative_prompt="owl"))
    assert np.array_equal(got.pixels, wanted)
    assert (got.width, got.height, got.steps, got.guidance, got.warnings) == (64, 64, 3, 3.0, ())
    assert got.draw_ms > 0 and got.pixels.dtype == np.float32
    assert engine.draw(Drawing(sampler="lcm")).steps == 6


def test_together_as_alone_and_in_order(engine: Engine, run_dir: Path) -> None:
    """Mixed drawings come back in their order, each with the noise of its seed; batches have steps of their own."""
    lora = (LoraUse(path=str(run_dir / "lora" / "small.safetensors"), strength=0.8),)
    wanted = [
        drawing(seed=1),
        drawing("owl", loras=lora),
        drawing("owl", seed=1),
        drawing(width=32),
        drawing(loras=lora),
    ]
    steps: list[tuple[int, int]] = []
    order: list[int] = []
    got = engine.draw_many(
        wanted, on_step=lambda done, total: steps.append((done, total)), on_drawn=lambda i, _: order.append(i)
    )
    assert steps == [(n, 9) for n in range(1, 10)] and order == [0, 2, 1, 4, 3]
    assert [(one.width, one.height) for one in got] == [(64, 64)] * 3 + [(32, 64), (64, 64)]
    for one, alone in zip(got, wanted, strict=True):
        assert np.abs(one.pixels - engine.draw(alone).pixels).max() < 1e-4
    assert apart(got[1], engine.draw(drawing("owl"))) > 0.01


def test_strength_zero_is_the_base(engine: Engine, run_dir: Path) -> None:
    file = str(run_dir / "lora" / "small.safetensors")
    base = engine.draw(drawing())
    assert apart(engine.draw(drawing(loras=[LoraUse(path=file)])), base) > 0.01
    for use in (LoraUse(path=file, strength=0), LoraUse(path=file, blocks={"unet": 0, "text_encoder": 0})):
        assert np.array_equal(engine.draw(drawing(loras=[use])).pixels, base.pixels)
    assert np.array_equal(engine.draw(drawing()).pixels, base.pixels)


def test_a_checkpoint_draws_what_the_run_exports(engine: Engine, run_dir: Path, tmp_path: Path) -> None:
    """Of a run with an average, and of one that trains without a schedule."""
    free = make_run(
        tmp_path / "free",
        training={"steps": 5},
        optimizer={"name": "adamw_schedulefree", "learning_rate": 2e-2},
        lora={"rank": 4, "alpha": 4, "dora": True},
        export={"dtype": "fp32"},
    )
    train_here(free)
    for run in (run_dir, free):
        (*_, last) = sorted((run / "checkpoints").iterdir())
        exported, checkpoint = (
            engine.draw(drawing(loras=[LoraUse(path=str(path))])) for path in (run / "lora" / "small.safetensors", last)
        )
        assert checkpoint.warnings == () and apart(exported, engine.draw(drawing())) > 0.003
        assert np.abs(exported.pixels - checkpoint.pixels).max() < 1e-3, run.name


@pytest.fixture(scope="module")
def wanted(engine: Engine) -> list[Drawn]:
    """An apple and an owl, by 30 steps of DDIM."""
    return engine.draw_many([drawing(prompt, steps=30) for prompt in (APPLE, "owl on blue background")])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samplers(engine: Engine, sampler: str, wanted: list[Drawn]) -> None:
    """Each draws the apple in few steps, and the same one again."""
    apple, owl = wanted
    few = engine.draw(drawing(sampler=sampler, steps=8))
    assert np.isfinite(few.pixels).all() and few.steps == 8
    assert apart(few, apple) < 0.5 * apart(few, owl)
    assert np.array_equal(engine.draw(drawing(sampler=sampler, steps=8)).pixels, few.pixels)
    engine.draw(drawing(sampler=sampler, steps=1))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_base_that_predicts_velocity_from_no_signal(tmp_path: Path, sampler: str) -> None:
    import json

    folder = build_folder("sd2", tmp_path / "base", text_layers=3)
    file = folder / "scheduler" / "scheduler_config.json"
    config = json.loads(file.read_text()) | {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    file.write_text(json.dumps(config))
    own = Engine("cpu", threads=1)
    got = own.draw(Drawing(base_model=str(folder), prompt="x", steps=4, width=64, height=64, sampler=sampler))  # type: ignore[arg-type]
    assert np.isfinite(got.pixels).all() and got.pixels.std() > 0.01
    scheduler = own._bases.get(str(folder)).pipeline.scheduler
    assert scheduler.config.prediction_type == "v_prediction" and scheduler.config.rescale_betas_zero_snr
    assert int(scheduler.timesteps[0]) == 999, "the first step is at the very end, where there is no signal"


def test_sdxl_and_its_two_encoders(tmp_path: Path) -> None:
    folder = build_folder("sdxl", tmp_path / "base", text_layers=3, depth=1)
    own = Engine("cpu", threads=1)
    plain = Drawing(base_model=str(folder), prompt="red fox", steps=2, width=64, height=64, guidance=4)
    got = own.draw(plain)
    parts = own.parts(str(folder))
    given = [{"prompt": "red fox", "negative_prompt": ""}]
    (wanted,) = draw(pipeline_for(parts), given, seeds=[0], steps=2, guidance=4, width=64, height=64)
    assert np.array_equal(got.pixels, wanted)
    heavier = encode(parts, "(red:1.5) fox", 0).entry
    light = encode(parts, "red fox", 0).entry
    assert torch.equal(heavier["pooled"], light["pooled"])
    first = parts.text_encoders["text_encoder"].config.hidden_size
    for some in (slice(None, first), slice(first, None)):
        mean = heavier["hidden"][:, some].mean() - light["hidden"][:, some].mean()
        assert abs(mean) < 1e-6 and not torch.allclose(heavier["hidden"][:, some], light["hidden"][:, some])
    save_picture(to_picture(got.pixels), tmp_path / "fox.png")
    varied = own.draw(plain.model_copy(update={"picture": str(tmp_path / "fox.png"), "variation": 0.5}))
    assert np.isfinite(varied.pixels).all()


def test_weights_by_the_plain_formula(engine: Engine) -> None:
    parts = engine.parts("thimble")
    ids, weights, cut = tokens(parts.tokenizers["text_encoder"], "red (apple:1.4) [owl]")
    plain = parts.tokenizers["text_encoder"]("red apple owl", padding="max_length", truncation=True).input_ids
    assert ids == plain and cut == 0 and len(ids) == 16
    assert weights[:5] == [1, 1, 1.4, pytest.approx(1 / 1.1), 1] and set(weights[5:]) == {1}
    hidden = encode(parts, "red apple owl", 0).entry["hidden"]
    wanted = hidden * torch.tensor(weights)[:, None]
    wanted *= hidden.mean() / wanted.mean()
    assert torch.allclose(encode(parts, "red (apple:1.4) [owl]", 0).entry["hidden"], wanted, atol=1e-6)
    assert torch.equal(encode(parts, r"red (apple:1.0) owl", 0).entry["hidden"], hidden)
    assert apart(engine.draw(drawing("(red:1.6) apple")), engine.draw(drawing("red apple"))) > 0.001


def test_what_is_cut_and_skipped_is_said(engine: Engine) -> None:
    drawn = engine.draw(drawing(" ".join(["owl"] * 20), negative_prompt=" ".join(["fox"] * 15), clip_skip=1))
    assert [warning.split(" ", 3)[2] for warning in drawn.warnings] == ["6", "1"]
    skipped = engine.draw(drawing(clip_skip=1))
    assert apart(skipped, engine.draw(drawing())) > 0.001 and skipped.warnings == ()
    too_many = engine.draw(drawing(clip_skip=5))
    assert np.array_equal(too_many.pixels, skipped.pixels) and "1 is used" in too_many.warnings[0]


def test_prompts_are_read_once_for_each_state_of_the_encoder(
    engine: Engine, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reading(parts: Any, prompt: str, clip_skip: int) -> Any:
        read.append(prompt)
        return encode(parts, prompt, clip_skip)

    monkeypatch.setattr(module, "encode", reading)
    prompt = "grapes on pink background"
    file = str(run_dir / "lora" / "small.safetensors")
    for steps in (1, 2):
        engine.draw(drawing(prompt, steps=steps))
        engine.draw(drawing(prompt, steps=steps, loras=[LoraUse(path=file, strength=0)]))
    assert read.count(prompt) == 1
    for strength in (0.5, 1.0, 0.5):
        engine.draw(drawing(prompt, steps=1, loras=[LoraUse(path=file, strength=strength)]))
    assert read.count(prompt) == 3


def test_variations(engine: Engine, tmp_path: Path) -> None:
    """Nearer to the picture the less it may vary; of its shape, unless a size is asked for."""
    start = engine.draw(drawing(steps=20))
    save_picture(to_picture(start.pixels), tmp_path / "apple.png")
    vary = {"picture": str(tmp_path / "apple.png"), "steps": 10}
    far = [apart(engine.draw(drawing("owl on blue background", variation=v, **vary)), start) for v in (0.001, 0.4, 1.0)]
    assert far[0] < 0.03 and far[0] < 0.5 * far[1] and far[1] < far[2]
    for sampler in SAMPLERS:
        got = engine.draw(drawing(sampler=sampler, variation=0.02, **vary))
        assert apart(got, start) < 0.05, sampler

    Image.new("RGB", (400, 200), "white").save(tmp_path / "wide.png")
    wide = engine.draw(drawing(picture=str(tmp_path / "wide.png"), steps=2))
    assert (wide.width, wide.height) == (88, 48) and wide.pixels.shape == (48, 88, 3)
    square = engine.draw(drawing(picture=str(tmp_path / "wide.png"), steps=2, width=64))
    assert (square.width, square.height) == (64, 64)
    with pytest.raises(LoomError) as caught:
        engine.draw(drawing(picture=str(tmp_path / "none.png")))
    assert caught.value.code == "dataset_unreadable"


def test_given_up_between_two_steps(engine: Engine) -> None:
    steps: list[int] = []
    with pytest.raises(Stopped):
        engine.draw(drawing(steps=50), on_step=lambda done, _: steps.append(done), stop=lambda: len(steps) == 3)
    assert steps == [1, 2, 3]
    with pytest.raises(Stopped):
        engine.draw(drawing(steps=50), on_step=lambda done, _: steps.append(done), stop=lambda: True)
    assert steps == [1, 2, 3]
    assert np.array_equal(engine.draw(drawing()).pixels, engine.draw(drawing()).pixels)


def test_bases_stay_while_memory_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from loraloom.generate.playground import bases

    loaded: list[str] = []
    load = bases.load_parts

    def loading(base: Any, *more: Any) -> Any:
        loaded.append(base.name)
        return load(base, *more)

    monkeypatch.setattr(bases, "load_parts", loading)
    names = ["thimble", *(str(build_folder("sd1", tmp_path / name, text_layers=1)) for name in ("one", "two"))]
    both = Engine("cpu", threads=1)
    for name in (*names, *names):
        both.parts(name)
    assert loaded == ["thimble", "one", "two"] and all(both.holds(name) for name in names)

    sizes = [both._bases.get(name).size for name in names]
    for name, size in zip(names, sizes, strict=True):
        model = resolve(name)
        assert bases.expected_bytes(model, "sd1", torch.float32) == pytest.approx(size, rel=0.01)
    loaded.clear()
    two = Engine("cpu", threads=1, memory_bytes=sizes[1] + sizes[2] + 1000)
    for name in (names[1], names[2], names[1], names[0], names[1]):
        two.parts(name)
    assert loaded == ["one", "two", "thimble"] and not two.holds(names[2])
    loaded.clear()
    mixed = [Drawing(base_model=name, steps=1, width=32, height=32, seed=seed) for seed in (0, 1) for name in names[:2]]
    one = Engine("cpu", threads=1, memory_bytes=1)
    assert [drawn.load_ms > 1 for drawn in one.draw_many(mixed)] == [True] * 4
    assert loaded == ["thimble", "one"], "all of a base before the next"
    tiny = Engine("cpu", threads=1, memory_bytes=1)
    tiny.parts("thimble")
    assert tiny.holds("thimble"), "one base is always kept"


def test_what_cannot_be_drawn(engine: Engine, tmp_path: Path) -> None:
    for wanted, code in (
        (drawing(base_model=str(tmp_path / "none")), "base_model_not_found"),
        (drawing(loras=[LoraUse(path=str(tmp_path / "none.safetensors"))]), "file_not_found"),
    ):
        with pytest.raises(LoomError) as caught:
            engine.draw(wanted)
        assert caught.value.code == code
    with pytest.raises(LoomError):
        Engine("tpu:9")
