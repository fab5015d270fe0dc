"""The rules that every notebook keeps. Each returns one line for everything that breaks it."""

import ast
import re

import nbformat
import numpy as np

from course_tools.execute import METADATA, WIDGET_VIEW
from course_utils.files import COURSE as ROOT

TAGS = {
    "code-only",  # on a slide, its output is left out
    "exercise",  # a starter cell, for the student to fill in
    "full-mnist",  # its text comes from full MNIST; not compared on the offline sample
    "nbval-ignore-output",  # run, never compared
    "output-only",  # on a slide, its code is left out
    "raises-exception",  # is there to show an error
    "teaches",  # defines a function that course_utils exports, in front of the student
    "whole-program",  # a complete program, to be read in one piece
}
SLIDE_TYPES = {"slide", "fragment", "-", "notes", "skip"}
READABLE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
GENERATED_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
# A stored output may not hold what differs in the next run or on another machine.
UNSTABLE = re.compile(r"\b0x[0-9a-f]{6,}|ipykernel_\d+|/home/|/Users/|/root/|/tmp/|[A-Z]:\\")
MAX_CODE_LINES = 15
# What JupyterLab writes for code, and for outputs, that a student opens when it is time.
FOLDED = {"source_hidden": True}
COVERED = {"outputs_hidden": True}
MAX_PROGRAM_LINES = 30
MAX_FOLDED_LINES = 40
MAX_WORDS = 120
GLOBAL_RANDOM = {"rand", "randn", "randint", "random", "choice", "shuffle", "permutation", "normal"}
MAY_DIFFER = {"doctor"}  # cells that may be tagged nbval-ignore-output
RANDOM_LAYERS = {"Dense", "Conv2D", "Dropout"}
NEED_A_SEED = {"default_rng", "RandomState", "Random", "Generator"}


def read(path):
    return nbformat.read(path, as_version=4)


def exported_names():
    """Return every public function and class of course_utils and its rooms."""
    names = set()
    for path in (ROOT / "course_utils").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= {name for name in defined_names(tree) if not name.startswith("_")}
    return names


def defined_names(tree):
    """Return the functions and classes defined at the top of a module or cell."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in tree.body if isinstance(node, kinds)}


def bound_functions(tree):
    """Return what a cell, at any depth, defines or gives a second name; methods do not count."""
    names = set()
    for node in ast.iter_child_nodes(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.Lambda | ast.Attribute | ast.Name):
            names |= {
                target.id
                for target in targets
                if isinstance(target, ast.Name)
                and target.id != getattr(value, "attr", None)  # relu = activations.relu: no copy
            }
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if not isinstance(node, ast.ClassDef):
            names |= bound_functions(node)
    return names


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def parsed_cells(notebook):
    """Return every code cell that is plain Python, with its syntax tree."""
    pairs = []
    for cell in code_cells(notebook):
        try:
            pairs.append((cell, ast.parse(cell.source)))
        except SyntaxError:  # reported by `plain_python`
            continue
    return pairs


# ---------------------------------------------------------------- the form of a notebook


def valid_format(notebook):
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield str(error)


def readable_ids(notebook):
    ids = [cell.get("id", "") for cell in notebook.cells]
    for name in ids:
        if not READABLE_ID.fullmatch(name) or GENERATED_ID.fullmatch(name):
            yield f"cell id {name!r} is not made of lower-case words and hyphens"
        if ids.count(name) > 1:
            yield f"cell id {name!r} is there {ids.count(name)} times"


def known_metadata(notebook):
    if notebook.metadata != METADATA:
        yield "the metadata of the notebook are not those that execute writes"
    for cell in notebook.cells:
        unknown = set(cell.metadata) - {"tags", "slideshow", "nbval"}
        folds = (FOLDED, COVERED, FOLDED | COVERED)
        if cell.metadata.get("jupyter") in folds and cell.cell_type == "code":
            unknown -= {"jupyter"}
        # JupyterLab writes both, for other programs.
        if ("collapsed" in unknown) != ("outputs_hidden" in cell.metadata.get("jupyter", {})):
            yield f"{cell.id}: its outputs are covered for JupyterLab only, or for others only"
        unknown -= {"collapsed"}
        if unknown:
            yield f"{cell.id}: metadata {sorted(unknown)}"
        if tags(cell) - TAGS:
            yield f"{cell.id}: tags {sorted(tags(cell) - TAGS)}"
        if "nbval-ignore-output" in tags(cell) and cell.id not in MAY_DIFFER:
            yield f"{cell.id}: may not be tagged nbval-ignore-output"


def cut_into_slides(notebook):
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind not in SLIDE_TYPES:
            yield f"{cell.id}: slide type {kind!r}, not one of {sorted(SLIDE_TYPES)}"


def executed_in_order(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(counts)}"


def outputs_are_there(notebook):
    """Find stripped outputs, which nbval would pass: it compares only what is stored."""
    for cell, tree in parsed_cells(notebook):
        if not cell.outputs and _shows_something(tree):
            yield f"{cell.id}: shows something, but has no stored output"


def _shows_something(tree):
    """Tell whether a cell surely prints or plots, or ends in a value that is displayed."""
    for node in _surely_run(tree.body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) in ("print", "plt.show", "display"):
                return True
    last = tree.body[-1] if tree.body else None
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Name | ast.Subscript)


def _surely_run(statements):
    """Yield the statements, and those inside loops and ``with`` blocks."""
    for node in statements:
        yield node
        if isinstance(node, ast.For | ast.With):
            yield from _surely_run(node.body)


def clean_outputs(notebook):
    for cell in code_cells(notebook):
        expected = "raises-exception" in tags(cell)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if expected and not errors:
            yield f"{cell.id}: is tagged raises-exception, but stores no error"
        if errors and not expected:
            yield f"{cell.id}: stores the error {errors[0].ename}"
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"{cell.id}: stores stderr {output.text[:60]!r}"
            data = output.get("data", {})
            for kind in data.keys() & {"image/svg+xml", WIDGET_VIEW}:
                yield f"{cell.id}: stores {kind}, which differs in the next run"
            texts = [value for kind, value in data.items() if kind.startswith("text/")]
            # The traceback of a meant error names no file of the course either.
            texts += [output.get(key, "") for key in ("text", "evalue", "traceback")]
            text = "\n".join(map(str, texts))
            unstable = UNSTABLE.search(text) or re.search(re.escape(str(ROOT)), text)
            if unstable and "nbval-ignore-output" not in tags(cell):
                yield f"{cell.id}: stores {unstable[0]!r}, which differs elsewhere"


def figures_are_described(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                if not output.metadata.get("image/png", {}).get("alt"):
                    yield f"{cell.id}: a figure without alternative text; is it executed?"


def short_cells(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            n_lines = len(cell.source.splitlines())
            is_folded = "source_hidden" in cell.metadata.get("jupyter", {})
            most = MAX_PROGRAM_LINES if "whole-program" in tags(cell) else MAX_CODE_LINES
            most = MAX_FOLDED_LINES if is_folded else most
            if n_lines > most and "exercise" not in tags(cell):
                yield f"{cell.id}: {n_lines} lines of code, at most {most}"
        else:
            prose = [line for line in cell.source.splitlines() if not line.startswith("|")]
            n_words = len(re.findall(r"\w[\w'’.-]*", " ".join(prose)))
            if n_words > MAX_WORDS:
                yield f"{cell.id}: {n_words} words, at most {MAX_WORDS}"


def links_lead_somewhere(notebook):
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        targets = re.findall(r"\]\(([^)#\s]+)", cell.source)
        targets += re.findall(r"""<(?:a|img)\b[^>]*?(?:href|src)=["']([^"'#]+)""", cell.source)
        for target in targets:
            is_web = target.startswith(("http://", "https://"))
            if not is_web and not (ROOT / "notebooks" / target).exists():
                yield f"{cell.id}: {target} is not there"
        if re.search(r"""!\[[^]]*\]\(\s*https?:|<img\b[^>]*src=["']https?:""", cell.source):
            yield f"{cell.id}: a picture comes from the network"


def reads_like_a_chapter(notebook):
    """Every chapter opens with a question and closes with a recap; exercises have a starter."""
    first, text = notebook.cells[0], "\n".join(cell.source for cell in notebook.cells)
    for needed in ("# ", "The question.", "After this chapter you can", "**Time:**"):
        if needed not in first.source:
            yield f"the first cell lacks {needed!r}"
    for needed in ("## Recap", "**Sources.**", "**Predict first.**"):
        if needed not in text:
            yield f"the chapter lacks {needed!r}"
    ids = [cell.id for cell in notebook.cells]
    for before, cell in zip(ids, notebook.cells[1:], strict=False):
        if "exercise" in tags(cell) and cell.id != f"{before}-starter":
            yield f"{cell.id}: a starter is called after the exercise above it, {before}-starter"


def predictions_are_answered(notebook):
    """Each prediction box stands folded below its question, and a covered cell below answers it."""
    open_boxes, before = {}, None
    for cell in notebook.cells:
        calls = list(_calls_of_guess(cell)) if cell.cell_type == "code" else []
        folds = cell.metadata.get("jupyter", {})
        for method, name in calls:
            if method == "reveal":
                if open_boxes.pop(name, None) is None:
                    yield f"{cell.id}: reveals {name!r}, which no box above asks"
                if not folds.get("outputs_hidden"):
                    yield f"{cell.id}: reveals {name!r}, but its outputs are not covered"
            elif not folds.get("source_hidden"):
                yield f"{cell.id}: the code of a box is not folded"
            if method == "quiz" and not cell.source.startswith("#"):
                yield f"{cell.id}: begins with a question, whose answer its fold would show"
            if method == "ask":
                open_boxes[name] = cell.id
                if cell.id != f"guess-{name}":
                    yield f"{cell.id}: the box of {name!r} should be called guess-{name}"
                if before is None or "**Predict first.**" not in before.source:
                    yield f"{cell.id}: no *Predict first* stands above the box"
        before = cell
    for name, box in open_boxes.items():
        yield f"{box}: nothing reveals {name!r}"


def _calls_of_guess(cell):
    """Yield method and name of each ``guess.ask(name, ...)``, ``reveal`` and ``quiz`` in a cell."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("guess."):
            yield node.func.attr, getattr(node.args[0], "value", None)


# ---------------------------------------------------------------- the code in a notebook


def plain_python(notebook):
    for cell in code_cells(notebook):
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"{cell.id}: line {error.lineno} is not plain Python: {error.text}"


def copies_nothing_shared(notebook):
    """Find what should be imported from course_utils, except in the cell that teaches it."""
    exported = exported_names()
    for cell, tree in parsed_cells(notebook):
        shared = bound_functions(tree) & exported
        if "teaches" in tags(cell):
            if not shared:
                yield f"{cell.id}: is tagged teaches, but defines nothing that course_utils exports"
        elif shared:
            yield f"{cell.id}: defines {sorted(shared)}, which course_utils exports"


def leaves_sys_path_alone(notebook):
    for cell, tree in parsed_cells(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in (
                "sys.path",
                "site.addsitedir",
                "os.chdir",
            ):
                yield f"{cell.id}: touches {ast.unparse(node)}"
            if isinstance(node, ast.Import):
                renamed = [name.name for name in node.names if name.asname]
                if {"sys", "site", "os"} & set(renamed):
                    yield f"{cell.id}: renames {renamed}"
            if isinstance(node, ast.ImportFrom) and node.module in ("sys", "site", "os"):
                yield f"{cell.id}: imports from {node.module}: import the module"


def existing_names(notebook):
    """Find names that NumPy has removed, such as ``np.int``, in cells that may never run."""
    for cell, tree in parsed_cells(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np", "numpy"):
                if not hasattr(np, node.attr):
                    yield f"{cell.id}: NumPy has no {node.attr}"


def seeded_randomness(notebook):
    code = "\n".join(cell.source for cell in code_cells(notebook))
    for cell, tree in parsed_cells(notebook):
        for node in ast.walk(tree):
            imported = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                imported = [node.module]
            if "random" in imported:
                yield f"{cell.id}: uses Python's random; take np.random.default_rng(seed)"
            if isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
                yield f"{cell.id}: imports from numpy.random; take np.random.default_rng(seed)"
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            name = called.rpartition(".")[2]
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name in NEED_A_SEED and (not given or ast.unparse(given[0]) == "None"):
                yield f"{cell.id}: {called}() has no seed"
            if called in (f"np.random.{name}", f"numpy.random.{name}") and name in GLOBAL_RANDOM:
                yield f"{cell.id}: {called} draws from NumPy's global random state"
            keywords = {keyword.arg for keyword in node.keywords}
            draws = name in RANDOM_LAYERS and "kernel_initializer" not in keywords
            if (called.startswith("tf.random.") or draws) and "set_random_seed(" not in code:
                yield f"{cell.id}: {called} needs keras.utils.set_random_seed in the notebook"


RULES = [
    valid_format,
    readable_ids,
    known_metadata,
    cut_into_slides,
    executed_in_order,
    outputs_are_there,
    clean_outputs,
    figures_are_described,
    short_cells,
    links_lead_somewhere,
    reads_like_a_chapter,
    predictions_are_answered,
    plain_python,
    copies_nothing_shared,
    leaves_sys_path_alone,
    existing_names,
    seeded_randomness,
]


def repeated_definitions(notebooks):
    """Return what is defined in two notebooks, or taught twice. `notebooks`: {name: notebook}."""
    homes = {}
    for name, notebook in notebooks.items():
        for cell, tree in parsed_cells(notebook):
            if "exercise" in tags(cell):
                continue
            for defined in defined_names(tree):
                homes.setdefault(defined, []).append((name, cell.id, "teaches" in tags(cell)))
    problems = []
    for defined, places in sorted(homes.items()):
        if len({name for name, _, _ in places}) > 1 or sum(taught for *_, taught in places) > 1:
            cells = ", ".join(f"{name} ({cell})" for name, cell, _ in places)
            problems.append(f"{defined} is defined in {cells}")
    return problems


def opening_differs(chapter, notebook):
    """Find where a notebook opens otherwise than its row in the table of chapters says."""
    opening = notebook.cells[0].source
    heading = opening.partition("\n")[0]
    if not heading.startswith(f"# {chapter.number} · "):
        yield f"{heading!r} does not begin with '# {chapter.number} · '"
    missing = set(chapter.title.lower().split()) - set(heading.lower().split())
    if missing:
        yield f"{heading!r} lacks {sorted(missing)} of the title {chapter.title!r}"
    if f"**Time:** about {chapter.minutes} minutes" not in opening:
        yield f"the time is not the table's: about {chapter.minutes} minutes"
