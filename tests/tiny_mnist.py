"""Files like MNIST's, but tiny, and a look at folders before and after."""

import gzip
import io
import zipfile

import numpy as np

SHAPES = {
    "train-images-idx3-ubyte": (20, 28, 28),
    "train-labels-idx1-ubyte": (20,),
    "t10k-images-idx3-ubyte": (10, 28, 28),
    "t10k-labels-idx1-ubyte": (10,),
}
KEYS = ["x_train", "y_train", "x_test", "y_test"]  # in Keras's mnist.npz


def idx_bytes(array, magic=None):
    """Return an array of uint8 in the IDX format."""
    magic = 0x800 + array.ndim if magic is None else magic
    return b"".join(n.to_bytes(4) for n in (magic, *array.shape)) + array.tobytes()


def fill(folder, contents, ending=""):
    """Write files into a folder, compressed if `ending` is ``.gz``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = folder / f"{name}{ending}"
        path.write_bytes(gzip.compress(content, mtime=0) if ending else content)


def arrays_of(contents):
    """Return what MNIST's four files hold."""
    pairs = zip(contents.values(), SHAPES.values(), strict=True)
    return [np.frombuffer(c, np.uint8, offset=4 + 4 * len(s)).reshape(s) for c, s in pairs]


def as_npz(folder, contents, save=np.savez_compressed, **changed):
    """Write ``mnist.npz`` as Keras has it into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = dict(zip(KEYS, arrays_of({name: contents[name] for name in SHAPES}), strict=True))
    save(folder / "mnist.npz", **arrays | changed)


def _as_rows(folder, contents):
    x_train, y_train, x_test, y_test = arrays_of(contents)
    rows = {"x_train": x_train.reshape(-1, 784), "x_test": x_test.reshape(-1, 784).astype(np.int16)}
    labels = {"y_train": y_train.astype(np.int64), "y_test": y_test.reshape(-1, 1)}
    as_npz(folder, contents, **rows, **labels)


def _renamed(change, ending=""):
    def write(folder, contents):
        for name, content in contents.items():
            path = folder / change(name)
            fill(path.parent, {path.name.removesuffix(ending): content}, ending)

    return write


# How people have a set: functions that write it into a folder.
FORMS = {
    "usual": fill,
    "usual, compressed": _renamed("{}.gz".format, ".gz"),
    "unpacked, a dot": _renamed(lambda name: name.replace("-idx", ".idx")),
    "underscores": _renamed(lambda name: name.replace("-", "_"), ".gz"),
    "upper case": _renamed(str.upper),
    "upper case, compressed": _renamed(lambda name: f"{name}.GZ".upper(), ".GZ"),
    "second download": _renamed("{} (1).gz".format, ".gz"),
    "copy on Windows": _renamed("{} - Copy".format),
    "unpacked, called .gz": _renamed("{}.gz".format),
    "compressed, not called .gz": lambda folder, contents: fill(
        folder, {name: gzip.compress(content) for name, content in contents.items()}
    ),
    "test-": _renamed(lambda name: name.replace("t10k", "test")),
    "no idx": _renamed(lambda name: name[:12].rstrip("-"), ".gz"),
    "a prefix": _renamed("latest-emnist-digits-{}.gz".format, ".gz"),
    "torchvision": _renamed("MNIST/raw/{}".format),
    "torchvision, below": _renamed("torch/MNIST/raw/{}".format),
    "torchvision, from MNIST": _renamed("raw/{}.gz".format, ".gz"),
    "torchvision, both": lambda folder, contents: [
        fill(folder / "MNIST" / "raw", contents, ending) for ending in ("", ".gz")
    ],
    "in a folder": _renamed("archive/{}".format),
    "each in a folder": _renamed("{0}/{0}".format),
    "Keras": as_npz,
    "Keras, not compressed": lambda folder, contents: as_npz(folder, contents, np.savez),
    "Keras, below": lambda folder, contents: as_npz(folder / "datasets", contents),
    "npz of rows": _as_rows,
}


def zipped(contents):
    """Return a zip archive of files, a dict from their names to their bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def snapshot(folder):
    """Return everything below a folder with its content, to compare it later."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }
