"""Every page of the web site in a real browser, on a screen and on a telephone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from course_utils import chapters as table

PAGES = ["index", *(chapter.file for chapter in table.CHAPTERS), "glossary", "search"]
SIZES = {1280: 900, 390: 844}
# What sticks out of the window, or out of the column that hides it, and pictures that are missing.
CHECKS = """() => {
  const wide = [document.documentElement, document.querySelector(".content")]
    .filter(element => element.scrollWidth > element.clientWidth)
    .map(element => `${element.tagName} is ${element.scrollWidth} px wide`);
  const missing = [...document.images].filter(image => !image.complete || !image.naturalWidth)
    .map(image => `missing: ${image.src}`);
  return [...wide, ...missing];
}"""
UNFOLD = "document.querySelectorAll('details').forEach(folded => { folded.open = true })"


@pytest.fixture
def visit(browser, site_address):
    """Return a function that opens a page; and complaints, to which it adds."""
    contexts, found = [], []

    def visit(name, width=1280, **options):
        size = {"width": width, "height": SIZES[width]}
        contexts.append(browser.new_context(viewport=size, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("response", lambda got: got.status < 400 or found.append(f"{got.status} {got.url}"))
        page.on("request", lambda request: found.extend(outside(request.url)))
        page.goto(f"{site_address}/{name}.html", wait_until="load")
        return page

    def outside(url):
        return [] if url.startswith((site_address, "data:")) else [f"request: {url}"]

    yield visit, found
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_in_order(visit, name, width):
    visit, found = visit
    page = visit(name, width)
    page.evaluate(UNFOLD)
    for image in page.locator("img").all():  # some are loaded when they are looked at
        image.scroll_into_view_if_needed()
    assert page.evaluate(CHECKS) + found == []


FAULTS = {
    "<img src='nowhere.png'>": "missing: ",
    "<p style='width: 2000px'>wide</p>": "px wide",
    "<img src='http://127.0.0.1:9/a.png'>": "request: http://127.0.0.1:9/a.png",
    "<img src=x onerror='missing()'>": "error: missing is not defined",
}


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(visit, fault, width):
    visit, found = visit
    page = visit("glossary", width)
    page.evaluate(
        "html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", fault
    )
    page.wait_for_load_state("networkidle")
    assert any(FAULTS[fault] in line for line in page.evaluate(CHECKS) + found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "01_perceptron", "07_keras"])
def test_a_page_can_be_read_in_light_and_dark(visit, name, scheme):
    """Axe looks for pale text and for what a screen reader cannot read."""
    visit, _ = visit
    page = visit(name, color_scheme=scheme)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.search(r"\d+", background)[0]) < 128) == (scheme == "dark")
    page.evaluate(UNFOLD)
    # It takes a heading of a column that is a formula for an empty one.
    options = {"rules": {"empty-table-header": {"enabled": False}}}
    faults = Axe().run(page, options=options).response["violations"]
    assert [(f["id"], f["nodes"][0]["html"][:200]) for f in faults] == []


def test_a_covered_result_is_shown_by_a_click(visit):
    visit, _ = visit
    page = visit("00_start_here")
    result = page.get_by_text("typically 89 % sure")
    assert not result.is_visible()
    page.get_by_text("Show the result").first.click()
    assert result.is_visible()


def test_the_search_finds_a_word(visit):
    visit, found = visit
    page = visit("index", 390)
    page.goto(page.url.replace("index.html", "search.html?q=overflow"))
    page.wait_for_selector("#search-results li a")
    titles = page.locator("#search-results li a").all_inner_texts()
    assert "03 · Softmax and overflow" in titles
    assert found == []


def test_slides_and_download_are_there(visit):
    visit, found = visit
    page = visit("01_perceptron")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "01_perceptron.ipynb"
    page.get_by_role("navigation", name="This chapter").get_by_role("link", name="Slides").click()
    page.wait_for_function("window.Reveal?.isReady()")
    assert found == []
