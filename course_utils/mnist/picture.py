"""From a picture of a digit, drawn or photographed, to the form that MNIST's digits have."""

import os
import warnings
from pathlib import Path

import numpy as np

from course_utils.files import is_folder

BOX = 20  # MNIST's digits fit a box of 20x20 pixels ...
CENTRE = 14  # ... and have their centre of mass in this row and column of 28x28
NOISE = 0.1  # what differs less from the background, as a share of the strongest ink, is noise
LEAST_CONTRAST = 25  # grey levels of 255; a picture with less has no ink
MOST_PIXELS = 50_000_000
TOO_LARGE = f"the picture may have {MOST_PIXELS:,} pixels at most"


class PictureError(ValueError):
    """Something that is no picture of a digit; the message says why and what to do."""


def preprocess(image):
    """Turn a picture of a digit into MNIST's form, the only one that the networks know.

    The ink becomes light on a dark background, is cropped, scaled with its proportions kept so
    that it fits a box of 20x20 pixels, and placed with its centre of mass in the middle of 28x28.
    ``preprocess(image).reshape(1, 784)`` is a batch of one for a network.

    Parameters
    ----------
    image : PIL image, path-like or array_like
        One digit. The path names a file in PNG, JPEG or another form that Pillow reads. An array
        has shape (height, width), or (height, width, channels) with 1 to 4 channels: grey,
        grey and opacity, RGB, RGB and opacity; it holds integers in [0, 255], floats in [0, 1] or
        booleans. The background, also of a photograph, should be evenly lit; it must cover most of
        the border.

    Returns
    -------
    ndarray of float32, shape (28, 28)
        In [0, 1]: 0 where there is no ink, 1 where there is most.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    TypeError
        `image` is none of these things.
    PictureError
        It is no picture or a damaged one, has no ink, too many pixels or another shape, or holds
        numbers out of range.

    Notes
    -----
    This is how MNIST was made (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/). Like
    theirs, the last step moves the digit by whole pixels, which keeps its edges sharp. A digit
    whose centre of mass is far from its middle is moved only as far as all of it can be seen.
    """
    from PIL import Image
    from scipy.ndimage import center_of_mass

    is_path = isinstance(image, str | os.PathLike)
    ink = _ink_of_file(Path(image)) if is_path else _ink(_grey(_picture(image)))
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(scale * length)) for length in ink.shape)
    # Hamming's filter averages over the pixels that become one, and never goes below 0.
    box = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.HAMMING))
    top, left = (
        min(max(round(CENTRE - centre), 0), 28 - length)
        for centre, length in zip(center_of_mass(box), box.shape, strict=True)
    )
    digit = np.zeros((28, 28), dtype=np.float32)
    digit[top : top + height, left : left + width] = box / box.max()
    return digit


def _ink_of_file(path):
    """Return the ink of a picture in a file."""
    from PIL import Image

    try:
        # A warning comes with large pictures; what is too large is refused here.
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:
            return _ink(_grey(_picture(picture)))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}; check its name") from None
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from None
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path}: {TOO_LARGE} ({error})") from None
    except Exception as error:  # Pillow raises errors of many kinds on damaged bytes
        kind = "a folder" if is_folder(path) else "no picture, or a damaged one"
        raise PictureError(f"{path}: {kind}; open it in a picture viewer ({error})") from error


def _picture(image):
    """Return `image` as a PIL image with eight bits a channel, turned upright."""
    from PIL import Image, ImageOps

    if isinstance(image, Image.Image):
        _check_size(*image.size)
        if 0 in image.size:
            raise PictureError("image holds no pixels (size {} x {})".format(*image.size))
        if image.mode in ("LAB", "La"):  # Pillow cannot turn these into greys
            raise PictureError(f"image has the mode {image.mode}: save or convert it as RGB first")
        upright = ImageOps.exif_transpose(image)  # a telephone notes how it was held
        if upright.mode.startswith("I;16"):
            return Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        return _picture(np.asarray(upright)) if upright.mode in ("I", "F") else upright
    return Image.fromarray(_eight_bits(np.asarray(image)))


def _check_size(width, height):
    """Refuse a picture that would fill the memory."""
    if width * height > MOST_PIXELS:
        raise PictureError(f"{TOO_LARGE}, not {width} x {height}")


def _eight_bits(array):
    """Return an array as uint8 after checking its shape and range; one channel loses its axis."""
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"image must be a picture, a path or an array of numbers, got an array of {array.dtype}"
        )
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        hint = "; image.reshape(28, 28) makes rows of a flat digit" if array.size == 784 else ""
        raise PictureError(
            "image must have shape (height, width), or (height, width, channels) with 1 to 4 "
            f"channels, got {array.shape}{hint}"
        )
    if array.size == 0:
        raise PictureError(f"image holds no pixels (shape {array.shape})")
    _check_size(array.shape[1], array.shape[0])
    largest = 255 if array.dtype.kind in "ui" else 1
    outside = ~((array >= 0) & (array <= largest))  # written so that nan counts as outside
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        raise PictureError(
            f"image must hold integers from 0 to 255 or floats from 0 to 1, "
            f"got {array[where]} ({array.dtype}) at index {where}"
        )
    if largest == 255 and array.max() == 1:
        raise PictureError("image holds only the integers 0 and 1: pass booleans, or floats")
    array = array.squeeze(axis=2) if array.shape[2:] == (1,) else array
    return array.astype(np.uint8) if largest == 255 else np.rint(255 * array).astype(np.uint8)


def _grey(picture):
    """Return the brightness of a PIL image as an array of uint8, shape (height, width)."""
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"))
    picture = picture.convert("RGBA")
    grey, opacity = np.asarray(picture.convert("L")), np.asarray(picture.getchannel("A"))
    if not opacity.any():
        raise PictureError("the picture is wholly transparent: there is no ink in it")
    # Behind dark ink the paper is white, behind light ink it is black.
    paper = 255 if np.average(grey, weights=opacity) < 128 else 0
    share = opacity / np.float32(255)
    return np.rint(share * grey + (1 - share) * paper).astype(np.uint8)


def _ink(grey):
    """Return how far each pixel is from the background, cropped to where there is ink.

    Parameters
    ----------
    grey : ndarray of uint8, shape (height, width)
        The background is the median brightness of the border; the ink, darker or lighter,
        differs from it most.

    Returns
    -------
    ndarray of float32
        0 or more; every side holds at least one number above 0.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    background = np.median(border)
    ink = grey - background
    if -ink.min() > ink.max():
        ink = -ink
    # In photographs the background is grainy and shaded: six times its typical deviation.
    noise = max(NOISE * ink.max(), 6 * np.median(np.abs(border - background)))
    if ink.max() < max(noise, LEAST_CONTRAST):
        raise PictureError(
            "there is no ink in the picture, nothing that stands out from the background; "
            "draw a digit that does, and that does not cover the border"
        )
    ink[ink < noise] = 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
