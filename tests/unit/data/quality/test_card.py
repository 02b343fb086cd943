"""The score card: each finding where it should be, none where it should not, words in both languages, fast enough."""

from __future__ import annotations

import string
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image, ImageOps

from loraloom.data.quality.card import card
from loraloom.data.quality.measures import measure
from loraloom.data.quality.report import Card, Finding, Kind, Looked
from loraloom.data.quality.tokens import clip_tokens
from loraloom.data.quality.weigh import WEIGHTS
from loraloom.data.quality.words import LANGUAGES, say, templates
from loraloom.models.clip_vocab import clip_vocabulary
from tests.structure_source import SRC
from tests.unit.data.quality.made import blurred, burnt, drawing, framed, good, looked, photo

DEMO = SRC / "assets" / "demo" / "pictures"


def kinds(found: Card) -> set[str]:
    return {finding.kind for finding in found.findings}


def only(found: Card, kind: Kind) -> Finding:
    assert kinds(found) == {kind}, found
    assert found.score < 100
    return found.findings[0]


def with_captions(*captions: str | None) -> list[Looked]:
    images = list(good())
    for index, caption in enumerate(captions):
        images[index] = images[index].model_copy(update={"caption": caption})
    return images


def test_a_good_set_has_all_points() -> None:
    assert card(good()) == Card(score=100, findings=[])


def test_the_demo_set_has_all_points() -> None:
    images: list[Looked] = []
    for file in sorted(DEMO.glob("*.png")):
        with Image.open(file) as picture:
            images.append(looked(file.stem, picture, file.with_suffix(".txt").read_text(encoding="utf-8")))
    assert len(images) == 24
    tokens = clip_tokens(*clip_vocabulary())
    assert card(images, tokens=tokens, limit=tokens.room, resolution=64) == Card(score=100, findings=[])


def test_nothing_scores_nothing() -> None:
    assert card([]) == Card(score=0, findings=[])


def test_copies_are_grouped_whatever_happened_to_them() -> None:
    one, two = photo(0, 320), photo(1, 320)
    copies = [
        looked("smaller", one.resize((200, 200)), "a, b"),
        looked("mirrored", ImageOps.mirror(one), "c, d"),
        looked("cropped", two.crop((4, 4, 316, 316)), "e, f"),
    ]
    found = only(card([*good(), *copies]), "near_duplicate")
    assert sorted(map(sorted, found.groups)) == [["cropped", "good1"], ["good0", "mirrored", "smaller"]]
    assert (found.count, found.values["groups"], found.values["spare"]) == (5, 2, 3) and found.level == "warn"


def test_other_colours_are_no_duplicate() -> None:
    shapes = [
        looked(ground, drawing(1, ground), f"shape, {ground}") for ground in ("white", "red", "lightblue", "yellow")
    ]
    assert "near_duplicate" not in kinds(card([*good(), *shapes]))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("blurred", blurred(photo(90, 320), 4)),
        ("dark", photo(91, 320).point(lambda value: value // 5)),
        ("bright", burnt(92)),
        ("flat", Image.new("RGB", (320, 320), "grey")),
        ("borders", framed(photo(93, 320), 0, 40, 0, 40)),
        ("tiny", photo(94, 64)),
    ],
)
def test_one_bad_picture_is_named(kind: Kind, wrong: Image.Image) -> None:
    found = only(card([*good(), looked("wrong", wrong, "something else")]), kind)
    assert found.images == ["wrong"] and found.count == 1


def test_tiny_depends_on_what_is_trained() -> None:
    assert kinds(card(good(), resolution=256)) == set()
    found = only(card(good(), resolution=1024), "tiny")
    assert found.level == "bad" and found.values["width"] == 320 and "1024" in found.hint


def test_one_background_and_one_view() -> None:
    same = [looked(f"same{n}", drawing(n), f"shape {n}, white") for n in range(12)]
    found = card([*good(8), *same])
    assert "one_background" in kinds(found)
    background = next(finding for finding in found.findings if finding.kind == "one_background")
    assert set(background.images) == {image.id for image in same}
    vectors = np.random.default_rng(0).normal(size=(20, 64))
    assert "one_pose" not in kinds(card(good(), embeddings=vectors))
    vectors[:9] = vectors[0] + 0.1 * vectors[:9]
    view = only(card(good(), embeddings=vectors), "one_pose")
    assert view.images == [f"good{n}" for n in range(9)] and "9 of 20" in view.message


