"""Download the full MNIST set into the course's folder."""

import sys

from course_utils import files
from course_utils.files import shown
from course_utils.message import CourseError, Message
from course_utils.mnist import find_full_set
from course_utils.mnist.download import DownloadError, fetch


def run():
    """Download full MNIST unless it is here; say where it is."""
    home = files.DATA / "mnist"
    folder, _, notes = find_full_set()
    for note in notes:
        print(note, file=sys.stderr)
    if folder:
        print(Message("The full MNIST set is already in {folder}.", folder=shown(folder)))
        return
    try:
        set_aside = fetch(home)
    except DownloadError as error:
        raise CourseError(
            "MNIST could not be downloaded ({problem}). Mend that and try again, or copy the four "
            "files into {folder}: data/README.md names them.",
            problem=error,
            folder=shown(home),
        ) from error
    for path in set_aside:
        print(Message("A damaged file is now called {file}.", file=shown(path)))
    print(Message("The full MNIST set is now in {folder}.", folder=shown(home)))
