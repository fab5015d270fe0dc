"""Slides: what becomes of each cell, and what is said when they cannot be made."""

import re
from pathlib import Path

import nbformat
import pytest
from slide_deck import GOOD, code, deck, picture, printed, text

from course_tools import slides
from course_tools.command import main
from course_utils import chapters as table
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


@pytest.mark.parametrize("chapter", table.CHAPTERS, ids=lambda chapter: chapter.file)
def test_every_chapter_has_between_25_and_45_slides_in_one_file_below_5_mb(chapter, tmp_path):
    html = slides.write_html(chapter.path, tmp_path)
    assert 25 <= html.read_text(encoding="utf-8").count("<section>") <= 45
    assert html.stat().st_size < 5e6


# ---------------------------------------------------------------- the list of slides


def test_the_list_opens_the_slides_that_are_there(tmp_path):
    assert slides.write_list(tmp_path) is None
    for name in ("03_softmax.html", "03_softmax.pdf", "01_perceptron.html", "mine.html"):
        (tmp_path / name).touch()
    html = slides.write_list(tmp_path).read_text(encoding="utf-8")
    links = re.findall(r'href="(.*?)"', html)
    assert links == ["01_perceptron.html", "03_softmax.html", "03_softmax.pdf"]
    for words in ("Perceptron", "50 min", "One neuron</h2>", "Softmax", "45 min", "A network</h2>"):
        assert words in html
    assert not re.search(r"src=|url\(|@import|<script", html)
    parts = re.findall("<h2>(.*?)</h2>", html)
    assert parts == ["One neuron", "A network"]  # in the order of the chapters

    (tmp_path / "00_start_here.html").touch()
    assert "Start here" in slides.write_list(tmp_path).read_text(encoding="utf-8")


def test_another_index_is_not_overwritten(tmp_path):
    (tmp_path / "03_softmax.html").touch()
    (tmp_path / "index.html").write_bytes(b"<h1>My site</h1> \xff")
    with pytest.raises(slides.SlidesError, match=r"index\.html is something else, and stays"):
        slides.write_list(tmp_path)
    assert (tmp_path / "index.html").read_bytes() == b"<h1>My site</h1> \xff"


# ---------------------------------------------------------------- the command


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let the course consist of one small chapter; return the folder of its notebooks."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(deck(*GOOD), folder / "09_small.ipynb")
    small = table.Chapter("09", "09_small", "Small", "One part", 10, "NumPy", "Why?", "nothing")
    monkeypatch.setattr(table, "CHAPTERS", (small,))
    monkeypatch.setattr(table, "NOTEBOOKS", folder)
    monkeypatch.chdir(tmp_path)
    return folder


def complaint(capsys, *arguments):
    """Return the one line that a command says on stderr when it fails."""
    assert main(["slides", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_slides_go_into_a_folder_of_their_own_or_the_one_named(course, capsys):
    assert main(["slides"]) == 0
    assert main(["slides", "9", "--output", "슬라이드/a"]) == 0  # as --to was called before
    folders = [Path("slides"), Path("슬라이드/a")]
    first, second = (folder / "09_small.html" for folder in folders)
    assert first.read_bytes() == second.read_bytes()
    size = f"{first.stat().st_size / 1e6:.1f} MB"
    assert capsys.readouterr().out.splitlines() == [
        line
        for folder in folders
        for line in (
            f"{folder / '09_small.html'}: {size}",
            f"{folder / 'index.html'}: the list of the slides",
        )
    ]


@pytest.mark.parametrize("is_chapter", [True, False])
def test_a_notebook_that_was_never_executed(course, capsys, is_chapter):
    notebook = deck(code("print(1)"))
    notebook.cells[1].update(id="sum", execution_count=None)
    path = course / "09_small.ipynb" if is_chapter else course.parent / "내 것.ipynb"
    nbformat.write(notebook, path)
    typed = "09_small" if is_chapter else f'"{path}"'
    assert complaint(capsys, str(path)) == (
        f"{path.name} was never executed (cell sum), so its slides would have no outputs: "
        f"run {command(f'execute {typed}')}\n"
    )


@pytest.mark.parametrize("formula", [r"\left( x", "x^", "{", r"\begin{cases} x"])
def test_a_formula_that_cannot_be_drawn(course, capsys, formula):
    nbformat.write(deck(text(f"$${formula}$$")), course / "09_small.ipynb")
    assert complaint(capsys).startswith(f"The formula {formula!r} cannot be drawn")


def test_a_chapter_that_shows_nothing(course, capsys):
    nbformat.write(nbformat.v4.new_notebook(cells=[text("x", "skip")]), course / "09_small.ipynb")
    said = "09_small.ipynb has no slides: all its cells are notes or skipped.\n"
    assert complaint(capsys) == said


def test_a_pdf_without_a_browser(course, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(slides, "CHANNELS", ["no-such-browser"])
    assert main(["slides", "--pdf"]) == 1
    assert Path("slides/09_small.html").is_file()  # the slides themselves are there
    assert capsys.readouterr().err == (
        "A PDF is printed by a browser, and this machine has none that can: install Chrome or "
        "Edge (on Linux, Chromium will do), or leave out --pdf.\n"
    )
