"""Sentences and their values, kept apart until they are shown, for other languages to look up."""


class Message:
    """Whole sentences, in which each value has its place in curly brackets, as for `str.format`.

    A template without values is taken as it is, brackets and all. A value may be a `Message`.
    """

    def __init__(self, template, /, **values):
        self.template, self.values = template, values

    def __str__(self):
        """Return the sentences with their values."""
        return self.template.format(**self.values) if self.values else self.template

    __repr__ = __str__


class CourseError(Exception):
    """What whoever uses the course can mend: it says what is wrong, where, and what to do.

    All errors that the course expects are kinds of this one; they take what a `Message` takes. The
    command ``course`` catches it in one place and shows its message alone.
    """

    def __init__(self, template, /, **values):
        self.message = Message(template, **values)
        super().__init__(str(self.message))
