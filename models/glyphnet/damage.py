"""What printing, scanning, faxing and photographing do to a line. Grey images, dark print on light paper."""

import cv2
import numpy as np

# Height of the print that the reader is given, and of the line image around it, in pixels.
PRINT_HEIGHT = 24
LINE_HEIGHT = 32


def scanned(ink: np.ndarray, rng: np.random.Generator, level: int) -> np.ndarray:
    """Turns coverage (0 to 1) into a scan with the damage of `level`: 0 clean, 1 office, 2 hard."""
    if level and rng.random() < 0.7:
        ink = _warped(ink, rng, level)
    if rng.random() < 0.35:
        ink = _weighted(ink, rng)
    dark = rng.uniform(0, 60) if level < 2 else rng.uniform(0, 130)
    paper = rng.uniform(235, 255) if level < 2 else rng.uniform(170, 255)
    image = paper - (paper - dark) * ink
    image = _surroundings(image, rng, level, dark)
    if level and rng.random() < 0.6:
        image = image * _gradient(image.shape, rng, 0.12 if level == 1 else 0.3)
    if rng.random() < (0.3, 0.7, 0.9)[level]:
        sigma = rng.uniform(0.3, (0.6, 0.9, 1.6)[level])
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    noise = (1.5, 8, 24)[level] * rng.random()
    image = image + rng.normal(0, noise + 0.1, image.shape)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if level and rng.random() < 0.6:
        quality = int(rng.integers(*((50, 92) if level == 1 else (18, 85))))
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    if rng.random() < (0.05, 0.2, 0.4)[level]:
        image = _bilevel(image, rng, level)
    return image


def faxed(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Standard fax halves the lines, fine fax keeps them; both know black and white only."""
    image = np.clip(255 - 255 * ink + rng.normal(0, rng.uniform(0, 22), ink.shape), 0, 255).astype(np.float32)
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.0))
    height, width = image.shape
    rows = max(8, height // 2) if rng.random() < 0.5 else height
    squeezed = cv2.resize(image, (width, rows), interpolation=cv2.INTER_AREA)
    threshold = rng.uniform(85, 190)
    bits = np.where(squeezed < threshold, 0, 255).astype(np.uint8)
    bits = _specks(bits, rng, rng.uniform(0, 0.012))
    return cv2.resize(bits, (width, height), interpolation=cv2.INTER_NEAREST)


def _warped(ink: np.ndarray, rng: np.random.Generator, level: int) -> np.ndarray:
    height, width = ink.shape
    reach = (0, 0.03, 0.07)[level] * height
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = corners + rng.normal(0, reach, corners.shape).astype(np.float32)
    # A line is levelled before it is read: what is left is small.
    slope = np.tan(np.radians(rng.normal(0, 0.3 if level == 1 else 0.6))) * width / 2
    moved[:, 1] += np.float32([-slope, slope, slope, -slope])
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return cv2.warpPerspective(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)


def _weighted(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    kernel = np.ones((2, 2), np.uint8)
    return cv2.dilate(ink, kernel) if rng.random() < 0.6 else cv2.erode(ink, kernel) * 0.6 + ink * 0.4


def _surroundings(image: np.ndarray, rng: np.random.Generator, level: int, dark: float) -> np.ndarray:
    height, width = image.shape
    if rng.random() < 0.08:  # a rule that the layout left in
        y = int(rng.choice([rng.integers(0, max(1, height // 12)), height - 1 - rng.integers(0, max(1, height // 12))]))
        image[y:y + int(rng.integers(1, 3))] = dark + rng.uniform(0, 60)
    if rng.random() < 0.04:
        x = int(rng.choice([rng.integers(0, 4), width - 1 - rng.integers(0, 4)]))
        image[:, x:x + 2] = dark + rng.uniform(0, 60)
    if rng.random() < (0.0, 0.05, 0.12)[level]:  # a marker, or a shaded cell
        left = int(rng.integers(0, width))
        right = int(rng.integers(left, width + 1))
        image[:, left:right] *= rng.uniform(0.55, 0.95)
    if rng.random() < (0.0, 0.03, 0.1)[level]:  # a stamp's ring
        centre = (int(rng.integers(0, width)), int(rng.integers(-height, 2 * height)))
        ring = np.zeros_like(image)
        cv2.circle(ring, centre, int(rng.integers(height, 3 * height)), 1.0, int(rng.integers(1, 4)), cv2.LINE_AA)
        image = image * (1 - ring * rng.uniform(0.2, 0.6))
    if rng.random() < (0.02, 0.06, 0.12)[level]:  # the back of the paper
        image = image - np.flip(255 - image, 1) * rng.uniform(0.02, 0.14)
    return image


def _gradient(shape, rng: np.random.Generator, reach: float) -> np.ndarray:
    ends = 1 - rng.uniform(0, reach, 2)
    across = np.linspace(ends[0], ends[1], shape[1], dtype=np.float32)
    return np.broadcast_to(across, shape)


def _bilevel(image: np.ndarray, rng: np.random.Generator, level: int) -> np.ndarray:
    low, high = np.percentile(image, [2, 90])
    threshold = low + (high - low) * rng.uniform(0.35, 0.75)
    bits = np.where(image < threshold, 0, 255).astype(np.uint8)
    return _specks(bits, rng, rng.uniform(0, 0.004 if level < 2 else 0.015))


def _specks(image: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    where = rng.random(image.shape)
    image[where < share] = 0
    image[where > 1 - share] = 255
    return image


def as_read(image: np.ndarray, print_height: float, rng: np.random.Generator) -> np.ndarray:
    """Scales print of `print_height` pixels to the reader's height and sets it into a line image, as the program does."""
    scale = PRINT_HEIGHT / print_height * rng.uniform(0.75, 1.14)
    width = max(8, round(image.shape[1] * scale))
    height = max(8, round(image.shape[0] * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(image, (width, height), interpolation=kind)
    paper = int(np.median(image))
    top = (LINE_HEIGHT - height) // 2 + int(rng.integers(-2, 3))
    line = np.full((LINE_HEIGHT, width), paper, np.uint8)
    source = max(0, -top)
    rows = min(LINE_HEIGHT - max(0, top), height - source)
    if rows > 0:
        line[max(0, top):max(0, top) + rows] = image[source:source + rows]
    return line
