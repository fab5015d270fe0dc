"""The exercises of chapter 12, A robot that drives. None of them needs TensorFlow."""

from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from course_exercises.engine.calling import with_names
from course_exercises.engine.comparing import Compare, Repaired
from course_exercises.engine.exercise import Exercise
from course_exercises.engine.reply import Wrong
from course_utils.message import Message
from course_utils.robot import ROAD, World, move

# ---------------------------------------------------------------- 12.1: mirror the world


def _pictures_and_targets(rng):
    yield np.arange(12.0).reshape(1, 2, 2, 3) / 12, np.array([0.5])
    for n in (1, 4):
        yield rng.random((n, 32, 32, 3), np.float32), rng.uniform(-1, 1, n)


def _doubled(across=lambda x: x[:, :, ::-1], target=lambda t: -t, both=True):
    """Return a function that adds mirror images, with what often goes wrong to choose from."""

    def answer(x, t):
        if not both:
            return across(x), target(t)
        return np.concatenate([x, across(x)]), np.concatenate([t, target(t)])

    return answer


MIRROR_MISTAKES = {
    "The pictures are mirrored, but their targets are not. In a mirror, where does a road go that "
    "bends to the left?": _doubled(target=lambda t: t),
    "This turns the pictures upside down: the sky is below. Left and right are axis 2.": _doubled(
        lambda x: x[:, ::-1]
    ),
    "This swaps red and blue. The axes are picture, row, column, colour.": _doubled(
        lambda x: x[..., ::-1]
    ),
    "This puts the pictures into the opposite order, but mirrors none of them.": _doubled(
        lambda x: x[::-1]
    ),
    "This turns each picture by half a circle. Only left and right should change places.": _doubled(
        lambda x: x[:, ::-1, ::-1]
    ),
    "Only the mirror images are left. Put them behind the pictures.": _doubled(both=False),
    "The targets of the mirror images are 1 - t. But the middle of the picture is 0, not 0.5: "
    "what is the mirror image of a number then?": _doubled(target=lambda t: 1 - t),
    "The targets of the mirror images lie in the opposite order. Each belongs to its "
    "picture.": _doubled(target=lambda t: -t[::-1]),
    "The mirror images stand in front. The pictures themselves come first.": lambda x, t: (
        np.concatenate([x[:, :, ::-1], x]),
        np.concatenate([-t, t]),
    ),
}

mirror = Exercise(
    number="12.1",
    slug="mirror",
    title="mirror the world",
    names=("with_mirror_images",),
    hints=(
        "`pictures` has four axes: picture, row, column, colour. Which one runs from left to "
        "right?",
        "`pictures[:, :, ::-1]` is every picture in the mirror. If the road bends to the left "
        "there, where must its steering point lie?",
        "`np.concatenate([pictures, pictures[:, :, ::-1]])`, and the same for the targets, with "
        "the sign turned round.",
    ),
    code='''\
def with_mirror_images(pictures, targets):
    """Return the pictures and, behind them, their mirror images; and the targets of all."""
    mirrored = pictures[:, :, ::-1]
    return np.concatenate([pictures, mirrored]), np.concatenate([targets, -targets])
''',
    explanation=(
        "A mirror swaps left and right, which is the third axis. A steering point on the left is "
        "then as far to the right, so its sign turns round. Whoever forgets that teaches every "
        "picture and its opposite, and the network learns the mean of both: straight on, always."
    ),
    right=(
        "Twice as many pictures, and none had to be taken. This works because the world has no "
        "favourite side. Where people drive on the right, it would teach driving on the left."
    ),
    test=Compare(
        lambda x, t: (
            np.concatenate([x, np.flip(x, axis=2)]),
            np.concatenate([t, np.negative(t)]),
        ),
        cases=_pictures_and_targets,
        mistakes=MIRROR_MISTAKES,
    ),
)


# ---------------------------------------------------------------- 12.2: how far did it get?


def _distances(rng):
    yield (np.array([[0.0, 0.0], [0.1, -0.2], [0.2, -0.3], [0.1, 0.0]]),)
    yield (np.array([[0.3], [0.1]]),)
    for n_steps, n_robots in ((30, 6), (60, 9)):
        yield (np.cumsum(rng.normal(0, 0.06, (n_steps, n_robots)), axis=0),)


