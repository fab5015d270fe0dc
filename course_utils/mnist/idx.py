"""Reading sets of pictures from files as people have them, and knowing MNIST's by their bytes.

A set is four files, training and test images and labels, under many a name, compressed by gzip
or not, or one .npz file as Keras has it. Their format, IDX: a magic number, the length of each
axis, four bytes each, then the numbers.
"""

import glob
import gzip
import hashlib
import math
import os
import re
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np

from course_utils import browser
from course_utils.files import is_folder, read_npz, shown
from course_utils.message import CourseError, Message

SHAPES = [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
SHA256 = {  # of the bytes before any compression: it knows a file whoever compressed it
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FILES = dict(zip(SHA256, zip(SHAPES, SHA256.values(), strict=True), strict=True))
KEYS = ["x_train", "y_train", "x_test", "y_test"]  # in an .npz file, in the order of FILES
# After the last word no dot, or one with something that speaks of IDX: no .png and no .csv.
PART = re.compile(r".*(train|t10k|test)[^.]*(image|label)([^.]*|.*(idx|ubyte|gz).*)")
TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}  # the numbers for them
GZIP = b"\x1f\x8b"  # how every gzip file begins
PIECE = 1 << 16  # bytes that are read at once
MOST_BYTES = 1 << 30  # more than any set that is known
OTHER_FORMS = {  # how names end, what that is, what to do with it
    r"\.zip": ("a zip archive", "unpack it"),
    r"\.(tar|tar\.\w+|t[gx]z|7z|rar)": ("an archive", "unpack it"),
    r"\.(pkl|pickle)(\.\w+)?": ("a pickle, which may run any code", "get the four IDX files"),
    r"\.csv(\.\w+)?": ("a CSV file", "read_csv reads it, and load_mnist the four IDX files"),
}
FRESH = "put a fresh copy in its place"
FORM = "n images of one size, uint8 (n, height, width), and n labels, uint8 (n,)"
ONE_SET = "name the folder of one whole set: data/README.md says what that is"


class IdxError(CourseError, ValueError):
    """A file of a set that cannot be used: its `path`, `problem`, `cure`, and both as a `note`."""

    def __init__(self, path, problem, cure=FRESH, **values):
        self.path, self.cure = Path(path), cure
        self.problem = Message(problem, file=shown(path), **values)
        super().__init__("{problem}; {cure}", problem=self.problem, cure=cure)
        self.note = f"{self.problem}: {cure}" if cure not in (FRESH, ONE_SET) else f"{self.problem}"


class OtherSetError(IdxError):
    """A file that is whole, but none of MNIST's, where MNIST was looked for."""

    def __init__(self, path, arrays, hashes):
        shape, sha256 = FILES.get(part_of(path), ("MNIST's", "SHA-256"))
        found = [f"{a.shape} {h[:8] or a.dtype}" for a, h in zip(arrays, hashes, strict=True)]
        problem = "{file} is a well-formed {form} file that holds another set than MNIST "
        problem += "(found {found}, expected {expected})"
        values = {"found": ", ".join(found), "expected": f"{shape} {sha256[:8]}"}
        form = "IDX" if len(arrays) == 1 else ".npz"
        super().__init__(path, problem, "load_idx(folder) reads it", form=form, **values)


# ---------------------------------------------------------------- finding


def part_of(path):
    """Return which of the four files in `FILES` a file is, by its name, or None."""
    match = PART.fullmatch(Path(path).name.lower())
    kind = "train" if match and match[1] == "train" else "t10k"
    what = "images-idx3" if match and match[2] == "image" else "labels-idx1"
    return f"{kind}-{what}-ubyte" if match else None


def usual_paths(folder):
    """Return where the four files are as a rule: under their own names, or ``.gz`` at the end."""
    return [Path(folder) / f"{name}{end}" for name in FILES for end in ("", ".gz")]


def other_paths(folder):
    """Return what else may be of a set in a folder, or in one below, or `folder` if it is a file.

    Few files are opened for this, and of none more is read than its first `PIECE`, or, of an
    archive, the list of what it holds.
    """
    patterns = ("*", "*/*", "*/raw/*", "*/MNIST/raw/*")  # torchvision's; hidden files do not match
    found = [n for each in patterns for n in sorted(glob.glob(each, root_dir=folder))]  # noqa: PTH207
    paths = [Path(folder), *(Path(folder) / name for name in found)]
    return [path for path in dict.fromkeys(paths) if _may_be_of_a_set(path)]


def _may_be_of_a_set(path):
    name, starts = path.name.lower(), tuple(_header(shape) for shape, _ in FILES.values())
    with suppress(OSError, EOFError, zlib.error, zipfile.BadZipFile):
        if not path.is_file() or ".damaged" in name:
            return False
        if part_of(path) or ("mnist" in name and (name.endswith(".npz") or _other_form(path))):
            return True
        if name.endswith((".npz", ".zip")):
            members = zipfile.ZipFile(path).namelist()
            return {f"{key}.npy" for key in KEYS} <= {*members} or any(map(part_of, members))
        if path.stat().st_size < 1000 + 1.01 * max(math.prod(s) for s, _ in FILES.values()):
            with path.open("rb") as file:
                return unpacked(file)(16).startswith(starts)
    return False


def _other_form(path):
    """Return what a file is that is named, not read, and what to do with it, or None."""
    return next(
        (OTHER_FORMS[k] for k in OTHER_FORMS if re.search(f"{k}$", path.name.lower())), None
    )


def no_folder(path):
    """Return the IdxError that says what is there instead of a set's folder."""
    with suppress(OSError):
        if path.is_file():
            what, cure = _other_form(path) or ("a single file", "name its folder")
            return IdxError(path, "{file} is {what}", cure, what=what)
    return IdxError(path, "there is no folder {folder}", ONE_SET, folder=path)


# ---------------------------------------------------------------- reading


def _form(array):
    return f"{array.dtype} {array.shape}"


def _header(shape):
    return b"".join(n.to_bytes(4, "big") for n in (0x800 + len(shape), *shape))


def unpacked(file):
    """Return the function that reads an open file, and undoes gzip if it begins as gzip files do.

    Faster than gzip.GzipFile, which Python 3.11 feeds in small bits; that reads what is appended.
    """
    is_gzip, unpacker, rest = file.read(2) == GZIP, zlib.decompressobj(wbits=31), None
    file.seek(0)

    def unpack(n):  # at most n bytes, and none at the end only
        nonlocal rest
        while not unpacker.eof:
            packed = unpacker.unconsumed_tail or file.read(PIECE)
            if content := unpacker.decompress(packed, n):
                return content
            if not packed:
                raise EOFError("it is cut short")
        if not rest:
            file.seek(-len(unpacker.unused_data), os.SEEK_CUR)
            rest = gzip.GzipFile(fileobj=file)
        return rest.read(n)

    def read(n):
        content, some = bytearray(), unpack if is_gzip else file.read
        # file.read(n) reserves n bytes, however few there are.
        while len(content) < n and (piece := some(min(n - len(content), PIECE))):
            content += piece
        return bytes(content)

    return read


def read_idx(path):
    """Return the array in an IDX file, compressed by gzip or not.

    Raise IdxError if it is damaged or no such file, FileNotFoundError if it is not there.
    """
    try:
        with Path(path).open("rb") as file:
            return _array(path, unpacked(file))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise IdxError(path, "{file} is a damaged gzip file ({why})", why=error) from error
    except OSError as error:
        why = "it is a folder" if is_folder(path) else error.strerror
        raise IdxError(path, "{file} is unreadable: {why}", why=why) from error


def _array(path, read):
    magic = read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not magic[3]:
        problem = "{file} is no IDX file: it begins with {magic}" if magic else "{file} is empty"
        raise IdxError(path, problem, magic=magic)
    lengths, dtype = read(4 * magic[3]), np.dtype(TYPES[magic[2]])
    shape = tuple(int.from_bytes(lengths[k : k + 4], "big") for k in range(0, len(lengths), 4))
    size = math.prod(shape) * dtype.itemsize
    content = read(min(size, MOST_BYTES) + 1)  # of one that goes on, no more than this
    whole, n = 4 + 4 * magic[3] + size, 4 + len(lengths) + len(content)
    if n != whole:
        problem = "{file} has {n:,} bytes instead of {whole:,}"
        problem = problem if n < whole else "{file} goes on after its {whole:,} bytes"
        raise IdxError(path, problem, n=n, whole=whole)
    return np.frombuffer(content, dtype).reshape(shape)


def _arrays(path):
    """Return the array in an IDX file, or the four of an .npz file as IDX files would have them."""
    if _other_form(path):
        raise no_folder(path)
    if path.suffix.lower() != ".npz":
        return [read_idx(path)]

    def error(problem, *, why, **_):
        return IdxError(path, problem.removesuffix("; {cure}"), why=why)

    found = read_npz(path, error, "")
    if not found.keys() >= {*KEYS}:
        problem, keys = "{file} must hold {keys}, found {found}", ", ".join(KEYS)
        raise IdxError(path, problem, keys=keys, found=", ".join(found))
    return [_as_bytes(path, key, found[key]) for key in KEYS]


def _as_bytes(path, key, array):
    """Return a .npz file's array as MNIST has it: rows of 784 pixels become images, and so on."""
    if array.dtype.kind not in "iu" or not array.ndim or ((array < 0) | (array > 255)).any():
        problem = "{file}: {key} must hold whole numbers from 0 to 255, found {found}"
        raise IdxError(path, problem, key=key, found=_form(array))
    shapes = {784: (28, 28), 1: ()}  # an axis for colour goes, and one beside labels
    shape = shapes.get(math.prod(array.shape[1:]), array.shape[1:])
    return array.astype(np.uint8).reshape(len(array), *shape)


# ---------------------------------------------------------------- MNIST


def read_folder(folder):
    """Read what a folder, or a file, has of MNIST, and verify every byte of it.

    Other names than the usual ones are looked at if one of the four is missing. Return a dict
    from the names in `FILES` to (array, path), and a list of IdxError: what cannot be used.
    """
    found, problems = _verified(usual_paths(folder))
    if len(found) < len(FILES):
        usual = usual_paths(folder)
        others, more = _verified([path for path in other_paths(folder) if path not in usual])
        found = others | found
        if len(found) < len(FILES):
            problems += more
        else:  # some programs unpack a file into a folder with its name
            problems = [problem for problem in problems if not is_folder(problem.path)]
    return {name: found[name] for name in FILES if name in found}, problems


def _verified(paths):
    if browser.IN_BROWSER:
        results = [parts_or_problem(path) for path in paths]
    else:  # unpacking and hashing run outside Python's lock, so the files are read side by side
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(parts_or_problem, paths))
    found = {}
    for result in reversed(results):
        found |= {} if isinstance(result, IdxError) else result
    return found, [result for result in results if isinstance(result, IdxError)]


