"""What a student reads after a check, a hint or a solution: as HTML and as plain text.

All sentences are templates, with their values beside them in a `Message`. A text that is no
`Message` is a template without values. Labels of rows are looked up like sentences.
"""

import html
import re
from dataclasses import dataclass
from enum import StrEnum
from textwrap import indent

from course_utils.message import Message


class Outcome(StrEnum):
    """What came of a check, in the order from worse to better."""

    NOT_ATTEMPTED = "not attempted"
    WRONG = "wrong"
    RIGHT = "right"


# What other kinds of reply are called.
HINT, SOLUTION, PROGRESS, PREDICTION = "hint", "solution", "progress", "prediction"
# The sign of each kind, and the colour of its bar as red, green, blue. Words and signs tell the
# kinds apart, so no colour is needed to. All text has the colour of the reader's theme, and the
# background is a breath of the bar's colour, so both themes will do.
LOOKS = {
    Outcome.RIGHT: ("✓", "0, 122, 90"),
    Outcome.WRONG: ("✗", "213, 94, 0"),
    Outcome.NOT_ATTEMPTED: ("…", "128, 128, 128"),
    HINT: ("?", "0, 114, 178"),
    SOLUTION: ("!", "0, 114, 178"),
    PROGRESS: ("≡", "0, 114, 178"),
    PREDICTION: ("→", "0, 114, 178"),
}


class Wrong(Exception):
    """An answer that is not right: sentences for the student and rows, as in a `Reply`."""

    def __init__(self, *sentences, rows=()):
        super().__init__(*sentences)
        self.sentences, self.rows = sentences, tuple(rows)


@dataclass(frozen=True)
class Reply:
    """A heading, rows of a label and a value, paragraphs, and code."""

    kind: str  # the `Outcome` of a check, or another of the kinds above
    heading: Message
    paragraphs: tuple = ()  # of str or `Message`; `code` may stand between backticks
    rows: tuple = ()  # pairs: a label, and a value, which as a str is shown in every language
    code: str = ""  # Python, shown with highlighting

    def __repr__(self):
        """Return it as plain text."""
        parts = [_said(self.heading)]
        if self.rows:
            parts.append(indent(self._table(), "  "))
        if self.code:
            parts.append("\n" + indent(self.code.rstrip(), "  ") + "\n")
        return "\n".join([*parts, *map(_said, self.paragraphs)])

    def _repr_html_(self):
        sign, colour = LOOKS[self.kind]
        parts = [
            f'<div style="border-left: 5px solid rgb({colour}); background: rgba({colour}, 0.08); '
            'padding: 6px 14px; max-width: 60em; line-height: 1.45">',
            f'<div style="font-weight: 600">{sign} {_inline(self.heading)}</div>',
        ]
        if self.rows:
            parts.append(
                '<pre style="margin: 6px 0; padding: 0; background: none; color: inherit; '
                f'white-space: pre-wrap">{html.escape(self._table())}</pre>'
            )
        if self.code:
            parts.append(_highlighted(self.code.rstrip()))
        parts += [f'<div style="margin: 4px 0">{_inline(text)}</div>' for text in self.paragraphs]
        return "\n".join([*parts, "</div>"])

    def show(self):
        """Show it below the cell that is running; return the handle to put another in its place."""
        from IPython.display import display

        return display(self, display_id=True)

    def _table(self):
        """Return the rows as one text in which all values begin in one column."""
        rows = [(_said(label), str(value)) for label, value in self.rows]
        width = max(len(label) for label, _ in rows) + 2
        hanging = "\n" + " " * width
        return "\n".join(label.ljust(width) + value.replace("\n", hanging) for label, value in rows)


def _said(text):
    """Return a sentence or a word as it is shown: always through a `Message`."""
    return str(text if isinstance(text, Message) else Message(text))


def _inline(text):
    """Return a paragraph as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(_said(text), quote=False))


# The kinds of words in code that have a colour: JupyterLab's name for it, which follows the theme,
# and the colour elsewhere, on the light ground below.
CODE_COLOURS = {
    "Keyword": ("keyword", "#006800"),
    "Literal.String": ("string", "#a31f1f"),
    "Literal.Number": ("number", "#066"),
    "Comment": ("comment", "#34655f"),
    "Name.Function": ("def", "#00c"),
    "Operator": ("operator", "#7a1fc4"),
}


def _highlighted(code):
    """Return Python as HTML."""
    from pygments.lexers import PythonLexer

    spans = []
    for kind, text in PythonLexer().get_tokens(code):
        found = [look for name, look in CODE_COLOURS.items() if f"Token.{name}" in str(kind)]
        words = html.escape(text, quote=False)
        for name, colour in found:
            style = f"color: var(--jp-mirror-editor-{name}-color, {colour})"
            words = f'<span style="{style}">{words}</span>'
        spans.append(words)
    return (
        '<pre style="margin: 6px 0; padding: 8px 12px; border-radius: 3px; white-space: pre-wrap; '
        "background: var(--jp-cell-editor-background, #f8f8f8); "
        f'color: var(--jp-content-font-color1, #1f1f1f)">{"".join(spans).rstrip()}</pre>'
    )
