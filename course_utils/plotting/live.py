"""A picture that follows sliders."""

import io
from base64 import b64encode

import matplotlib.pyplot as plt

from course_utils.plotting.alt_text import describe, text_height


def live_picture(draw, figsize=(4.6, 4.4), **sliders):
    """Return sliders beside a picture that is drawn again whenever one of them moves.

    Where there are no sliders, as on GitHub or on slides, this ``ipywidgets.HBox`` is the picture
    as it is when the cell runs, with its description; as text it is one sentence.

    ``draw(ax, name=value, ...)`` draws into the empty axes `ax`; for each name there is a slider,
    (lowest, highest, step, start).
    """
    import ipywidgets as widgets  # slow to import, and needed here alone
    from traitlets import Unicode

    class Panel(widgets.HBox):
        def __repr__(self):
            return f"Sliders for {', '.join(sliders)}: run this cell to move them."

        def _repr_mimebundle_(self, **kwargs):
            png = b64encode(picture.value).decode("ascii")
            words = {"alt": picture.tooltip, "text_height": text_height(fig)}
            data = super()._repr_mimebundle_(**kwargs) | {"image/png": png}
            return data, {"image/png": words}

    class Picture(widgets.Image):
        description = Unicode().tag(sync=True)  # ipywidgets shows a tooltip only beside one

    def redraw(_=None):
        ax.clear()
        draw(ax, **{slider.description: slider.value for slider in controls})
        file = io.BytesIO()
        fig.savefig(file, format="png", metadata={"Software": None})
        fig.set_layout_engine("none")  # the axes stay where the first picture had them
        picture.value = file.getvalue()  # new contents, not a new output: nothing flickers
        picture.tooltip = describe(fig, drawn=True)  # which JupyterLab reads out

    controls = []
    for name, (low, high, step, start) in sliders.items():
        slider = widgets.FloatSlider(description=name, min=low, max=high, step=step, value=start)
        slider.observe(redraw, names="value")
        controls.append(slider)
    picture = Picture(format="png", layout={"width": "max-content"})
    fig, ax = plt.subplots(figsize=figsize)
    plt.close(fig)  # or the notebook would show it a second time
    redraw()
    layout = {"align_items": "center", "flex_flow": "row wrap"}  # below each other if it is narrow
    return Panel([widgets.VBox(controls), picture], layout=layout)
