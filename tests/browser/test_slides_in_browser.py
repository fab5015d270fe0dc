"""Every slide of every chapter in a real browser, 1280 by 720: all of it is there and legible."""

import base64
import re
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from slide_deck import GOOD, code, deck, picture, printed, text

from course_tools import deck as inside
from course_tools import slides
from course_tools.command import main
from course_utils import chapters as table

CHECKS = Path(__file__).with_name("slide_checks.js").read_text(encoding="utf-8")
SIZE = {"width": inside.WIDTH, "height": inside.HEIGHT}


def problems(browser, html):
    """Return what is wrong with the slides in a file, one line for each fault."""
    with browser.new_context(viewport=SIZE) as context:
        found = []
        page = context.new_page()
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("request", lambda request: found.extend(outside(request.url)))
        page.goto(html.as_uri())
        page.wait_for_function("window.Reveal?.isReady()")
        return page.evaluate(CHECKS) + found


def outside(url):
    """Return a complaint if a request leaves the page."""
    allowed = ("data:", "blob:", "about:")
    is_page = url.startswith("file:") and re.search(r"\.html\b", url)
    return [] if is_page or url.startswith(allowed) else [f"request: {url}"]


@pytest.mark.parametrize("chapter", table.CHAPTERS, ids=lambda chapter: chapter.file)
def test_all_slides_are_in_order(browser, chapter, tmp_path):
    assert problems(browser, slides.write_html(chapter.path, tmp_path)) == []


def small_deck(folder, *cells):
    """Write slides of a few cells; return the file."""
    nbformat.write(deck(*cells), folder / "09.ipynb")
    return slides.write_html(folder / "09.ipynb", folder)


@pytest.fixture
def small(tmp_path):
    """Return a function that writes slides of a few cells."""
    return partial(small_deck, tmp_path)


def test_a_good_deck_has_no_problems(browser, small):
    assert problems(browser, small(*GOOD)) == []


LONG = "\n".join(f"print({k})" for k in range(30))
PLANTED = {
    "too many lines of code": (code(LONG), "text beyond the foot of the slide"),
    "too many words": (text("many words " * 300), "text beyond the foot of the slide"),
    "a word too wide": (text("m" * 200), "text beyond the side of the slide"),
    "a wide table": (
        text("|a" * 90 + "|\n" + "|-" * 90 + "|"),
        "text beyond the side of the slide",
    ),
    "a wide formula": (text("$$" + "x + " * 80 + "x$$"), 'text beyond the side of the slide: "x"'),
    "output step by step": (
        code("f()", printed("a\n" * 40), slide_type="fragment"),
        "text beyond the foot",
    ),
    "cut off": (text('<div style="height: 20px; overflow: hidden">a<br>b</div>'), "text cut off"),
    "small text": (text('<p style="font-size: 17px">small</p>'), 'text of 17 px: "small"'),
    "long lines": (code("x = 1  # " + "long " * 25), "text of 1"),
    "small print in a picture": (code("f()", picture(text_height=8)), "px in a picture"),
    "a picture among text": (
        code(LONG[:150], picture(size=(900, 900)), slide_type="slide"),
        "px in a picture",
    ),
    "unmeasured text": (code("f()", picture(text_height=None)), "text of NaN px in a picture"),
    "no words": (code("f()", picture(alt="")), "a picture without alternative text"),
    "pale text": (text('<p style="color: #888">pale</p>'), 'contrast of only 3.5: "pale"'),
    "pale on a shade": (text('<p style="background: #bbb; color: #666">x</p>'), "contrast of only"),
    "an unknown command": (text(r"$\nosuchthing{x}$"), "a formula that is not drawn"),
    "dollars": (text("It costs \\$w_1$."), "a formula that is not drawn"),
    "an empty formula": (text(r"$\phantom{}$"), "a formula that is not drawn"),
    "a picture from the network": (text("![a](http://127.0.0.1:9/b.png)"), "request: http://127"),
    "a script that fails": (text("<script>missing()</script>"), "missing is not defined"),
    "a script that complains": (text("<script>console.error('oh')</script>"), "console: oh"),
    "nothing": (text("<br>"), "empty"),
}


