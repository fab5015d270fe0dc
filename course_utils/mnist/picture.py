"""From a picture of a digit, drawn or photographed, to the form that MNIST's digits have."""

import codecs
import math
import os
import re
import warnings
from pathlib import Path

import numpy as np

from course_utils import checks
from course_utils.files import is_folder
from course_utils.message import CourseError

MOST_PIXELS = 50_000_000
MOST_SIDE = 800  # larger pictures are shrunk first

PROLOG = rb"(<(!--.*?--|\?.*?\?)>\s*)*+<(!doctype )?"  # comments and such before the first element
# How files begin that people take for pictures and Pillow does not; the first that fits counts.
OTHERS = {
    rb".{4}ftyp(.{4}){0,9}avi": "{file} is an AVIF picture: save it as JPEG or PNG",
    rb".{4}ftyp(hei|hev|mif1|msf1)": "{file} is a HEIC picture, as iPhones take them: save it as "
    "JPEG or PNG",
    rb".{4}(ftyp|jxl )|\xff\n|\x1aE\xdf\xa3": "{file} is a film, or a picture of a kind that "
    "cannot be read: save it as JPEG or PNG",
    rb"PK\x03\x04|\x1f\x8b": "{file} is a zip file or an office document: unpack it, or save the "
    "picture in it as PNG",
    rb"%PDF-": "{file} is a PDF document: save the picture in it as PNG, or take a screenshot",
    PROLOG + rb"html": "{file} is a web page: open it in a browser, and save the picture",
    PROLOG + rb"(\w+:)?svg": "{file} is an SVG drawing, made of lines and not of pixels: export "
    "it as PNG",
    rb"\Z": "{file} is empty: save or download the picture once more",
    rb"[^\0-\x08\x0e-\x1f]+\Z": "{file} is a file of text: give the path of a picture",
}


class PictureError(CourseError, ValueError):
    """Something that is no picture of a digit; the message says why and what to do."""