def test_captions_that_are_missing_or_equal() -> None:
    found = only(card(with_captions(None, "", "  ")), "no_caption")
    assert found.images == ["good0", "good1", "good2"] and found.level == "warn"
    found = only(card(with_captions("a cat", "A  cat", "a_cat")), "same_caption")
    assert found.groups == [["good0", "good1", "good2"]] and "“a cat”" in found.message
    assert card(with_captions("a cat", "a cat")).score == 100


def test_captions_that_are_cut_off() -> None:
    tokens = clip_tokens(*clip_vocabulary())
    long = ", ".join(f"tag {n}" for n in range(30))
    found = only(card(with_captions(long, "short\n" + long), tokens=tokens, limit=75), "long_caption")
    assert found.images == ["good0", "good1"] and found.values["cut"] == tokens(long) - 75
    assert card(with_captions(long)).score == 100, "nothing is said without a tokenizer"


def test_the_trigger_word() -> None:
    images = [image.model_copy(update={"caption": f"ohwx, {image.caption}"}) for image in good()]
    assert card(images, trigger="ohwx").score == 100
    images[3] = images[3].model_copy(update={"caption": "cohwxes, room"})
    images[4] = images[4].model_copy(update={"caption": "[trigger] in a room"})
    found = only(card(images, trigger="ohwx"), "trigger_missing")
    assert found.images == ["good3"] and found.level == "note"


def test_a_tag_in_all_is_named() -> None:
    images = [image.model_copy(update={"caption": f"{image.caption}, White Background"}) for image in good()]
    assert "White Background" in only(card(images), "tag_in_all").message
    images[0] = images[0].model_copy(update={"caption": "thing, white_background"})
    assert "tag_in_all" in kinds(card(images)), "underscores and case do not matter"
    images[0] = images[0].model_copy(update={"caption": "thing"})
    assert card(images).score == 100


def test_full_width_commas() -> None:
    found = only(card(with_captions("猫，坐着", "狗、跑")), "full_width_commas")
    assert found.count == 2


def test_few_pictures() -> None:
    found = only(card(good()[:4]), "few_pictures")
    assert found.level == "bad" and card(good()[:1]).findings[0].message == "There is only one picture."


def test_the_worst_comes_first_and_points_add_up() -> None:
    images = [image.model_copy(update={"caption": None}) for image in good()]
    images += [looked("dark", photo(91, 320).point(lambda value: value // 5), "a")]
    found = card(images)
    assert [finding.kind for finding in found.findings] == ["no_caption", "dark"]
    assert found.score == int(100 - 30 - 10 * (1 / 21) / 0.5)
    assert Card.model_validate_json(found.model_dump_json()) == found


def test_every_kind_has_words_in_every_language() -> None:
    assert set(templates()) == set(get_args(Kind)) == set(WEIGHTS) and len(WEIGHTS) > 12

    def holes(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for kind, languages in templates().items():
        assert set(languages) == set(LANGUAGES), kind
        english, chinese = languages["en"], languages["zh"]
        assert holes(english["other"]) == holes(chinese["other"]) and holes(english["hint"]) == holes(
            chinese["hint"]
        ), kind
        assert chinese["other"].endswith("。") and chinese["hint"].endswith("。") and english["other"].endswith(".")


def test_words_follow_the_count_and_the_language() -> None:
    values: dict[str, Any] = {"count": 1, "total": 3}
    assert say("no_caption", values)[0] == "1 of 3 pictures has no caption."
    assert say("no_caption", values, "zh")[0] == "3 张图片中有 1 张没有标注。"
    assert say("no_caption", values, "xx") == say("no_caption", values)
    # Braces in what people wrote are not filled in.
    assert "{count}" in say("trigger_missing", {"count": 2, "trigger": "{count}"})[0]


def test_near_duplicates_among_five_thousand_pictures() -> None:
    rng = np.random.default_rng(0)
    measures = measure(photo(1))
    images: list[Looked] = []
    for number in range(5000):
        changes: dict[str, Any] = {
            "hash": f"{int(rng.integers(0, 2**63)):016x}",
            "flipped": f"{int(rng.integers(0, 2**63)):016x}",
        }
        changes["descriptor"] = tuple(rng.random(128).tolist())
        same = measures if number % 5 == 0 else measures.model_copy(update=changes)
        images.append(Looked(id=str(number), width=512, height=512, caption=f"tag {number}, b", measures=same))
    found = card(images, trigger="x", embeddings=rng.normal(size=(5000, 512)))
    groups = next(finding for finding in found.findings if finding.kind == "near_duplicate").groups
    assert len(groups) == 1 and len(groups[0]) == 1000