SEEN_BY_THE_PAGE = ("request: ", "error: ", "console: ")  # of no slide in particular


@pytest.fixture(scope="module")
def found(browser, tmp_path_factory):
    """Return what is found in slides with all the faults, a good slide behind each of them."""
    cells = []
    for fault, _ in PLANTED.values():
        # A fragment comes step by step on the slide before it, which is its own.
        is_fragment = fault.metadata.slideshow.slide_type == "fragment"
        cells += [text("step by step"), fault] if is_fragment else [fault]
        cells.append(text("the slide after it"))
    return problems(browser, small_deck(tmp_path_factory.mktemp("planted"), *cells))


@pytest.mark.parametrize(
    ("number", "said"),
    [(2 + 2 * k, said) for k, (_, said) in enumerate(PLANTED.values())],
    ids=PLANTED,
)
def test_a_planted_fault_is_found(found, number, said):
    of_slide = [problem for problem in found if problem.startswith(f"slide {number}: ")]
    of_page = [problem for problem in found if problem.startswith(SEEN_BY_THE_PAGE)]
    assert any(said in problem for problem in of_slide + of_page), found


def test_no_fault_is_found_on_a_good_slide_behind_one(found):
    good = tuple(f"slide {2 * k + 1}: " for k in range(len(PLANTED) + 1))
    assert [problem for problem in found if problem.startswith(good)] == []


def test_a_slide_with_nothing_but_the_name_of_its_section_is_found(browser, small):
    found = problems(browser, small(text("## A section"), text("<br>")))
    assert found == ["slide 3: empty"]


def test_the_keyboard_leads_through_the_slides(browser, small):
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.goto(small(*GOOD).as_uri())
        number = page.locator(".slide-number")
        assert number.inner_text() == "1 / 5"
        page.keyboard.press("ArrowRight")
        assert number.inner_text() == "2 / 5"
        assert not page.get_by_text("print", exact=True).is_visible()  # it comes with the next step
        page.keyboard.press("Space")
        assert number.inner_text() == "2 / 5"
        page.get_by_text("print", exact=True).wait_for()
        page.keyboard.press("End")
        assert number.inner_text() == "5 / 5"
        assert page.evaluate("Reveal.getProgress()") == 1
        page.wait_for_url("**#/4")
        page.reload()  # after a mishap in the lecture, the same slide is there again
        assert number.inner_text() == "5 / 5"


def test_the_speaker_sees_the_notes_without_network(browser, small):
    with browser.new_context(viewport=SIZE) as context:
        requests = []
        context.on("request", lambda request: requests.extend(outside(request.url)))
        page = context.new_page()
        page.goto(small(*GOOD).as_uri())
        page.keyboard.press("ArrowRight")
        with context.expect_page() as opened:
            page.keyboard.press("s")
        opened.value.get_by_text("Ask the audience first.").first.wait_for()
        assert not page.get_by_text("Ask the audience first.").is_visible()
        assert requests == []


def test_a_larger_screen_gets_larger_text(browser, small):
    with browser.new_context(viewport={"width": 1920, "height": 1080}) as context:
        page = context.new_page()
        page.goto(small(*GOOD).as_uri())
        box = page.locator("section.present .slide").bounding_box()
        assert (box["width"], box["height"]) == (1920, 1080)


