"""What the chapters share, a module for each subject; ``import course_utils`` itself is free.

``from course_utils.activations import sigmoid``
"""