def _steps_on_the_road(aside):
    return np.array([_until(np.abs(way) > ROAD) for way in aside.T])


def _until(is_off):
    places = np.flatnonzero(is_off)
    return places[0] if len(places) else len(is_off)


STEPS_MISTAKES = {
    "Only the right side is watched. To the left of the road the distance is below "
    "0.": lambda aside: np.array([_until(way > ROAD) for way in aside.T]),
    "A robot that never leaves the road gets 0 here. `argmax` of an array without any True is "
    "0.": lambda aside: (np.abs(aside) > ROAD).argmax(axis=0),
    "A robot that leaves the road and comes back goes on counting. It is out at the first step "
    "beyond.": lambda aside: (np.abs(aside) <= ROAD).sum(axis=0),
    "The first step beyond is counted as well. Count those before it.": lambda aside: np.array(
        [min(_until(np.abs(way) > ROAD) + 1, len(way)) for way in aside.T]
    ),
    "This goes through the steps. A robot is a column of `aside`.": lambda aside: np.array(
        [_until(np.abs(row) > ROAD) for row in aside]
    ),
    "The edge is `ROAD`, 0.25 m, from the centre line. This takes the width of the whole "
    "road.": lambda aside: np.array([_until(np.abs(way) > 2 * ROAD) for way in aside.T]),
    "This is one number for all robots together. Return one for each.": lambda aside: _until(
        (np.abs(aside) > ROAD).any(axis=1)
    ),
    "A robot that never leaves the road gets one step too few: it was there in all of "
    "them.": lambda aside: np.array(
        [min(_until(np.abs(way) > ROAD), len(way) - 1) for way in aside.T]
    ),
}

steps_on_the_road = Exercise(
    number="12.2",
    slug="steps-on-the-road",
    title="how far did it get?",
    names=("steps_on_the_road",),
    hints=(
        "`np.abs(aside) > ROAD` says of each robot in each step whether it is off the road.",
        "`argmax(axis=0)` finds the first True in each column. But what does it say of a column "
        "without any?",
        "`is_off = np.abs(aside) > ROAD`, and then `np.where(is_off.any(axis=0), "
        "is_off.argmax(axis=0), len(aside))`.",
    ),
    code='''\
def steps_on_the_road(aside):
    """Return, for each robot, how many steps it was on the road before it first left it."""
    is_off = np.abs(aside) > ROAD
    return np.where(is_off.any(axis=0), is_off.argmax(axis=0), len(aside))
''',
    explanation=(
        "A table of True and False, one column a robot. `argmax` gives the place of the first "
        "True, which is the number of steps before it. A column without any True would give 0 as "
        "well, so `any` decides whether all steps count."
    ),
    right=(
        "Such a number is harder to get wrong than a mean distance: a robot that lies in the "
        "ditch would otherwise improve the mean by keeping still."
    ),
    test=Compare(_steps_on_the_road, cases=_distances, mistakes=STEPS_MISTAKES),
)


# ---------------------------------------------------------------- 12.3: find the bug

DRIVER = """\
class LinearDriver:
    def prepare(self, pictures):
        return pictures.reshape(len(pictures), -1) / 255

    def learn(self, pictures, targets):
        x = self.prepare(np.concatenate([pictures, pictures[:, :, ::-1]]))
        t = np.concatenate([targets, targets])
        self.mean = x.mean(axis=0)
        x = x - self.mean
        products = x @ x.T + 10 * np.eye(len(x))
        self.w = x.T @ np.linalg.solve(products, t)

    def steering(self, picture):
        x = picture.reshape(-1) - self.mean
        return np.clip(-(x @ self.w), 0, 1)
"""


@cache
def _lesson():
    """Return pictures of a road, their steering points, and pictures of another one."""
    rng = np.random.default_rng(0)
    parts = []
    for seed in (1, 2):
        world = World(seed)
        poses = [world.start(*rng.uniform([0, -0.2, -0.5], [1, 0.2, 0.5])) for _ in range(80)]
        pictures = np.array([world.view(pose, rng) for pose in poses])
        parts += [pictures, np.array([world.steering_point(pose) for pose in poses])]
    return parts


def _taught(driver, pictures, targets):
    student = driver.value()
    with threadpool_limits(1, "blas"):  # on a busy machine, more are many times slower
        student.learn(pictures.copy(), targets.copy())
    return student


