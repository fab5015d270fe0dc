// An extension of JupyterLab that needs no build. It adds what JupyterLab 4 and ipywidgets 8 leave
// out for screen readers, keeps out of a notebook what would differ from student to student, and
// out of sight the answer to a question.
{
  // JupyterLab shows a picture without the `alt` that is stored beside it.
  function describePictures(rendermime) {
    const pictures = rendermime.getFactory("image/png");
    const createRenderer = (options) => {
      const renderer = pictures.createRenderer(options);
      const render = renderer.render.bind(renderer);
      renderer.render = async (model) => {
        await render(model);
        const alt = model.metadata[options.mimeType]?.alt;
        if (alt) renderer.node.querySelector("img")?.setAttribute("alt", alt);
      };
      return renderer;
    };
    rendermime.addFactory({ ...pictures, createRenderer });
  }

  // In place of a covered output JupyterLab shows its first line, which is often the answer.
  function coverAnswers() {
    const style = document.head.appendChild(document.createElement("style"));
    style.textContent = ".jp-OutputPlaceholder .jp-PlaceholderText { display: none; }";
  }

  let sliders = 0; // that have a name: a counter, as plain http has no crypto.randomUUID

  // ipywidgets writes the name of a slider beside it, but ties it neither to the handle nor to the
  // number, which can be typed over. A picture that is a widget has a tooltip, but no `alt`.
  function nameWidgets() {
    const parts = ".noUi-handle:not([aria-labelledby]), .widget-readout:not([aria-labelledby])";
    for (const part of document.querySelectorAll(parts)) {
      const label = part.closest(".widget-slider")?.querySelector(".widget-label");
      if (!label) continue;
      label.id ||= `one-neuron-slider-${++sliders}`;
      part.setAttribute("aria-labelledby", label.id);
      part.dataset.lmSuppressShortcuts = "true"; // or an arrow key goes to the next heading
      if (part.isContentEditable) part.setAttribute("role", "textbox");
    }
    for (const picture of document.querySelectorAll("img.widget-image[title]")) {
      picture.alt = picture.title;
      picture.removeAttribute("title");
    }
  }

  // JupyterLab writes the version of Python into a notebook as soon as it is open.
  function saveWithoutVersion(notebooks) {
    notebooks.widgetAdded.connect((_, { context }) => {
      context.saveState.connect((_, state) => {
        const { version, ...language } = context.model.getMetadata("language_info") ?? {};
        if (state == "started" && version) context.model.setMetadata("language_info", language);
      });
    });
  }

  // A widget with a name asks the MathJax of ten years ago to look for formulas in it. JupyterLab has
  // a later one, which knows no such question: each slider would fail, half drawn.
  function answerWidgets() {
    window.MathJax ??= { version: "3", _: {}, config: {} };
    window.MathJax.Hub ??= { Queue() {} };
  }

  let shared; // the modules that JupyterLab shares with its extensions: name -> version -> module

  async function extension() {
    const load = async (name) => (await Object.values(shared[name])[0].get())();
    const { IRenderMimeRegistry } = await load("@jupyterlab/rendermime");
    const { INotebookTracker } = await load("@jupyterlab/notebook");
    const plugin = {
      id: "one-neuron:plugin",
      autoStart: true,
      requires: [IRenderMimeRegistry],
      optional: [INotebookTracker],
      activate(app, rendermime, notebooks) {
        describePictures(rendermime);
        coverAnswers();
        answerWidgets();
        const changes = { attributeFilter: ["title"], childList: true, subtree: true };
        new MutationObserver(nameWidgets).observe(document.body, changes);
        if (notebooks) saveWithoutVersion(notebooks);
      },
    };
    return () => ({ __esModule: true, default: plugin });
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["one-neuron"] = { init: (scope) => void (shared = scope), get: extension };
}
