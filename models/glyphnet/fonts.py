"""Free fonts of Debian 12, and which of them are kept out of training."""

import random
import subprocess
from dataclasses import dataclass
from functools import lru_cache

from fontTools.ttLib import TTCollection, TTFont
from PIL import ImageFont

# Debian packages: see README.md. Parts of file names; families of their own, so that no close relative is trained on.
FAMILIES = (
    "ipaexfont ipafont mplus/ ocr-b courier-prime urw-base35 bizud croscore crosextra/C dejavu freefont hack "
    "NotoSansCJK NotoSerifCJK horai-umefont inconsolata jetbrains-mono komatuna konatu lato liberation migmix "
    "motoya noto/NotoMono noto/NotoSans- noto/NotoSerif- ocr-a open-sans roboto sawarabi takao umeplus vlgothic "
    "ipamj monapo"
).split()
UNFIT = (
    "Symbols D050000L Z003 Thin Hairline ExtraLight Black Heavy MathTeX .t1 .pfb hanazono komatuna-p.ttf.gz "
    "NotoSansCJK-DemiLight"
).split()
HELD_OUT = (
    "VL-Gothic VL-PGothic NotoSerifCJK BIZUDMincho BIZUDPMincho sawarabi-mincho courier-prime URWGothic OpenSans "
    "FreeMono OCRA"
).split()
SLANTED = "Italic Oblique Ita".split()


@dataclass(frozen=True)
class Face:
    """One face of a font file."""

    path: str
    index: int
    characters: frozenset
    held_out: bool

    @property
    def japanese(self) -> bool:
        return {"電", "ダ", "限"} <= self.characters

    def draws(self, text: str) -> bool:
        return set(text) - {" ", "\u3000"} <= self.characters

    @lru_cache(maxsize=6)
    def at(self, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(self.path, size, index=self.index, layout_engine=ImageFont.Layout.BASIC)


def _characters(path: str, index: int) -> frozenset:
    font = TTCollection(path).fonts[index] if path.endswith(".ttc") else TTFont(path)
    return frozenset(map(chr, font.getBestCmap() or ()))


def faces() -> list[Face]:
    """Every upright or slightly slanted face of the families that this machine has."""
    listed = subprocess.run(["fc-list", "--format", "%{file}|%{index}\n"], capture_output=True, text=True, check=True)
    found = []
    for line in sorted(set(listed.stdout.splitlines())):
        path, index = line.split("|")
        if not path.endswith((".ttf", ".otf", ".ttc")) or int(index) > 99:
            continue
        if not any(part in path for part in FAMILIES) or any(part in path for part in UNFIT):
            continue
        # Of the pan-CJK collections only the Japanese face.
        if "CJK" in path and (index != "0"):
            continue
        slanted = any(part in path.rsplit("/", 1)[-1] for part in SLANTED)
        if slanted and random.Random(path).random() > 0.25:
            continue
        characters = _characters(path, int(index))
        held_out = any(part in path for part in HELD_OUT)
        face = Face(path, int(index), characters, held_out)
        if set("0123456789") <= characters and _is_drawable(face):
            found.append(face)
    return found


def _is_drawable(face: Face) -> bool:
    """A few old fonts carry hints that FreeType refuses at some sizes."""
    try:
        for size in range(15, 130, 3):
            face.at(size).getlength("0123456789Ia" + ("ダ限" if face.japanese else ""))
    except OSError:
        return False
    return True
