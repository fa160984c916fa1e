"""A model that answers None as often as in a day's work does not end the interpreter."""

import subprocess
import sys

ANSWERS = """
from csr_desktop.ui.kit.singletons import keep_singletons
keep_singletons()
from PySide6.QtCore import QAbstractListModel

class Nothing(QAbstractListModel):
    def rowCount(self, parent=None):
        return 1

    def data(self, index, role=0):
        return None

model = Nothing()
index = model.index(0, 0)
for _ in range(60_000):
    index.data()
print("done")
"""


def test_none_outlives_many_answers_from_python() -> None:
    ran = subprocess.run([sys.executable, "-c", ANSWERS], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, "done", "")
