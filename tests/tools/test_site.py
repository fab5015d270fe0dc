"""The web site: what becomes of each cell, and what is said when it cannot be built."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from fontTools.ttLib import TTFont
from slide_deck import code, deck, picture, printed, text

from course_tools import marker, notebooks, serve
from course_tools import site as inside
from course_tools.command import main
from course_tools.site import pages
from course_utils import chapters as table
from course_utils.files import COURSE, python

CHAPTERS = pytest.mark.parametrize("chapter", table.CHAPTERS, ids=lambda c: c.file)


class Page(HTMLParser):
    """What the tests look for in a page."""

    def __init__(self, path):
        super().__init__()
        self.tags = []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]

    @property
    def ids(self):
        return {attrs["id"] for _, attrs in self.tags if "id" in attrs}


def page(folder, name):
    return Page(folder / f"{name}.html")


def stored(chapter):
    """Return what a notebook stores about its pictures."""
    outputs = [o for c in nbformat.read(chapter.path, 4).cells for o in c.get("outputs", [])]
    return [o.metadata["image/png"] for o in outputs if "image/png" in o.get("data", {})]


# ---------------------------------------------------------------- the site of the course


@CHAPTERS
def test_a_page_has_the_pictures_of_its_chapter_and_their_words(site, chapter):
    images = [i for i in page(site, chapter.file).all("img") if "_images/" in i["src"]]
    assert [i["alt"] for i in images] == [" ".join(s["alt"].split()) for s in stored(chapter)]


@CHAPTERS
def test_a_page_draws_the_formulas_of_its_chapter(site, chapter):
    """Each of them begins with a dollar, or two, in a Markdown cell; code may hold dollars too."""
    cells = nbformat.read(chapter.path, 4).cells
    texts = [c.source for c in cells if c.cell_type == "markdown"]
    prose = "\n\n".join(re.sub(r"(?s)```.*?```|`[^`\n]*`", "", words) for words in texts)
    n_formulas = len(re.findall(r"(?s)\$\$.+?\$\$|\$[^$]+\$", prose))
    assert len(page(site, chapter.file).all("math")) == n_formulas


def test_the_font_for_formulas_has_their_characters(site):
    html = "".join(path.read_text(encoding="utf-8") for path in site.glob("*.html"))
    formulas = "".join(re.findall(r"(?s)<math.*?</math>", html))
    characters = set(unescape(re.sub("<.*?>", "", formulas))) - {"\n"}
    font = TTFont(site / "_static" / "formulas.woff")
    assert {*map(ord, characters), 0x1D465} - font.getBestCmap().keys() == set()  # 𝑥 too
    assert "MATH" in font  # how tall a bracket may grow


@CHAPTERS
def test_a_page_leads_to_the_tab_to_slides_and_to_a_download(site, chapter):
    html = page(site, chapter.file).text
    [links] = re.findall(r'<nav class="course-links".*?</nav>', html)
    addresses = re.findall(r'href="(.*?)"', links)
    in_tab = f"tab/notebooks/index.html?path={chapter.file}.ipynb"
    runs = [in_tab] if chapter.needs == "NumPy" else []
    download = f"tab/files/{chapter.file}.ipynb"
    assert addresses == [*runs, f"slides/{chapter.file}.html", download]
    original, offered = notebooks.read(chapter.path), notebooks.read(site / download)
    assert [cell.id for cell in offered.cells] == [cell.id for cell in original.cells]
    changed = [
        (cell.source, now.source)
        for cell, now in zip(original.cells[1:], offered.cells[1:], strict=True)
        if cell != now
    ]
    for before, after in changed:  # what a library imports unseen by the browser
        assert re.fullmatch(
            r"(import \w+(\.\w+)?  # in a browser's tab: .*\n)+", after[: -len(before)]
        )
        assert after.endswith(before)


@CHAPTERS
def test_a_page_says_how_to_run_what_needs_tensorflow(site, chapter):
    [opening] = re.findall(r"</nav>(.*?)<strong>The question", page(site, chapter.file).text, re.S)
    is_said = f"course open {chapter.number}" in re.sub("<.*?>", "", opening)
    assert is_said == (chapter.needs == "TensorFlow")


def test_each_page_leads_to_the_next_and_the_one_before(site):
    names = [*(chapter.file for chapter in table.CHAPTERS), "glossary"]
    for before, here, after in zip(["index", *names], names, [*names[1:], None], strict=False):
        html = page(site, here).text
        assert re.findall(r'class="(next|prev)-page" href="(.*?)\.html"', html) == [
            (side, name) for side, name in (("next", after), ("prev", before)) if name
        ]


def test_the_front_page_leads_to_every_chapter_and_shows_the_map(site):
    front = page(site, "index")
    [image] = front.all("img")
    assert image["alt"].startswith("00 Start here: How does this course work? 01 Perceptron")
    for chapter in table.CHAPTERS:
        assert f'<a href="{chapter.file}.html"><strong>' in front.text
        assert chapter.question in unescape(front.text)
    for line in re.findall(r"(?m)^.* -m venv .*course open.*$", (COURSE / "README.md").read_text()):
        assert line in unescape(re.sub("<.*?>", "", front.text))


def test_every_address_in_the_site_leads_somewhere(site):
    pages_of = {path: Page(path) for path in site.glob("*.html")}
    for path, found in pages_of.items():
        for _, attrs in found.tags:
            for address in filter(None, (attrs.get("href"), attrs.get("src"))):
                parts = urlsplit(address)
                if parts.scheme or (parts.path == "" and parts.fragment in ("", "top")):
                    continue
                target = path.parent / unquote(parts.path) if parts.path else path
                assert target.is_file(), f"{path.name}: {address}"
                if parts.fragment and target in pages_of:
                    assert parts.fragment in pages_of[target].ids, f"{path.name}: {address}"


def test_nothing_in_the_site_comes_from_elsewhere(site):
    for path in site.glob("*.html"):
        found = Page(path)
        loaded = [a.get("src") for kind in ("img", "script", "iframe") for a in found.all(kind)]
        loaded += [link["href"] for link in found.all("link")]
        assert [name for name in loaded if name and urlsplit(name).netloc] == [], path.name
    ours = (path for path in site.rglob("*.css") if "tab" not in path.parts)
    for path in ours:  # the browser tests watch what JupyterLite asks for
        assert not re.search(r"@import|url\([\"']?(?:https?:)?//", path.read_text(encoding="utf-8"))


def test_the_site_lists_its_own_files(site):
    files = {f.relative_to(site).as_posix() for f in site.rglob("*") if f.is_file()}
    assert files == {marker.MARKER, *(file.as_posix() for file in marker.read(site))}
    serve.verify(site)
    assert {f"slides/{chapter.file}.html" for chapter in table.CHAPTERS} < files


# ---------------------------------------------------------------- what becomes of a cell


def prepared(*cells):
    notebook = deck(*cells)
    pages.prepare(notebook, [])
    return notebook.cells[1:]


def folded(cell, jupyter):
    cell.metadata["jupyter"] = jupyter
    return cell


@pytest.mark.parametrize(
    ("tags", "jupyter", "wanted", "prompt"),
    [
        ([], {}, set(), None),
        (["output-only"], {}, {"remove-input"}, None),
        (["output-only"], {"source_hidden": True}, {"remove-input"}, None),
        ([], {"source_hidden": False}, set(), None),
        ([], {"source_hidden": True}, {"hide-input"}, "Show the code"),
        ([], {"outputs_hidden": True}, {"hide-output"}, "Show the result"),
        (
            ["output-only"],
            {"outputs_hidden": True},
            {"remove-input", "hide-output"},
            "Show the result",
        ),
        ([], {"source_hidden": True, "outputs_hidden": True}, {"hide-input", "hide-output"}, None),
    ],
)
def test_what_is_folded_in_jupyterlab_is_folded_in_the_page(tags, jupyter, wanted, prompt):
    [cell] = prepared(folded(code("1", printed("1"), tags=tags), jupyter))
    assert {*cell.metadata.tags} - {*tags} == wanted
    assert cell.metadata.get("mystnb", {}).get("code_prompt_show") == prompt


def test_each_of_several_pictures_keeps_its_words():
    outputs = [printed("a"), picture("One."), printed("b"), picture("Two.")]
    first, second = prepared(code("plot()", *outputs))
    assert [c.metadata["mystnb"]["image"]["alt"] for c in (first, second)] == ["One.", "Two."]
    assert [c.source for c in (first, second)] == ["plot()", ""]
    assert [*first.outputs, *second.outputs] == outputs
    assert first.id != second.id


# ---------------------------------------------------------------- small sites


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let the course consist of a map and a glossary; return a function that adds a chapter."""
    for module in inside.NEEDED:
        pytest.importorskip(module, reason="the site needs requirements-site.txt")
    monkeypatch.setattr(inside.tab, "build", lambda *_: None)  # here it is the pages' turn
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(table, "NOTEBOOKS", folder)
    monkeypatch.chdir(tmp_path)
    the_map = code("draw()", picture("The map."))
    the_map["id"] = inside.MAP[1]

    def save(name, *cells):
        notebook = deck(*cells)
        notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        nbformat.write(notebook, folder / f"{name}.ipynb")

    def write(*cells):
        save(inside.MAP[0], the_map)
        save(inside.GLOSSARY, text("| word | meaning |\n|:--|:--|\n| a | b |"))
        save("09_small", *cells)
        rows = [("00", inside.MAP[0], "Start"), ("09", "09_small", "Small")]
        parts = ("One part", 10, "NumPy", "Why?", "nothing")
        monkeypatch.setattr(table, "CHAPTERS", tuple(table.Chapter(*r, *parts) for r in rows))
        return folder

    write(code("print(1)", printed("1\n")))
    return write


