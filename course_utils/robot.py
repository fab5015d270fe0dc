"""A world for a small robot with a camera: a road, obstacles, light (chapter 12).

Lengths are in metres, angles in radians. A pose is an array ``(x, y, heading)``; heading 0 looks
along x, and grows to the left. A steering is a number from -1, sharp left, to 1, sharp right. The
world is a square that goes on beyond each side at the opposite one. Everything follows from its
seed; what the camera adds by chance comes from the generator that ``view`` is given.
"""

import numpy as np
from scipy.spatial import cKDTree

from course_utils import checks

SIZE = 8.0  # the side of the world
ROAD = 0.25  # from the centre line to the edge of the road
EDGE = 0.02  # half the width of the line along each edge
STEP = 0.05  # how far a robot drives from one picture to the next
TURN = 0.2  # how far it turns on the way at a steering of 1
AHEAD = 0.5  # how far ahead on the road the point lies that it steers to
RADIUS = 0.1  # of the robot, seen from above
STOP = 0.45  # an obstacle nearer than this, in the robot's way, blocks it

PIXELS = 32  # the camera's picture is a square
HORIZON = 8  # the row from which the ground begins
FOCAL = PIXELS / 2  # 90 degrees from the left edge of the picture to the right
HEIGHT = 0.15  # of the camera above the ground
SIGHT = 3.0  # an obstacle farther away is not drawn
SPACING = 0.01  # of the points of the centre line
CELL = 0.02  # the ground is painted on squares of this side
BLOCK = 10  # blocks of 10 x 10 squares: if far from the road, not measured square by square

FINE = 2  # each pixel of the ground is the mean of 2 x 2 points; these lie ahead and to the left:
_rows = (np.arange((PIXELS - HORIZON) * FINE) + 0.5) / FINE
_columns = (np.arange(PIXELS * FINE) + 0.5) / FINE - PIXELS / 2
_FORWARD = np.repeat(HEIGHT * FOCAL / _rows[:, np.newaxis], len(_columns), axis=1)
_LEFT = -_FORWARD * _columns / FOCAL
# The sun stands on the left: brightness from the left edge of an obstacle, as far as it is seen.
_SHADE = np.linspace(1.15, 0.65, PIXELS)[:, np.newaxis]

# Colours from 0 to 1: red, green, blue. A lamp's light falls to a third at its distance, in metres.
_GARDEN = {
    "sky": (0.6, 0.8, 0.95),
    "ground": (0.3, 0.5, 0.2),
    "road": (0.45, 0.45, 0.45),
    "edge": (0.95, 0.95, 0.9),
    "obstacles": ((0.8, 0.25, 0.15), (0.9, 0.6, 0.1), (0.5, 0.2, 0.4)),
    "lamp": None,
}
STYLES = {
    "garden": _GARDEN,
    "hall": {
        "sky": (0.75, 0.72, 0.65),
        "ground": (0.55, 0.4, 0.28),
        "road": (0.16, 0.17, 0.22),
        "edge": (0.9, 0.75, 0.15),
        "obstacles": ((0.85, 0.85, 0.9), (0.1, 0.35, 0.6), (0.15, 0.15, 0.15)),
        "lamp": None,
    },
    "night": _GARDEN | {"sky": (0.02, 0.02, 0.06), "lamp": 0.35},
}


