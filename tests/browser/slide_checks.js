// Returns what is wrong with the slides of a page, as ["slide 3: ...", ...]. Pixels are those of
// a window of 1280 x 720, in which nothing is scaled.
async () => {
  const WIDTH = 1280, BOTTOM = 690, SMALLEST = 18, CONTRAST = 4.5;
  const found = new Set();

  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const quote = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 40));

  function luminance(colour) {
    const [r, g, b] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function channels(colour) {  // "rgb(1, 2, 3)" or "rgba(1, 2, 3, 0.5)"
    const numbers = colour.match(/[\d.]+/g).map(Number);
    return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
  }
  function contrast(element) {
    const text = luminance(channels(getComputedStyle(element).color).rgb);
    let ground = 1;
    for (let node = element; node; node = node.parentElement) {
      const { rgb, alpha } = channels(getComputedStyle(node).backgroundColor);
      if (alpha > 0) { ground = luminance(rgb); break; }
    }
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  }

  // Where a box lies beyond the slide, or beyond an ancestor that cuts off what lies outside.
  function beyond(box, element, slide, bottom) {
    const over = [];
    if (box.left < -1 || box.right > WIDTH + 1) over.push("beyond the side of the slide");
    if (box.top < -1 || box.bottom > bottom + 1) over.push("beyond the foot of the slide");
    for (let node = element; node !== slide; node = node.parentElement) {
      const style = getComputedStyle(node), frame = node.getBoundingClientRect();
      if (style.display === "contents" || style.overflow === "visible") continue;
      if (box.right > frame.right + 1 || box.bottom > frame.bottom + 1) over.push("cut off");
    }
    return over;
  }

  // What comes step by step is there at once.
  const style = document.createElement("style");
  style.textContent = ".reveal * { transition: none !important; }";
  document.head.append(style);
  await document.fonts.ready;
  for (let k = 0; k < Reveal.getTotalSlides(); k++) {
    Reveal.slide(k);
    const slide = Reveal.getCurrentSlide().querySelector(".slide");
    slide.querySelectorAll(".fragment").forEach((part) => part.classList.add("visible"));
    const say = (what) => found.add(`slide ${k + 1}: ${what}`);

    const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    let characters = 0;
    while (texts.nextNode()) {
      const text = texts.currentNode, element = text.parentElement;
      if (!text.data.trim() || element.closest("aside.notes, style, script") || !shown(element)) continue;
      if (!element.closest(".section")) characters += text.data.length;
      const range = document.createRange();
      range.selectNodeContents(text);
      const foot = element.closest(".section") ? 720 : BOTTOM;
      for (const box of range.getClientRects()) {
        for (const place of beyond(box, element, slide, foot)) say(`text ${place}: ${quote(text.data)}`);
      }
      const size = parseFloat(getComputedStyle(element).fontSize);
      if (size < SMALLEST) say(`text of ${size} px: ${quote(text.data)}`);
      const ratio = contrast(element);
      if (ratio < CONTRAST) say(`contrast of only ${ratio.toFixed(1)}: ${quote(text.data)}`);
      if (!element.closest("pre, code") && /\$|\\[a-zA-Z]/.test(text.data)) {
        say(`a formula that is not drawn: ${quote(text.data)}`);
      }
    }

    for (const formula of slide.querySelectorAll("math")) {
      if (formula.closest("aside.notes") || !shown(formula)) continue;
      const box = formula.getBoundingClientRect();
      if (!box.width || !box.height || formula.querySelector("merror")) {
        say(`a formula that is not drawn: ${quote(formula.textContent)}`);
      }
    }

    for (const image of slide.querySelectorAll("img")) {
      if (image.closest("aside.notes") || !shown(image)) continue;
      const box = image.getBoundingClientRect();
      // nbconvert fills in an alternative text that says there is none.
      if (!image.alt.trim() || image.alt.startsWith("No description")) say("a picture without alternative text");
      for (const place of beyond(box, image, slide, BOTTOM)) say(`picture ${place}`);
      const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
      const size = scale * Number(image.dataset.textHeight);
      if (!(size >= SMALLEST)) say(`text of ${size.toFixed(1)} px in a picture: ${quote(image.alt)}`);
    }
    if (!characters && !slide.querySelector("img")) say("empty");
  }
  return [...found];
};