def preprocess(image):
    """Turn a picture of a digit into MNIST's form, the only one that the networks know.

    The ink becomes light on a dark background, is cropped, scaled with its proportions kept so
    that it fits a box of 20x20 pixels, and placed with its centre of mass in the middle of 28x28,
    or as near as all of it can be seen (http://yann.lecun.com/exdb/mnist/). Shadows, grain, ruled
    lines, specks, punched holes and the table around the paper are left out.
    ``preprocess(image).reshape(1, 784)`` is a batch of one for a network.

    Parameters
    ----------
    image : PIL image, path-like or array_like
        One digit, dark on light or light on dark. The path names a file that Pillow reads: PNG,
        JPEG, ... An array has shape (height, width), or (height, width, channels) with 1 to 4
        channels: grey, grey and opacity, RGB, RGB and opacity; it holds integers in [0, 255],
        floats in [0, 1] or booleans. A picture that is damaged, has no ink, specks only or too many
        pixels is a PictureError; other things are a TypeError or ValueError.

    Returns
    -------
    ndarray of float32 in [0, 1], shape (28, 28); 0 where there is no ink, 1 where there is most
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(image, str | os.PathLike):
        try:
            # A warning comes with large pictures; what is too large is refused here.
            with warnings.catch_warnings(action="ignore"), Image.open(image) as picture:
                return preprocess(picture)
        except FileNotFoundError:
            raise
        except UnidentifiedImageError as error:
            raise PictureError(_what_else(image), file=image) from error
        except PictureError as error:
            raise PictureError("{file}: {error}", file=image, error=error) from error
        except Exception as error:  # Pillow raises errors of many kinds on damaged bytes
            problem = "{file}: {error}; does a picture viewer show a digit?"
            if is_folder(image):
                problem = "{file} is a folder: give the path of a picture in it"
            raise PictureError(problem, file=image, error=error) from error
    light = _light_paper(_without_table(_colours(image)))
    digit = _digit(_without_lines(_ink(light, max(light.shape) // 3)))
    if digit.mean() < 0.9:  # no dot: once its size is known, shadows are wider than its strokes
        widest = max(*digit.shape, max(light.shape) // 6) // 3
        digit = _digit(_without_lines(_ink(light, widest)))
    if max(digit.shape) < max(light.shape) // 30:
        raise PictureError("the digit is too small, or there are specks only: take it from nearer")
    return _centred(_box(digit))


def _what_else(path):
    """Return the sentence about a file that Pillow does not know."""
    with Path(path).open("rb") as file:
        beginning = file.read(65_536)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        beginning = beginning.decode("utf-16", "ignore").encode()
    beginning = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    damaged = "{file} cannot be read as a picture: is it damaged? Open it in a picture viewer"
    kinds = (OTHERS[kind] for kind in OTHERS if re.match(kind, beginning, re.DOTALL | re.I))
    return next(kinds, damaged)


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
    colours, opacity = np.asarray(image.convert("RGB")), np.asarray(image.getchannel("A"))
    if not opacity.any():
        raise PictureError("the picture is wholly transparent: there is no ink in it")
    # Behind dark ink the paper is white, behind light ink it is black.
    paper = 255 if np.average(image.convert("L"), weights=opacity) < 128 else 0
    share = opacity[:, :, np.newaxis] / np.float32(255)
    return _colours(np.rint(share * colours + (1 - share) * paper).astype(np.uint8))


def _check_size(width, height):
    if not 0 < width * height <= MOST_PIXELS:
        problem = "the picture must have 1 to {most:,} pixels, not {width} x {height}"
        if width * height:
            problem += ": make it smaller"
        raise PictureError(problem, most=MOST_PIXELS, width=width, height=height)


def _eight_bits(array):
    """Return an array as uint8 after checking its shape and range; one channel loses its axis."""
    if array.dtype.kind not in "buif":
        raise TypeError(f"image must be a picture, a path or an array, got {array.dtype}")
    # Rows of 784 are flat digits, unless they are as many as a picture so wide is high.
    flat = array.shape[1:] == (784,) and not 200 < len(array) < 3000
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (2,), (3,), (4,)) or flat:
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


def _without_table(colours):
    """Return the colours with the paper led on over a table that is seen on most sides of it."""
    from scipy.ndimage import binary_erosion, binary_fill_holes, distance_transform_edt, label

    top, left = colours.shape[0] // 4, colours.shape[1] // 4
    middle = colours[top : -top or None, left : -left or None]
    colour, table = np.median(middle, axis=(0, 1)), np.median(_border(colours), axis=0)
    contrast = np.abs(colour - table).max()
    if contrast < 25 or min(colours.shape[:2]) < 100:  # a small picture is no photograph
        return colours
    differences = np.abs(colours - colour).max(axis=2)
    labels, _ = label(differences < np.abs(colours - table).max(axis=2))
    paper = binary_fill_holes(labels == np.bincount(labels[labels > 0], minlength=2).argmax())
    inside = binary_erosion(paper, iterations=max(2, max(paper.shape) // 100), border_value=1)
    edge = inside & ~binary_erosion(inside, iterations=3, border_value=1)
    sides = paper[0], paper[-1], paper[:, 0], paper[:, -1]
    # A patch of light, a square of squared paper, a thick stroke and a blot are no paper, which is
    # large, leads to one side of the picture at most, is rectangular, sharp, and has ink on it.
    if (
        not edge.any()
        or paper.mean() < 0.4
        or sum(side.mean() > 0.1 for side in sides) > 1
        or paper[_bounds(paper)].mean() < 0.88
        or np.median(differences[edge]) > 0.4 * contrast
        or np.mean(differences[inside] > contrast / 4) < 0.002
    ):
        return colours
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    return colours[tuple(nearest)]


def _light_paper(colours):
    """Return the colours as of dark ink on light paper, a little smoother where they are grainy."""
    from scipy.ndimage import gaussian_filter

    grey = colours.mean(axis=2)
    chalk = _is_chalk(grey)
    # Blue ink is dark on a yellow note, but lighter than it in the blue, which is left out then.
    same = [_is_chalk(channel) == chalk for channel in np.moveaxis(colours, 2, 0)]
    light = (255 - colours if chalk else colours)[:, :, same if any(same) else slice(None)]
    grain = np.median(np.abs(np.diff(_border(grey))))
    return gaussian_filter(light, (min(grain / 8, 2),) * 2 + (0,))


def _is_chalk(grey):
    """Tell whether the ink is lighter than the paper in a channel."""
    from PIL import Image
    from scipy.ndimage import median_filter

    small = np.asarray(Image.fromarray(grey).reduce(max(1, max(grey.shape) // 48)))
    differences = small - median_filter(small, max(small.shape) // 3 + 1, mode="nearest")
    # A little ink makes them skew. In a picture of the digit alone, paper in a 0 may do so too.
    skewness = np.mean(differences**3) / (np.mean(differences**2) ** 1.5 + 1e-9)
    paper = np.median(_border(grey))
    lighter, darker = small.max() - paper, paper - small.min()
    if abs(skewness) > 1 and (lighter if skewness > 0 else darker) > 0.1 * (lighter + darker):
        return skewness > 0
    return lighter > darker


def _border(array):
    """Return the pixels on the border of a picture."""
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])


def _ink(light, widest):
    """Return which share of the paper's light the ink takes, 0 to 1; strokes are so wide at most.

    The colour counts of which the ink takes most: a yellow pen takes the blue.
    """
    from scipy.ndimage import grey_closing

    size = widest + 6
    paper = grey_closing(light, (size, size, 1), mode="nearest")  # what is dark and narrow goes
    ink = ((paper - light) / np.maximum(paper, 80)).max(axis=2)
    # Grain makes the paper, most of the border or of all, darker than its lightest spots.
    ink -= min(np.median(part) for part in (_border(ink), ink))
    noise = min(np.median(np.abs(part)) for part in (_border(ink), ink))
    if ink.max() < max(0.12, 8 * noise):
        raise PictureError("there is no ink that differs from the border: draw a digit that does")
    ink[ink < max(0.1 * ink.max(), 4 * noise)] = 0
    return ink


def _without_lines(ink):
    """Take the lines of ruled or squared paper away."""
    return _without_rows(_without_rows(ink).T).T


def _without_rows(ink):
    """Take lines away that lead, more or less level, through the whole picture, and are thin."""
    from scipy.ndimage import grey_opening, maximum_filter1d

    height, width = ink.shape
    thick = height // 40
    if thick < 2 or width < 24 or ink.any(axis=0).mean() < 0.9:
        return ink  # too narrow a picture does not tell a line from a stroke
    starts = np.arange(0, width, max(12, width // 40))
    both = np.stack([ink, ink - grey_opening(ink, (thick, 1))])  # all ink, and what is thin
    blocks = np.add.reduceat(both, starts, axis=2) / np.diff(starts, append=width)
    rows, slopes = np.arange(height)[:, np.newaxis], np.linspace(-0.1, 0.1, 31)
    at = rows + np.rint(slopes[:, None, None] * (starts + starts[1] / 2 - width / 2)).astype(int)
    along = blocks[:, np.clip(at, 0, height - 1), np.arange(len(starts))]
    along[:, (at < 0) | (at >= height)] = 0
    # A line is in nine tenths of a row, which no stroke is, and thin in half of it.
    tenth, half = len(starts) // 10, len(starts) // 2
    every, thin = np.partition(along, [tenth, half])
    lines = np.minimum(every[..., tenth], thin[..., half])
    best = np.argmax((lines**2).sum(axis=1))
    at = rows - np.rint(slopes[best] * (np.arange(width) - width / 2)).astype(int)
    line = maximum_filter1d(lines[best], 3)[np.clip(at, 0, height - 1)]
    return np.maximum(ink - 1.5 * line, 0)


def _digit(ink):
    """Return the ink of the digit, cropped to it: 1 in the strokes, less on their soft edges."""
    from scipy.ndimage import grey_closing, maximum_filter

    around = _parts(ink > 0, ink)
    core = _parts(ink > 0.3 * np.quantile(ink[around], 0.9), ink)
    length = max(core[_bounds(core)].shape)
    edges = maximum_filter(core, 9 + 2 * (length // 12))
    # In a small picture all strokes are soft edges; in a large one pencil leaves spots of paper.
    darkest = np.quantile(ink[core], 0.75 if length > 28 else 0.9)
    ink = np.where(edges, np.minimum(ink / darkest, 1), 0)
    ink[ink < 0.1] = 0
    spot = max(length // 28, 1)
    return grey_closing(np.pad(ink[_bounds(ink)], spot), spot)[spot:-spot, spot:-spot]


def _bounds(array):
    """Return the slices of rows and columns from the first that are not all 0 to the last."""
    some = np.flatnonzero(array.any(axis=1)), np.flatnonzero(array.any(axis=0))
    return tuple(slice(found[0], found[-1] + 1) for found in some)


def _parts(mask, ink):
    """Return which pixels of a mask are the digit's, and not specks, holes or the table's edge."""
    from scipy.ndimage import distance_transform_edt, find_objects, label

    labels, n = label(mask, np.ones((3, 3)))
    box = np.array([[[side.start, side.stop] for side in part] for part in find_objects(labels)])
    first, last = box[..., 0], box[..., 1]
    length = (last - first).max(axis=1)
    each, depth = labels[mask] - 1, np.zeros(n)
    mass = np.bincount(each, ink[mask] ** 2)
    dark = mass / np.bincount(each, ink[mask])
    np.maximum.at(depth, each, distance_transform_edt(mask)[mask])
    slender = np.maximum(
        1 - (2 * depth - 1) / length, 0.02
    )  # as strokes are, and specks and holes are not
    rim = max(mask.shape) // 40  # where the lines may have been taken away
    low, high = first <= rim, last >= np.array(mask.shape) - rim
    touching = (low | high).any(axis=1)
    ends = np.ix_(*(np.r_[: rim + 1, -rim - 1 : 0] % side for side in mask.shape))
    # The table's edge holds a corner, or leads from side to side.
    table = np.isin(np.arange(1, n + 1), labels[ends]) | (low & high).any(axis=1)
    main = np.argmax(mass * length * slender * np.where(table, 0.01, np.where(touching, 0.3, 1)))

    # Other parts are the digit's too, if they are near it and much like it.
    like = (mass > 0.04 * mass[main]) & (slender > 0.2)
    like &= dark > np.where(touching & ~touching[main], 0.75, 0.5) * dark[main]
    like &= ~table | (touching[main] & (mass < mass[main]))
    chosen, more = None, np.arange(n) == main
    while not np.array_equal(chosen, more):
        chosen, start, stop = more, first[more].min(axis=0), last[more].max(axis=0)
        gap = np.maximum(first - stop, start - last).max(axis=1)
        more = chosen | (like & (gap < 0.25 * (stop - start).max()))
    return np.append(False, chosen)[labels]


def _box(ink):
    """Return the ink, its proportions kept, scaled to fit 20x20; thin strokes are widened."""
    from PIL import Image
    from scipy.ndimage import distance_transform_edt, maximum_filter

    scale = max(ink.shape) / 20
    depth = distance_transform_edt(np.pad(ink > 0.5, 1))
    width = 4 * (depth[depth > 0].mean() - 0.5)
    if width < 1.2 * scale:
        ink = maximum_filter(ink, 1 + 2 * round((1.6 * scale - width) / 2))
    size = [max(1, round(length / scale)) for length in ink.shape[::-1]]
    # Hamming's filter averages over the pixels that become one, and never goes below 0.
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.HAMMING))


def _centred(box):
    """Return a box with its centre of mass in the middle of 28x28, or as near as it fits."""
    from scipy.ndimage import center_of_mass

    top, left = (
        min(max(round(14 - centre), 0), 28 - length)
        for centre, length in zip(center_of_mass(box), box.shape, strict=True)
    )
    digit = np.zeros((28, 28), dtype=np.float32)
    digit[top : top + box.shape[0], left : left + box.shape[1]] = box / box.max()
    return digit
