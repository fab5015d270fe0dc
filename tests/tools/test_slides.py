"""Slides: what becomes of each cell, and what is said when they cannot be made."""

import base64
import re
from pathlib import Path

import nbformat
import pytest
from slide_deck import GOOD, code, deck, picture, printed, text

from course_tools import deck as inside
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
    inside.font_face.cache_clear()
    assert slides.write_html(path, tmp_path).read_bytes() == first


@pytest.mark.parametrize("chapter", table.CHAPTERS, ids=lambda chapter: chapter.file)
def test_every_chapter_has_between_20_and_45_slides_in_one_file_below_5_mb(chapter, tmp_path):
    html = slides.write_html(chapter.path, tmp_path, tell=pytest.fail)
    assert 20 <= html.read_text(encoding="utf-8").count("<section>") <= 45
    assert html.stat().st_size < 5e6


def test_a_picture_alone_has_the_first_sentence_of_its_notes_for_the_handout(made):
    def lone():
        return code("plot()", picture(), tags=["output-only"])

    _, *slides_made = made(
        *[lone(), text("**What we saw.** About 0.9, or $y_1$. And more.", "notes")],
        *[lone(), text("> **Caution.** Three rates, three fates:\n\n- one", "notes")],
        *[lone(), text("Words.", "-"), text("Not this.", "notes")],
    )
    captions = [re.search(r'<div class="caption"><p>(.*?)</p>', slide) for slide in slides_made]
    assert captions[0][1].startswith("About 0.9, or <math") and captions[0][1].endswith("</math>.")
    assert captions[1][1] == "Three rates, three fates."
    assert captions[2] is None


def test_a_picture_in_the_caption_of_a_picture_is_put_into_the_slides(made, tmp_path):
    (tmp_path / "own.png").write_bytes(base64.b64decode(PNG))
    notes = text("![mine](own.png) shows it. And more.", "notes")
    _, slide = made(code("plot()", picture(), tags=["output-only"]), notes)
    caption = re.search(r'<div class="caption">(.*?)</div>', slide, re.DOTALL)[1]
    assert f'src="data:image/png;base64,{PNG}"' in caption and "own.png" not in slide


# ---------------------------------------------------------------- pictures of the lecturer's own

PNG = picture().data["image/png"]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("own.png", "![mine](own.png)"),
        ("own.png", "![mine](own.png 'a title') and ![mine](./own.png?raw=1)"),
        ("own.png", "![mine][b]\n\n[b]: own.png"),
        ("own.png", '<img alt="a > b src=c.png" width=20 src="own.png">'),
        ("own.png", "<p><IMG SRC=own.png></p>"),
        ("own.png", "![mine](own.png) <!-- <img src='old.png'> -->"),
        ("그림 1.PNG", "![mine](<그림 1.PNG>)"),
        ("그림 1.PNG", "![mine](그림%201.PNG)"),
        ("a%20b.png", "![mine](a%20b.png)"),
        ("pictures/a&b.svg", "![mine](pictures/a&b.svg)"),
    ],
)
def test_a_picture_beside_the_notebook_is_put_into_the_slides(made, tmp_path, name, source):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(SVG if file.suffix == ".svg" else base64.b64decode(PNG))
    [_, slide] = made(text(source))
    content = base64.b64encode(file.read_bytes()).decode("ascii")
    kind = "svg+xml" if file.suffix == ".svg" else "png"
    assert f' src="data:image/{kind};base64,{content}"'.lower() in slide.lower()
    assert name not in re.sub("<!--.*?-->", "", slide)


def pasted(source, name="my picture.png", kind="image/png", content=PNG):
    cell = text(source)
    cell.attachments = {name: {kind: content}}
    return cell


def test_a_pasted_picture_is_put_into_the_slides(made):
    [_, slide] = made(pasted("![mine](attachment:my%20picture.png)"))
    assert re.search(r'<p class="picture"><img [^>]*alt="mine"', slide)
    assert f' src="data:image/png;base64,{PNG}"' in slide


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            text("![a](own.png)"),
            "seen from the notebook, there is no file own.png: put it beside the notebook",
        ),
        (
            text("![a](../그림%201.png)"),
            "seen from the notebook, there is no file ../그림 1.png: put it beside",
        ),
        (text("![a](file:///own.png)"), "seen from the notebook, there is no file file:///own"),
        (text('<img src="folder.png">'), "seen from the notebook, there is no file folder.png"),
        (text("![a](damaged.png)"), "damaged.png is damaged, or no picture that browsers show"),
        (text("![a](words.txt)"), "words.txt is damaged, or no picture"),
        (pasted("![a](attachment:b.png)"), "the notebook lacks attachment:b.png: paste it"),
        (pasted("![a](attachment:b)", "b", content=PNG[:40]), "attachment:b is damaged, or no"),
        (pasted("![a](attachment:b)", "b", content="x"), "attachment:b is damaged, or no"),
        (pasted("![a](attachment:b)", "b", "text/plain"), "attachment:b is damaged, or no picture"),
    ],
)
def test_a_picture_that_is_not_there(course, capsys, cell, said):
    (course / "folder.png").mkdir()
    (course / "damaged.png").write_bytes(base64.b64decode(PNG)[:40])
    (course / "words.txt").write_text("words", encoding="utf-8")
    cell.id = "mine"
    nbformat.write(deck(cell), course / "09_small.ipynb")
    assert complaint(capsys).startswith(f"09_small.ipynb, cell mine: {said}")
    assert not Path("slides").exists()


