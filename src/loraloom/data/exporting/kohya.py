"""kohya's folders: `<N>_<words>/` with a `.txt` beside each picture; N repeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loraloom.data.exporting.cutting import files_of
from loraloom.data.exporting.naming import Folders, Names, words_of
from loraloom.data.exporting.picture import Entry, Picture
from loraloom.data.kohya import HELD_OUT
from loraloom.data.layout import MASK_SUFFIX
from loraloom.data.names import safe_stem

_README = """This is a data set in kohya's folders: the number before a folder's name says how often its pictures count.
Pictures without a caption have an empty .txt, so that the folder's words do not become their caption.
一个文件夹名前的数字是其中图片的重复次数。没有描述的图片带一个空的 .txt，以免文件夹名成为描述。
"""
_HELD_OUT = f"""
{HELD_OUT}/ has the pictures that are held out for validation. kohya's scripts do not look into it; Loom does.
{HELD_OUT}/ 里是留作验证的图片，kohya 的脚本不读它，Loom 会读。
"""
_MASKS = f"""
NAME{MASK_SUFFIX}.png is the mask of NAME (white counts), as Loom and OneTrainer read it. kohya's scripts take every
picture of a folder for a training picture: move the masks out before you train with those.
NAME{MASK_SUFFIX}.png 是 NAME 的蒙版（白色计入损失），Loom 与 OneTrainer 会读；用 kohya 的脚本训练前请先移走。
"""


def entries(pictures: Sequence[Picture], words: str, crop: bool) -> Iterator[Entry]:
    """The files of a kohya data set. `words` are those of pictures without a folder."""
    names, folders = Names(), Folders()
    held_out = masks = False
    for picture in pictures:
        called = picture.folder.strip() or words_of(picture.name) or words or "pictures"
        above = (HELD_OUT,) if picture.held_out else ()
        folder = folders.give(*above, f"{picture.repeats}_{safe_stem(called, 90)}")
        files = files_of(picture.path, picture.mask, picture.crop if crop else None)
        stem, extension = names.give(folder, picture.name, files.head)
        yield Entry(stem + extension, files.picture)
        yield Entry(f"{stem}.txt", text_of(picture))
        if files.mask is not None:
            yield Entry(f"{stem}{MASK_SUFFIX}.png", files.mask)
        held_out, masks = held_out or picture.held_out, masks or files.mask is not None
    readme = _README + (_HELD_OUT if held_out else "") + (_MASKS if masks else "")
    yield Entry("README.txt", readme.encode())


def text_of(picture: Picture) -> bytes:
    """A caption file: an alternative a line. kohya's scripts stop at one of no bytes, so it is never that."""
    return ("\n".join(picture.captions) + "\n").encode("utf-8", "replace")
