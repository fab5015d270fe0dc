"""What goes wrong when the site is built."""

from course_utils.message import CourseError


class SiteError(CourseError):
    """A site that cannot be built; the message says why, and what to do."""