def told(course, capsys, *cells):
    """Return what the command says of the slides that it makes of some cells, first of all."""
    nbformat.write(deck(*cells), course / "09_small.ipynb")
    assert main(["slides"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return [line for line in lines if line.startswith("09_small.ipynb")]


def test_a_picture_in_the_network_is_told_of_once(course, capsys):
    cells = [code("plot()", picture(), tags=["output-only"])]
    cells += [text("See ![a](HTTPS://example.org/a.png). And more.", "notes")]  # and in the caption
    cells[1].id = "far"
    assert told(course, capsys, *cells) == [
        "09_small.ipynb, cell far: HTTPS://example.org/a.png will be missing where there is no "
        "network."
    ]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("<img alt='a' src='data:,' srcset='a.png 2x'>", "a.png 2x"),
        ('<svg><image href="a&amp;b.png"/></svg>', "a&b.png"),
        ('<svg><image xlink:href="a.png"/></svg>', "a.png"),
        ("<video\ncontrols SRC=a.mp4></video>", "a.mp4"),
        ('<iframe title="src=b.html" src="./a.html"></iframe>', "./a.html"),
        ("[more](a.pdf)", "a.pdf"),
        ("<video src='https://example.org/a.mp4'></video>", None),
        ("<svg><use href='#a'/></svg> [here](#there) [us](mailto:a@b.example)", None),
        ("[01](01_perceptron.ipynb) `<video src='a.mp4'>` <!-- <video src='a.mp4'> -->", None),
    ],
)
def test_a_file_that_stays_beside_the_notebook_is_told_of(course, capsys, source, name):
    cell = text(source)
    cell.id = "mine"
    said = f"09_small.ipynb, cell mine: {name} is not put into the slides, which look for it "
    said += "beside themselves: only what <img src> or ![]() names is put in."
    assert told(course, capsys, cell) == ([said] if name else [])


# ---------------------------------------------------------------- exercises


def test_the_answers_of_the_lecturer_are_shown_only_on_demand(tmp_path):
    path = tmp_path / "01_perceptron.ipynb"
    notebook = nbformat.read(table.CHAPTERS[1].path, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    answer = cells["exercise-nor-starter"]
    answer.source = answer.source.replace("...", "return 1 - max(x1, x2)  # secret")
    answer.execution_count = None
    cells["exercise-other-xor-starter"].source += "\n    # NAND four times, secret"
    nbformat.write(notebook, path)

    told = []
    html = slides.write_html(path, tmp_path, tell=told.append).read_text(encoding="utf-8")
    assert "secret" not in html and "your code in place of the dots" in html
    assert [*map(str, told)] == [
        "01_perceptron.ipynb: the slides show the starters, not your answers in "
        "exercise-nor-starter, exercise-other-xor-starter; --answers does."
    ]
    answer.execution_count = 1
    nbformat.write(notebook, path)
    html = slides.write_html(path, tmp_path, answers=True, tell=pytest.fail)
    assert html.read_text(encoding="utf-8").count("secret") == 2


# ---------------------------------------------------------------- the list of slides


def test_the_list_opens_the_slides_that_are_there(tmp_path):
    assert slides.write_list(tmp_path) is None
    for name in ("03_softmax.html", "03_softmax.pdf", "01_perceptron.html", "mine.html"):
        (tmp_path / name).touch()
    html = slides.write_list(tmp_path).read_text(encoding="utf-8")
    links = re.findall(r'href="(.*?)"', html)
    assert links == ["01_perceptron.html", "03_softmax.html", "03_softmax.pdf"]
    minutes = [f"{table.CHAPTERS[k].minutes} min" for k in (1, 3)]
    for words in ("Perceptron", "One neuron</h2>", "Softmax", "A network</h2>", *minutes):
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
