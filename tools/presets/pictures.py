"""Draws src/loraloom/presets/pictures: `python tools/presets/pictures.py [--out FOLDER] [NAME ...]`; needs resvg-py."""

import argparse
from pathlib import Path

import people
import scenes
import speech
import things

FOLDER = Path(__file__).parents[2] / "src" / "loraloom" / "presets" / "pictures"
LARGEST = 22_000
"""Bytes of a picture; the quality is lowered where it is needed."""
PICTURES = {
    "anime-avatar-sd1": people.anime_avatar,
    "anime-avatar-sdxl": people.anime_avatar_large,
    "answer-in-our-voice": speech.answer_in_our_voice,
    "brand-illustration": things.brand_illustration,
    "character-sd1": people.character,
    "character-sdxl": people.character_large,
    "demo": things.demo,
    "icon-set": things.icon_set,
    "icon-set-thimble": things.icon_set_small,
    "ink-landscape": scenes.ink_landscape,
    "lora-scripts-classic": things.classic,
    "mascot-thimble": people.mascot,
    "our-terms-and-facts": speech.our_terms_and_facts,
    "play-a-role": speech.play_a_role,
    "product-photo": things.product_photo,
    "quick-look": things.quick_look,
    "small-card-sdxl": scenes.style_small_card,
    "structured-output": speech.structured_output,
    "style-sd1": scenes.style,
    "style-sdxl": scenes.style_large,
    "text-classic": speech.text_classic,
    "text-demo": speech.text_demo,
}


def main() -> None:
    """Draw those named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], metavar="NAME")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.names or PICTURES:
        file = given.out / f"{name}.webp"
        picture = PICTURES[name]()
        for quality in (84, 76, 68, 60):
            picture.save(file, "WEBP", quality=quality, method=6, use_sharp_yuv=True)
            if file.stat().st_size <= LARGEST:
                break
        print(f"{file.name} {file.stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
