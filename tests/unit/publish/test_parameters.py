"""What made a picture is read back from its PNG by another program's reader."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sd_parsers import ParserManager

from loraloom.publish.parameters import UsedBase, UsedLora, parameters, with_parameters
from loraloom.spec.drawing import SAMPLERS, Drawing, Sampler

BASE = UsedBase("dream, shaper", "0123456789")
LORAS = (UsedLora("ink", 0.8, "ab" * 6), UsedLora("other", -1))


def png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (96, 64), (3, 4, 5)).save(out, "PNG")
    return out.getvalue()


def text(drawing: Drawing, base: UsedBase = BASE, loras: tuple[UsedLora, ...] = LORAS) -> str:
    return parameters(drawing, base, loras, width=96, height=64, steps=12, guidance=4.5)


def test_the_text_is_that_program_s() -> None:
    drawing = Drawing(
        prompt="a (fox:1.2)",
        negative_prompt="blurry",
        seed=7,
        sampler="dpmpp_2m_karras",
        clip_skip=1,
        picture="x",
        variation=0.4,
    )
    assert text(drawing).split("\n") == [
        "a (fox:1.2) <lora:ink:0.8><lora:other:-1>",
        "Negative prompt: blurry",
        "Steps: 12, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.5, Seed: 7, Size: 96x64, Model hash: 0123456789, "
        'Model: "dream, shaper", Denoising strength: 0.4, Clip skip: 2, Lora hashes: "ink: abababababab"',
    ]
    plain = text(Drawing(), UsedBase("thimble"), ())
    assert plain == "\nSteps: 12, Sampler: DDIM, CFG scale: 4.5, Seed: 0, Size: 96x64, Model: thimble"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_reader_reads_it_back(sampler: Sampler) -> None:
    names = {"ddim": "DDIM", "euler": "Euler", "euler_a": "Euler a", "dpmpp_2m_karras": "DPM++ 2M", "lcm": "LCM"}
    drawing = Drawing(prompt="a fox, 狐\nin snow 🦊", negative_prompt="blurry, bad", seed=2**32 - 1, sampler=sampler)
    made = with_parameters(png(), text(drawing, UsedBase("thimble", "0123456789")))
    with Image.open(BytesIO(made)) as picture:
        assert picture.size == (96, 64) and picture.getpixel((0, 0)) == (3, 4, 5)
    found = ParserManager().parse(BytesIO(made))
    assert found is not None and found.generator.value == "AUTOMATIC1111"
    [used] = found.samplers
    assert [prompt.value for prompt in used.prompts] == ["a fox, 狐\nin snow 🦊 <lora:ink:0.8><lora:other:-1>"]
    assert [prompt.value for prompt in used.negative_prompts] == ["blurry, bad"]
    assert used.name == names[sampler]
    assert used.parameters["seed"] == str(2**32 - 1) and used.parameters["cfg_scale"] == "4.5"
    assert used.parameters["steps"] == "12" and used.parameters.get("scheduler", "") == (
        "Karras" if "karras" in sampler else ""
    )
    assert used.model is not None and (used.model.name, used.model.hash) == ("thimble", "0123456789")
    assert found.metadata["Size"] == "96x64"


def test_odd_letters_do_no_harm() -> None:
    for prompt in ("é", "\0a\0", "\ud800", "Steps: 1, Sampler: x, Seed: 2"):
        made = with_parameters(
            png(), parameters(Drawing.model_construct(prompt=prompt), BASE, (), width=1, height=1, steps=1, guidance=1)
        )
        with Image.open(BytesIO(made)) as picture:
            picture.load()
            assert "CFG scale: 1" in picture.info["parameters"]
    with pytest.raises(ValueError, match="PNG"):
        with_parameters(b"GIF89a", "x")


def test_any_language_comes_back_to_the_letter() -> None:
    said = "owl, 猫头鹰\nSteps: 3, Seed: 0"
    with Image.open(BytesIO(with_parameters(png(), said))) as picture:
        assert picture.info["parameters"] == said