def _steerings(driver, pictures, targets, seen):
    """Return what a driver says of pictures, as an array of numbers."""
    student = _taught(driver, pictures, targets)
    return np.array([float(student.steering(picture)) for picture in seen])


def _agreement(driver, which=slice(None)):
    """Return how well its steerings agree with the steering points, from -1 to 1."""
    pictures, targets, seen, right = _lesson()
    said = _steerings(driver, pictures, targets, seen[which])
    return np.corrcoef(said, right[which])[0, 1] if np.ptp(said) else 0.0


def _is_mirrored_with_its_target(driver):
    pictures = _lesson()[0]
    student = _taught(driver, pictures[:40], np.full(40, 0.5))
    x = student.prepare(pictures[:40])
    return np.ptp((x - student.mean) @ student.w) > 0.1  # or there was nothing but 0.5 to learn


def _prepares_alike(driver):
    """Tell whether the steering of a picture is that of its prepared form, whatever the sign."""
    pictures, targets, seen, _ = _lesson()
    student = _taught(driver, pictures, targets)
    x = (student.prepare(seen[:20]) - student.mean) @ student.w
    said = np.array([float(student.steering(picture)) for picture in seen[:20]])
    sides = [np.clip(sign * x, low, 1) for sign in (1, -1) for low in (0, -1)]
    return any(np.allclose(said, side, atol=1e-6) for side in sides)


def _steers_to_the_point(driver):
    right = _lesson()[3]
    return _agreement(driver, right > 0.2) > -0.2 and _agreement(driver) > -0.2


def _steers_to_both_sides(driver):
    pictures, targets, seen, _ = _lesson()
    said = _steerings(driver, pictures, targets, seen)
    return said.min() < -0.1 and said.max() > 0.1 and np.abs(said).max() <= 1


def _drives(driver):
    agreement = _agreement(driver)
    if not agreement > 0.9:
        text = "All four defects are gone, but what it says agrees with the steering points only "
        text += "to {agreement} (1 would be perfect). What else did you change?"
        raise Wrong(Message(text, agreement=f"{agreement:.2f}"))


FIND_THE_BUG_DEFECTS = {
    "The mirror images are taught with a wrong target.": _is_mirrored_with_its_target,
    "A picture is prepared otherwise for driving than for learning.": _prepares_alike,
    "Where the road goes to the right, it steers to the left.": _steers_to_the_point,
    "One of the two directions is never taken.": _steers_to_both_sides,
}

find_the_bug = Exercise(
    number="12.3",
    slug="find-the-bug",
    title="find the bug",
    names=("LinearDriver",),
    hints=(
        "Look at the targets of the mirror images, then compare `steering` line by line with "
        "`learn`: what happens to a picture there?",
        "The target of a mirror image has the other sign. `steering` must use `prepare`, which "
        "wants a batch: `picture[np.newaxis]` is a batch of one. A minus sign is too much. And "
        "how far do steerings reach?",
        "`targets, -targets`; `self.prepare(picture[np.newaxis])[0] - self.mean`; "
        "`np.clip(x @ self.w, -1, 1)`.",
    ),
    starter=DRIVER,
    repairs=(
        ("[targets, targets]", "[targets, -targets]"),
        ("picture.reshape(-1) - self.mean", "self.prepare(picture[np.newaxis])[0] - self.mean"),
        ("np.clip(-(x @ self.w), 0, 1)", "np.clip(x @ self.w, -1, 1)"),
    ),
    explanation=(
        "With the same target for a picture and its mirror image there is nothing left to learn. "
        "Pixels up to 255 in place of 1 make every steering 255 times too strong. The minus sign "
        "steers away from the road, and the clip at 0 knows no left. Not one of them raises an "
        "error."
    ),
    right=(
        "A driver without a hidden layer, and it is not bad at all. Three of its four defects "
        "would not have shown in the error on the training pictures, because they are in the part "
        "that drives. So test what drives, not only what learns."
    ),
    test=Repaired(defects=FIND_THE_BUG_DEFECTS, then=_drives),
    seconds=20.0,  # a driver learns several times
)


# ---------------------------------------------------------------- 12.4: ask the teacher


