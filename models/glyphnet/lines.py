"""Lines of print with their texts: a font, a text, damage."""

import random

import cv2
import numpy as np
from PIL import Image, ImageDraw

import damage
import texts
from classes import fold
from fonts import Face

WEIGHTS = [weight for _, weight in texts.KINDS]
NAMES = [name for name, _ in texts.KINDS]


class Lines:
    """An endless supply of lines; the same seed gives the same lines with the same fonts installed."""

    def __init__(self, faces: list[Face], seed: int):
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.japanese = [face for face in faces if face.japanese]
        self.latin = [face for face in faces if not face.japanese]
        common = [face.characters for face in self.japanese]
        kana = [chr(c) for c in [*range(0x3041, 0x3094), *range(0x30A1, 0x30FB)]]
        kanji = [chr(c) for c in range(0x4E00, 0x9FA0)]
        self.common = "".join(c for c in kana * 12 + kanji if sum(c in known for known in common) > len(common) * 0.8)

    def next(self, kind: str | None = None, level: int | None = None) -> tuple[np.ndarray, str, str, Face]:
        """A line image of `damage.LINE_HEIGHT` rows, its folded text, its kind and its face."""
        kind = kind or self.random.choices(NAMES, WEIGHTS)[0]
        while True:
            text = self._text(kind)
            face = self._face(kind, text)
            if face:
                break
        level = self.random.choices([0, 1, 2, 3], [24, 36, 28, 12])[0] if level is None else level
        return self._line(text, face, level), fold(text), kind, face

    def _text(self, kind: str) -> str:
        if kind == "japanese":
            return texts.japanese(self.random, self.common)
        return getattr(texts, kind)(self.random)

    def _face(self, kind: str, text: str) -> Face | None:
        pool = self.japanese
        if kind in ("digits", "reference", "dates", "latin") and self.latin and self.random.random() < 0.45:
            pool = self.latin
        for _ in range(6):
            face = self.random.choice(pool)
            if face.draws(text):
                return face
        return None

    def _line(self, text: str, face: Face, level: int) -> np.ndarray:
        size = self.random.randint(*((30, 64), (22, 48), (15, 44), (24, 40))[level])
        ink, height = drawn(text, face, size, self.random)
        image = damage.faxed(ink, self.rng) if level == 3 else damage.scanned(ink, self.rng, level)
        return damage.as_read(image, height, self.rng)


def drawn(text: str, face: Face, size: int, random: random.Random) -> tuple[np.ndarray, float]:
    """Coverage of `text`, 0 to 1, with white around it, and the height of its print in pixels."""
    fine = 2 if size < 40 and random.random() < 0.5 else 1
    font = face.at(size * fine)
    spacing = random.choice([0, 0, 0, random.uniform(0, 0.15), random.uniform(-0.03, 0.3)]) * size * fine
    pad = size * fine // 3
    if spacing:
        width = sum(font.getlength(c) + spacing for c in text)
    else:
        width = font.getlength(text)
    image = Image.new("L", (int(width) + 4 * pad, size * fine * 2), 0)
    draw = ImageDraw.Draw(image)
    if spacing:
        x = 2.0 * pad
        for c in text:
            draw.text((x, size * fine // 3), c, fill=255, font=font)
            x += font.getlength(c) + spacing
    else:
        draw.text((2 * pad, size * fine // 3), text, fill=255, font=font)
    ink = np.asarray(image)
    rows = np.flatnonzero(ink.max(1) > 60)
    columns = np.flatnonzero(ink.max(0) > 60)
    if not len(rows):
        return np.zeros((size, size), np.float32), float(size)
    # Margins as the layout leaves them: a little white, seldom much.
    margin = lambda: int(size * fine * random.choice([random.uniform(0.05, 0.2), random.uniform(0.05, 0.45)]))
    top, bottom = rows[0] - margin(), rows[-1] + 1 + margin()
    left, right = columns[0] - margin(), columns[-1] + 1 + margin()
    padded = np.pad(ink, size * fine)
    shift = size * fine
    cut = padded[top + shift:bottom + shift, left + shift:right + shift].astype(np.float32) / 255
    if fine > 1:
        cut = cv2.resize(cut, (max(4, cut.shape[1] // fine), max(4, cut.shape[0] // fine)), interpolation=cv2.INTER_AREA)
    return cut, (rows[-1] + 1 - rows[0]) / fine
