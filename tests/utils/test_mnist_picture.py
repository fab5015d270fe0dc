import contextlib
import io
import os
import struct
import zlib

import numpy as np
import pytest
from benchmarks import photographs
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import center_of_mass

from course_utils.activations import sigmoid
from course_utils.mnist.picture import PictureError, preprocess
from course_utils.mnist.sample import read_sample
from course_utils.weights import load_weights


def page(drawing, size=(300, 200), paper=255, ink=0, width=16):
    """Return a page with a line through these points: a picture of mode L."""
    picture = Image.new("L", size, paper)
    ImageDraw.Draw(picture).line(list(drawing), fill=ink, width=width, joint="curve")
    return picture


SEVEN = [(120, 40), (200, 40), (150, 170)]


def assert_form(digit):
    """Check the form that every digit of MNIST has."""
    assert digit.shape == (28, 28) and digit.dtype == np.float32
    assert digit.min() == 0 and digit.max() == 1
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20


def assert_centred(digit):
    """Check that the centre of mass is where it is in MNIST."""
    assert np.abs(np.array(center_of_mass(digit)) - 14).max() <= 0.51


def on_a_page(images, seed):
    """Return MNIST digits 6 times as large, dark on white, somewhere on a larger page each."""
    rng = np.random.default_rng(seed)
    for image in images:
        sheet = np.full((360, 480), 255, dtype=np.uint8)
        top, left = rng.integers(0, 360 - 168), rng.integers(0, 480 - 168)
        sheet[top : top + 168, left : left + 168] = 255 - np.kron(image, np.ones((6, 6), np.uint8))
        yield sheet


def test_digits_of_mnist_come_back_from_a_page():
    _, _, x, _ = read_sample()
    x = x[:40]
    digits = np.array([preprocess(sheet) for sheet in on_a_page(x, seed=0)])
    originals = x / np.float32(255)
    # A tie in the centre of mass moves a few digits by a pixel.
    assert np.mean(np.abs(digits - originals).mean(axis=(1, 2)) < 0.02) >= 0.9
    weights = load_weights()

    def classes(images):
        z1 = sigmoid(images.reshape(-1, 784) @ weights["W1"] + weights["b1"])
        z2 = sigmoid(z1 @ weights["W2"] + weights["b2"])
        return (z2 @ weights["W3"] + weights["b3"]).argmax(axis=1)

    assert np.mean(classes(digits) == classes(originals)) >= 0.98
    # On the pages as they are, without the digits' form, the network could only guess.
    shrunk = [np.asarray(Image.fromarray(s).resize((28, 28))) for s in on_a_page(x, seed=0)]
    assert np.mean(classes(np.array(shrunk) / 255) == classes(originals)) < 0.3


@pytest.fixture(scope="module")
def digits_read_right():
    """Return the ink of three written digits, which the network reads right without a trouble."""
    rng, (_, _, images, labels) = np.random.default_rng(0), read_sample()
    drawn = (photographs.handwritten(rng, images, labels) for _ in range(9))
    inks = [(photographs.placed(rng, picture), int(label)) for picture, label in drawn]
    return [pair for pair in inks if photographs.read(preprocess(pair[0])) == pair[1]][:3]


# Each trouble alone; several at once are for the benchmark.
ALONE = [kind for kind, what in photographs.KINDS.items() if what and "," not in kind]


@pytest.mark.parametrize("kind", ALONE)
def test_photographs_are_read(digits_read_right, kind):
    shots = photographs.pictures(kind, digits_read_right, seed=0)
    found = [photographs.read(preprocess(shot)) == label for shot, label in shots]
    assert len(found) == 3 and sum(found) >= 2, "see tests/benchmarks/photographs.py for more"


def test_a_digit_that_has_the_form_keeps_it():
    _, _, x, _ = read_sample()
    differences = [np.abs(preprocess(image) - image / 255).max() for image in x[:200]]
    assert np.mean(np.array(differences) < 0.11) >= 0.95  # the others: again a pixel


def test_a_drawn_seven_has_the_form():
    digit = preprocess(page(SEVEN))
    assert_form(digit)
    assert_centred(digit)
    assert digit[8, 14] > 0.9 and digit[20, 20] == 0  # a bar above, nothing below on the right


@pytest.mark.parametrize(("paper", "ink"), [(0, 255), (30, 200), (200, 30), (120, 255), (140, 0)])
def test_light_and_dark_paper_give_the_same(paper, ink):
    assert (
        np.abs(preprocess(page(SEVEN)) - preprocess(page(SEVEN, (300, 200), paper, ink))).max()
        < 0.01
    )