def test_the_pdf_has_a_page_of_the_right_size_for_each_slide(
    browser, tmp_path, monkeypatch, capsys
):
    path = tmp_path / "09_small.ipynb"
    nbformat.write(deck(*GOOD), path)
    # Playwright runs once a thread, and here the fixture has it.
    monkeypatch.setattr(slides, "browser", lambda: nullcontext(browser))
    assert main(["slides", str(path), "--pdf", "--to", str(tmp_path / "인쇄")]) == 0
    pdf = tmp_path / "인쇄" / "09_small.pdf"
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 5
    boxes = {
        tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[(.*?)\]", content)
    }
    assert boxes == {(0, 0, 960, 540)}  # points: 1280 x 720 px
    assert capsys.readouterr().out.splitlines()[1] == f"{pdf}: {len(content) / 1e6:.1f} MB"


def test_a_handout_has_the_notes_below_the_slides(browser, small, monkeypatch):
    monkeypatch.setattr(slides, "browser", lambda: nullcontext(browser))
    html = small(*GOOD, text("long " * 600, "notes"))
    content = slides.write_pdf(html, notes=True).read_bytes()
    heights = {float(box.split()[3]) for box in re.findall(rb"/MediaBox\s*\[(.*?)\]", content)}
    assert len(heights) == 1 and heights.pop() > 540 + 150  # all pages have room for the longest
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 5


def test_a_picture_alone_has_words_on_paper_only(browser, small):
    lone = code("plot()", picture(size=(900, 600)), tags=["output-only"])
    html = small(lone, text("**What we saw.** It is grey. And more.", "notes")).as_uri()
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.goto(f"{html}#/1")
        words = page.locator(".slide > .caption")
        assert page.locator("section.present img").is_visible() and not words.is_visible()
        page.goto(f"{html}?print-pdf")
        page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
        words.wait_for()
        assert words.inner_text() == "It is grey."
        lowest = page.locator(".slide:has(.caption) img").bounding_box()
        assert lowest["y"] + lowest["height"] <= words.bounding_box()["y"]


def test_a_picture_of_ones_own_is_shrunk_to_the_slide_but_not_enlarged(browser, small, tmp_path):
    for name, size in {"large": (3000, 2000), "tiny": (30, 20)}.items():
        (tmp_path / f"{name}.png").write_bytes(
            base64.b64decode(picture(size=size).data["image/png"])
        )
    words = "\n\nA line of words above and below a picture."
    html = small(
        text(f"## Mine{words}\n\n![large](large.png){words}"),
        text(f"## Mine{words}\n\n<img src='large.png' alt='large'>"),
        text(f"## Mine{words}\n\n![tiny](tiny.png)"),
    )
    found = [problem for problem in problems(browser, html) if "NaN px in a picture" not in problem]
    assert found == []
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.goto(f"{html.as_uri()}#/3")
        box = page.locator("section.present img").bounding_box()
        assert box["height"] == 20


@pytest.mark.parametrize("deck_of", [table.CHAPTERS[1], None], ids=["a chapter", "their list"])
def test_axe_finds_nothing_serious(browser, deck_of, tmp_path):
    axe = Axe()
    html = slides.write_html(table.CHAPTERS[1].path, tmp_path)
    address = f"{html.as_uri()}?print-pdf" if deck_of else slides.write_list(tmp_path).as_uri()
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.goto(address)  # printed, all slides of a chapter are there at once
        if deck_of:
            page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
        violations = axe.run(page).response["violations"]
    serious = [v for v in violations if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in serious] == []


def test_slides_that_the_browser_cannot_print(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "browser", lambda: nullcontext(browser))
    with pytest.raises(slides.SlidesError, match=r"missing\.html: the browser cannot print it \("):
        slides.write_pdf(tmp_path / "missing.html")


def test_the_list_of_slides_leads_to_them_and_can_be_read_from_the_last_row(browser, tmp_path):
    slides.write_html(table.CHAPTERS[0].path, tmp_path)
    with browser.new_context(viewport=SIZE) as context:
        page = context.new_page()
        page.goto(slides.write_list(tmp_path).as_uri())
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('td')).fontSize)")
        assert size >= 24
        page.get_by_role("link", name="Start here").click()
        page.wait_for_function("window.Reveal?.isReady()")
