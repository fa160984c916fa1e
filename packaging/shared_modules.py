"""The first that both programs of Windows run: where Python's modules lie, which they have in common.

PyInstaller would lay all of them into each program. Its bootloader says in this attribute where its own archive is, and
its importer, which runs next, takes them from there.
"""

import sys

sys._pyinstaller_pyz = f"{sys._MEIPASS}/program.pyz"  # type: ignore[attr-defined]  # noqa: SLF001