def test_the_place_on_the_page_does_not_matter():
    moved = [(x + 80, y + 25) for x, y in SEVEN]
    assert np.array_equal(preprocess(page(moved)), preprocess(page(SEVEN)))


def test_the_grain_and_shade_of_a_photograph_do_not_matter():
    photograph = np.asarray(page(SEVEN, paper=190, ink=40)).astype(float)
    photograph += np.linspace(-10, 10, 300)  # darker on the left
    photograph += np.random.default_rng(0).normal(0, 4, size=photograph.shape)
    digit = preprocess(np.rint(np.clip(photograph, 0, 255)).astype(np.uint8))
    assert_form(digit)
    assert np.abs(digit - preprocess(page(SEVEN))).mean() < 0.02


@pytest.mark.parametrize(
    "form",
    [
        lambda picture: np.asarray(picture),
        lambda picture: np.asarray(picture).astype(int),
        lambda picture: np.asarray(picture).tolist(),
        lambda picture: np.asarray(picture) / 255,
        lambda picture: np.asarray(picture) / np.float32(255),
        lambda picture: np.asarray(picture) > 128,
        lambda picture: np.asarray(picture)[:, :, np.newaxis],
        lambda picture: np.asarray(picture.convert("RGB")) / 255,
        lambda picture: np.asarray(picture.convert("RGBA")),
        lambda picture: np.asarray(picture.convert("LA")),
        lambda picture: picture.convert("1"),
        lambda picture: picture.convert("P"),
        lambda picture: picture.convert("CMYK"),
        lambda picture: picture.convert("I"),
        lambda picture: Image.fromarray(np.asarray(picture) / np.float32(255)),
    ],
)
def test_every_form_of_a_picture_gives_the_same(form):
    assert np.abs(preprocess(form(page(SEVEN))) - preprocess(page(SEVEN))).max() < 0.01


def test_greys_of_sixteen_bits_give_the_same(tmp_path):
    soft = page(SEVEN).filter(ImageFilter.GaussianBlur(4))
    Image.fromarray(np.asarray(soft).astype(np.uint16) * 257).save(tmp_path / "7.png")
    assert np.array_equal(preprocess(tmp_path / "7.png"), preprocess(soft))


@pytest.mark.parametrize("name", ["일곱 7.png", "7.bmp", "7.jpg", "7.gif", "7.webp"])
def test_files_are_read_and_left_as_they_were(tmp_path, name):
    path = tmp_path / name
    page(SEVEN).save(path)
    before = path.read_bytes()
    for given_path in (path, str(path)):
        assert np.abs(preprocess(given_path) - preprocess(page(SEVEN))).max() < 0.1
    assert path.read_bytes() == before


def test_a_photograph_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    page(SEVEN).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "7.png", exif=exif)
    assert np.array_equal(preprocess(tmp_path / "7.png"), preprocess(page(SEVEN)))


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_paper_takes_the_opposite_of_the_ink(tmp_path, ink):
    drawing = page(SEVEN, paper=0, ink=255)
    for hidden in (0, 128, 255):  # the colour below full transparency, which nobody sees
        colour = np.where(np.asarray(drawing) > 0, ink, hidden).astype(np.uint8)
        rgba = np.dstack([colour, colour, colour, np.asarray(drawing)])
        Image.fromarray(rgba).save(tmp_path / "7.png")
        assert np.array_equal(preprocess(tmp_path / "7.png"), preprocess(drawing))
        assert np.array_equal(preprocess(rgba), preprocess(drawing))
        assert np.array_equal(preprocess(rgba[:, :, 2:]), preprocess(drawing))


def test_a_thin_line_stays_thin():
    digit = preprocess(page([(70, 20), (70, 180)], width=1))
    assert_form(digit)
    assert_centred(digit)
    assert np.count_nonzero(digit.any(axis=0)) == 1
    assert np.count_nonzero(digit.any(axis=1)) == 20


def test_a_dot_fills_the_box():
    picture = np.zeros((20, 30))
    picture[15, 2] = 1
    digit = preprocess(picture)
    assert_form(digit)
    assert_centred(digit)
    assert np.count_nonzero(digit == 1) == 400


