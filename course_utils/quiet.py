"""Load TensorFlow without the log lines that it writes about the machine.

While it loads, its C++ code writes to file descriptor 2, past Python's ``sys.stderr``. So the
descriptor is pointed elsewhere for that time. What is written later is left alone.
"""

import os
import platform
import shutil
import sys
import tempfile
from contextlib import contextmanager

from course_utils.chapters import WITH_TENSORFLOW
from course_utils.files import python
from course_utils.message import CourseError

# As pyproject.toml says: there are no wheels for them.
WITHOUT_TENSORFLOW = (("darwin", "x86_64"), ("win32", "ARM64"))


class TensorFlowError(CourseError, ImportError):
    """TensorFlow is not installed or cannot be loaded; what it wrote is then on stderr."""

    def _render_traceback_(self):
        """Let a notebook show the sentence alone."""
        return [str(self)]


def load_tensorflow():
    """Import TensorFlow, so that every later ``import tensorflow as tf`` prints nothing."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # no remarks later on, but all warnings
    try:
        with held_back_stderr():
            import tensorflow as tf

            tf.config.list_physical_devices()  # or the first tensor would report a missing GPU
    except (ImportError, AttributeError) as error:  # AttributeError: only half of it is there
        problem = "TensorFlow cannot be loaded ({reason}); chapters {chapters} need it. "
        problem += "`course doctor` may know why; to install it anew: {command}"
        if isinstance(error, ModuleNotFoundError) and error.name == "tensorflow":
            problem = "Chapters {chapters} need TensorFlow, which is not installed; in the "
            problem += "course's folder, run: {command}"
            if (sys.platform, platform.machine()) in WITHOUT_TENSORFLOW:
                problem = "Chapters {chapters} need TensorFlow, and there is none for Macs with "
                problem += "an Intel processor and Windows on ARM: read them, or run them elsewhere"
        command = python("-m pip install -r requirements.txt")
        values = {"reason": error, "command": command, "chapters": WITH_TENSORFLOW}
        raise TensorFlowError(problem, **values) from error


@contextmanager
def held_back_stderr():
    """Hold back what is written to file descriptor 2; give it out only if the block raises."""
    try:
        stderr = os.dup(2)
    except OSError:  # a program without a console has nothing to hold back
        yield
        return
    print(end="", file=sys.stderr, flush=True)  # what came before goes where it belongs
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            with os.fdopen(os.dup(stderr), "wb") as file:
                shutil.copyfileobj(held, file)
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
