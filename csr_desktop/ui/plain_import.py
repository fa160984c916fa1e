"""Qt with Python's own import, in place of the one that PySide6 brings.

PySide6 puts an import function of its own in Python's place. For each module imported from then on it reads the
module's source, to see whether that may want Qt's names in snake case, and the sources stay in memory: a tenth of the
start's time, and more megabytes than the window. Nothing here wants such names. Imports nothing of ours.
"""

import builtins
import sys


def import_qt() -> None:
    """Call it before any other module imports PySide6. Where it was imported before, nothing changes."""
    if "PySide6" in sys.modules:
        return
    own = builtins.__import__
    try:
        import PySide6.QtCore  # noqa: F401
    finally:
        builtins.__import__ = own