@pytest.mark.parametrize("place", ["left", "right", "top", "bottom", "corner"])
def test_ink_may_touch_the_border(place):
    drawing = {
        "left": [(0, 20), (80, 100), (80, 180)],
        "right": [(299, 20), (200, 100), (200, 180)],
        "top": [(100, 0), (100, 150), (200, 150)],
        "bottom": [(100, 199), (100, 50), (200, 50)],
        "corner": [(0, 0), (150, 100)],
    }[place]
    wide = page([(x + 100, y + 100) for x, y in drawing], size=(500, 400)).crop(
        (100, 100, 400, 300)
    )
    digit = preprocess(wide)
    assert_form(digit)
    assert_centred(digit)


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    density=st.floats(0.001, 1),
    seed=st.integers(0, 2**32),
)
@example(height=6, width=28, density=1.0, seed=2)  # as uneven as paper with ink
@settings(deadline=None)
def test_every_ink_has_the_form_and_nothing_is_cut(height, width, density, seed):
    rng = np.random.default_rng(seed)
    ink = (rng.random((height, width)) < density) * rng.integers(50, 256, (height, width))
    ink[rng.integers(height), rng.integers(width)] = 255
    digit = preprocess(np.pad(ink, 3))
    assert_form(digit)
    assert np.isfinite(digit).all()


@given(shape=st.tuples(st.integers(80, 200), st.integers(1, 30)), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_a_narrow_strip_has_the_form(shape, seed):
    strip = np.zeros(shape, dtype=bool)
    strip[tuple(np.random.default_rng(seed).integers(shape))] = True
    strip[np.arange(shape[0]) % 40 > 20] = True  # in all columns, as lines are
    for picture in strip, strip.T:
        with contextlib.suppress(PictureError):  # a strip may look as if it had specks only
            assert_form(preprocess(picture))


def test_a_one_cropped_to_its_stroke_is_read():
    digit = preprocess(page([(5, 4), (5, 155)], size=(10, 160), width=6))
    assert_form(digit)
    assert np.count_nonzero(digit.any(axis=0)) <= 2


def test_a_picture_may_be_as_wide_as_a_flat_digit():
    assert_like(preprocess(page(SEVEN, size=(784, 240))), preprocess(page(SEVEN)))


def test_mass_in_a_corner_does_not_push_the_rest_out():
    picture = np.zeros((200, 200), dtype=np.uint8)
    picture[20:60, 20:60] = 255
    picture[20:180, 20] = 255  # long and thin
    picture[20, 20:180] = 255
    digit = preprocess(picture)
    assert_form(digit)
    assert np.flatnonzero(digit.any(axis=0)).tolist() == list(range(8, 28))
    assert np.flatnonzero(digit.any(axis=1)).tolist() == list(range(8, 28))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((50, 50)), "no ink"),
        (np.full((50, 50, 3), 255, np.uint8), "no ink"),
        (np.full((1, 1), 9, np.uint8), "no ink"),
        (Image.new("RGB", (40, 40), "red"), "no ink"),
        (np.random.default_rng(0).integers(240, 250, (50, 50)), "no ink"),
        (np.random.default_rng(0).integers(0, 256, (50, 50)), "no ink"),
        (Image.new("RGBA", (40, 40), (9, 9, 9, 0)), "transparent"),
        (np.zeros(784), "reshape(28, 28)"),
        (np.eye(784)[:1], "(1, 784); image.reshape(28, 28)"),
        (np.eye(784)[:20], "(20, 784); image.reshape(28, 28)"),
        (np.zeros((1, 784, 1, 1)), "(1, 784, 1, 1)"),
        (np.zeros((1, 28, 28)), "(1, 28, 28)"),
        (np.zeros((28, 28, 5)), "1 to 4 channels"),
        (np.float64(0.5), "()"),
        (np.zeros((0, 28)), "1 to 50,000,000 pixels, not 28 x 0"),
        (np.zeros((28, 0, 3)), "1 to 50,000,000 pixels"),
        (np.where(np.eye(28) == 1, np.nan, 0), "nan at index (0, 0)"),
        (np.where(np.eye(28) == 1, np.inf, 0), "inf at index (0, 0)"),
        (np.eye(28) * 255, "255.0 at index (0, 0)"),
        (np.eye(28) * -0.1, "-0.1"),
        (np.eye(28, dtype=int) * 256, "256"),
        (-np.eye(28, dtype=int), "-1"),
        (np.eye(28, dtype=int), "only the integers 0 and 1: pass booleans"),
        (Image.new("LAB", (28, 28)), "no ink"),
        (Image.new("L", (0, 5)), "pixels, not 0 x 5"),
        (np.broadcast_to(np.uint8(0), (10**5, 10**5)), "50,000,000 pixels"),
    ],
)
def test_what_is_no_digit_is_refused(image, words):
    with pytest.raises(ValueError) as caught:
        preprocess(image)
    assert words in str(caught.value)


