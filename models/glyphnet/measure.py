"""Reads unseen lines with a trained network: `python measure.py glyphnet.onnx`. Prints, per kind and damage, what was read right."""

import argparse

import numpy as np
import onnxruntime

from classes import CLASSES, DIGITS, LETTERS, decode
from fonts import faces
from lines import Lines
from train import normalised

LEVELS = ["clean", "office", "hard", "fax"]
ALPHABETS = {"digits": DIGITS, "reference": DIGITS + LETTERS, "dates": DIGITS + "/-~.年月日令和元"}
# What the program calls sure: the least sure character of the line.
SURE = 0.95


def read(session, image, alphabet: str | None) -> tuple[str, float]:
    """The text of a line and its least sure character's likelihood among the classes of `alphabet`."""
    width = -(-image.shape[1] // 4) * 4
    line = np.zeros((1, 1, 32, width), np.float32)
    line[0, 0, :, : image.shape[1]] = normalised(image)
    logits = session.run(None, {"line": line})[0][0]
    if alphabet:
        mask = np.array([True] + [c in alphabet for c in CLASSES])
        logits = np.where(mask[:, None], logits, -1e9)
    shares = np.exp(logits - logits.max(0))
    shares /= shares.sum(0)
    best = logits.argmax(0)
    sure, start = 1.0, 0
    for frame in range(1, len(best) + 1):
        if frame == len(best) or best[frame] != best[start]:
            if best[start]:
                sure = min(sure, shares[best[start], start:frame].max())
            start = frame
    return decode(best), sure


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model")
    arguments.add_argument("--lines", type=int, default=500, help="of each kind, damage and set of fonts")
    arguments.add_argument("--seed", type=int, default=990001)
    options = arguments.parse_args()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(options.model, settings)
    known = faces()
    print("| kind | damage | fonts | lines | right | sure | sure and wrong |\n|---|---|---|---|---|---|---|")
    for held_out in (True, False):
        lines = Lines([face for face in known if face.held_out == held_out], options.seed)
        for kind in ("digits", "dates", "reference", "labels"):
            for level, name in enumerate(LEVELS):
                right = sure = wrong = 0
                for _ in range(options.lines):
                    image, text, _, face = lines.next(kind, level)
                    alphabet = ALPHABETS.get(kind)
                    if alphabet and not set(text) <= set(alphabet):
                        text = "".join(c for c in text if c in alphabet)
                    seen, likelihood = read(session, image, alphabet)
                    right += seen == text
                    sure += likelihood > SURE
                    wrong += likelihood > SURE and seen != text
                fonts = "held out" if held_out else "trained on"
                print(f"| {kind} | {name} | {fonts} | {options.lines} | {right / options.lines:.1%} | {sure / options.lines:.1%} | {wrong} |", flush=True)


if __name__ == "__main__":
    main()