class World:
    """A road in a closed curve, and round obstacles that stand about.

    Parameters
    ----------
    seed : int
        Draws the road, the obstacles, the stains on the ground, and the light.
    style : {"garden", "hall", "night"}
        Its colours.
    n_obstacles : int, optional
        They stand anywhere, on the road too.

    Attributes
    ----------
    centre : ndarray of float, shape (n, 2)
        Points of the centre line, one centimetre apart, in the direction of driving.
    obstacles : ndarray of float, shape (n_obstacles, 4)
        Each row: x, y, radius, height.
    ground : ndarray of uint8, shape (400, 400, 3)
        The colours of the ground, seen from above, ``[y, x]``.
    """

    def __init__(self, seed, style="garden", n_obstacles=0):
        self.style = STYLES[checks.known("style", style, STYLES)]
        checks.whole("n_obstacles", n_obstacles, 0)
        rng = np.random.default_rng(seed)
        self.centre = _road(rng)
        self._tree = cKDTree(self.centre, boxsize=SIZE)
        following = np.roll(self.centre, -1, axis=0) - self.centre
        self._along = following / np.linalg.norm(following, axis=1, keepdims=True)
        low, high = [0, 0, 0.06, 0.15], [SIZE, SIZE, 0.14, 0.4]
        self.obstacles = rng.uniform(low, high, (n_obstacles, 4))
        self._colours = rng.choice(self.style["obstacles"], n_obstacles)
        self._light = rng.uniform(0.75, 1.1) * rng.uniform(0.93, 1.07, 3)
        self.ground = self._painted(rng)

    def _painted(self, rng):
        """Return the ground seen from above: uint8 of shape (cells, cells, 3), ``[y, x]``."""
        points = _middles(CELL)
        distance = np.full(points.shape[:2], np.inf)
        far = ROAD + EDGE + BLOCK * CELL  # from the middle of a block to the road
        near = self._tree.query(_middles(BLOCK * CELL))[0] < far
        near = near.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
        distance[near], _ = self._tree.query(points[near])
        ground = np.empty((*distance.shape, 3))
        ground[:] = self.style["ground"]
        ground[distance < ROAD] = self.style["road"]
        ground[np.abs(distance - ROAD) < EDGE] = self.style["edge"]
        coarse = rng.uniform(0.8, 1.2, [n // 5 for n in distance.shape])  # stains of 10 cm
        stains = coarse.repeat(5, axis=0).repeat(5, axis=1) * rng.uniform(0.9, 1.1, distance.shape)
        return (255 * ground * stains[:, :, np.newaxis]).clip(0, 255).astype(np.uint8)

    # ---- Where a robot is

    def start(self, place=0.0, aside=0.0, turned=0.0):
        """Return a pose on the road, looking along it.

        `place` is the share of the lap that lies behind, 0 to 1; `aside` how far to the right of
        the centre line it is, and `turned` by how much to the left of the road it looks.
        """
        i = round(place * len(self.centre)) % len(self.centre)
        along = self._along[i]
        x, y = self.centre[i] + aside * np.array([along[1], -along[0]])
        return np.array([x, y, np.arctan2(along[1], along[0]) + turned])

    def aside(self, pose):
        """Return how far to the right of the centre line a robot is; left of it is below 0."""
        pose = _checked(pose)
        _, i = self._tree.query(pose[:2])
        dx, dy = _shortest(pose[:2] - self.centre[i])
        return float(self._along[i] @ (-dy, dx))

    def place(self, pose):
        """Return the share of the lap that lies behind the nearest point of the road, 0 to 1."""
        pose = _checked(pose)
        return self._tree.query(pose[:2])[1] / len(self.centre)

    def steering_point(self, pose):
        """Return where in the picture the road's centre is, half a metre ahead: -1 left, 1 right.

        A robot that takes this for its steering follows the road ("pure pursuit", Coulter 1992).
        """
        pose = _checked(pose)
        _, i = self._tree.query(pose[:2])
        i = (i + round(AHEAD / SPACING)) % len(self.centre)
        ahead, left = self._seen_from(pose, self.centre[i])
        return float(np.clip(-left / max(ahead, 1e-3), -1, 1))

    def is_blocked(self, pose):
        """Return whether an obstacle stands in the robot's way, nearer than `STOP`."""
        pose = _checked(pose)
        ahead, left = self._seen_from(pose, self.obstacles[:, :2]).T
        radius = self.obstacles[:, 2]
        in_the_way = (np.abs(left) < radius + RADIUS) & (ahead > 0) & (ahead - radius < STOP)
        return bool(in_the_way.any())

    def has_crashed(self, pose):
        """Return whether the robot touches an obstacle."""
        pose = _checked(pose)
        distance = np.hypot(*self._seen_from(pose, self.obstacles[:, :2]).T)
        return bool((distance < self.obstacles[:, 2] + RADIUS).any())

    @staticmethod
    def _seen_from(pose, points):
        """Return how far ahead and how far to the left of a robot points are: [..., 2]."""
        away = _shortest(points - pose[:2])
        cos, sin = np.cos(pose[2]), np.sin(pose[2])
        return away @ np.array([[cos, -sin], [sin, cos]])

    # ---- What it sees

    def view(self, pose, rng=None):
        """Return what the camera sees: uint8 of shape (32, 32, 3).

        The generator `rng` adds what a real camera adds: grain, and light that wavers.
        """
        pose = _checked(pose)
        picture = np.empty((PIXELS, PIXELS, 3))
        picture[:HORIZON] = self.style["sky"]
        cos, sin = np.cos(pose[2]), np.sin(pose[2])
        x = pose[0] + _FORWARD * cos - _LEFT * sin
        y = pose[1] + _FORWARD * sin + _LEFT * cos
        n = len(self.ground)
        seen = self.ground[np.floor(y / CELL).astype(int) % n, np.floor(x / CELL).astype(int) % n]
        seen = seen.astype(float)
        parts = [seen[i::FINE, j::FINE] for i in range(FINE) for j in range(FINE)]
        picture[HORIZON:] = sum(parts) / (255 * len(parts))
        if self.style["lamp"]:
            light = _lit(_FORWARD[FINE // 2 :: FINE, :PIXELS], self.style["lamp"])
            picture[HORIZON:] *= light[..., np.newaxis]
        self._add_obstacles(picture, pose)
        picture *= self._light
        if rng is not None:
            picture *= rng.uniform(0.85, 1.15)
            picture += rng.normal(0, 0.04, picture.shape)
        return (255 * picture.clip(0, 1)).astype(np.uint8)

    def _add_obstacles(self, picture, pose):
        ahead, left = self._seen_from(pose, self.obstacles[:, :2]).T
        _, _, radius, height = self.obstacles.T
        distance = ahead - radius / 2
        near = np.flatnonzero((distance > 0.05) & (distance < SIGHT))
        scale = FOCAL / distance[near]
        middle, foot = PIXELS / 2 - scale * left[near], HORIZON + scale * HEIGHT
        sides = [middle - scale * radius[near], middle + scale * radius[near]]
        edges = np.array([*sides, foot - scale * height[near], foot])
        edges = edges.round().clip(0, PIXELS).astype(int).T
        for k in np.argsort(scale):  # the nearest is drawn last
            start, stop, top, foot = edges[k]
            colour = self._colours[near[k]]
            if self.style["lamp"]:
                colour = colour * _lit(distance[near[k]], self.style["lamp"])
            picture[top:foot, start:stop] = colour * _SHADE[: stop - start]


def move(pose, steering, step=STEP):
    """Return the pose after one step at a steering from -1, sharp left, to 1.

    With a `step` of 0 metres the robot turns where it stands.
    """
    pose = _checked(pose)
    turn = -TURN * np.clip(steering, -1, 1)
    heading = pose[2] + turn / 2
    x, y = pose[:2] + step * np.array([np.cos(heading), np.sin(heading)])
    return np.array([x % SIZE, y % SIZE, pose[2] + turn])


def _middles(side):
    """Return the middles of squares of this side that fill the world: [y, x, 2]."""
    middles = np.arange(side / 2, SIZE, side)
    return np.stack(np.meshgrid(middles, middles), axis=-1)


def _checked(pose):
    pose = checks.finite("pose", pose)
    checks.shape("pose (x, y, heading)", pose, (3,))
    return pose


def _road(rng):
    """Return the points of a closed curve without tight bends."""
    angles = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    waves = np.arange(2, 6)
    while True:
        sizes, shifts = rng.uniform(-0.7, 0.7, 4) / waves**1.3, rng.uniform(0, 2 * np.pi, 4)
        radius = 2.2 * (1 + np.cos(np.outer(angles, waves) + shifts) @ sizes)
        points = SIZE / 2 + radius[:, np.newaxis] * np.stack([np.cos(angles), np.sin(angles)], 1)
        d = (np.roll(points, -1, 0) - np.roll(points, 1, 0)) / 2
        dd = np.roll(points, -1, 0) - 2 * points + np.roll(points, 1, 0)
        bend = np.abs(d[:, 0] * dd[:, 1] - d[:, 1] * dd[:, 0]) / np.hypot(*d.T) ** 3  # 1 / radius
        if bend.max() < 1 / (2 * ROAD) and np.abs(points - SIZE / 2).max() < SIZE / 2 - ROAD:
            return _evenly(points if rng.random() < 0.5 else points[::-1])


def _evenly(points):
    """Return points of the same closed curve that lie `SPACING` apart, as nearly as they fit."""
    closed = np.concatenate([points, points[:1]])
    way = np.append(0, np.linalg.norm(np.diff(closed, axis=0), axis=1).cumsum())
    along = np.linspace(0, way[-1], round(way[-1] / SPACING), endpoint=False)
    return np.stack([np.interp(along, way, column) for column in closed.T], axis=1)


def _shortest(way):
    """Return a way [..., 2] between two places, across the sides of the world if shorter."""
    return (way + SIZE / 2) % SIZE - SIZE / 2


def _lit(distance, reach):
    """Return how much of a colour the lamp shows at a distance."""
    return 0.05 + 0.93 * np.exp(-((distance / reach) ** 2))
