"""How many photographs of digits are read right. Run by ``python tests/benchmarks/photographs.py``.

One hundred digits, half from MNIST's test digits and half from fonts, are drawn on paper, and one
trouble after the other is put on them as a telephone would. The digits are those that the course's
network reads right as they are, so that what is lost is lost by `preprocess`. Another seed is the
first argument; with a folder as the second, what is not read right is saved there.
"""

import io
import os
import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt, gaussian_filter

os.environ["COURSE_OFFLINE"] = "1"

from course_utils.activations import sigmoid
from course_utils.mnist import preprocess
from course_utils.mnist.picture import PictureError
from course_utils.mnist.sample import read_sample
from course_utils.weights import load_weights

SIDE = 480
N = 100
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
STYLES = ("Sans", "Sans-Bold", "Sans-Oblique", "SansMono", "SansMono-Bold", "Serif", "Serif-Italic")
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
WEIGHTS = load_weights()


def read(digit):
    """Return the class that the course's network finds most probable."""
    z1 = sigmoid(digit.ravel() @ WEIGHTS["W1"] + WEIGHTS["b1"])
    z2 = sigmoid(z1 @ WEIGHTS["W2"] + WEIGHTS["b2"])
    return int(np.argmax(z2 @ WEIGHTS["W3"] + WEIGHTS["b3"]))


# ---------------------------------------------------------------- digits


def handwritten(rng, images, labels):
    """Return a digit of MNIST, white on black and enlarged smoothly, and its label."""
    i = rng.integers(len(images))
    side = int(rng.integers(200, 400))
    return Image.fromarray(images[i]).resize((side, side), Image.Resampling.BICUBIC), labels[i]


def printed(rng):
    """Return a digit in a font, white on black, and what it is."""
    label = int(rng.integers(10))
    path = FONTS / f"DejaVu{rng.choice(STYLES)}.ttf"
    font = ImageFont.truetype(str(path), int(rng.integers(140, 380)))
    left, top, right, bottom = font.getbbox(str(label))
    picture = Image.new("L", (right - left + 20, bottom - top + 20))
    ImageDraw.Draw(picture).text((10 - left, 10 - top), str(label), 255, font)
    return picture, label


def placed(rng, picture):
    """Return the share of ink in each pixel of a page, on which a digit lies a little askew."""
    picture = picture.rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC, expand=True)
    picture = picture.crop(picture.getbbox())
    page = Image.new("L", (SIDE, SIDE))
    page.paste(picture, [int(rng.integers(60, SIDE - 30 - length)) for length in picture.size])
    share = np.asarray(page) / 255
    return np.clip(2 * share - 0.5, 0, 1)  # strokes have sharper edges than enlarged pixels


