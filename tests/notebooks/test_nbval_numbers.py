"""Numbers within the tolerance of a cell pass, and nothing else does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval_numbers import is_near

TESTS = Path(__file__).resolve().parents[1]
OUTCOME = r"^(PASSED|FAILED) .*::Cell (\d+)"
PERCENT = {"rel": 0.01}
STORED = "step 1,000: loss 0.250, accuracy 0.9221, shape (10, 784), W1 -3.2e-05"


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        (STORED, PERCENT),
        (STORED.replace("0.250", "0.252"), PERCENT),
        (STORED.replace("0.9221", "0.9215"), {"abs": 0.001}),
        (STORED.replace("0.9221", "0.9215"), {"rel": 1e-9, "abs": 0.001}),
        (STORED.replace("1,000", "1,009"), {"whole": 9}),
        (STORED.replace("-3.2e-05", "−3.21e-05"), PERCENT),
        (STORED.replace("0.250", "17.3"), "any"),
        (STORED.replace("loss 0.250", "loss   0.250"), PERCENT),
    ],
)
def test_near_enough(text, tolerance):
    assert is_near(text, STORED, tolerance)


@pytest.mark.parametrize(
    ("text", "stored", "tolerance"),
    [
        ("1.5s", "21.75s", "any"),
        ("1,234ms", "98ms", "any"),
        ("[0.25 0.1  ]", "[0.25 0.101]", PERCENT),
        ("[ 1. 10.]", "[0.999 10.   ]", PERCENT),
    ],
)
def test_units_and_alignment_do_not_matter(text, stored, tolerance):
    assert is_near(text, stored, tolerance)
    assert not is_near(text + "s", stored, tolerance)


LOGGED = "step 100 of 200   mean loss 0.250   7.5 s\nstep 200 of 200   mean loss 0.125  15.1 s"
IN_ITS_OWN_TIME = {"rel": 0.01, "times": "any"}


@pytest.mark.parametrize("seconds", ["0.1 s", "123.4 s", "99 ms"])
def test_times_may_be_any_while_the_other_numbers_may_not(seconds):
    stored = LOGGED.replace(" s\n", f" {seconds[-2:].strip()}\n")
    text = LOGGED.replace("7.5 s", seconds)
    assert is_near(text, stored, IN_ITS_OWN_TIME)
    assert not is_near(text, stored, PERCENT)
    assert not is_near(text.replace("0.125", "0.127"), stored, IN_ITS_OWN_TIME)
    assert not is_near(text.replace("step 100", "step 101"), stored, IN_ITS_OWN_TIME)
    assert not is_near(text.replace("15.1 s", "15.1 steps"), stored, IN_ITS_OWN_TIME)


def test_what_follows_from_a_time_may_be_any_too():
    stored = "23,860 parameters: 1.89 seconds, so 32 hours; 3,023 times as fast"
    text = "23,860 parameters: 9.01 seconds, so 150 hours; 1,400 times as fast"
    assert is_near(text, stored, IN_ITS_OWN_TIME)
    assert not is_near(text.replace("23,860", "23,861"), stored, IN_ITS_OWN_TIME)


def test_a_word_that_is_no_tolerance_is_an_error():
    with pytest.raises(TypeError, match="relative"):
        is_near(STORED, STORED, {"relative": 0.01})


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        (STORED.replace("0.250", "0.253"), PERCENT),  # just outside
        (STORED.replace("1,000", "1,001"), {"rel": 0.01, "abs": 10}),  # a count is exact
        (STORED.replace("1,000", "1,010"), {"whole": 9}),
        (STORED.replace("1,000", "1,000.0"), {"rel": 0.01, "whole": 9}),  # nor does it turn real
        (STORED.replace("10", "10."), PERCENT),
        (STORED.replace("10", "010"), PERCENT),
        (STORED.replace("0.9221", "1"), {"abs": 0.1}),
        (STORED.replace("0.9221", "0.9232"), {"abs": 0.001}),
        (STORED.replace("-3.2e-05", "3.2e-05"), PERCENT),
        (STORED.replace("0.250", "nan"), "any"),
        (STORED.replace("0.250", "inf"), "any"),
        (STORED.replace("0.250", ""), "any"),
        (STORED.replace("0.250", "0.250 0.250"), "any"),
        (STORED.replace("W1", "W2"), "any"),  # a name, not a number
        (STORED.replace("loss", "error"), "any"),
        (STORED.replace("0.250", "250 ms"), "any"),
        (STORED + "\nmore", "any"),
        (STORED.replace("loss 0.250, accuracy 0.9221", "accuracy 0.9221, loss 0.250"), "any"),
        (STORED.replace("0.250", "0.250%"), "any"),
    ],
)
def test_not_near_enough(text, tolerance):
    assert not is_near(text, STORED, tolerance)


def cell(source, stored, numbers=None, name="stdout"):
    metadata = {} if numbers is None else {"nbval": {"numbers": numbers}}
    outputs = [new_output("stream", name=name, text=stored)] if stored else []
    return new_code_cell(source, metadata=metadata, outputs=outputs, execution_count=1)


PRINTS = "print('accuracy', 0.9221)\nprint('loss', 0.25)"
PRINTED = "accuracy 0.9221\nloss 0.25\n"
NEAR = {"abs": 0.002}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Run nbval once over cells that must pass and cells with planted changes."""
    cells = {
        "as stored": cell(PRINTS, PRINTED),
        "near": cell(PRINTS.replace("0.9221", "0.9205"), PRINTED, NEAR),
        "times": cell(PRINTS.replace("0.25", "31.7"), PRINTED, "any"),
        "a result": new_code_cell(
            "0.2501",
            metadata={"nbval": {"numbers": NEAR}},
            outputs=[new_output("execute_result", {"text/plain": "0.25"}, execution_count=1)],
            execution_count=1,
        ),
        "FAIL near without a word": cell(PRINTS.replace("0.9221", "0.9222"), PRINTED),
        "FAIL just outside": cell(PRINTS.replace("0.9221", "0.9242"), PRINTED, NEAR),
        "FAIL missing line": cell("print('accuracy', 0.9221)", PRINTED, NEAR),
        "FAIL swapped label": cell(PRINTS.replace("loss", "accuracy"), PRINTED, NEAR),
        "FAIL nan": cell(PRINTS.replace("0.25", "float('nan')"), PRINTED, "any"),
        "FAIL extra warning": cell(
            f"import warnings\n{PRINTS}\nwarnings.warn('hm')", PRINTED, "any"
        ),
        "FAIL extra line": cell(f"{PRINTS}\nprint(1)", PRINTED, "any"),
        "FAIL nothing printed": cell("pass", PRINTED, "any"),
    }
    folder = tmp_path_factory.mktemp("numbers")
    nbformat.write(new_notebook(cells=list(cells.values())), folder / "planted.ipynb")
    options = ["--nbval", "--nbval-current-env", "-p", "nbval_numbers", "-p", "no:xdist", "-rA"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", folder, folder / "planted.ipynb"],
        capture_output=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"},
        encoding="utf-8",
    )
    found = {int(k): outcome for outcome, k in re.findall(OUTCOME, run.stdout, re.M)}
    assert len(found) == len(cells), run.stdout + run.stderr
    return {name: found[k] for k, name in enumerate(cells)}


@pytest.mark.parametrize(
    "name",
    [
        "as stored",
        "near",
        "times",
        "a result",
        "FAIL near without a word",
        "FAIL just outside",
        "FAIL missing line",
        "FAIL swapped label",
        "FAIL nan",
        "FAIL extra warning",
        "FAIL extra line",
        "FAIL nothing printed",
    ],
)
def test_nbval_with_numbers(outcomes, name):
    assert ("FAILED" if name.startswith("FAIL") else "PASSED") in outcomes[name]
