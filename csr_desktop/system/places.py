"""Where files go. Nothing of the program's is written anywhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.system.policy_sources import Sources

HOME_VARIABLE = "CSR_DESKTOP_HOME"
_DATA_FOLDER = "DataFolder"
FOLDER_NAME = "csr-desktop"
"""Of the program's folder in each of the system's places."""


class Places(msgspec.Struct, frozen=True):
    """Folders of one person on one computer: `data` holds the databases, `log` the diagnostics."""

    config: Path
    data: Path
    log: Path
    cache: Path

    @staticmethod
    def under(home: Path) -> Places:
        """All of them in one folder: for tests, the demo, and a portable installation."""
        return Places(home / "config", home / "data", home / "log", home / "cache")

    @staticmethod
    def of_this_person(environment: Mapping[str, str] = os.environ, sources: Sources | None = None) -> Places:
        """As `usual`, with the data where the organisation or this computer's defaults say. Raises EnvironmentFault
        for a folder that can't be one.
        """
        usual, named = Places.usual(environment), Places.named_data(environment, sources)
        return usual if named is None else msgspec.structs.replace(usual, data=named)

    @staticmethod
    def named_data(environment: Mapping[str, str] = os.environ, sources: Sources | None = None) -> Path | None:
        """The folder for data that is named for this computer, None where none is; `policy.decide` says which
        counts. While a policy can't be read, it is where the data lies. Raises as `of_this_person`.
        """
        from csr_desktop.system.policy_sources import sources_of_this_computer

        sources = sources or sources_of_this_computer()
        for source in sources.policies:
            if source.fault:
                from csr_desktop.system.data_whereabouts import read_whereabouts

                found = read_whereabouts(Places.usual(environment).config)
                return None if found is None else found.data
            if _DATA_FOLDER in source.values:
                break
        if all(_DATA_FOLDER not in source.values for source in (*sources.policies, *sources.defaults)):
            return None  # nothing more is imported, as a softphone may wait
        from csr_desktop.system.data_folder import data_folder, unusable
        from csr_desktop.system.policy import decide
        from csr_desktop.system.settings import Settings

        policy = decide(sources, Settings())
        named = next(found for found in policy.effective if found.key.name == _DATA_FOLDER)
        if named.value != "":
            return data_folder(named.value, environment)
        if named.is_locked:
            for source in sources.policies:
                if source.place == named.place and source.values.get(_DATA_FOLDER, "") != "":
                    raise unusable(str(source.values[_DATA_FOLDER]), "its value is not valid")
        return None

    @staticmethod
    def usual(environment: Mapping[str, str] = os.environ) -> Places:
        """Where the system wants them, or under `CSR_DESKTOP_HOME` when that is set."""
        home = environment.get(HOME_VARIABLE, "")
        if home:
            return Places.under(Path(home).absolute())
        from platformdirs import PlatformDirs

        dirs = PlatformDirs(FOLDER_NAME, appauthor=False, roaming=False)
        return Places(dirs.user_config_path, dirs.user_data_path, dirs.user_log_path, dirs.user_cache_path)

    def make(self) -> None:
        """Make those that are missing, for their owner only. Raises EnvironmentFault naming the one that fails; without
        a log the program does its work, see log_place.
        """
        for place in (self.config, self.data, self.log, self.cache):
            try:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                place.chmod(0o700)
            except OSError as error:
                if place == self.log:
                    continue
                raise EnvironmentFault(
                    f"The folder {place} can't be used.",
                    "CSR Desktop keeps your data there. Ask your administrator to let you write to it.",
                ) from error
