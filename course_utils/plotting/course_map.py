"""The map of the course, computed from the table of chapters."""

from itertools import cycle, groupby
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from course_utils.chapters import CHAPTERS
from course_utils.plotting.style import BLUE, CENTRED, GREEN, GREY, ORANGE, PURPLE

ICONS = Path(__file__).with_name("icons")  # 03.png, square; without one, a chapter has a disc


def draw_course_map(chapters=CHAPTERS):
    """Draw the way through `chapters`, part by part, three in a row. Return the figure."""
    parts = {part: list(members) for part, members in groupby(chapters, lambda c: c.part)}
    rows = [(part, cs[k : k + 3]) for part, cs in parts.items() for k in range(0, len(cs), 3)]
    colours = dict(zip(parts, cycle([BLUE, GREEN, ORANGE, PURPLE]), strict=False))
    top = 0.4 + 1.9 * len(rows)  # in inches, like all that follows
    fig, ax = plt.subplots(figsize=(10.6, top), layout="none")
    ax.set(position=[0, 0, 1, 1], xlim=(0, 10.6), ylim=(0, top))
    ax.set_label(" ".join(f"{c.number} {c.title}: {c.question}" for c in chapters))
    ax.axis("off")
    ax.text(0.62, top - 0.28, "The way through the course", fontsize=15, fontweight="bold")
    road = {"color": GREY, "lw": 1.6, "ms": 7, "markevery": [-2], "zorder": 0}
    for k, (part, row) in enumerate(rows):
        y, style = top - 1.34 - 1.9 * k, {"color": colours[part], "weight": "bold"}
        ax.text(0.3, y, part, rotation=90, fontsize=13, **CENTRED, **style)
        for n, chapter in enumerate(row):
            x = 0.62 + 3.33 * n
            box = (x + 0.1, y - 0.71), 2.95, 1.42, "round,pad=0.1"
            ax.add_patch(FancyBboxPatch(*box, fc="white", ec=colours[part], lw=2))
            ax.text(x + 0.14, y + 0.56, chapter.number, fontsize=15, va="center", **style)
            ax.text(x + 0.52, y + 0.56, chapter.title, fontsize=13, va="center", weight="bold")
            question = fill(chapter.question, min(18, len(chapter.question) // 2 + 3))
            ax.text(x + 1.36, y - 0.21, question, fontsize=12.5, linespacing=1.3, va="center")
            icon = ax.inset_axes([x + 0.14, y - 0.71, 1.05, 1.05], transform=ax.transData)
            icon.axis("off")
            if (file := ICONS / f"{chapter.number}.png").exists():
                icon.imshow(plt.imread(file), interpolation="antialiased")
            else:
                icon.plot(0, 0, "o", color=colours[part], markersize=50)
            if n > 0:
                ax.plot([x - 0.2, x - 0.09, x], [y, y, y], ">-", **road)
        if k > 0:  # the road comes from the end of the row above
            start, end, y = 2.195 + 3.33 * (len(rows[k - 1][1]) - 1), 2.195, y + 0.95
            ax.plot([start, start, end, end, end], [y + 0.2, y, y, y - 0.07, y - 0.2], "v-", **road)
    return fig
