"""How the wheel is built: `resources` is laid into it beside the modules, where an installed program looks for it."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

_ROOT = Path(__file__).resolve().parents[1]
_RESOURCES = _ROOT / "resources"


class BuildWithResources(build_py):
    """A checkout that is installed in place reads its own `resources`; so nothing is copied for it."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree(_RESOURCES, self._shipped, dirs_exist_ok=True)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # setuptools' shape
        files = [path for path in _files() if not self.editable_mode]
        shipped = [str(self._shipped / path.relative_to(_RESOURCES)) for path in files]
        return [*super().get_outputs(include_bytecode), *shipped]

    def get_source_files(self) -> list[str]:
        sources = [path.relative_to(_ROOT).as_posix() for path in (*_files(), Path(__file__).resolve())]
        return [*super().get_source_files(), *sources]

    @property
    def _shipped(self) -> Path:
        return Path(self.build_lib) / "csr_desktop" / "_resources"


def _files() -> list[Path]:
    return sorted(path for path in _RESOURCES.rglob("*") if path.is_file())
