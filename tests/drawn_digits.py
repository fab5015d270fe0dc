"""Digits that a mouse draws on the page for drawing."""

# Strokes, in shares of the page.
DRAWN = {
    1: [[(0.55, 0.15), (0.5, 0.5), (0.47, 0.85)]],
    3: [
        [
            (0.3, 0.22),
            (0.5, 0.15),
            (0.66, 0.28),
            (0.46, 0.48),
            (0.7, 0.62),
            (0.55, 0.85),
            (0.3, 0.76),
        ]
    ],
    7: [[(0.25, 0.22), (0.72, 0.2), (0.45, 0.85)]],
    0: [
        [
            (0.5, 0.15),
            (0.28, 0.4),
            (0.32, 0.75),
            (0.55, 0.85),
            (0.72, 0.6),
            (0.66, 0.25),
            (0.5, 0.15),
        ]
    ],
}


def draw(page, strokes):
    box = page.locator(".course-pad canvas").bounding_box()
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=8)
        page.mouse.up()
