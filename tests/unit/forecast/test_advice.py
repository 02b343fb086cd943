"""Advice before a run: each warning where it belongs, what mends it, and silence about settings that are fine."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loraloom import presets
from loraloom.data.plan import plan as make_plan
from loraloom.forecast.advice import advise
from loraloom.forecast.advice_data import cut_captions
from loraloom.forecast.ladder import applied
from loraloom.models.resolve import resolve
from loraloom.models.shape import Shape, shape_of, usual_shape
from loraloom.spec.dataset import DatasetReport, Image, Plan
from loraloom.spec.forecast import Advice
from loraloom.spec.run import NATIVE_RESOLUTION, RUN, Family, Run


def _run(family: str = "sd1", **groups: Any) -> Run:
    """A run that nothing is wrong with on 20 pictures: 40 epochs, samples, the usual rate."""
    config: dict[str, Any] = {
        "dataset": {"path": "x", "resolution": 512},
        "training": {"epochs": 40, "batch_size": 2},
        "sample": {"prompts": ["a cat"]},
    }
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group}
    if config["training"].get("steps"):
        config["training"].pop("epochs")
    return RUN.validate_python({"family": family, **config})


def _images(count: int, side: int = 1024, caption: str = "a cat, number {}") -> list[Image]:
    return [
        Image(
            path=f"/{i}", name=f"{i}", width=side, height=side, sha256=f"{i:064}",
            captions=(caption.format(i),) if caption else (),
        )
        for i in range(count)
    ]  # fmt: skip


def _plan(run: Run, images: list[Image]) -> Plan:
    return make_plan(DatasetReport(path="x", images=images), run)


def _advice(run: Run, images: int | list[Image] = 20, shape: Shape | None = None, **more: Any) -> list[Advice]:
    listed = _images(images) if isinstance(images, int) else images
    return advise(run, _plan(run, listed), shape or usual_shape(run.family), **more)


def _codes(run: Run, images: int | list[Image] = 20, shape: Shape | None = None, **more: Any) -> list[str]:
    return [advice.code for advice in _advice(run, images, shape, **more)]


def _one(code: str, run: Run, images: int | list[Image] = 20, **more: Any) -> Advice:
    found = {advice.code: advice for advice in _advice(run, images, **more)}
    assert code in found, list(found)
    return found[code]


def _mended(advice: Advice, run: Run, images: int | list[Image] = 20, **more: Any) -> Run:
    """The run with the advice followed, which silences it."""
    assert advice.mends and advice.hint
    mended = applied(run, advice.mends)
    assert advice.code not in _codes(mended, images, **more)
    return mended


def test_silence_about_a_usual_run() -> None:
    assert _codes(_run()) == []


PURPOSES = [
    (name, family) for name in presets.names() for family in presets.read(name).families if family != "causal_lm"
]


@pytest.mark.parametrize(("name", "family"), PURPOSES)
def test_presets_are_not_scolded(name: str, family: Family) -> None:
    """With 20 pictures and with as many as they say, on the base they are meant for. The defaults of lora-scripts draw
    nothing and are told so."""
    preset = presets.read(name)
    small = not preset.memory  # presets for a laptop are for the built-in base
    shape = shape_of(resolve("thimble")) if small else usual_shape(family)
    dataset = {"path": "x", "resolution": 64 if small else NATIVE_RESOLUTION[family]} | preset.settings.get(
        "dataset", {}
    )
    caption = preset.settings.get("caption", {}) | {"trigger": "sks"}
    run = RUN.validate_python({**preset.settings, "family": family, "caption": caption, "dataset": dataset})
    expected = ["no_samples"] if name == "lora-scripts-classic" else []
    said = re.match(r"You have (\d+) to (\d+) ", preset.who)
    for count in {20, *(int(number) for number in (said.groups() if said else ()))}:
        assert _codes(run, count, shape) == expected, count


def test_laptop_settings_on_a_large_base_burn() -> None:
    """What the built-in base needs is too much for Stable Diffusion."""
    run = _run(training={"steps": 150, "batch_size": 8}, optimizer={"learning_rate": 2e-3})
    assert _codes(run) == ["rate_high"]
    assert _codes(run, shape=shape_of(resolve("thimble"))) == ["resolution_far"]


def test_twelve_pictures_and_four_thousand_steps() -> None:
    run = _run(training={"steps": 4000, "batch_size": 1})
    advice = _one("memorise", run, 12)
    assert "12 pictures and 4000 steps" in advice.message
    assert advice.values == {"pictures": 12, "steps": 4000, "passes": 333, "enough": 100}
    assert _mended(advice, run, 12).training.steps == 1200


def test_a_run_in_epochs_is_mended_in_epochs() -> None:
    run = _run(training={"epochs": 300})
    assert _one("memorise", run).mends == {"training.epochs": 100}
    _mended(_one("memorise", run), run)


def test_one_epoch_of_many_repeats_is_mended_in_steps() -> None:
    run = _run(training={"epochs": 1, "batch_size": 1})
    images = [image.model_copy(update={"repeats": 400}) for image in _images(10)]
    mended = _mended(_one("memorise", run, images), run, images)
    assert (mended.training.epochs, mended.training.steps) == (None, 1000)


@pytest.mark.parametrize("passes", [10, 60, 150])
def test_usual_lengths_memorise_nothing(passes: int) -> None:
    assert _codes(_run(training={"epochs": passes, "batch_size": 1})) == []


def test_a_few_steps_hardly_show() -> None:
    run = _run(training={"epochs": 3})
    advice = _one("barely_trained", run)
    assert advice.values["steps"] == 30 and advice.mends == {"training.epochs": 20}
    _mended(advice, run)


def test_few_steps_at_a_higher_rate_are_enough() -> None:
    assert _codes(_run(training={"epochs": 3}, optimizer={"learning_rate": 3e-4})) == []


@pytest.mark.parametrize(
    ("rate", "alpha", "rank", "rslora", "optimizer", "times"),
    [
        (1.6e-3, 16, 16, False, "adamw", 16),
        (8e-4, 32, 16, False, "adamw", 16),
        (4e-4, 16, 16, True, "adamw", 16),
        (1.6e-4, 16, 16, False, "lion", 16),
        (1.6e-3, 16, 16, False, "adafactor", 16),
        (9.0, 1, 64, False, "prodigy", 9),
    ],
)
def test_rates_that_burn(rate: float, alpha: float, rank: int, rslora: bool, optimizer: str, times: float) -> None:
    run = _run(
        lora={"rank": rank, "alpha": alpha, "rslora": rslora}, optimizer={"name": optimizer, "learning_rate": rate}
    )
    advice = _one("rate_high", run)
    assert advice.values["times"] == pytest.approx(times)
    assert f"{times} times what {optimizer} usually takes" in advice.message
    _mended(advice, run)


def test_a_rate_that_learns_nothing() -> None:
    """Prodigy left at AdamW's rate is the usual mistake."""
    run = _run(optimizer={"name": "prodigy", "learning_rate": 1e-4})
    assert _mended(_one("rate_low", run), run).optimizer.learning_rate == 1
    run = _run(optimizer={"learning_rate": 1e-6})
    assert _mended(_one("rate_low", run), run).optimizer.learning_rate == 1e-4


