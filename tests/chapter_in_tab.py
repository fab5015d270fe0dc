"""A chapter that runs in a browser's tab (JupyterLite), and what it must have printed there."""

import re

from nbval_numbers import is_near

SECONDS = 120  # for what takes seconds on a quiet machine
READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.content?.model?.cells.length > 3 && !!panel.sessionContext?.session?.kernel;
}"""
RUN = """async (k) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = k;
  await commands.execute("notebook:run-cell");
  return notebook.widgets[k].model.toJSON();
}"""
CELLS = "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
WRITE = """([k, source]) => {
  window.jupyterapp.shell.currentWidget.content.widgets[k].model.sharedModel.setSource(source);
}"""
# There NumPy cannot warn, and nothing interrupts a training.
NOT_IN_TAB = r"(?m)^(RuntimeWarning: |Training stopped after step ).*\n?"
EXECUTE = """async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = kernel.requestExecute({ code });
  let text = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type == "stream") text += content.text;
    if (header.msg_type == "error") text += `${content.ename}: ${content.evalue}`;
  };
  await future.done;
  return text;
}"""


class Chapter:
    """A chapter, opened in a page of Playwright."""

    def __init__(self, page, address):
        """Open the address; return when the chapter is there and its Python is starting."""
        self.page = page
        page.goto(address)
        self.wait()

    def wait(self):
        """Wait until the chapter is there."""
        self.page.wait_for_function(READY, timeout=1000 * SECONDS)

    def cells(self):
        """Return all cells as they are now, as dicts in the format of notebooks."""
        return self.page.evaluate(CELLS)

    def place(self, cell_id):
        """Return the place of a cell."""
        return [cell["id"] for cell in self.cells()].index(cell_id)

    def write(self, cell_id, source):
        """Type into a cell."""
        self.page.evaluate(WRITE, [self.place(cell_id), source])

    def run(self, *cell_ids):
        """Run cells; return the last, with what came out."""
        return [self.page.evaluate(RUN, self.place(cell_id)) for cell_id in cell_ids][-1]

    def run_all(self):
        """Run all cells in their order, and return them."""
        return [
            self.page.evaluate(RUN, k) if cell["cell_type"] == "code" else cell
            for k, cell in enumerate(self.cells())
        ]

    def save(self):
        """Let the browser keep the notebook."""
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")

    def execute(self, code):
        """Let the kernel run code of the test; return what it printed, or how it failed."""
        return self.page.evaluate(EXECUTE, code)


def differences(cells, stored_cells, full_mnist=False):
    """Return where text that came out in the tab is not what the notebook stores, as texts.

    Numbers may differ as the cell's metadata says; there is no full MNIST unless it was fetched.
    """
    stored = {cell["id"]: cell for cell in stored_cells}
    found = []
    for cell in cells:
        known = stored[cell["id"]]
        tags = known["metadata"].get("tags", [])
        errors = [out["evalue"] for out in cell.get("outputs", []) if out["output_type"] == "error"]
        if errors and "raises-exception" not in tags:
            found.append(f"{cell['id']}: {errors}")
        if {"nbval-ignore-output", *([] if full_mnist else ["full-mnist"])} & {*tags}:
            continue
        said, expected = text_of(cell), re.sub(NOT_IN_TAB, "", text_of(known))
        tolerance = known["metadata"].get("nbval", {}).get("numbers", {})
        if said != expected and not is_near(said, expected, tolerance):
            found.append(f"{cell['id']}: {said!r} in place of {expected!r}")
    return found


def text_of(cell):
    """Return what a cell has printed and shown, but for pictures and widgets."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output["output_type"] == "stream":
            texts.append(
                f"{'' if output['name'] == 'stdout' else 'stderr: '}{joined(output['text'])}"
            )
        elif output["output_type"] == "error":
            texts.append(f"{output['evalue']}\n")
        elif not any(kind.startswith("image/") or "widget-view" in kind for kind in data):
            text = joined(data["text/plain"])
            # A link is no text, and a box for an answer is one only without a browser.
            if text and not text.startswith("Your "):
                texts.append(f"{text}\n")
    return "".join(texts)


def joined(text):
    return text if isinstance(text, str) else "".join(text)
