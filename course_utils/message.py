"""What the course says to its readers: sentences with a place for each value.

A sentence and its values are kept apart until it is shown, so that another language can look the
whole sentence up.
"""


class Message:
    """A sentence, or several, in which values have their places.

    Parameters
    ----------
    template : str
        Whole sentences. A value stands in curly brackets, as for `str.format`: ``"no {name}"``.
        A template without values is taken as it is, brackets and all.
    **values : object
        One for each place. A value may be a `Message` itself.
    """

    def __init__(self, template, /, **values):
        self.template, self.values = template, values

    def __str__(self):
        """Return the sentence with its values."""
        return self.template.format(**self.values) if self.values else self.template

    def __repr__(self):
        """Return the sentence as it is shown."""
        return str(self)


class CourseError(Exception):
    """Something that whoever uses the course can mend: it says what is wrong and what to do.

    All errors that the course expects are kinds of this one. The command ``course`` catches it in
    one place and shows its message alone.

    Parameters
    ----------
    template, **values
        As for `Message`.

    Attributes
    ----------
    message : Message
    """

    def __init__(self, template, /, **values):
        self.message = Message(template, **values)
        super().__init__(str(self.message))
