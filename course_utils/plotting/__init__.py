"""The pictures that several chapters draw, in one style.

A `title` stands above the picture. Without `ax`, a picture is drawn into a new figure.
"""
# ruff: noqa: F401, I001

from course_utils.plotting.digits import plot_confusion, show_digits
from course_utils.plotting.live import live_picture
from course_utils.plotting.network import draw_network, plot_diagram
from course_utils.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, YELLOW
from course_utils.plotting.style import use_course_style