class _Watched:
    """Stands for a world: what it shows is a picture of the pose itself."""

    def start(self):
        return np.array([0.0, 0.0, 0.0])

    def view(self, pose, rng=None):
        return np.resize(np.round(100 * np.asarray(pose)), (32, 32, 3)).astype(np.uint8)

    def steering_point(self, pose):
        return float(np.cos(10 * pose[0]) - pose[2]) / 2


def _drives_to_watch(rng):
    yield from ((1, 0.5), (3, 0.3), (6, -0.4))


def _follow(function, n, strength):
    """Have an answer drive in a watched world, with a `steer` whose strength is known."""

    def steer(pictures):
        pictures = np.asarray(pictures)
        if pictures.shape[1:] != (32, 32, 3) or len(pictures) == 0:
            text = "`steer` wants a batch of pictures, shape (n, 32, 32, 3), but got {shape}."
            raise Wrong(Message(text, shape=str(pictures.shape)))
        if pictures.max() > 1:
            raise Wrong("`steer` wants pixels from 0 to 1, as in its training: divide by 255.")
        return strength * (1 + pictures[:, 0, 0, 0])

    function = with_names(function, move=move)
    return function(_Watched(), steer, n)


def _asked(world, steer, n, drive_by="network", label="teacher", scale=255, late=False):
    pictures, targets, pose = [], [], world.start()
    for _ in range(n):
        picture = world.view(pose)
        own = steer(picture[np.newaxis] / 255)[0]
        taught = world.steering_point(pose)
        after = move(pose, own if drive_by == "network" else taught)
        after = pose if drive_by == "nobody" else after
        pictures.append(world.view(after if late else pose) / scale)
        targets.append(own if label == "network" else taught)
        pose = after
    return np.array(pictures), np.array(targets)


def _mistake(**choices):
    return lambda world, steer, n: _asked(world, steer, n, **choices)


ASK_MISTAKES = {
    "The targets are what the network said. From its own answers it learns nothing: take the "
    "steering point of each pose.": _mistake(label="network"),
    "The teacher drives. Then the pictures are those that we have already: let the network steer, "
    "and ask the teacher only what *he* would do.": _mistake(drive_by="teacher"),
    "The robot stands still: all pictures show the same place. Move it after each "
    "picture.": _mistake(drive_by="nobody"),
    "Each picture is taken after the step, its target before it. Both belong to the same "
    "pose.": _mistake(late=True),
    "The network drives to the right places. But the pictures that you return have pixels from 0 "
    "to 255; divide them by 255.": _mistake(scale=1),
    "Here the teacher drives, and the network gives the targets: the other way round.": _mistake(
        drive_by="teacher", label="network"
    ),
    "Pictures and targets have changed places.": lambda *args: _asked(*args)[::-1],
}

ask_the_teacher = Exercise(
    number="12.4",
    slug="ask-the-teacher",
    title="ask the teacher (stretch)",
    names=("drive_and_ask",),
    hints=(
        "In each step there are two steerings: `steer(...)` is the network's, "
        "`world.steering_point(pose)` the teacher's. Which one moves the robot, and which one is "
        "the target?",
        "`picture = world.view(pose) / 255`, and `steer` wants a batch: `picture[np.newaxis]`. It "
        "gives back an array with one number in it.",
        "In the loop: append the picture, append `world.steering_point(pose)`, and then "
        "`pose = move(pose, steer(picture[np.newaxis])[0])`.",
    ),
    code='''\
def drive_and_ask(world, steer, n):
    """Let `steer` drive n steps; return its pictures, and what the teacher would have done."""
    pictures, targets, pose = [], [], world.start()
    for _ in range(n):
        picture = world.view(pose) / 255
        pictures.append(picture)
        targets.append(world.steering_point(pose))
        pose = move(pose, steer(picture[np.newaxis])[0])
    return np.array(pictures), np.array(targets)
''',
    explanation=(
        "The network drives, so the pictures show the places to which *its* mistakes lead; the "
        "teacher only says what would have been right there. Added to the old pictures, they are "
        "just what was missing."
    ),
    right=(
        "This is called DAgger, for dataset aggregation: drive, ask, train on everything, and "
        "again. It finds out by itself where recovery is needed; nobody has to guess how far "
        "aside and how much turned."
    ),
    test=Compare(
        lambda n, strength: _follow(_asked, n, strength),
        cases=_drives_to_watch,
        mistakes=ASK_MISTAKES,
        tolerance=1e-6,
        use=_follow,
    ),
)
