"""TensorFlow loads without a word; what comes later, warnings and errors above all, is heard."""

import os
import subprocess
import sys

import pytest

from course_utils.chapters import WITH_TENSORFLOW
from course_utils.quiet import TensorFlowError, held_back_stderr, load_tensorflow

# A TensorFlow that talks like the real one: from C++, to file descriptor 2.
NOISY = """
import os
os.write(2, b"I0000 oneDNN custom operations are on.\\n")
class config:
    def list_physical_devices():
        os.write(2, b"E0000 failed call to cuInit\\n")
        return []
"""
LOAD = "from course_utils.quiet import load_tensorflow; load_tensorflow()\n"
REAL_USE = """
import sys, warnings
import tensorflow as tf
tf.function(lambda x: x * 2, jit_compile=True)(tf.constant([1.0, 2.0]))
print("loaded and used", file=sys.stderr)
for _ in tf.data.Dataset.range(10).cache():  # not read to its end: a warning from C++
    break
warnings.warn("a warning from Python")
tf.constant([1.0, 2.0]) @ tf.constant([[1.0]])
"""


def run(code, folder=None, **environment):
    """Run a program in a fresh Python; `folder` is where it looks for modules first."""
    inherited = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    path = {"PYTHONPATH": str(folder)} if folder else {}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=inherited | path | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def noisy(tmp_path):
    (tmp_path / "tensorflow.py").write_text(NOISY, encoding="utf-8")
    return tmp_path


def test_tensorflow_is_silent_and_what_comes_later_is_heard():
    pytest.importorskip("keras", reason="TensorFlow is not installed")
    result = run(LOAD + REAL_USE)
    silent, _, heard = result.stderr.partition("loaded and used\n")
    assert silent == ""
    assert "did not fully read the dataset being cached" in heard
    assert "UserWarning: a warning from Python" in heard
    assert "InvalidArgumentError" in heard.splitlines()[-1]
    assert result.returncode == 1


def test_only_what_is_written_while_loading_is_held_back(noisy):
    code = "import os, sys\nprint('before', file=sys.stderr)\n" + LOAD
    result = run(code + "import tensorflow\nos.write(2, b'E0000 a real error\\n')", noisy)
    assert result.stderr.splitlines() == ["before", "E0000 a real error"]


def test_a_failing_import_tells_all_it_wrote_and_what_to_do(tmp_path):
    code = NOISY + "raise ImportError('DLL load failed')"
    (tmp_path / "tensorflow.py").write_text(code, encoding="utf-8")
    result = run(LOAD, tmp_path)
    assert result.stderr.startswith("I0000 oneDNN custom operations are on.\n")
    last = result.stderr.splitlines()[-1]
    assert "TensorFlowError: TensorFlow cannot be loaded (DLL load failed); chapters" in last
    assert "python -m pip install -r requirements.txt" in last


@pytest.mark.parametrize(
    ("system", "machine", "says"),
    [
        (
            "linux",
            "x86_64",
            r"in the course's folder, run: .* -m pip install -r requirements\.txt$",
        ),
        ("darwin", "x86_64", "there is none for Macs with an Intel processor and Windows on ARM"),
        ("win32", "ARM64", "there is none for Macs with an Intel processor and Windows on ARM"),
    ],
)
def test_where_tensorflow_is_not_installed_one_sentence_says_so(monkeypatch, system, machine, says):
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # as if there were none
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(TensorFlowError, match=says) as raised:
        load_tensorflow()
    sentence = str(raised.value)
    assert sentence.startswith(f"Chapters {WITH_TENSORFLOW} need TensorFlow, ")
    assert raised.value._render_traceback_() == [sentence]  # all that a notebook shows


def test_a_folder_that_is_left_of_tensorflow_is_not_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("", encoding="utf-8")
    last = run(LOAD, tmp_path).stderr.splitlines()[-1]
    assert "TensorFlow cannot be loaded (module 'tensorflow' has no attribute 'config')" in last


@pytest.mark.parametrize(("given", "then"), [({}, "1"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0")])
def test_the_log_level_hides_no_warning_and_a_given_one_stays(noisy, given, then):
    result = run(LOAD + "import os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])", noisy, **given)
    assert result.stdout.strip() == then


def test_a_program_without_stderr_goes_on():
    code = "import os, sys\nos.close(2)\nsys.stderr = None\nwith held_back_stderr(): print('ok')"
    result = run("from course_utils.quiet import held_back_stderr\n" + code)
    assert result.stdout.strip() == "ok"


def test_the_module_itself_does_not_load_tensorflow():
    result = run("import sys, course_utils.quiet; print('tensorflow' in sys.modules)")
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_gives_out_what_was_held_back(capfd, error):
    with pytest.raises(error), held_back_stderr():
        os.write(2, b"why it failed\n")
        raise error
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "why it failed\nlater\n"


def test_no_file_descriptor_is_left_open():
    before = os.dup(2)
    os.close(before)
    for _ in range(3):
        with held_back_stderr():
            pass
    after = os.dup(2)
    os.close(after)
    assert after == before
