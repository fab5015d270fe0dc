"""What a student reads after a check, a hint or a solution: as HTML and as plain text."""

import html
import re
from dataclasses import dataclass

# What each kind of message is called, its sign, and the colour of its bar as red, green, blue.
# Words and signs tell the kinds apart, so no colour is needed to. All text has the colour of the
# reader's theme, and the background is a breath of the bar's colour, so both themes will do.
RIGHT, WRONG, UNTOUCHED = "right", "wrong", "not attempted"
HINT, SOLUTION, PROGRESS = "hint", "solution", "progress"
SIGNS = {RIGHT: "✓", WRONG: "✗", UNTOUCHED: "…", HINT: "?", SOLUTION: "!", PROGRESS: "≡"}
COLOURS = {RIGHT: "0, 122, 90", WRONG: "213, 94, 0", UNTOUCHED: "128, 128, 128"}
OTHER_COLOUR = "0, 114, 178"


@dataclass(frozen=True)
class Message:
    """A heading, rows of a label and a value, paragraphs, and code.

    Attributes
    ----------
    kind : str
        One of the names above; for a check, its outcome.
    heading : str
        One line.
    rows : tuple of (str, str)
        A label and its value, which may have several lines.
    paragraphs : tuple of str
        Text in which `code` may stand between backticks.
    code : str
        Python, shown with highlighting.
    """

    kind: str
    heading: str
    rows: tuple = ()
    paragraphs: tuple = ()
    code: str = ""

    def __repr__(self):  # noqa: D105
        parts = [self.heading]
        if self.rows:
            parts.append(_indented(_aligned(self.rows)))
        if self.code:
            parts.append("\n" + _indented(self.code.rstrip()) + "\n")
        return "\n".join([*parts, *self.paragraphs])

    def _repr_html_(self):
        colour = COLOURS.get(self.kind, OTHER_COLOUR)
        parts = [
            f'<div style="border-left: 5px solid rgb({colour}); background: rgba({colour}, 0.08); '
            'padding: 6px 14px; max-width: 60em; line-height: 1.45">',
            f'<div style="font-weight: 600">{SIGNS[self.kind]} {_inline(self.heading)}</div>',
        ]
        if self.rows:
            parts.append(
                '<pre style="margin: 6px 0; padding: 0; background: none; color: inherit; '
                f'white-space: pre-wrap">{html.escape(_aligned(self.rows))}</pre>'
            )
        if self.code:
            parts.append(_highlighted(self.code.rstrip()))
        parts += [f'<div style="margin: 4px 0">{_inline(text)}</div>' for text in self.paragraphs]
        return "\n".join([*parts, "</div>"])


def _aligned(rows):
    """Return one text in which all values begin in one column."""
    width = max(len(label) for label, _ in rows) + 2
    hanging = "\n" + " " * width
    return "\n".join(label.ljust(width) + value.replace("\n", hanging) for label, value in rows)


def _indented(text):
    return "\n".join("  " + line if line else "" for line in text.splitlines())


def _inline(text):
    """Return a paragraph as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def _highlighted(code):
    """Return Python as HTML, dark on light in every theme: no set of colours suits both."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    spans = highlight(code, PythonLexer(), HtmlFormatter(noclasses=True, nowrap=True))
    return (
        '<pre style="margin: 6px 0; padding: 8px 12px; background: #f8f8f8; color: #1f1f1f; '
        f'border-radius: 3px; white-space: pre-wrap">{spans}</pre>'
    )