@pytest.mark.parametrize("image", [None, {}, b"7", [["a", "b"]], np.eye(3) * 1j])
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(TypeError, match="picture, a path or an array"):
        preprocess(image)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.png"):
        preprocess(tmp_path / "none.png")


def png():
    """Return the bytes of a whole picture."""
    file = io.BytesIO()
    page(SEVEN).save(file, "PNG")
    return file.getvalue()


def png_of_size(width, height):
    """Return the first bytes of a picture that says it has this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return png()[:8] + chunk + png()[33:]


COMMENT = b'<?xml version="1.0"?>\n<!-- Generator -->\n<!-- ' + b"more > text " * 200 + b"-->"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"<html>Not found</html>", "is a web page", id="web page"),
        pytest.param(b"\0\0\0\x18ftypheic" + bytes(90), "HEIC picture", id="HEIC"),
        pytest.param(b"\0\0\0\x1cftypmif1" + bytes(90), "HEIC picture", id="HEIF"),
        pytest.param(b"\0\0\0\x1cftypavif" + bytes(90), "AVIF picture", id="AVIF"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "PDF document", id="PDF"),
        pytest.param(b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "SVG drawing", id="SVG"),
        pytest.param("일곱\n".encode(), "file of text", id="text"),
        pytest.param("일곱 <svg/>\n".encode("utf-16"), "file of text", id="text in UTF-16"),
        pytest.param(b"\xef\xbb\xbf <!doctype html>", "is a web page", id="web page with a BOM"),
        pytest.param(COMMENT + b"<html><svg/>", "is a web page", id="web page, comment"),
        pytest.param(COMMENT + b"<!-- <html> --><svg/>", "SVG drawing", id="SVG, comments"),
        pytest.param(b"<?xml?><!DOCTYPE svg [ ]>", "SVG drawing", id="SVG with a type"),
        pytest.param(b"<s:svg xmlns:s='x'/>", "SVG drawing", id="SVG with a prefix"),
        pytest.param("<svg/>".encode("utf-16"), "SVG drawing", id="SVG in UTF-16"),
        pytest.param(b"<!-- -->" * 5000 + b"7", "file of text", id="comments only"),
        pytest.param(b"\xef\xbb\xbf\n%PDF-1.7\n\xe2", "PDF document", id="PDF with a BOM"),
        pytest.param(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif\0", "AVIF picture", id="AVIF in HEIF"),
        pytest.param(b"\0\0\0\x18ftypmp42" + bytes(90), "is a film", id="MP4"),
        pytest.param(b"\0\0\0\x14ftypqt  " + bytes(90), "is a film", id="MOV"),
        pytest.param(b"\xff\n\xfa\0", "of a kind that cannot be read", id="JPEG XL"),
        pytest.param(b"\0\0\0\x0cJXL \r\n\x87\n", "of a kind that cannot be read", id="boxed"),
        pytest.param(b"PK\3\4" + bytes(90), "is a zip file", id="zip"),
        pytest.param(png()[: len(png()) // 2], "truncated", id="cut in the middle"),
        pytest.param(png()[:40], "cannot be read as a picture", id="cut after the header"),
        pytest.param(png()[:50] + bytes(200) + png()[250:], "broken", id="overwritten"),
        pytest.param(png_of_size(8000, 8000), "8000 x 8000: make it smaller", id="large"),
        pytest.param(png_of_size(12_000, 12_000), "12000 x 12000", id="with a warning"),
        pytest.param(png_of_size(10**6, 10**6), "1000000000000 pixels", id="absurd"),
    ],
)
def test_a_file_that_is_no_picture_is_refused(tmp_path, content, words, recwarn):
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    with pytest.raises(PictureError) as caught:
        preprocess(path)
    assert path.name in str(caught.value) and words in str(caught.value)
    assert path.read_bytes() == content
    assert not recwarn


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(PictureError, match="is a folder"):
        preprocess(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such file")
def test_a_path_that_the_system_refuses_is_named(tmp_path):
    path = tmp_path / ("x" * 300)  # where Path.is_dir raises an error, as in a locked folder
    with pytest.raises(PictureError, match=r"xxx: .*a picture viewer"):
        preprocess(path)


def test_an_empty_page_in_a_file_is_named(tmp_path):
    Image.new("L", (300, 200), "white").save(tmp_path / "empty.png")
    with pytest.raises(PictureError, match=r"empty\.png: there is no ink.* that does$"):
        preprocess(tmp_path / "empty.png")


# ---------------------------------------------------------------- photographs

SIDE = 400
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
FIVE = [(240, 110), (170, 110), (165, 190), (230, 200), (235, 260), (160, 280)]


def photograph(*troubles, ink=50, paper=220, points=FIVE, width=18, part=None):
    """Return a page with a digit as an array of RGB, after these troubles and a JPEG's."""
    pixels = np.asarray(page(points, (SIDE, SIDE), 0, 255, width)) / 255
    if part is not None:
        pixels = pixels * part
    pixels = pixels[:, :, np.newaxis]
    pixels = paper * np.ones(3) * (1 - pixels) + ink * np.ones(3) * pixels
    for trouble in troubles:
        pixels = trouble(pixels)
    file = io.BytesIO()
    Image.fromarray(np.rint(pixels.clip(0, 255)).astype(np.uint8)).save(file, "JPEG", quality=90)
    return Image.open(file)