def parts_or_problem(path):
    """Return what a file has of MNIST, a dict as `read_folder`'s, or the IdxError it raises."""
    try:
        arrays = _arrays(path)
    except IdxError as problem:
        return problem
    except OSError:
        return {}  # there is no such file
    hashes, names = [*map(_sha256, arrays)], {sha256: name for name, (_, sha256) in FILES.items()}
    pairs = zip(hashes, arrays, strict=True)
    parts = {names[sha256]: (array, path) for sha256, array in pairs if sha256 in names}
    return parts or OtherSetError(path, arrays, hashes)


def as_idx(array):
    """Return an array of uint8 as the bytes of an IDX file."""
    return _header(array.shape) + array.tobytes()


def _sha256(array):
    """Return the SHA-256 of an array of bytes as an IDX file, or "" for other numbers."""
    digest = hashlib.sha256(_header(array.shape))
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest() if array.dtype == np.uint8 else ""


# ---------------------------------------------------------------- any set


def read_set(folder):
    """Return x_train, t_train, x_test, t_test, uint8, of the one set that a folder holds.

    Raise IdxError if a part is missing or damaged, does not fit the others, or is there twice.
    """
    folder, paths = Path(folder), {}
    candidates = other_paths(folder)
    for name in FILES:
        found = [path for path in candidates if part_of(path) == name]
        found = [path for path in found if path.parent == folder] or found
        found = [path for path in found if path.name.removesuffix(".gz") == name] or found
        if len({str(path).lower().removesuffix(".gz") for path in found}) > 1:
            other = shown(found[-1])
            raise IdxError(found[0], "{file} and {other} are alike", ONE_SET, other=other)
        if found:
            paths[name] = found[0]
    archives = [] if paths else [path for path in candidates if path.suffix.lower() == ".npz"]
    homes = {p.parent.parent if part_of(p.parent) else p.parent for p in paths.values()}
    if len(archives or homes) > 1:
        where = ", ".join(sorted(map(shown, archives or homes)))
        raise IdxError(folder, "{file} holds several sets: {where}", ONE_SET, where=where)
    if not archives and (missing := FILES.keys() - paths):
        for path in [] if paths else filter(_other_form, candidates):
            _arrays(path)  # which says what it is
        if not is_folder(folder):
            raise no_folder(folder)
        lacks = ", ".join(sorted(missing))
        raise IdxError(folder, "{file} lacks {missing}", ONE_SET, missing=lacks)
    files = archives * 4 or [*paths.values()]
    arrays = _arrays(files[0]) if archives else [_arrays(path)[0] for path in files]
    for k in (0, 2):
        x, t = arrays[k : k + 2]
        wanted = (3, arrays[0].shape[1:], x.shape[:1], np.uint8, np.uint8)
        if (x.ndim, x.shape[1:], t.shape, x.dtype, t.dtype) != wanted:
            problem = "{file} and {other} hold {x} and {t}, not {wanted}"
            values = {"other": shown(files[k + 1]), "x": _form(x), "t": _form(t)}
            raise IdxError(files[k], problem, ONE_SET, wanted=FORM, **values)
    return arrays
