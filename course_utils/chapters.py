"""The table of chapters, ``chapters.csv``: what README, map, commands and tests know of them."""

import csv
from pathlib import Path
from typing import NamedTuple

from course_utils.files import COURSE

NOTEBOOKS = COURSE / "notebooks"


class Chapter(NamedTuple):
    """One chapter of the course, one row of the table."""

    number: str  # "03", or "A1" for a refresher
    file: str  # the name of its notebook without the suffix, "03_softmax"
    title: str
    part: str  # the part of the course that it belongs to
    minutes: int  # how long it takes to work through it
    needs: str  # what its code computes with: "NumPy" or "TensorFlow"
    question: str  # what it answers
    builds: str  # what the student builds in it

    @property
    def path(self):
        """Where its notebook is."""
        return NOTEBOOKS / f"{self.file}.ipynb"


with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as _file:
    CHAPTERS = tuple(Chapter(**r | {"minutes": int(r["minutes"])}) for r in csv.DictReader(_file))
# Their numbers in a sentence: "07, 08"
WITH_TENSORFLOW = ", ".join(c.number for c in CHAPTERS if c.needs == "TensorFlow")
