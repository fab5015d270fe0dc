"""Slides: what becomes of each cell, and what is said when they cannot be made."""

import re

import nbformat
import pytest
from slide_deck import GOOD, code, deck, picture, printed, text

from course_tools import execute as notebooks
from course_tools import slides
from course_tools.command import main
from course_utils.files import command


@pytest.fixture
def made(tmp_path):
    """Return a function that turns cells into slides, and those into a list of their HTML."""

    def make(*cells):
        path = tmp_path / "09_작은.ipynb"
        nbformat.write(deck(*cells), path)
        html = slides.write_html(path, tmp_path / "out here").read_text(encoding="utf-8")
        return re.findall(r"<section>(.*?)</section>", html, flags=re.DOTALL)

    return make


def test_each_cell_comes_where_its_slide_type_says(made):
    title, neuron, figure, error, table = made(*GOOD)
    assert "<h1>09 · A small chapter</h1>" in title
    assert "<h2>1. A neuron</h2>" in neuron
    assert re.search(r'<aside class="notes">.*Ask the audience first.*</aside>', neuron, re.DOTALL)
    assert re.search(r'<div class="fragment">.*--columns: 8.*</div>', neuron, re.DOTALL)  # print(y)
    assert '<pre class="output" style="--columns: 1">1\n</pre>' in neuron
    assert 'alt="A grey field."' in figure
    assert "plot" not in figure
    assert '<pre class="output error">ZeroDivisionError: division by zero</pre>' in error
    assert "<table>" in table
    assert "Left out" not in "".join([title, neuron, figure, error, table])


def test_code_or_output_can_be_left_out(made):
    _, with_code, with_output = made(
        code("x = 1", printed("one"), tags=["code-only"]),
        code("x = 1", printed("one"), tags=["output-only"]),
    )
    assert "x" in with_code and "one" not in with_code
    assert "highlight" not in with_output and "one" in with_output


def test_every_slide_names_its_section(made):
    cells = [text("## 1. First"), text("more"), text("## Recap"), text("## Why `nan`\n\n### Down")]
    sections = [re.search(r'<p class="section">(.*?)</p>', slide)[1] for slide in made(*cells)]
    assert sections == ["", "1. First", "1. First", "Recap", "Why nan"]


def test_formulas_become_mathml(made):
    [_, slide] = made(text("Inline $w_1$, and\n\n$$t \\log y = -1$$"))
    assert "$" not in slide
    assert re.findall(r'<math display="(\w+)"', slide) == ["inline", "block"]
    assert '<mo form="prefix">−</mo><mn>1</mn>' in slide  # a sign, no difference
    assert 'rspace="0.17em">log</mo><mi>y</mi>' in slide


def test_what_was_printed_cannot_become_markup(made):
    [_, slide] = made(code("x", printed("<b>&amp;"), picture(alt='"<i>" & more')))
    assert ">&lt;b&gt;&amp;amp;</pre>" in slide
    assert re.search(r"""alt=(['"]).*?&lt;i&gt;.*? &amp; more\1""", slide)


def test_a_file_names_nothing_outside_itself(made, tmp_path):
    made(*GOOD)
    html = (tmp_path / "out here" / "09_작은.html").read_text(encoding="utf-8")
    assert "<title>09 · A small chapter</title>" in html
    page, scripts = html.split("<script>", maxsplit=1)
    assert not re.search(r"""(src|href)=(?!["']?(data:|#))""", page)
    assert not re.search(r"""@import|url\((?!["']?data:)""", page)
    assert "sourceMappingURL" not in scripts
    assert ".ipynb" not in html
    assert len(html) < 3e6


def test_making_slides_again_changes_no_byte(tmp_path):
    path = tmp_path / "09.ipynb"
    nbformat.write(deck(*GOOD), path)
    first = slides.write_html(path, tmp_path).read_bytes()
    slides._font_face.cache_clear()
    assert slides.write_html(path, tmp_path).read_bytes() == first


