"""Whether Python runs in a browser's tab (JupyterLite), where it has neither threads nor sockets.

Ask for it as ``browser.IN_BROWSER``: so a test can say that it is there.
"""

import sys
from pathlib import Path

IN_BROWSER = sys.platform == "emscripten"
KEPT = Path("/drive")  # what is written below it, the browser keeps; missing where it keeps nothing
