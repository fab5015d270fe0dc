"""The look of every figure, in ``course.mplstyle``, and how numbers are written in it."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import clear_output
from matplotlib import rc_params_from_file

from course_utils import browser
from course_utils.plotting.alt_text import store_with_figures

STYLE = rc_params_from_file(Path(__file__).with_name("course.mplstyle"), use_default_template=False)
BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW = STYLE["axes.prop_cycle"].by_key()["color"]
GREY, PALE_BLUE = "#595959", "#DCEBF5"
CENTRED = {"ha": "center", "va": "center"}


def use_course_style():
    """Make the figures that follow look like the rest of the course, and describe themselves."""
    if browser.IN_BROWSER:  # where Matplotlib is new in every tab, and says so in the cell
        clear_output()
    plt.rcParams.update(STYLE)
    store_with_figures()


def written(value, form=".4g"):
    """Write a number as a picture shows it, 0.6000000000000001 as 0.6; texts stay as they are."""
    text = f"{value:{form}}" if isinstance(value, float | np.floating) else str(value)
    return text if isinstance(value, str) else text.replace("-", "−")


def in_rows(matrix):
    """Write a matrix row by row, for a description: ``1, 2; 3, 4``."""
    return "; ".join(", ".join(map(written, row)) for row in matrix)
