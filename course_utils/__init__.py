"""The functions that the chapters of the course share.

Each module has one subject and is imported by its name, so that ``import course_utils`` itself
costs nothing: ``from course_utils.activations import sigmoid``.
"""
