"""The functions that the chapters share, a module for each subject; ``import course_utils`` is free.

``from course_utils.activations import sigmoid``
"""
