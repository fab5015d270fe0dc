"""Fashion-MNIST: 70,000 grey images of ten kinds of clothes, in MNIST's form (chapter 10).

By Han Xiao, Kashif Rasul and Roland Vollgraf (2017, arXiv:1708.07747), MIT licence.
"""

import hashlib
import os
import zlib

from course_utils.files import DATA, replacing
from course_utils.mnist import idx, load_idx, offline
from course_utils.mnist.download import in_words, received

CLASSES = ("T-shirt", "trousers", "pullover", "dress", "coat")
CLASSES += ("sandal", "shirt", "sneaker", "bag", "boot")
MIRRORS = (  # both addresses are those of its authors
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
SHA256 = {  # of the compressed files, as TensorFlow Datasets publishes them (url_checksums)
    "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
}
PATIENCE = 8  # seconds of silence, shared out among the mirrors
MOST_BYTES = 30_000_000  # the largest file has 26,421,880


def load_fashion_mnist(**form):
    """Return Fashion-MNIST as `load_idx` returns a set, or None; print in one line which.

    It is looked for in the folder that the environment variable ``FASHION_MNIST_DIR`` names, and
    if there is none, in ``data/fashion-mnist/``, where it is downloaded if need be, each file
    verified by its SHA-256 before it gets its name. With ``COURSE_OFFLINE`` only the folder that
    is named counts, so that what a program prints does not depend on earlier downloads.
    """
    given, home = os.environ.get("FASHION_MNIST_DIR"), DATA / "fashion-mnist"
    folder = DATA.parent / os.path.expanduser(given) if given else home  # noqa: PTH111
    try:
        if not given and (why := offline()):
            raise ValueError(why)
        if not given:
            _fetch(home)
        pairs = load_idx(folder, **form)
    except (OSError, ValueError, zlib.error) as error:
        print(f"Fashion-MNIST: not here ({_reason(error)})")
        return None
    (_, t_train), (_, t_test) = pairs
    print(f"Fashion-MNIST: {len(t_train):,} training and {len(t_test):,} test images")
    return pairs


def _reason(error):
    if isinstance(error, zlib.error):
        return "what came was something else"
    return error.note if isinstance(error, idx.IdxError) else in_words(error)


def _fetch(folder):
    """Download what `folder` lacks; raise an error that says why nothing came."""
    errors = []
    for mirror in MIRRORS:
        try:
            for name, sha256 in SHA256.items():
                path = folder / f"{name}.gz"
                if path.exists():
                    continue
                content = received(f"{mirror}{path.name}", MOST_BYTES, PATIENCE / len(MIRRORS))
                if hashlib.sha256(content).hexdigest() != sha256:
                    raise zlib.error
                folder.mkdir(parents=True, exist_ok=True)
                with replacing(path) as file:
                    file.write(content)
            return
        except (OSError, ValueError, zlib.error) as error:
            errors.append(error)
    raise errors[0]