@pytest.mark.parametrize(("rank", "rslora"), [(32, False), (128, False), (1024, True)])
def test_alpha_of_one_with_a_high_rank(rank: int, rslora: bool) -> None:
    """sd-scripts' default alpha: the rate is usual, alpha is to blame."""
    run = _run(lora={"rank": rank, "alpha": 1, "rslora": rslora})
    advice = _one("alpha_zero_like", run)
    assert list(advice.mends) == ["lora.alpha"]
    _mended(advice, run)


def test_an_alpha_far_above_the_rank() -> None:
    run = _run(lora={"rank": 4, "alpha": 64})
    advice = _one("rate_high", run)
    assert advice.mends == {"lora.alpha": 2}
    _mended(advice, run)


def test_text_encoders_that_run_ahead() -> None:
    run = _run(lora={"text_encoder": True}, optimizer={"text_encoder_learning_rate": 4e-4})
    assert _mended(_one("text_encoder_rate", run), run).optimizer.text_encoder_learning_rate == 5e-5
    quiet = _run(lora={"text_encoder": True}, optimizer={"text_encoder_learning_rate": 1e-4})
    assert _codes(quiet) == []
    untrained = _run(optimizer={"text_encoder_learning_rate": 4e-4})
    assert _codes(untrained) == []


def test_a_rise_that_never_ends() -> None:
    run = _run(optimizer={"warmup": 300})
    assert _one("warmup_long", run).values == {"warmup": 300, "steps": 400}
    _mended(_one("warmup_long", run), run)
    assert _codes(_run(optimizer={"warmup": 0.9})) == []


@pytest.mark.parametrize("small", [5, 12, 20])
def test_pictures_smaller_than_the_resolution(small: int) -> None:
    images = [*_images(20 - small), *(i.model_copy(update={"name": f"s{i.name}"}) for i in _images(small, 400))]
    run = _run()
    advice = _one("pictures_small", run, images)
    assert advice.values == {"small": small, "pictures": 20, "resolution": 512, "lower": 384}
    assert f"{small} of 20 pictures" in advice.message
    assert _mended(advice, run, images).dataset.resolution == 384


def test_a_few_small_pictures_do_no_harm() -> None:
    assert _codes(_run(), [*_images(17), *(i.model_copy(update={"name": f"s{i.name}"}) for i in _images(3, 300))]) == []
    assert _codes(_run(), _images(20, 480)) == [], "7 % are no blur"


def test_what_is_cropped_counts() -> None:
    images = [image.model_copy(update={"crop": (0.0, 0.0, 0.25, 0.25)}) for image in _images(20)]
    assert _codes(_run(), images) == ["pictures_small"]


def test_pictures_too_small_for_the_base() -> None:
    """Lowering the resolution to 192 would be no mend: the base does not draw at that size."""
    advice = _one("pictures_small", _run(), _images(20, 200))
    assert advice.mends == {} and advice.hint == "Find larger ones."


@pytest.mark.parametrize(
    ("family", "side", "told"),
    [("sd1", 1024, True), ("sd1", 768, False), ("sdxl", 512, True), ("sdxl", 768, False), ("sd1", 256, True)],
)
def test_far_from_what_the_base_was_made_for(family: str, side: int, told: bool) -> None:
    run = _run(family, dataset={"resolution": side})
    assert ("resolution_far" in _codes(run)) == told
    if told:
        assert _mended(_one("resolution_far", run), run).dataset.resolution == NATIVE_RESOLUTION[run.family]


def test_captions_that_are_cut() -> None:
    """Counted as they are trained on, the trigger in front; words stand for tokens here."""
    run = _run(caption={"trigger": "sks"})
    images = [*_images(18), *_images(2, caption="word " * 90)]
    images = [image.model_copy(update={"name": f"{i}"}) for i, image in enumerate(images)]
    plan = _plan(run, images)
    assert cut_captions(plan, run, lambda text: len(text.split())) == 2
    assert cut_captions(plan, run, lambda text: len(text.split()), room=91) == 0
    advice = advise(run, plan, usual_shape("sd1"), cut=2)
    assert [(one.code, one.mends) for one in advice] == [("captions_cut", {})]
    assert "2 of 20 pictures" in advice[0].message and "75 tokens" in advice[0].message


def test_the_tokens_of_clip() -> None:
    from loraloom.data.quality.tokens import clip_tokens
    from loraloom.models.clip_vocab import clip_vocabulary

    run, tokens = _run(), clip_tokens(*clip_vocabulary())
    for words, cut in ((75, 0), (76, 2)):
        assert cut_captions(_plan(run, _images(2, caption="cat " * words)), run, tokens) == cut


def test_no_word_that_calls_it() -> None:
    bare = _images(20, caption="")
    assert _codes(_run(), bare) == ["no_words"]
    assert _codes(_run(caption={"trigger": "sks"}), bare) == []


def test_nothing_to_look_at() -> None:
    run = _run(sample={"prompts": []}, caption={"trigger": "sks"})
    advice = _one("no_samples", run)
    assert advice.mends["sample.prompts"] == ["[trigger], a cat, number 0", "[trigger], a cat, number 1"]
    _mended(advice, run)
    assert _one("no_samples", run, _images(20, caption="")).mends == {"sample.prompts": ["[trigger]"]}
    assert _one("no_samples", _run(sample={"prompts": []}), _images(20, caption="")).mends == {}


COURSE = ((100, 0.20), (200, 0.15), (300, 0.16), (400, 0.18))


def test_the_last_run_turned_up() -> None:
    run = _run()
    advice = _one("validation_rising", run, course=COURSE)
    assert advice.values == {"best": 200, "last": 400, "percent": 20, "steps": 400}
    assert _mended(advice, run, course=COURSE).training.epochs == 20
    in_steps = _run(training={"steps": 400})
    assert _mended(_one("validation_rising", in_steps, course=COURSE), in_steps, course=COURSE).training.steps == 200


@pytest.mark.parametrize(
    "course",
    [
        (),
        ((100, 0.2), (200, 0.3)),
        ((100, 0.2), (200, 0.15), (300, 0.153)),
        ((100, 0.2), (200, 0.15), (300, 0.14)),
        ((100, float("nan")), (200, 0.15), (300, float("nan"))),
        ((500, 0.2), (600, 0.15), (700, 0.2)),
    ],
)
def test_courses_that_say_nothing(course: tuple[tuple[int, float], ...]) -> None:
    """Too short, level, still falling, without numbers, or lowest only after this run's end."""
    assert _codes(_run(), course=course) == []


def test_advice_goes_through_json() -> None:
    found = _advice(_run(training={"steps": 4000}, sample={"prompts": []}), 5, course=COURSE)
    assert [advice.code for advice in found] == ["memorise", "validation_rising", "no_samples"]
    for advice in found:
        assert Advice.model_validate_json(advice.model_dump_json()) == advice
