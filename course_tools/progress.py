"""Say which exercises of the course are solved, and how the predictions did."""

import course_exercises
from course_exercises import progress
from course_exercises.predicting import summary
from course_utils.chapters import CHAPTERS
from course_utils.message import Message


def run():
    """Print the exercises of all chapters, and where it is kept that they are solved."""
    for chapter in CHAPTERS:
        if chapter.number in course_exercises.chapters() or summary(chapter.number):
            print(course_exercises.overview(chapter.number))
    path = progress.file()
    is_there = path and path.exists()
    kept = Message("Kept in {file}" if is_there else "It will be kept in {file}", file=path)
    print(f"\n{kept if path else Message('COURSE_PROGRESS is off: nothing is kept.')}")