def grain(sigma):
    noise = np.random.default_rng(0).normal(0, sigma, (SIDE, SIDE, 1))
    return lambda pixels: pixels + noise


def darker(mask, share):
    """Return a trouble: where the mask is 1, only this share of the light is left."""
    return lambda pixels: pixels * (1 - (1 - share) * mask[:, :, np.newaxis])


def shadow_of_a_corner(pixels):
    edge = np.clip((ROWS + COLUMNS - 470) / 12, 0, 1)
    return darker(edge, 0.65)(pixels)


def shadow_of_a_head(pixels):
    edge = np.clip((130 - np.hypot(ROWS - 330, COLUMNS - 90)) / 15, 0, 1)
    return darker(edge, 0.65)(pixels)


def light_falling_off(pixels):
    return darker((np.hypot(ROWS - 60, COLUMNS - 60) / 480) ** 1.5, 0.4)(pixels)


def specks(pixels):
    for row, column, radius in [(30, 350, 5), (330, 60, 3), (200, 20, 4), (370, 390, 2)]:
        pixels = darker(np.hypot(ROWS - row, COLUMNS - column) < radius, 0.2)(pixels)
    return pixels


def holes(pixels):
    for row in (90, 300):
        pixels = darker(np.hypot(ROWS - row, COLUMNS - 35) < 15, 0.3)(pixels)
    return pixels


def table(pixels):
    return darker(COLUMNS - ROWS / 15 > 340, 0.3)(pixels)


def wide_table(pixels):
    return darker(ROWS + COLUMNS / 20 > 310, 0.4)(pixels)


def table_around(pixels):
    return darker(np.maximum(abs(ROWS - 200 - COLUMNS / 40), abs(COLUMNS - 200)) > 170, 0.3)(pixels)


def table_on_three_sides(pixels):
    return darker(np.maximum(ROWS - 200, abs(COLUMNS - 200)) > 175, 0.3)(pixels)


