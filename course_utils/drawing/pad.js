// A page to draw a digit on, and beside it what a network says while you draw.
// Python gets the strokes and gives the answer, both as JSON in a trait; see __init__.py.

const STEP = 0.03; // how far the pen moves with an arrow key, as a share of the page

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  const { side, width, hint, examples } = JSON.parse(model.get("page"));
  const keys = "Arrow keys move the pen, space puts it down and lifts it, backspace takes a stroke back.";
  const page = element("canvas", { width: side, height: side, tabindex: 0, role: "img" });
  page.setAttribute("aria-label", `Page to draw a digit on. ${keys}`);
  page.title = keys;
  const undo = element("button", { type: "button" }, "Undo");
  const clear = element("button", { type: "button" }, "Clear");
  const example = element("button", { type: "button" }, "Example");
  const stages = element("div", { class: "course-stages" });
  const answer = element("p", { class: "course-answer", role: "status" }, hint);
  const bars = [...Array(10).keys()].map((digit) => {
    const bar = element("div", { class: "course-bar" });
    const number = element("span", { class: "course-number" });
    const row = element("div", { class: "course-row" }, `${digit}`, element("div", {}, bar), number);
    return { row, bar, number };
  });
  const left = element("div", {}, page, element("div", { class: "course-buttons" }, undo, clear, example));
  const right = element("div", { class: "course-bars" }, answer, ...bars.map(({ row }) => row), stages);
  el.append(element("div", { class: "course-pad" }, left, right));

  let strokes = JSON.parse(model.get("strokes")); // each a list of [x, y], shares of the page
  let asked = null; // the strokes that Python is looking at
  let pen = [0.5, 0.5]; // where the keys have moved it
  let down = false; // whether the keys draw
  let shown = 0; // which example comes next
  const ink = page.getContext("2d");

  function paint() {
    ink.fillStyle = "white";
    ink.fillRect(0, 0, side, side);
    Object.assign(ink, { lineWidth: width, lineCap: "round", lineJoin: "round", strokeStyle: "#222" });
    for (const stroke of strokes) {
      ink.beginPath();
      stroke.forEach(([x, y]) => ink.lineTo(x * side, y * side));
      ink.lineTo(stroke.at(-1)[0] * side + 0.01, stroke.at(-1)[1] * side); // a dot is a stroke, too
      ink.stroke();
    }
    if (document.activeElement === page && page.matches(":focus-visible")) {
      ink.strokeStyle = "#0072b2";
      ink.lineWidth = 2;
      ink.strokeRect(pen[0] * side - 6, pen[1] * side - 6, 12, 12);
    }
    undo.disabled = clear.disabled = !strokes.length;
  }

  // Python answers one question at a time: what is drawn meanwhile is asked when it has answered.
  function ask() {
    paint();
    const now = JSON.stringify(strokes);
    if (asked !== null || now === model.get("strokes")) return;
    asked = now;
    model.set("strokes", now);
    model.save_changes();
  }

  function tell() {
    const said = JSON.parse(model.get("answer"));
    answer.textContent = said.words || hint;
    stages.replaceChildren(
      ...(said.stages ?? []).map(([caption, png]) => {
        const picture = element("img", { src: `data:image/png;base64,${png}`, alt: caption });
        return element("figure", {}, picture, element("figcaption", {}, caption));
      }),
    );
    bars.forEach(({ row, bar, number }, digit) => {
      row.classList.toggle("course-best", digit === said.best);
      bar.style.width = `${said.widths?.[digit] ?? 0}%`;
      number.textContent = said.numbers?.[digit] ?? "";
    });
    asked = null;
    if (said.strokes === model.get("strokes")) ask();
  }

  function change(next) {
    strokes = next;
    ask();
  }

  function at(event) {
    const box = page.getBoundingClientRect();
    const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return place.map((share) => Number(Math.min(Math.max(share, 0), 1).toFixed(3)));
  }

  page.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button > 0) return;
    page.setPointerCapture(event.pointerId);
    change([...strokes, [at(event)]]);
  });
  page.addEventListener("pointermove", (event) => {
    if (!page.hasPointerCapture(event.pointerId)) return;
    strokes.at(-1).push(...(event.getCoalescedEvents?.() ?? [event]).map(at));
    ask();
  });
  page.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way && event.key !== " " && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation(); // or JupyterLab takes it
    if (event.key === "Backspace") return change(strokes.slice(0, -1));
    if (event.key === " ") {
      down = !down;
      return down ? change([...strokes, [pen]]) : paint();
    }
    pen = pen.map((share, k) => Number(Math.min(Math.max(share + STEP * way[k], 0), 1).toFixed(3)));
    if (down) strokes.at(-1).push(pen);
    ask();
  });
  page.addEventListener("focus", paint);
  page.addEventListener("blur", () => {
    down = false;
    paint();
  });
  undo.addEventListener("click", () => change(strokes.slice(0, -1)));
  clear.addEventListener("click", () => change([]));
  example.addEventListener("click", () => change(structuredClone(examples[shown++ % examples.length])));
  model.on("change:answer", tell);
  paint();
  tell();
}

export default { render };
