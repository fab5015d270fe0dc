"""The marker in the folder of a site: which files are the site's, and the SHA-256 of each.

It is written as ``sha256sum`` writes, so ``sha256sum --check .course-site`` reads it too.
"""

import hashlib
import re
from pathlib import Path

from course_utils.files import replacing

MARKER = ".course-site"


def sha256(path):
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder):
    """Return the SHA-256 of each file that the marker in a folder lists.

    Returns
    -------
    dict of pathlib.Path to str
        The files are relative to the folder, and inside. Empty if there is no marker.
    """
    if not (Path(folder) / MARKER).is_file():
        return {}
    text = (Path(folder) / MARKER).read_text(encoding="utf-8", errors="replace")
    listed = {Path(name): digest for digest, name in re.findall("(?m)^([0-9a-f]{64})  (.+)$", text)}
    return {f: d for f, d in listed.items() if not (f.is_absolute() or f.drive or ".." in f.parts)}


def write(folder, digests):
    """Write the marker; `digests` is what `read` returns."""
    lines = sorted((file.as_posix(), digest) for file, digest in digests.items())
    with replacing(Path(folder) / MARKER, "w", encoding="utf-8", newline="\n") as marker:
        marker.writelines(f"{digest}  {name}\n" for name, digest in lines)