def ruled(pixels):
    return darker((ROWS + COLUMNS // 30) % 37 < 2, 0.7)(pixels)


def squared(pixels):
    return darker((COLUMNS - ROWS // 30) % 37 < 2, 0.7)(ruled(pixels))


def assert_like(digit, other):
    """Check that two digits have the same ink, but for soft edges and a fraction of a pixel."""
    assert_form(digit)
    assert np.abs(digit - other).mean() < 0.06


@pytest.mark.parametrize(
    "troubles",
    [
        pytest.param(troubles, id=name)
        for name, troubles in {
            "shadow of a corner": [shadow_of_a_corner],
            "shadow of a head": [shadow_of_a_head],
            "light falling off": [light_falling_off],
            "grain": [grain(15)],
            "specks": [specks],
            "holes": [holes],
            "table": [table],
            "wide table": [wide_table],
            "table around": [table_around],
            "table on three sides": [table_on_three_sides],
            "ruled, and table around": [ruled, table_around],
            "ruled": [ruled],
            "squared": [squared],
            "all at once": [ruled, specks, holes, table, light_falling_off, grain(5)],
            "ruled, in shadow, with grain": [ruled, shadow_of_a_corner, grain(10)],
        }.items()
    ],
)
def test_what_is_no_ink_does_not_matter(troubles):
    assert_like(preprocess(photograph(*troubles)), preprocess(photograph()))


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        pytest.param(150, 220, id="pencil"),
        pytest.param([250, 215, 60], [240, 236, 225], id="yellow pen"),
        pytest.param([90, 190, 240], [240, 236, 225], id="light blue pen"),
        pytest.param([40, 60, 170], [250, 230, 110], id="blue pen on a yellow note"),
        pytest.param([30, 60, 200], [180, 140, 100], id="blue pen on kraft paper"),
        pytest.param([225, 225, 220], [45, 70, 60], id="chalk"),
        pytest.param([230, 200, 70], [45, 70, 60], id="yellow chalk"),
    ],
)
@pytest.mark.parametrize("trouble", [grain(5), light_falling_off, holes], ids=["", "dim", "holes"])
def test_the_colour_of_the_pen_does_not_matter(ink, paper, trouble):
    digit = preprocess(photograph(trouble, ink=np.array(ink), paper=np.array(paper)))
    assert_like(digit, preprocess(photograph()))


def test_yellow_ink_in_an_opaque_png_is_seen():
    coloured = photograph(ink=np.array([250, 215, 60]), paper=240)
    assert np.array_equal(preprocess(coloured.convert("RGBA")), preprocess(coloured))


def test_parts_of_a_digit_are_not_lost():
    apart = np.ones((SIDE, SIDE))
    apart[125:145] = 0  # between the bar of the 5 and the rest
    digit = preprocess(photograph(specks, part=apart))
    assert_form(digit)
    assert digit[4:8].sum() > 5  # the bar
    broken = (ROWS + COLUMNS) % 60 > 8  # a pencil that jumps
    digit = preprocess(photograph(grain(5), specks, ink=150, part=broken))
    assert np.abs(digit - preprocess(photograph())).mean() < 0.06


@pytest.mark.parametrize("trouble", [ruled, shadow_of_a_corner, grain(10)])
def test_a_seven_that_fills_the_picture_keeps_its_bar(trouble):
    points = [(0, 20), (380, 20), (160, 399)]
    digit = preprocess(photograph(trouble, points=points, width=40))
    assert_like(digit, preprocess(page(points, (SIDE, SIDE), width=40)))


@pytest.mark.parametrize(("ink", "paper"), [(40, 230), (230, 40)])
def test_the_paper_in_a_bold_zero_is_not_its_ink(ink, paper):
    picture = Image.new("L", (160, 200), paper)
    draw = ImageDraw.Draw(picture)
    draw.ellipse([2, 2, 157, 197], fill=ink)
    draw.ellipse([52, 40, 107, 160], fill=paper)
    digit = preprocess(picture)
    assert digit[14, 14] == 0 and digit[14, 8] == 1


@pytest.mark.parametrize("margin", [1, 20])
def test_a_blot_is_no_paper(margin):
    blot = np.pad(np.ones((400, 120), dtype=bool), margin)
    assert preprocess(blot).sum() == pytest.approx(20 * 6, abs=6)


def test_a_thin_pen_is_widened():
    thin = preprocess(photograph(grain(3), width=4))
    assert thin.sum() > 0.5 * preprocess(photograph()).sum()
    assert 1 < np.count_nonzero(thin[8] > 0.3) <= 4


def test_a_large_photograph_is_read():
    large = photograph(specks, shadow_of_a_corner).resize((3000, 3000))
    assert_like(preprocess(large), preprocess(photograph()))


@pytest.mark.parametrize("trouble", [shadow_of_a_head, grain(15), light_falling_off])
def test_a_photograph_of_an_empty_page_is_refused(trouble):
    with pytest.raises(PictureError, match="no ink"):
        preprocess(photograph(trouble, ink=220))


def test_a_photograph_with_specks_only_is_refused():
    with pytest.raises(PictureError, match=r"too small.*from nearer"):
        preprocess(photograph(specks, ink=220))


def test_thick_strokes_from_side_to_side_are_no_lines():
    four = [(150, 0), (20, 190), (199, 165)], [(165, 0), (140, 270)]
    picture = Image.new("L", (200, 272), 220)
    for points in four:
        ImageDraw.Draw(picture).line(points, fill=40, width=26)
    assert_like(preprocess(picture), preprocess(np.pad(picture, 150, constant_values=220)))
