"""Chapters in JupyterLab, as a student and as a lecturer use them: with a browser, offline.

What JupyterLab itself draws around a chapter (menus, tool bars, prompts, the editors of the cells)
is not ours; what the cells show is, and must be readable for everyone.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from drawn_digits import DRAWN, draw
from nbformat.v4 import new_code_cell, new_output

import course_tools
from course_tools import notebooks
from course_utils.chapters import NOTEBOOKS

CHAPTER = "01_perceptron.ipynb"
UNFOLDED = "plot-neuron-with-threshold"  # and made longer: a slide with code above a picture
PICTURES = "05_mnist_inference.ipynb"  # the chapter with the most of them
# A reply of every kind, each with some code.
REPLIES = """
from course_exercises.engine.reply import LOOKS, Reply
for kind in LOOKS:
    Reply(kind, "Its `heading`", ["It says."], [("yours", 1)], "def f(x):  # why\\n    0").show()
"""
OURS = {"include": [[".jp-Notebook .jp-RenderedMarkdown"], [".jp-Notebook .jp-OutputArea-output"]]}
WAITS = "[...document.querySelectorAll('.jp-InputPrompt')].some((p) => p.innerText == '[*]:')"
SECONDS = 1000  # Playwright counts in milliseconds


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab on a copy of the notebooks; return its address and the copy's folder."""
    home = tmp_path_factory.mktemp("lab 실습")
    shutil.copytree(NOTEBOOKS, home / "notebooks")
    chapter = notebooks.read(home / "notebooks" / CHAPTER)
    for cell in chapter.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
        if cell.id == UNFOLDED:
            del cell.metadata["jupyter"]
            cell.source = "# one line more\n" * 12 + cell.source
    chapter.cells.append(new_code_cell(REPLIES))
    nbformat.write(chapter, home / "notebooks" / CHAPTER)
    (home / "config").mkdir()
    settings = {"open_browser": False, "token": "", "password": "", "port": 0, "allow_root": True}
    (home / "config" / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": settings}), encoding="utf-8"
    )
    all_cells = home / "config/lab/user-settings/@jupyterlab/notebook-extension"
    all_cells.mkdir(parents=True)  # are in the page, not only those on the screen
    (all_cells / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', "utf-8")
    folders = {"CONFIG": home / "config", "RUNTIME": home / "runtime", "DATA": home / "data"}
    paths = {f"JUPYTER_{name}_DIR": str(folder) for name, folder in folders.items()}
    # What `course open` sets: no question about news, which would ask the internet; our extension.
    ours = str(Path(course_tools.__file__).parent / "jupyter")
    paths |= {"JUPYTER_CONFIG_PATH": ours, "JUPYTER_PATH": ours}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab"],
            cwd=home,
            env=os.environ | paths,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(home), home / "notebooks"
    finally:
        server.terminate()
        server.wait(30)


def _address(home):
    for _ in range(600):
        for path in (home / "runtime").glob("jpserver-*.json"):
            with suppress(json.JSONDecodeError):  # it is being written
                return json.loads(path.read_text(encoding="utf-8"))["url"]
        time.sleep(0.1)
    raise TimeoutError((home / "log").read_text(encoding="utf-8", errors="replace"))


def opened(context, address, chapter):
    """Open a chapter in a new window; return it when the kernel is ready."""
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    page.goto(f"{address}lab/tree/notebooks/{chapter}?reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    return page


def save(page):
    page.locator(".jp-Notebook .jp-Cell").first.click()
    unsaved = page.locator(".lm-TabBar-tab.jp-mod-dirty")
    unsaved.first.wait_for()
    page.keyboard.press("Control+s")
    unsaved.first.wait_for(state="detached")


@pytest.fixture(scope="module")
def page(browser, lab):
    """Open chapter 01 in a window of JupyterLab, run all its cells, and watch what it asks for."""
    address, _ = lab
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        page = opened(context, address, CHAPTER)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.locator(".noUi-handle").first.wait_for()
        page.wait_for_function(f"!{WAITS}")
        yield page
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        assert [url for url in asked if not url.startswith(own)] == []


def faults(page):
    """Return what axe-core finds in our part of a page that stops a reader, or makes it hard."""
    found = Axe().run(page, OURS).response["violations"]
    return {
        f"{fault['id']}: {node['html']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    }


@pytest.fixture(scope="module")
def unrun(browser, lab):
    """Open a chapter in JupyterLab as it is stored: nobody has run or trusted it."""
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        yield opened(context, lab[0], PICTURES)


def switch_theme(page, name):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).click()
    page.get_by_text(name, exact=True).click()
    page.locator(f'body[data-jp-theme-name="{name}"]').wait_for(state="attached")


def n_pictures(chapter, is_run):
    """Return how many pictures a chapter shows: all, or those that are not covered before."""
    return sum(
        "image/png" in output.get("data", {})
        for cell in notebooks.read(NOTEBOOKS / chapter).cells
        for output in cell.get("outputs", [])
        if is_run or not cell.metadata.get("collapsed")
    )


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
@pytest.mark.parametrize("window", ["page", "unrun"])
def test_everyone_can_read_what_the_cells_show(request, window, theme):
    page = request.getfixturevalue(window)
    switch_theme(page, theme)
    chapter, is_run = (CHAPTER, True) if window == "page" else (PICTURES, False)
    assert page.locator(".jp-OutputArea img").count() == n_pictures(chapter, is_run) > 2
    assert faults(page) == set()


@pytest.mark.parametrize(
    ("attribute", "fault"), [("alt", "image-alt"), ("aria-labelledby", "aria-input-field-name")]
)
def test_what_a_screen_reader_lacks_is_found(page, attribute, fault):
    part = page.query_selector(f".jp-OutputArea [{attribute}]")
    kept = part.get_attribute(attribute)
    part.evaluate("(part, name) => part.removeAttribute(name)", attribute)
    found = faults(page)
    part.evaluate("(part, [name, kept]) => part.setAttribute(name, kept)", [attribute, kept])
    assert [line.partition(":")[0] for line in found] == [fault]


def test_an_untouched_chapter_is_saved_as_it_was(unrun, lab):
    save(unrun)
    assert (lab[1] / PICTURES).read_bytes() == (NOTEBOOKS / PICTURES).read_bytes()


def test_chapter_01_runs_and_its_slider_moves_the_line(page, lab):
    sliders = page.get_by_role("slider", name=re.compile("^(w1|w2|b)$"))
    sliders.first.scroll_into_view_if_needed()
    assert sliders.count() == 3
    picture = page.locator(".jp-OutputArea img.widget-image").first
    before = picture.get_attribute("src")
    assert picture.get_attribute("alt").startswith("outputs 0 0 0 1: AND.")
    page.get_by_role("slider", name="b", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.get_by_text("−0.50", exact=True).wait_for()  # the bias was −1.5
    page.wait_for_function(
        "([image, old]) => image.src !== old && image.alt.startsWith('outputs 0 1 1 1: OR.')",
        arg=[picture.element_handle(), before],
    )

    save(page)
    chapter = nbformat.read(lab[1] / CHAPTER, as_version=4)
    cells = [cell for cell in chapter.cells if cell.cell_type == "code"]
    for cell in cells:
        assert cell.execution_count, f"{cell.id} did not run"
        for output in cell.outputs:
            assert output.output_type != "error", f"{cell.id}: {output.evalue}"
            assert output.get("name") != "stderr", f"{cell.id}: {output.text}"


# Starts our extension as JupyterLab does, in a page with two sliders and a widget's picture.
START = """async () => {
  const rendermime = { getFactory: () => ({}), addFactory() {} };
  const modules = (token) => ({ 1: { get: async () => () => ({ [token]: token }) } });
  const extension = window._JUPYTERLAB["one-neuron"];
  extension.init({
    "@jupyterlab/rendermime": modules("IRenderMimeRegistry"),
    "@jupyterlab/notebook": modules("INotebookTracker"),
  });
  (await extension.get())().default.activate({}, rendermime);
  const parts = "<b class='widget-label'></b><i class='noUi-handle'></i>";
  const slider = `<p class="widget-slider">${parts}</p>`;
  document.body.innerHTML = `${slider}${slider}<img class="widget-image" title="A line.">`;
}"""


def test_widgets_have_names_over_plain_http_too(browser):
    script = Path(course_tools.__file__).parent / "jupyter/labextensions/one-neuron/one-neuron.js"
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**", lambda route: route.fulfill(body="", content_type="text/html"))
        page.goto("http://lab.example/")
        assert not page.evaluate("isSecureContext")
        page.add_script_tag(content=script.read_text(encoding="utf-8"))
        page.evaluate(START)
        page.locator("img[alt='A line.']").wait_for(state="attached", timeout=10 * SECONDS)
        labels = page.locator(".widget-label").evaluate_all("labels => labels.map(l => l.id)")
        handles = page.locator(".noUi-handle").evaluate_all(
            "handles => handles.map(h => h.getAttribute('aria-labelledby'))"
        )
    assert labels == handles and len({*labels}) == 2


# Where the live slides are, and what of this slide is not wholly on the screen or too small.
LOOK = """() => {
  const slide = document.querySelector("section.present > section.present");
  const parts = "img, .widget-slider, .jp-RenderedMarkdown > *, .jp-Cell-inputWrapper";
  const amiss = [...slide.querySelectorAll(parts)].filter((part) => {
    const box = part.getBoundingClientRect();
    const out = box.top < 0 || box.left < 0 || box.right > innerWidth || box.bottom > innerHeight;
    return part.checkVisibility() && (out || box.height < Math.min(250, part.naturalHeight));
  });
  const footer = document.querySelector(".jp-Notebook-footer");  // "Click to add a cell."
  if (footer.checkVisibility()) amiss.push(footer);
  const number = document.querySelector(".slide-number").innerText;
  const place = `${number}, step ${slide.querySelectorAll(".fragment.visible").length}`;
  const name = (part) => part.className || part.innerText || part.outerHTML.slice(0, 80);
  return [place, amiss.map((part) => `${place}: ${name(part)} ${part.clientHeight} px high`)];
}"""


@pytest.fixture(scope="module")
def live(page):
    """Open chapter 01's live slides; return their frame when the sliders are there."""
    page.set_viewport_size({"width": 1280, "height": 720})
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+r")
    slides = page.frame_locator("iframe")
    slides.locator(".slide-number").get_by_text("1 / ").wait_for()
    slides.locator(".noUi-handle").nth(2).wait_for(state="attached")
    slides.locator(".present .jp-Cell").first.click()
    page.keyboard.press("Escape")
    return page.frames[1]


def test_chapter_01_opens_as_live_slides_with_its_sliders(live):
    live.get_by_role("heading", name="01 · Perceptron").wait_for()
    assert live.locator(".noUi-handle").count() == 3
    live.page.keyboard.press("ArrowRight")
    live.get_by_role("heading", name="1. A neuron weighs its inputs").wait_for()


def test_on_a_full_screen_code_above_a_picture_is_there_in_full_once_you_click_into_it(live):
    live.page.keyboard.press("f")
    live.wait_for_function("document.fullscreenElement && innerWidth == 1280")
    live.page.keyboard.press("Space")
    code = live.locator("section.present > section.present .jp-Cell-inputWrapper").first
    hidden = "(code) => code.scrollHeight - code.clientHeight"
    assert code.evaluate(hidden) > 50
    code.locator(".cm-line").first.click()
    assert code.evaluate(hidden) == 0
    live.page.keyboard.press("Escape")
    live.wait_for_function("!document.querySelector('.cm-focused')")


def test_live_slides_show_every_picture_and_slider_whole_on_this_screen(live):
    assert live.evaluate("[innerWidth, innerHeight]") == [1280, 720]
    places, amiss = [""], []
    while True:
        place, found = live.evaluate(LOOK)
        amiss += found
        if place == places[-1]:
            break
        places.append(place)
        live.page.keyboard.press("Space")
    assert amiss == []
    shown, total = re.match(r"(\d+) / (\d+)", places[-1]).groups()
    assert shown == total


@pytest.fixture(scope="module")
def pad(browser, lab):
    """Open a notebook with a page to draw on, in JupyterLab; return the page when it is there."""
    address, folder = lab
    cell = new_code_cell("from course_utils.drawing import draw_digit\n\ndraw_digit()")
    chapter = notebooks.read(folder / CHAPTER)
    chapter.cells = [cell]
    nbformat.write(chapter, folder / "pad.ipynb")
    with browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True) as context:
        page = opened(context, address, "pad.ipynb")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.locator(".course-pad").wait_for()
        yield page


@pytest.mark.parametrize("digit", DRAWN)
def test_a_digit_drawn_with_the_mouse_is_read_right(pad, digit):
    draw(pad, DRAWN[digit])
    pad.get_by_role("status").get_by_text(f"It reads a {digit}.").wait_for()
    assert pad.locator(".course-stages img").count() == 3
    pad.get_by_role("button", name="Clear").click()
    pad.get_by_text("Draw a digit on the page.").wait_for()


def test_undo_takes_one_stroke_back_and_keys_draw_too(pad):
    draw(pad, [[(0.2, 0.1), (0.2, 0.9)], *DRAWN[1]])
    pad.get_by_role("button", name="Undo").click()
    pad.get_by_role("button", name="Undo").click()
    pad.get_by_text("Draw a digit on the page.").wait_for()
    pad.locator(".course-pad canvas").focus()
    for key in ["ArrowUp"] * 11 + ["Space"] + ["ArrowDown"] * 22 + ["Space"]:
        pad.keyboard.press(key)
    pad.get_by_role("status").get_by_text("It reads a 1.").wait_for()
    pad.keyboard.press("Backspace")
    pad.get_by_text("Draw a digit on the page.").wait_for()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_everyone_can_read_the_page_to_draw_on(pad, theme):
    draw(pad, DRAWN[7])
    pad.get_by_text("It reads a 7.").wait_for()
    switch_theme(pad, theme)
    assert faults(pad) == set()
    pad.get_by_role("button", name="Clear").click()


def run_next(page, source):
    """Click into the cell that holds some code, or into its fold, and run it."""
    cell = page.locator(".jp-CodeCell").filter(has_text=source).first
    cell.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(f"!{WAITS}")


@pytest.fixture(scope="module")
def boxes(browser, lab):
    """Open a notebook with a prediction, a quick question and an exercise, as it is stored."""
    address, folder = lab
    covered = {"jupyter": {"outputs_hidden": True}}
    text = new_output("stream", name="stdout", text="stored: 41\n")
    chapter = notebooks.read(folder / CHAPTER)
    chapter.cells = [
        new_code_cell(
            "from course_exercises.predicting import Predictions\n"
            "from course_exercises.chapter01 import nor as q\n\n"
            "guess = Predictions('01')\nneuron = None"
        ),
        new_code_cell("guess.ask('sum', near=1, unit='%')"),
        new_code_cell(
            "print('sum', 42)\nguess.reveal('sum', 42)", metadata=covered, outputs=[text]
        ),
        new_code_cell("guess.ask('fires', ['zero', 'one'])"),
        new_code_cell("guess.reveal('fires', 'one')", metadata=covered),
        new_code_cell("guess.quiz('bias', ['it turns', 'it moves'], 'it moves')"),
        new_code_cell("def NOR(x1, x2):\n    return 1"),
        new_code_cell("q.check(NOR)"),
        new_code_cell("NOR = lambda x1, x2: int(x1 + x2 == 0)"),
    ]
    nbformat.write(chapter, folder / "boxes.ipynb")
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield opened(context, address, "boxes.ipynb")


def test_an_answer_is_covered_until_its_cell_is_run_and_is_compared(boxes):
    assert not boxes.get_by_text("stored: 41").is_visible()
    run_next(boxes, "import Predictions")
    run_next(boxes, "guess.ask('sum'")
    field = boxes.get_by_placeholder("a number")
    field.fill("42,5 %")
    field.press("Enter")
    boxes.get_by_text("You say 42.5 %. Now run the next cell.").wait_for()
    run_next(boxes, "print('sum', 42)")
    boxes.get_by_text("sum 42", exact=True).wait_for()
    assert boxes.get_by_text("You said 42.5 %. It is 42 %: near enough.").count() == 2


def test_a_choice_is_clicked_and_compared(boxes):
    run_next(boxes, "guess.ask('fires'")
    boxes.get_by_role("button", name="zero").click()
    boxes.get_by_text("You say zero. Now run the next cell.").wait_for()
    run_next(boxes, "guess.reveal('fires'")
    boxes.get_by_text("You said zero. It is one.").nth(1).wait_for()


def test_a_quick_question_answers_at_once(boxes):
    run_next(boxes, "guess.quiz('bias'")
    boxes.get_by_role("button", name="it turns").click()
    boxes.get_by_text("it turns: no. Think again.").wait_for()
    boxes.get_by_role("button", name="it moves").click()
    boxes.get_by_text("it moves: right.").wait_for()


def test_an_exercise_by_click(boxes):
    run_next(boxes, "def NOR")
    run_next(boxes, "q.check(NOR)")
    boxes.get_by_text("Exercise 1.1, NOR: not right yet").wait_for()
    for k in 1, 2:
        boxes.get_by_role("button", name="Hint").click()
        boxes.get_by_text(f"Exercise 1.1, NOR: hint {k} of 3").wait_for()
    boxes.get_by_role("button", name="Solution").click()
    boxes.get_by_text("NOR is OR, negated.").wait_for()
    run_next(boxes, "NOR = lambda")
    boxes.get_by_role("button", name="Check again").click()
    boxes.get_by_text("Exercise 1.1, NOR: right").wait_for()
    assert boxes.get_by_text("Exercise 1.1, NOR: not right yet").count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_everyone_can_read_boxes_and_buttons(boxes, theme):
    switch_theme(boxes, theme)
    assert faults(boxes) == set()
