"""Files like MNIST's, but tiny, and a look at folders before and after."""

import gzip

SHAPES = {
    "train-images-idx3-ubyte": (20, 28, 28),
    "train-labels-idx1-ubyte": (20,),
    "t10k-images-idx3-ubyte": (10, 28, 28),
    "t10k-labels-idx1-ubyte": (10,),
}


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


def snapshot(folder):
    """Return everything below a folder with its content, to compare it later."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }
