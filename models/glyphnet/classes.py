"""The characters that glyphnet tells apart, and how other print maps onto them."""

import unicodedata
from pathlib import Path

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Any character that is none of the classes: free Japanese text must not be read as a label.
OTHER = "〓"
# Digits, letters, marks, the Japanese of labels, dates, titles and of the words by which other pages are named, and
# `OTHER`. Class 0 is the blank of CTC; the program reads the same file.
CLASSES = (Path(__file__).parent / "classes.txt").read_text(encoding="utf-8").strip()

_DASHES = dict.fromkeys("‐‑‒–—―−ｰ", "-")
_TILDES = dict.fromkeys("～〜∼", "~")
_FOLDS = {**_DASHES, **_TILDES, "’": "", "'": "", "゛": ""}
INDEX = {c: i + 1 for i, c in enumerate(CLASSES)}


def fold(text: str) -> str:
    """`text` as glyphnet writes it: NFKC, one dash, one tilde, no blanks, `OTHER` for what it does not know."""
    folded = unicodedata.normalize("NFKC", text)
    folded = "".join(_FOLDS.get(c, c) for c in folded)
    return "".join(c if c in INDEX else OTHER for c in folded if not c.isspace())


def encode(text: str) -> list[int]:
    """The class numbers of a folded text."""
    return [INDEX[c] for c in text]


def decode(numbers) -> str:
    """Greedy CTC: repeated classes count once, blanks not at all."""
    text, before = [], 0
    for number in numbers:
        if number and number != before:
            text.append(CLASSES[number - 1])
        before = number
    return "".join(text)
