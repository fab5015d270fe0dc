"""From a picture of a digit, drawn or photographed, to the form that MNIST's digits have."""

import contextlib
import math
import os
import warnings

import numpy as np

from course_utils import checks
from course_utils.message import CourseError

MOST_PIXELS = 50_000_000
MOST_SIDE = 800


class PictureError(CourseError, ValueError):
    """Something that is no picture of a digit; the message says why and what to do."""


def preprocess(image):
    """Turn a picture of a digit into MNIST's form, the only one that the networks know.

    The ink becomes light on a dark background, is cropped, scaled with its proportions kept so
    that it fits a box of 20x20 pixels, and placed with its centre of mass in the middle of 28x28,
    or as near as all of it can be seen (http://yann.lecun.com/exdb/mnist/).
    ``preprocess(image).reshape(1, 784)`` is a batch of one for a network.

    Parameters
    ----------
    image : PIL image, path-like or array_like
        One digit on an evenly lit background that covers most of the border. The path names a
        file that Pillow reads: PNG, JPEG, ... An array has shape (height, width), or (height,
        width, channels) with 1 to 4 channels: grey, grey and opacity, RGB, RGB and opacity; it
        holds integers in [0, 255], floats in [0, 1] or booleans. A picture that is damaged, has no
        ink or too many pixels is a PictureError; other things are a TypeError or ValueError.

    Returns
    -------
    ndarray of float32 in [0, 1], shape (28, 28); 0 where there is no ink, 1 where there is most
    """
    from PIL import Image

    if isinstance(image, str | os.PathLike):
        try:
            # A warning comes with large pictures; what is too large is refused here.
            with warnings.catch_warnings(action="ignore"), Image.open(image) as picture:
                return preprocess(picture)
        except FileNotFoundError:
            raise
        except Exception as error:  # Pillow raises errors of many kinds on damaged bytes
            problem = "{file}: {error}; does a picture viewer show a digit?"
            raise PictureError(problem, file=image, error=error) from error
    light = _light_paper(_colours(image))
    side = max(light.shape)
    digit = _digit(_without_lines(_ink(light, side // 3 + 1)))
    # Strokes are narrower than half of a digit; shadows are wider.
    with contextlib.suppress(PictureError):
        digit = _digit(_without_lines(_ink(light, max(*digit.shape, side // 6) // 3 + 6)))
    return _centred(_box(digit))


def _colours(image):
    """Return a picture as an array of float32 in 0 to 255, shape (height, width, channels)."""
    from PIL import Image, ImageOps

    if isinstance(image, Image.Image):
        _check_size(*image.size)
        image = ImageOps.exif_transpose(image)  # a telephone notes how it was held
        if image.mode.startswith("I;16"):
            image = np.asarray(image) >> 8
    if not isinstance(image, Image.Image) or image.mode in ("I", "F"):
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    if not image.has_transparency_data:
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
        image = image.reduce(max(1, math.ceil(max(image.size) / MOST_SIDE)))
        return np.atleast_3d(np.asarray(image, dtype=np.float32))
    image = image.convert("RGBA")
    grey, opacity = np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
    if not opacity.any():
        raise PictureError("the picture is wholly transparent: there is no ink in it")
    # Behind dark ink the paper is white, behind light ink it is black.
    paper = 255 if np.average(grey, weights=opacity) < 128 else 0
    share = opacity / np.float32(255)
    return _colours(np.rint(share * grey + (1 - share) * paper).astype(np.uint8))


def _check_size(width, height):
    if not 0 < width * height <= MOST_PIXELS:
        problem = "the picture must have 1 to {most:,} pixels, not {width} x {height}"
        raise PictureError(problem, most=MOST_PIXELS, width=width, height=height)


def _eight_bits(array):
    """Return an array as uint8 after checking its shape and range; one channel loses its axis."""
    if array.dtype.kind not in "buif":
        raise TypeError(f"image must be a picture, a path or an array, got {array.dtype}")
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        shape = "(height, width), or (height, width, channels) with 1 to 4 channels"
        hint = "image.reshape(28, 28) makes rows of a flat digit"
        raise ValueError(f"image must have shape {shape}, got {array.shape}; {hint}")
    _check_size(array.shape[1], array.shape[0])
    if array.dtype.kind not in "ui":
        array = np.rint(255 * checks.shares("image", array))
    elif checks.labels("image", array, 256).max() == 1:
        raise ValueError("image holds only the integers 0 and 1: pass booleans, or floats")
    array = array.astype(np.uint8)
    return array.squeeze(axis=2) if array.shape[2:] == (1,) else array


def _light_paper(colours):
    """Return the colours of dark ink on light paper, and a little smoother where they are grainy."""
    from scipy.ndimage import gaussian_filter

    light = 255 - colours if _is_chalk(colours) else colours
    grain = np.median(np.abs(np.diff(_border(light.mean(axis=2)))))
    return gaussian_filter(light, (min(grain / 8, 2),) * 2 + (0,))


def _ink(light, size):
    """Return how much of the paper's light the ink takes away: float32, 0 on paper, at most 1."""
    from scipy.ndimage import grey_closing

    # The paper is what is left when all that is dark and narrower than `size` is filled.
    paper = grey_closing(light, (size, size, 1), mode="nearest")
    ink = ((paper - light) / np.maximum(paper, 80)).max(axis=2)
    # Grain makes the paper, most of the border or of all, darker than its lightest spots.
    ink -= min(np.median(part) for part in (_border(ink), ink))
    noise = min(np.median(np.abs(part)) for part in (_border(ink), ink))
    if ink.max() < max(0.1, 8 * noise):
        raise PictureError("there is no ink that differs from the border: draw a digit that does")
    ink[ink < max(0.1 * ink.max(), 4 * noise)] = 0
    return ink


def _border(array):
    """Return the pixels on the border of an array in two dimensions."""
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])


def _is_chalk(colours):
    """Tell whether the ink is lighter than the paper."""
    from PIL import Image
    from scipy.ndimage import median_filter

    grey = colours.mean(axis=2)
    small = Image.fromarray(grey)
    small = np.asarray(small.reduce(max(1, max(grey.shape) // 48)))
    flat = small - median_filter(small, max(small.shape) // 3 + 1, mode="nearest")
    skewness = np.mean(flat**3) / (np.mean(flat**2) ** 1.5 + 1e-9)
    if abs(skewness) > 1:
        return skewness > 0
    ink = grey - np.median(_border(grey))
    return ink.max() > -ink.min()


def _without_lines(ink):
    """Take the lines of ruled or squared paper away."""
    return _without_rows(_without_rows(ink).T).T


def _without_rows(ink):
    """Take lines away that lead, almost level, through the whole picture, and are thin."""
    from scipy.ndimage import grey_opening, maximum_filter1d

    height, width = ink.shape
    thick = height // 40
    if thick < 2:
        return ink
    starts = np.arange(0, width, 12)
    blocks = np.add.reduceat(ink, starts, axis=1) / np.diff(starts, append=width)
    rows, slopes = np.arange(height)[:, np.newaxis], np.linspace(-0.1, 0.1, 31)
    at = rows + np.rint(slopes[:, None, None] * (starts + 6 - width / 2)).astype(int)
    along = blocks[np.clip(at, 0, height - 1), np.arange(len(starts))]
    along[(at < 0) | (at >= height)] = 0
    # What nine tenths of a row have is a line and no stroke, and what is thick is no line either.
    lines = np.partition(along, len(starts) // 10)[..., len(starts) // 10]
    lines -= grey_opening(lines, (1, thick))
    best = np.argmax((lines**2).sum(axis=1))
    at = rows - np.rint(slopes[best] * (np.arange(width) - width / 2)).astype(int)
    line = maximum_filter1d(lines[best], 3)[np.clip(at, 0, height - 1)]
    return np.maximum(ink - 1.5 * line, 0)


def _digit(ink):
    """Return the ink of the digit alone, cropped."""
    from scipy.ndimage import grey_closing, maximum_filter

    chosen = _parts(ink > 0, ink)
    level = np.quantile(ink[chosen], 0.9)
    core = _parts(ink > 0.3 * level, ink)
    rows, columns = np.flatnonzero(core.any(axis=1)), np.flatnonzero(core.any(axis=0))
    extent = max(np.ptp(rows), np.ptp(columns))
    edge = 4 + extent // 16
    level = np.quantile(ink[core], 0.75 if extent > 28 else 0.9)
    ink = np.where(maximum_filter(core, 2 * edge + 1), np.minimum(ink / level, 1), 0)
    ink[ink < 0.1] = 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    spot = max(extent // 28, 1)  # of paper in strokes of pencil and chalk
    return grey_closing(np.pad(ink, spot), spot)[spot:-spot, spot:-spot]


def _parts(mask, ink):
    """Return which pixels of a mask belong to the digit."""
    from scipy.ndimage import distance_transform_edt, find_objects, label, maximum

    labels, n = label(mask, np.ones((3, 3)))
    mass = np.bincount(labels.ravel(), ink.ravel() ** 2)[1:]
    width = 2 * maximum(distance_transform_edt(mask), labels, np.arange(1, n + 1)) - 1
    boxes = find_objects(labels)
    box = np.array([[r.start, c.start, r.stop, c.stop] for r, c in boxes])
    extent = (box[:, 2:] - box[:, :2]).max(axis=1)
    m = max(mask.shape) // 40  # where a line may have been taken away
    ends = np.column_stack([box[:, :2] <= m, box[:, 2:] >= np.array(mask.shape) - m])
    corners = labels[np.ix_(np.r_[: m + 1, -m - 1 : 0], np.r_[: m + 1, -m - 1 : 0])]
    frame = np.isin(np.arange(1, n + 1), corners) | (ends[:, :2] & ends[:, 2:]).any(axis=1)
    touching = ends.any(axis=1)
    slender = np.maximum(1 - width / extent, 0.02)
    score = mass * extent * slender * np.where(frame, 0.01, np.where(touching, 0.3, 1))
    main = np.argmax(score)
    member = np.arange(n) == main
    candidates = (mass > 0.04 * mass[main]) & (slender > 0.2)
    level = mass / np.bincount(labels.ravel(), ink.ravel())[1:]
    candidates &= level > np.where(touching & ~touching[main], 0.75, 0.5) * level[main]
    candidates &= ~frame | (touching[main] & (mass < mass[main]))
    while True:
        low, high = box[member, :2].min(axis=0), box[member, 2:].max(axis=0)
        gap = np.maximum(box[:, :2] - high, low - box[:, 2:]).max(axis=1)
        new = member | (candidates & (gap < 0.25 * (high - low).max()))
        if (new == member).all():
            return np.isin(labels, np.flatnonzero(member) + 1)
        member = new


def _box(ink):
    """Scale the ink, its proportions kept, to a box of 20x20 pixels."""
    from PIL import Image
    from scipy.ndimage import distance_transform_edt, maximum_filter

    pixel = max(ink.shape) / 20
    depth = distance_transform_edt(np.pad(ink > 0.5, 1))
    width = 4 * (depth[depth > 0].mean() - 0.5) / pixel
    ink = maximum_filter(ink, 1 + max(0, round((1.6 - width) * pixel)))
    size = [max(1, round(length / pixel)) for length in ink.shape[::-1]]
    # Hamming's filter averages over the pixels that become one, and never goes below 0.
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.HAMMING))


def _centred(box):
    """Place a box with its centre of mass in the middle of 28x28."""
    from scipy.ndimage import center_of_mass

    top, left = (
        min(max(round(14 - centre), 0), 28 - length)
        for centre, length in zip(center_of_mass(box), box.shape, strict=True)
    )
    digit = np.zeros((28, 28), dtype=np.float32)
    digit[top : top + box.shape[0], left : left + box.shape[1]] = box / box.max()
    return digit