def hundred_digits(seed):
    """Return pairs of ink and label which the network reads right, and how many were drawn."""
    rng = np.random.default_rng(seed)
    _, _, images, labels = read_sample()
    digits, drawn = [], [0, 0]
    for source in 0, 1:
        while len(digits) < (N // 2) * (source + 1):
            picture, label = printed(rng) if source else handwritten(rng, images, labels)
            ink = placed(rng, picture)
            drawn[source] += 1
            if read(preprocess(ink)) == label:
                digits.append((ink, int(label)))
    return digits, drawn


# ---------------------------------------------------------------- troubles


def half_plane(rng, least, most, turn=180):
    """Return how far each pixel is behind a line, which leaves `least` to `most` of a side free."""
    angle = np.deg2rad(rng.uniform(-turn, turn) + 90 * rng.integers(4))
    along = COLUMNS * np.cos(angle) + ROWS * np.sin(angle)
    return along - (along.min() + rng.uniform(least, most) * np.ptp(along))


def shadow(rng, ink, page):
    if rng.random() < 0.5:
        behind = half_plane(rng, 0.2, 0.9)
    else:  # a head or a hand
        row, column = rng.uniform(0, SIDE, 2)
        behind = rng.uniform(80, 250) - np.hypot(ROWS - row, COLUMNS - column)
    dark = gaussian_filter((behind > 0).astype(float), rng.uniform(2, 25))
    return page * (1 - rng.uniform(0.2, 0.5) * dark)[..., None]


def light_falling_off(rng, ink, page):
    row, column = rng.uniform(0, SIDE, 2)
    distance = np.hypot(ROWS - row, COLUMNS - column)
    return page * (1 - rng.uniform(0.3, 0.65) * (distance / distance.max()) ** 1.5)[..., None]


def grain(rng, ink, page):
    sigma = rng.uniform(8, 20)
    grey = rng.normal(0, sigma, ink.shape)[..., None]
    return page + grey + rng.normal(0, sigma / 3, page.shape)


def specks(rng, ink, page):
    away = distance_transform_edt(ink < 0.1)
    for _ in range(rng.integers(1, 7)):
        radius = rng.uniform(1.5, 6)
        row, column = rng.choice(np.argwhere(away > radius + 8))
        spot = np.hypot(ROWS - row, COLUMNS - column) < radius
        page = np.where(spot[..., None], rng.uniform(20, 120), page)
    return page


def table_edge(rng, ink, page):
    colour = rng.uniform(0.2, 0.6) * np.array([230, 200, 160])
    while True:
        behind = half_plane(rng, 0.7, 0.97, turn=8)
        if behind[ink > 0].max() < -8:
            grains = 12 * gaussian_filter(rng.normal(size=ink.shape), (1, 12)) / 0.1
            return np.where((behind > 0)[..., None], colour + grains[..., None], page)


def lines(rng, page, turned):
    angle, pitch = np.deg2rad(rng.uniform(-4, 4)), rng.uniform(28, 60)
    across, along = (COLUMNS, ROWS) if turned else (ROWS, COLUMNS)
    phase = (across * np.cos(angle) + along * np.sin(angle)) % pitch
    share = np.clip(rng.uniform(1, 3) / 2 + 0.5 - np.abs(phase - pitch / 2), 0, 1)
    colour = rng.choice([[150, 180, 215], [170, 170, 175], [120, 160, 210], [190, 200, 220]])
    return page * (1 - share[..., None] * (1 - colour / 240))


def ruled(rng, ink, page):
    return lines(rng, page, turned=False)


def squared(rng, ink, page):
    return lines(rng, lines(rng, page, turned=False), turned=True)


def holes(rng, ink, page):
    column, radius, dark = rng.uniform(22, 36), rng.uniform(10, 18), rng.uniform(30, 140)
    first = rng.uniform(20, 200)
    for row in (first, first + rng.uniform(160, 260)):
        spot = np.hypot(ROWS - row, COLUMNS - column) < radius
        page = np.where(spot[..., None], dark, page)
    return page


def table_on(sides):
    """Return a trouble: the table is seen beside the paper on so many sides."""

    def trouble(rng, ink, page):
        behind = np.zeros(ink.shape, dtype=bool)
        for turn in rng.permutation(4)[:sides]:
            edge = rng.uniform(10, 35) + rng.uniform(-0.03, 0.03) * (COLUMNS - SIDE / 2)
            behind |= np.rot90(edge > ROWS, turn)
        behind &= distance_transform_edt(ink == 0) > 8
        colour = rng.uniform(0.2, 0.6) * np.array([230, 200, 160])
        grains = 12 * gaussian_filter(rng.normal(size=ink.shape), (1, 12)) / 0.1
        return np.where(behind[..., None], colour + grains[..., None], page)

    return trouble


# Each kind: the paper, the pen, and the troubles. Graphite has no colour of its own.
PAPER, PEN = (235, 233, 228), (45, 45, 60)
YELLOW, GRAPHITE, BOARD, CHALK = (245, 215, 70), None, (45, 65, 55), (215, 215, 210)
YELLOW_NOTE, KRAFT, BLUE = (250, 230, 110), (180, 140, 100), (40, 60, 170)
KINDS = {
    "clean": (PAPER, PEN),
    "tightly cropped": (PAPER, PEN),
    "chalk on a blackboard": (BOARD, CHALK),
    "MNIST's own 28x28": None,
    "shadow": (PAPER, PEN, shadow),
    "grain": (PAPER, PEN, grain),
    "specks": (PAPER, PEN, specks),
    "pencil": (PAPER, GRAPHITE),
    "table edge": (PAPER, PEN, table_edge),
    "ruled paper": (PAPER, PEN, ruled),
    "squared paper": (PAPER, PEN, squared),
    "punched holes": (PAPER, PEN, holes),
    "light falling off": (PAPER, PEN, light_falling_off),
    "yellow pen": (PAPER, YELLOW),
    "shadow, grain, ruled": (PAPER, PEN, ruled, shadow, grain),
    "pencil, shadow": (PAPER, GRAPHITE, shadow),
    "pencil, specks, falling off": (PAPER, GRAPHITE, specks, light_falling_off),
    "yellow, falling off, holes": (PAPER, YELLOW, holes, light_falling_off),
    "table edge, shadow, squared": (PAPER, PEN, squared, table_edge, shadow),
    "blackboard, falling off": (BOARD, CHALK, light_falling_off),
    "yellow note": (YELLOW_NOTE, BLUE),
    "kraft paper": (KRAFT, BLUE),
    "table on all sides": (PAPER, PEN, table_on(4)),
    "table on three sides": (PAPER, PEN, table_on(3)),
}


def photograph(rng, ink, paper, pen, *troubles):
    """Return a JPEG of a page with this ink, as a Pillow picture."""
    paper = np.array(paper) * rng.uniform(0.85, 1) + rng.uniform(-4, 4, 3)
    strength = ink
    if pen is GRAPHITE:  # rubs off on the paper's grain, and is thin
        share = rng.uniform(0.3, 0.6)
        depth = distance_transform_edt(ink > 0.5)
        strength = gaussian_filter((depth > share * np.quantile(depth[depth > 0], 0.9)) * 1.0, 1)
        texture = gaussian_filter(rng.normal(size=ink.shape), 1.5)
        strength = strength * np.clip(0.8 + 0.25 * texture / texture.std(), 0.3, 1)
        pen = paper - rng.uniform(45, 90)
    elif pen is CHALK:
        texture = gaussian_filter(rng.normal(size=ink.shape), 1.5)
        strength = ink * np.clip(0.85 + 0.2 * texture / texture.std(), 0.3, 1)
        wiped = gaussian_filter(rng.normal(size=ink.shape), 12)
        paper = paper + (8 * wiped / wiped.std())[..., None]
    page = paper + strength[..., None] * (np.array(pen) - paper)
    for trouble in troubles:
        page = trouble(rng, ink, page)
    page = gaussian_filter(page, (0.8, 0.8, 0))  # no lens is perfect, and no sensor
    page += rng.normal(0, rng.uniform(1, 5 if pen is GRAPHITE else 3), ink.shape)[..., None]
    file = io.BytesIO()
    pixels = Image.fromarray(np.rint(np.clip(page, 0, 255)).astype(np.uint8))
    pixels.save(file, "JPEG", quality=int(rng.integers(75, 96)))
    return Image.open(file)


def cropped(rng, ink):
    """Return the ink with at most four pixels of paper on each side of it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    margins = rng.integers(0, 5, 4)
    return ink[
        max(rows[0] - margins[0], 0) : rows[-1] + 1 + margins[1],
        max(columns[0] - margins[2], 0) : columns[-1] + 1 + margins[3],
    ]


def pictures(kind, digits, seed):
    """Yield a hundred pictures of this kind, and what each shows."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    if KINDS[kind] is None:
        _, _, images, labels = read_sample()
        good = [i for i in range(len(images)) if read(images[i] / np.float32(255)) == labels[i]]
        for i in rng.choice(good, N, replace=False):
            yield images[i], int(labels[i])
        return
    for ink, label in digits:
        if kind == "tightly cropped":
            ink = cropped(rng, ink)
        yield photograph(rng, ink, *KINDS[kind]), label


def main(seed=0, folder=None, only=""):
    seed = int(seed)
    digits, drawn = hundred_digits(seed)
    print(f"Seed {seed}. As it is, the network read right {N // 2} of {drawn[0]} digits of MNIST,")
    print(f"and {N // 2} of {drawn[1]} in fonts; these are the {N} digits of each kind below.\n")
    print(f"{'kind':<30}{'right':>6}{'wrong':>7}{'refused':>9}")
    for kind in [kind for kind in KINDS if kind.startswith(only)]:
        counts = dict.fromkeys(("right", "wrong", "refused"), 0)  # in the order of the columns
        for i, (picture, label) in enumerate(pictures(kind, digits, seed)):
            digit = None
            try:
                digit = preprocess(picture)
                outcome = "right" if read(digit) == label else "wrong"
            except PictureError:
                outcome = "refused"
            counts[outcome] += 1
            if folder and outcome != "right":
                name = f"{kind} {i} {label} {outcome}.png".replace(" ", "_").replace(",", "")
                both = Image.new("RGB", (960, 480), "navy")
                shown = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
                both.paste(shown.resize((480, 480)))
                if digit is not None:
                    after = Image.fromarray(np.rint(255 * digit).astype(np.uint8))
                    both.paste(after.resize((480, 480), Image.Resampling.NEAREST), (480, 0))
                both.save(Path(folder) / name)
        right, wrong, refused = counts.values()
        print(f"{kind:<30}{right:>6}{wrong:>7}{refused:>9}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
