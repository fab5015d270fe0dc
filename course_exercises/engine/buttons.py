"""Buttons below a check: check again, hint, solution. They do what the calls of the cell do."""

from course_exercises.engine.reply import Outcome
from course_utils.message import Message

CHECK, HINT, SOLUTION = "Check again", "Hint", "Solution"
UNDEFINED = "There is no `{name}` yet: run the cell above that defines it."


def show(exercise, shown):
    """Show the buttons of an exercise, where a notebook with widgets is running.

    Parameters
    ----------
    exercise : course_exercises.engine.exercise.Exercise
    shown : IPython.display.DisplayHandle
        The reply of the check above the buttons, for *Check again* to put a new one in its place.
    """
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if getattr(shell, "kernel", None) is None:
        return
    import ipywidgets as widgets  # slow to import, and needed here alone

    said, replies = widgets.HTML(), []

    def check():
        missing = [name for name in exercise.names if name not in shell.user_ns]
        if missing:
            text = Message(UNDEFINED, name=missing[0])
            shown.update(exercise.reply(Outcome.NOT_ATTEMPTED, text))
        else:
            shown.update(exercise.checked(*[shell.user_ns[name] for name in exercise.names]))

    def add(reply):
        if repr(reply) not in map(repr, replies):
            replies.append(reply)
        said.value = "".join(reply._repr_html_() for reply in replies)

    buttons = []
    for name, press in [
        (CHECK, check),
        (HINT, lambda: add(exercise.next_hint())),
        (SOLUTION, lambda: add(exercise.worked_solution())),
    ]:
        button = widgets.Button(description=str(Message(name)))
        button.on_click(lambda _, press=press: press())
        buttons.append(button)
    panel = widgets.VBox([widgets.HBox(buttons), said])
    # Without words for who has no widgets: the comments in the cell are there for them.
    view = {k: v for k, v in panel._repr_mimebundle_().items() if "widget" in k}
    display(view, raw=True)