def complaint(capsys, *arguments):
    """Return the one line that the command says on stderr when it fails."""
    assert main(["site", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert not list(Path().glob(".course-site-*"))
    return err


def contents(folder):
    return {f: f.read_bytes() for f in Path(folder).rglob("*") if f.is_file()}


def test_building_a_site_again_changes_no_byte_and_leaves_what_is_not_its_own(course, capsys):
    assert main(["site", "a/site"]) == 0
    assert re.fullmatch(
        r"a.site.index\.html: the site's front page \(5 pages; all files: \d MB\)\n",
        capsys.readouterr().out,
    )
    first = contents("a/site")
    Path("a/site/CNAME").write_text("course.example", encoding="utf-8")
    assert main(["site", "a/site"]) == 0
    assert contents("a/site") == {**first, Path("a/site/CNAME"): b"course.example"}


def test_what_a_new_site_lacks_is_removed(course, monkeypatch):
    assert main(["site", "site"]) == 0
    monkeypatch.setattr(table, "CHAPTERS", table.CHAPTERS[:1])
    assert main(["site", "site"]) == 0
    assert not [file for file in contents("site") if "09_small" in file.name]


def test_a_build_that_breaks_off_while_files_are_moved_loses_sight_of_none(tmp_path, monkeypatch):
    def put(**contents):
        built = tmp_path / "built"
        built.mkdir(exist_ok=True)
        for stem, content in contents.items():
            (built / f"{stem}.html").write_text(content, encoding="utf-8")
        inside._put_in_place(built, tmp_path / "site")

    def break_off(self, target):
        if Path(target).name == "c.html":
            raise OSError("the disk is full")
        return move(self, target)

    put(a="1", b="1", c="1")
    serve.verify(tmp_path / "site")
    move = Path.replace
    monkeypatch.setattr(Path, "replace", break_off)
    with pytest.raises(OSError, match="full"):
        put(b="2", c="2", d="2")
    assert {file.stem for file in marker.read(tmp_path / "site")} >= {"a", "b", "c", "d"}
    with pytest.raises(serve.ServeError, match=r"c\.html is not as it was built"):
        serve.verify(tmp_path / "site")
    monkeypatch.setattr(Path, "replace", move)
    put(b="3", c="3")
    serve.verify(tmp_path / "site")
    assert {file.name for file in contents(tmp_path / "site")} >= {"b.html", "c.html", ".nojekyll"}
    assert "a.html" not in {file.name for file in contents(tmp_path / "site")}


def test_a_marker_that_was_tampered_with_removes_nothing_outside(course, tmp_path):
    assert main(["site", "site"]) == 0
    other = tmp_path / "other.txt"
    other.touch()
    with (tmp_path / "site" / marker.MARKER).open("a", encoding="utf-8") as file:
        file.write(f"{'0' * 64}  ../other.txt\n{'0' * 64}  {other}\n")
    assert main(["site", "site"]) == 0
    assert other.is_file()


def test_the_pages_of_a_small_site(course):
    course(
        folded(code("secret = 1", tags=["output-only"]), {}),
        folded(code("hidden = 2", printed("two")), {"source_hidden": True}),
        folded(code("shown = 3", printed("covered")), {"outputs_hidden": True}),
        code(
            "guess.ask()",
            nbformat.v4.new_output("display_data", {"text/plain": "Your answer: ( ) a"}),
        ),
        text("It costs $x < 1$, see [there](00_start_here.ipynb)."),
    )
    assert main(["site", "site"]) == 0
    html = page(Path("site"), "09_small").text
    words = unescape(re.sub(r"<(?!/?details|/?summary).*?>", "", html))
    assert "secret" not in words
    assert re.search(
        r"<details[^>]*>\s*<summary.*?Show the code.*?hidden = 2\s*</details>", words, re.S
    )
    assert re.search(r"shown = 3\s*<details.*?Show the result.*?covered\s*</details>", words, re.S)
    assert "Your answer: ○\u00a0a" in words
    assert "<math" in html and 'href="00_start_here.html"' in html


# ---------------------------------------------------------------- what is said of faults


def test_a_folder_that_holds_something_else(course, capsys):
    Path("mine").mkdir()
    Path("mine/thesis.txt").touch()
    assert complaint(capsys, "mine") == (
        "mine is not empty and holds no site built by this command: name another folder.\n"
    )
    assert [file.name for file in contents("mine")] == ["thesis.txt"]
    Path("site").touch()
    assert complaint(capsys, "site") == "site is a file: name a folder for the site.\n"


def test_an_empty_folder_will_do(course):
    Path("site").mkdir()
    assert main(["site", "site"]) == 0


def test_what_builds_the_site_is_not_installed(course, capsys, monkeypatch):
    monkeypatch.setattr(inside, "NEEDED", ("myst_nb", "no_such_theme"))
    install = python("-m pip install -r requirements-site.txt")
    assert complaint(capsys, "site") == (f"What builds the site is not installed: run {install}\n")
    assert not Path("site").exists()


def test_a_link_that_leads_nowhere(course, capsys):
    course(text("See [this](nowhere.ipynb)."), code("1"))
    said = complaint(capsys, "site")
    assert said.startswith("The pages cannot be built: 09_small.ipynb:")
    assert "nowhere.ipynb" in said


def test_a_formula_that_cannot_be_drawn(course, capsys):
    course(code("1"), text("$x^$", "notes"))
    assert complaint(capsys, "site").startswith("The formula 'x^' cannot be drawn")
    course(text("$x^$", "skip"), code("1"))  # not in the slides
    assert complaint(capsys, "site").startswith("The formula 'x^' cannot be drawn")


# ---------------------------------------------------------------- what is pinned


def test_the_requirements_of_the_site_are_pinned_with_a_reason_and_fit_the_others():
    lines = (COURSE / inside.REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    pins = [re.fullmatch(r"([a-z\d-]+)==([\w.]+) +# \S.+", line) for line in lines]
    assert all(pins)
    others = (COURSE / "requirements.txt").read_text(encoding="utf-8")
    others = dict(re.findall(r"(?m)^([a-z\d-]+)==(\S+)", others))
    assert [pin[0] for pin in pins if others.get(pin[1], pin[2]) != pin[2]] == []
