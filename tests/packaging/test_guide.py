"""The guide for IT names only commands, options, folders and properties that there are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from csr_desktop import system
from csr_desktop.__main__ import main
from csr_desktop.system import places
from csr_desktop.system.call_message import FIELDS
from csr_desktop.system.policy_keys import BY_NAME
from csr_desktop.system.policy_sources import DEFAULTS_FILE, MACHINE_PATH, POLICY_FILE, POLICY_PATH, PREFERENCES

ROOT = Path(system.__file__).parents[2]
GUIDES = {
    path: (ROOT / path).read_text(encoding="utf-8")
    for path in ("resources/help/it.md", "packaging/README.md", "packaging/server/README.md")
}
EACH = pytest.mark.parametrize("guide", GUIDES)
IT = GUIDES["resources/help/it.md"]
_PROGRAM = re.compile(r"(?:\S*/)?(?:\.venv/bin/)?csr-desktop(?:-cli)?(?:\.exe)?$")


def spans(text: str) -> Iterator[str]:
    """What stands between backquotes, and the lines of blocks of code."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            yield line.split("  #")[0].strip()
    for span in re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        yield re.sub(r"\s+", " ", span)


def command_lines(text: str) -> Iterator[list[str]]:
    for span in spans(text):
        words = span.split()
        if words and words[0] in {"sudo", "$"}:
            words = words[1:]
        if words and _PROGRAM.match(words[0]) and len(words) > 1:
            yield words[1:]
        elif words and words[0].rpartition("/")[2] == "csr-desktop-server" and len(words) > 1:
            yield ["server", *words[1:]]


def every_command(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if (found := command.get_command(context, name)) is not None:
                yield from every_command(found)


def options_of(command: click.Command) -> set[str]:
    return {word for option in command.params for word in (*option.opts, *option.secondary_opts)}


def follow(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words run, and those behind its name."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
    return command, words


ALL_OPTIONS = set().union(*(options_of(command) for command in every_command(main))) | {f"--{name}" for name in FIELDS}


@EACH
def test_every_command_line_is_one_that_the_program_takes(guide: str) -> None:
    lines = list(command_lines(GUIDES[guide]))
    assert lines
    for words in lines:
        command, rest = follow(words)
        known = options_of(command) | ({f"--{name}" for name in FIELDS} if command.name == "call" else set())
        for word in rest:
            if word.startswith("--"):
                assert word.partition("=")[0].rstrip(",;") in known, f"{' '.join(words)}: {word}"


def test_every_option_that_is_named_by_itself_is_some_commands() -> None:
    named = {word.partition("=")[0] for span in spans(IT) for word in span.split() if re.match(r"--[a-z]", word)}
    assert len(named) > 20
    assert named - ALL_OPTIONS - {"--pkg-info", "--forget"} == set(), "pkgutil's aside"


def test_the_list_of_commands_that_an_administrator_has_is_in_the_guide() -> None:
    named = {words[0] for words in command_lines(IT)}
    assert {"policy", "diagnostics", "purge-user-data", "self-test", "--version"} <= named


def test_the_places_of_settings_are_those_that_are_read() -> None:
    for place in (POLICY_PATH, MACHINE_PATH, PREFERENCES, str(POLICY_FILE), str(DEFAULTS_FILE)):
        assert f"`{place}" in IT
    keys = {match for match in re.findall(r"^\| `(\w+)` \|", IT, re.MULTILINE) if re.search(r"[a-z]", match)}
    assert keys == set(BY_NAME)


def test_the_folders_are_those_that_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = {
        name: [cell.strip().strip("`") for cell in cells.split("|")[1:]]
        for name, cells in re.findall(r"^\| (data|settings|logs|cache) (\|.*)\|$", IT, re.MULTILINE)
    }
    assert set(found) == {"data", "settings", "logs", "cache"}
    kinds = {"data": "user_data_dir", "settings": "user_config_dir", "logs": "user_log_dir", "cache": "user_cache_dir"}
    for kind, attribute in kinds.items():
        options: dict[str, Any] = {"appauthor": False, "roaming": False}
        mac = Path(getattr(MacOS(places.FOLDER_NAME, **options), attribute))
        linux = Path(getattr(Unix(places.FOLDER_NAME, **options), attribute))
        assert found[kind][1] == mac.relative_to(tmp_path / "Library").as_posix()
        assert found[kind][2] == linux.relative_to(tmp_path).as_posix()


@pytest.mark.skipif(not (ROOT / "packaging/windows/msi.py").is_file(), reason="the package's maker is not here")
def test_the_installers_properties_are_those_of_the_guide() -> None:
    sys.path.insert(0, str(ROOT / "packaging" / "windows"))
    msi: Any = import_module("msi")
    sys.path.pop(0)
    named = set(re.findall(r"^\| `([A-Z]+)` \|", IT, re.MULTILINE))
    assert named == {setting.name for setting in msi.SETTINGS}
    assert msi.INSTALLER in IT


@EACH
def test_files_of_the_project_that_are_named_are_there(guide: str) -> None:
    named = {span for span in spans(GUIDES[guide]) if re.fullmatch(r"(?:packaging|resources|tests)/[\w./-]+", span)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
