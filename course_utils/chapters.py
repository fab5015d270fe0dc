"""The table of chapters, ``chapters.csv``: what README, map, commands and tests know of them."""

import csv
from pathlib import Path
from typing import NamedTuple

from course_utils.files import COURSE

NOTEBOOKS = COURSE / "notebooks"


class Chapter(NamedTuple):
    """One chapter of the course: one row of the table.

    Attributes
    ----------
    number : str
        Two digits, ``"03"``.
    file : str
        The name of its notebook without the suffix, ``"03_softmax"``.
    title : str
    part : str
        The part of the course that it belongs to.
    minutes : int
        How long it takes to work through it.
    needs : {"NumPy", "TensorFlow"}
        What its code computes with.
    question : str
        What it answers.
    builds : str
        What the student builds in it.
    """

    number: str
    file: str
    title: str
    part: str
    minutes: int
    needs: str
    question: str
    builds: str

    @property
    def path(self):
        """Where its notebook is."""
        return NOTEBOOKS / f"{self.file}.ipynb"


def _read():
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return tuple(Chapter(**row | {"minutes": int(row["minutes"])}) for row in rows)


CHAPTERS = _read()
