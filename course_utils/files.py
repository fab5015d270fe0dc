"""Writing files so that a crash, a full disk or Ctrl-C never leaves half a file behind."""

import os
import secrets
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path, mode="wb", **kwargs):
    """Open a temporary file that takes the name `path` when the block ends well.

    Parameters
    ----------
    path : str or path-like
        The file to write. If it exists it stays whole until the new one is complete; if the
        block raises, it stays for good and the temporary file is removed.
    mode : {"wb", "w"}
        As for `open`.
    **kwargs
        Passed on to `open`; text needs ``encoding="utf-8"``.

    Yields
    ------
    file object
        Open for writing. Its bytes are on the disk before the name changes.

    Raises
    ------
    OSError
        The folder is missing or read-only, or the disk is full.
    """
    path = Path(path).resolve()  # through a link, write what it points to
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open(mode.replace("w", "x"), **kwargs) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
