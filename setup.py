"""Stop a Python that is too old or too new, in one sentence and before anything is downloaded.

Everything else stands in pyproject.toml. Its requires-python says the same, but pip looks at that
only after it has met the pins in requirements.txt, and complains about the first that does not fit.
"""

import sys

from setuptools import setup

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        "This course needs Python 3.11, 3.12 or 3.13, but this is Python %d.%d: install Python "
        "3.13 from python.org, delete the folder .venv, and start again with that Python."
        % sys.version_info[:2]
    )

setup()