@pytest.mark.parametrize("path", notebooks.find(), ids=lambda path: path.stem)
def test_every_chapter_has_between_25_and_45_slides_in_one_file_below_5_mb(path, tmp_path):
    html = slides.write_html(path, tmp_path)
    assert 25 <= html.read_text(encoding="utf-8").count("<section>") <= 45
    assert html.stat().st_size < 5e6


# ---------------------------------------------------------------- the command line


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    """Let the course consist of one small chapter; return its folder."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(deck(*GOOD), folder / "09_small.ipynb")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    monkeypatch.chdir(tmp_path)
    return folder


def complaint(capsys, *arguments):
    """Return the one line that a command says on stderr when it fails."""
    assert main(["slides", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_slides_go_into_a_folder_of_their_own_or_the_one_named(chapters, capsys):
    assert main(["slides"]) == 0
    assert main(["slides", "9", "--output", "슬라이드/a"]) == 0
    files = [chapters.parent / folder / "09_small.html" for folder in ("slides", "슬라이드/a")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert capsys.readouterr().out.splitlines() == [
        f"{file.relative_to(chapters.parent)}: {file.stat().st_size / 1e6:.1f} MB" for file in files
    ]


def test_an_unknown_chapter(chapters, capsys):
    assert complaint(capsys, "7") == "there is no chapter '7'; the chapters are 09_small\n"


def test_a_notebook_that_was_never_executed(chapters, capsys):
    notebook = deck(code("print(1)"))
    notebook.cells[1].update(id="sum", execution_count=None)
    nbformat.write(notebook, chapters / "09_small.ipynb")
    assert complaint(capsys) == (
        "09_small.ipynb was never executed (cell sum), so its slides would have no outputs: "
        f"run {command('course_utils execute 09_small')}\n"
    )


def test_an_old_notebook_that_was_never_executed_is_named_by_its_path(chapters, capsys):
    cell = nbformat.v4.new_code_cell("1")
    del cell["id"]  # notebooks before format 4.5 have none
    path = chapters.parent / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], nbformat_minor=4), path)
    said = complaint(capsys, str(path))
    assert said.startswith("mine.ipynb was never executed (cell 0)")
    assert said.endswith(f'execute "{path}"\n')


@pytest.mark.parametrize("formula", [r"\left( x", "x^", "{", r"\begin{cases} x"])
def test_a_formula_that_cannot_be_drawn(chapters, capsys, formula):
    nbformat.write(deck(text(f"$${formula}$$")), chapters / "09_small.ipynb")
    assert complaint(capsys).startswith(f"the formula {formula!r} cannot be drawn")


def test_stopped_in_the_middle(chapters, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(slides, "write_html", stop)
    assert complaint(capsys) == "stopped; the files named above are complete\n"


def test_a_name_that_the_system_refuses(chapters, capsys):
    assert "x" * 300 in complaint(capsys, "x" * 300)


def test_what_is_no_notebook(chapters, capsys):
    (chapters / "09_small.ipynb").write_text("# no JSON", encoding="utf-8")
    assert complaint(capsys).startswith("09_small.ipynb is not a notebook: ")


def test_a_chapter_that_shows_nothing(chapters, capsys):
    nbformat.write(nbformat.v4.new_notebook(cells=[text("x", "skip")]), chapters / "09_small.ipynb")
    assert complaint(capsys) == "09_small.ipynb has no slides: all its cells are notes or skipped\n"


def test_a_folder_that_cannot_be_written(chapters, capsys, monkeypatch):
    (chapters.parent / "taken").write_text("a file", encoding="utf-8")
    assert re.fullmatch(
        r"taken.09_small.html cannot be written \(.+\): name another folder with --output\n",
        complaint(capsys, "--output", "taken"),
    )

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(slides, "replacing", refuse)  # root may write everywhere
    assert "(Permission denied)" in complaint(capsys, "--output", "other")


def test_a_pdf_without_a_browser(chapters, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(slides, "CHANNELS", ["no-such-browser"])
    assert main(["slides", "--pdf"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("slides")  # the slides themselves are there
    assert err == (
        "a PDF is printed by a browser, and this machine has none that can: install Chrome or "
        "Edge (on Linux, Chromium will do), or leave out --pdf\n"
    )
