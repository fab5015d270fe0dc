"""Say which exercises of the course are solved."""

import course_exercises
from course_exercises import progress
from course_utils.message import Message


def run():
    """Print the exercises of all chapters, and where it is kept that they are solved."""
    for chapter in course_exercises.chapters():
        print(course_exercises.overview(chapter))
    path = progress.file()
    is_there = path and path.exists()
    kept = Message("Kept in {file}" if is_there else "It will be kept in {file}", file=path)
    print(f"\n{kept if path else Message('COURSE_PROGRESS is off: nothing is kept.')}")
