"""The robot's world: the same for everyone, and as it is drawn so it is judged."""

import numpy as np
import pytest

from course_utils.robot import AHEAD, PIXELS, ROAD, SIZE, STEP, TURN, World, move

SEEDS = range(6)


@pytest.fixture(scope="module")
def worlds():
    return [World(seed, n_obstacles=20) for seed in SEEDS]


def test_a_seed_makes_one_world():
    one, same, other = World(1, n_obstacles=5), World(1, n_obstacles=5), World(2, n_obstacles=5)
    pose = one.start()
    np.testing.assert_array_equal(one.view(pose), same.view(pose))
    assert not np.array_equal(one.centre, other.centre)
    first, second = np.random.default_rng(0), np.random.default_rng(0)
    np.testing.assert_array_equal(one.view(pose, first), same.view(pose, second))
    assert not np.array_equal(one.view(pose, first), one.view(pose))


def test_roads_bend_no_tighter_than_a_robot_can_turn(worlds):
    for world in worlds:
        n = len(world.centre)
        corners = world.centre[np.linspace(0, n, n // 20, endpoint=False).astype(int)]
        before, after = corners - np.roll(corners, 1, 0), np.roll(corners, -1, 0) - corners
        turns = np.angle(np.exp(1j * (_heading(after) - _heading(before))))
        assert np.abs(turns / np.hypot(*after.T)).max() < TURN / STEP
        assert abs(turns.sum()) == pytest.approx(2 * np.pi, abs=1e-6)


def test_the_road_is_measured_in_equal_steps(worlds):
    for world in worlds:
        steps = np.linalg.norm(np.roll(world.centre, -1, axis=0) - world.centre, axis=1)
        np.testing.assert_allclose(steps, 0.01, rtol=0.01)
        half = world.start(0.5)
        assert world.place(half) == pytest.approx(0.5, abs=1e-3)


def test_across_the_sides_of_the_world_the_road_is_as_near(worlds):
    world = worlds[0]
    pose = world.start(0.2, aside=0.1, turned=0.3)
    for away in ([SIZE, 0, 0], [0, -SIZE, 0]):
        for measured in (world.aside, world.place, world.steering_point):
            assert measured(pose + away) == pytest.approx(measured(pose))


def _heading(vectors):
    return np.arctan2(vectors[:, 1], vectors[:, 0])


def test_the_steering_point_leads_around_the_road(worlds):
    for world in worlds:
        pose, places = world.start(aside=0.1, turned=0.2), []
        for _ in range(400):
            pose = move(pose, world.steering_point(pose))
            places.append(world.place(pose))
            assert abs(world.aside(pose)) < ROAD
        assert (np.diff(places) < -0.5).sum() >= 1  # past the end of a lap


@pytest.mark.parametrize("place", [0, 0.3, 0.8])
def test_right_is_right(worlds, place):
    world = worlds[0]
    right, left = world.start(place, aside=0.15), world.start(place, aside=-0.15)
    assert world.aside(right) == pytest.approx(0.15, abs=0.01)
    assert world.aside(left) == pytest.approx(-0.15, abs=0.01)
    straight = world.start(place)
    turned_left = world.start(place, turned=0.3)
    assert world.steering_point(turned_left) > world.steering_point(straight)
    to_the_right = move(straight, 1)
    assert world.aside(move(to_the_right, 1)) > world.aside(move(move(straight, -1), -1))


def test_the_picture_shows_the_road_where_the_steering_point_says(worlds):
    """On the row in which the ground half a metre ahead lies, the road is grey around it."""
    for world in worlds:
        world = World(SEEDS.index(worlds.index(world)))  # without obstacles
        for place in np.linspace(0, 1, 8, endpoint=False):
            pose = world.start(place)
            row = world.view(pose)[round(8 + 0.15 * 16 / AHEAD)].astype(float)
            column = 15.5 + 16 * world.steering_point(pose)
            greens = row[:, 1] - row[:, [0, 2]].mean(axis=1)
            assert greens[round(column)] < 15


def test_an_obstacle_ahead_blocks_and_is_seen():
    world = World(0, n_obstacles=1)
    x, y, radius, _ = world.obstacles[0]
    for distance, blocked in [(0.3, True), (0.8, False)]:
        pose = np.array([x - radius - distance, y, 0.0])
        assert world.is_blocked(pose) == blocked
        assert not world.has_crashed(pose)
        middle = world.view(pose)[:, PIXELS // 2].astype(int)
        away = world.view(np.array([*pose[:2], np.pi]))[:, PIXELS // 2].astype(int)
        assert np.abs(middle - away).sum() > 300
    assert not world.is_blocked(np.array([x - radius - 0.3, y, np.pi]))  # it is behind
    assert not world.is_blocked(np.array([x - radius - 0.3, y + 0.3, 0]))  # there is room beside it
    assert world.has_crashed(np.array([x + radius, y, 0]))


def test_a_nearer_obstacle_hides_a_farther_one():
    world = World(0, n_obstacles=2)
    world.obstacles[:] = [[3, 4, 0.1, 0.3], [4, 4, 0.1, 0.3]]
    world._colours = np.array([[1, 0, 0], [0, 0, 1.0]])
    red, _, blue = world.view(np.array([2.5, 4, 0]))[12, 16].astype(int)
    assert red > 100 > blue
    red, _, blue = world.view(np.array([3.5, 4, 0]))[12, 16].astype(int)
    assert blue > 100 > red


def test_the_world_goes_on_at_its_other_side():
    world = World(0, n_obstacles=8)
    pose = np.array([SIZE - 0.3, 3.0, 0.0])
    here, there = world.view(pose).astype(int), world.view(pose - [SIZE, 0, 0]).astype(int)
    assert np.mean(here != there) < 0.01  # but for rounding
    for _ in range(20):
        pose = move(pose, 0)
    assert 0 < pose[0] < 1


def test_nights_are_darker_but_the_lamp_shows_what_is_near():
    pose = World(4).start()
    day, night = (
        World(4).view(pose).mean(axis=(1, 2)),
        World(4, "night").view(pose).mean(axis=(1, 2)),
    )
    assert night[:10].mean() < day[:10].mean() / 4
    assert night[-1] > day[-1] / 2


def test_a_robot_turns_where_it_stands():
    pose = World(0).start()
    turned = move(pose, 1, step=0)
    np.testing.assert_array_equal(turned[:2], pose[:2])
    assert pose[2] - turned[2] == pytest.approx(TURN)


@pytest.mark.parametrize("pose", [[0, 0], [0, 0, np.nan], "abc", [[0, 0, 0]]])
def test_what_is_no_pose_is_refused(pose):
    for use in (World(0).view, World(0).aside, World(0).is_blocked, lambda pose: move(pose, 0)):
        with pytest.raises((ValueError, TypeError), match="pose"):
            use(pose)


def test_unknown_styles_and_odd_counts_are_refused():
    with pytest.raises(ValueError, match="unknown style 'moon'"):
        World(0, "moon")
    with pytest.raises(ValueError, match="n_obstacles must be a whole number"):
        World(0, n_obstacles=-1)
