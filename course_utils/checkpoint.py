"""Save a training run so that a power cut loses nothing, and take it up again.

A checkpoint is an ``.npz`` file that holds NumPy arrays and one JSON text: no pickle, so reading
it runs no code. Whoever looks for it finds a whole file, the old one or the new one.
"""

import contextlib
import glob
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.files import replacing

VERSION = 1
LEFTOVER_AGE = 60.0  # seconds; a temporary file as old as this belongs to nobody any more


class CheckpointError(Exception):
    """A checkpoint that cannot be written or used; the message says which, why and what to do."""


@dataclass
class Run:
    """A training run at one moment: what it takes to go on as if nothing had happened.

    Attributes
    ----------
    params : dict of str to ndarray of float64
        Weights and biases, all finite.
    step : int
        Position in the data: how many steps are done, 0 or more.
    losses : ndarray of float64, shape (step,)
        The loss history.
    settings : dict
        What tells this run from others, in types that JSON has; among it the random state:
        ``"shuffle"``, the seed from which, with `step`, the order of the samples follows. Two
        runs that agree in settings, parameters and step take the same steps from there on.
    """

    params: dict
    step: int
    losses: np.ndarray
    settings: dict

    def __post_init__(self):
        """Check what can be checked without knowing the network."""
        if not (isinstance(self.step, int) and self.step >= 0):
            raise ValueError(f"step must be 0 or more, got {self.step!r}")
        if self.losses.dtype != np.float64 or self.losses.shape != (self.step,):
            raise ValueError(f"{self.step} steps, but losses of shape {self.losses.shape}")
        for name, param in self.params.items():
            if param.dtype != np.float64 or not np.isfinite(param).all():
                raise ValueError(f"{name} does not hold finite numbers of type float64")


def save(path, run):
    """Write a training run to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        By custom ``something.npz``. A file of this name is replaced when the new one is complete
        and on the disk, and not before.
    run : Run

    Raises
    ------
    CheckpointError
        The folder is missing or read-only, or the disk is full. An older file is as it was.
    """
    path = Path(path)
    header = {
        "version": VERSION,
        "step": run.step,
        "settings": run.settings,
        "params": list(run.params),
    }
    arrays = {f"params/{name}": param for name, param in run.params.items()}
    try:
        _remove_leftovers(path)
        with replacing(path) as file:
            np.savez(file, header=json.dumps(header), losses=run.losses, **arrays)
    except OSError as error:
        raise CheckpointError(
            f"step {run.step:,} could not be saved in {path}: {error.strerror or error}; "
            "make room there, or choose another place"
        ) from error


def load(path):
    """Read a training run from a file.

    Parameters
    ----------
    path : str or path-like
        A file that `save` has written.

    Returns
    -------
    Run

    Raises
    ------
    CheckpointError
        The file is missing, unreadable, damaged, no checkpoint at all, or from a newer version.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as contents:
            arrays = {name: contents[name] for name in contents.files}
        header = json.loads(arrays["header"].item())
        if header["version"] > VERSION:
            raise CheckpointError(
                f"{path} was written by a newer version of the course (checkpoint version "
                f"{header['version']}, this one reads {VERSION}): update the course to go on"
            )
        return Run(
            step=header["step"],
            settings=header["settings"],
            losses=arrays["losses"],
            params={name: arrays[f"params/{name}"] for name in header["params"]},
        )
    except CheckpointError:
        raise
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}") from error
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # damaged bytes make zipfile, NumPy and json raise all sorts
        raise CheckpointError(
            f"{path} is damaged, or no checkpoint ({error}): delete it and start the run anew, "
            "or go back to a copy of it"
        ) from error


def fingerprint(*arrays):
    """Return a text that differs for arrays that differ in shape, type or any number.

    Parameters
    ----------
    *arrays : ndarrays, at least one axis each

    Returns
    -------
    str
        64 hexadecimal digits (SHA-256).
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        for start in range(0, len(array), 4096):  # block by block: no copy of the whole
            digest.update(np.ascontiguousarray(array[start : start + 4096]))
    return digest.hexdigest()


def _remove_leftovers(path):
    """Delete what saves of `path` left behind that were killed halfway."""
    resolved = path.resolve()
    for leftover in resolved.parent.glob(f".{glob.escape(resolved.name)}.*.part"):
        with contextlib.suppress(OSError):  # it does no harm, and may be gone by now
            if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
                leftover.unlink()
