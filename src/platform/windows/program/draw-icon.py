#!/usr/bin/env python3
"""Draws noticert.ico: a letter with a red seal, in four sizes. Needs nothing but Python."""

import pathlib
import struct
import zlib

PAPER, EDGE, INK, SEAL = (255, 253, 246), (62, 74, 96), (128, 140, 160), (200, 48, 44)
SAMPLES = 4


def colour(x, y):
    """The colour at a point of the unit square; None where nothing is."""
    dx, dy = x - 0.70, y - 0.70
    if dx * dx + dy * dy < 0.22**2:
        tick = abs((x - 0.66) * 1.1 - (y - 0.76)) if x < 0.67 else abs((x - 0.66) * -1.2 - (y - 0.76))
        return PAPER if tick < 0.045 and 0.57 < x < 0.82 and 0.60 < y < 0.80 else SEAL
    if not (0.10 < x < 0.84 and 0.06 < y < 0.94):
        return None
    if x < 0.14 or x > 0.80 or y < 0.10 or y > 0.90:
        return EDGE
    for line in (0.24, 0.38, 0.52):
        if abs(y - line) < 0.028 and 0.22 < x < (0.72 if line < 0.5 else 0.46):
            return INK
    return PAPER


def png(size):
    rows = []
    for row in range(size):
        pixels = bytearray()
        for column in range(size):
            total, covered = [0, 0, 0], 0
            for sample in range(SAMPLES * SAMPLES):
                x = (column + (sample % SAMPLES + 0.5) / SAMPLES) / size
                y = (row + (sample // SAMPLES + 0.5) / SAMPLES) / size
                found = colour(x, y)
                if found:
                    covered += 1
                    total = [a + b for a, b in zip(total, found)]
            pixels += bytes(part // covered for part in total) if covered else bytes(3)
            pixels.append(255 * covered // SAMPLES**2)
        rows.append(b"\0" + bytes(pixels))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b"")


images = [(size, png(size)) for size in (16, 32, 48, 256)]
offset = 6 + 16 * len(images)
directory = struct.pack("<HHH", 0, 1, len(images))
for size, image in images:
    directory += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(image), offset)
    offset += len(image)
target = pathlib.Path(__file__).with_name("noticert.ico")
target.write_bytes(directory + b"".join(image for _, image in images))
