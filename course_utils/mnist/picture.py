"""From a picture of a digit, drawn or photographed, to the form that MNIST's digits have."""

import os
import warnings

import numpy as np

from course_utils import checks
from course_utils.message import CourseError

MOST_PIXELS = 50_000_000


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
    from scipy.ndimage import center_of_mass

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

    ink = Image.fromarray(_ink(_grey(image)))
    ink = ink.crop(ink.getbbox())
    size = [max(1, round(20 / max(ink.size) * length)) for length in ink.size]
    # Hamming's filter averages over the pixels that become one, and never goes below 0.
    box = np.asarray(ink.resize(size, Image.Resampling.HAMMING))
    top, left = (
        min(max(round(14 - centre), 0), 28 - length)
        for centre, length in zip(center_of_mass(box), box.shape, strict=True)
    )
    digit = np.zeros((28, 28), dtype=np.float32)
    digit[top : top + box.shape[0], left : left + box.shape[1]] = box / box.max()
    return digit


def _grey(image):
    """Return the brightness of a picture as an array of uint8, shape (height, width)."""
    from PIL import Image, ImageOps

    if isinstance(image, Image.Image):
        _check_size(*image.size)
        image = ImageOps.exif_transpose(image)  # a telephone notes how it was held
        if image.mode.startswith("I;16"):
            image = np.asarray(image) >> 8
    if not isinstance(image, Image.Image) or image.mode in ("I", "F"):
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    if not image.has_transparency_data:
        return np.asarray(image.convert("L"))
    image = image.convert("RGBA")
    grey, opacity = np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
    if not opacity.any():
        raise PictureError("the picture is wholly transparent: there is no ink in it")
    # Behind dark ink the paper is white, behind light ink it is black.
    paper = 255 if np.average(grey, weights=opacity) < 128 else 0
    share = opacity / np.float32(255)
    return np.rint(share * grey + (1 - share) * paper).astype(np.uint8)


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


def _ink(grey):
    """Return how far each pixel is from the median brightness of the border: 0 without ink."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    background = np.median(border)
    ink = grey - background
    ink = -ink if -ink.min() > ink.max() else ink
    # In photographs the background is grainy and shaded: six times its typical deviation.
    noise = max(0.1 * ink.max(), 6 * np.median(np.abs(border - background)))
    if ink.max() < max(noise, 25):  # grey levels of 255
        raise PictureError("there is no ink that differs from the border: draw a digit that does")
    ink[ink < noise] = 0
    return ink
