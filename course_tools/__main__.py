"""Run the command: ``python -m course_tools`` does the same as ``course``."""

import sys

from course_tools.command import main

sys.exit(main())
