from __future__ import annotations

import json
import os
import plistlib
import sys
from pathlib import Path
from typing import Any, Final, Self

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.__main__ import main
from csr_desktop.system import policy_sources
from csr_desktop.system.policy import BUILT_IN, PERSON, Policy, changed_by_person, decide
from csr_desktop.system.policy_keys import BY_NAME, KEYS, PolicyKey
from csr_desktop.system.policy_sources import (
    MACHINE_PATH,
    POLICY_PATH,
    PREFERENCES,
    Source,
    Sources,
    file_sources,
    preference_sources,
    registry_sources,
)
from csr_desktop.system.settings import Settings, SettingsFile

is_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="root's files are made by root alone")


def held(policy: Policy, name: str) -> tuple[Any, str, bool]:
    (found,) = [found for found in policy.effective if found.key.name == name]
    return found.value, found.place, found.is_locked


def test_the_organisation_goes_before_the_person_and_the_person_before_the_computer() -> None:
    computer, person = Source("HKLM", {"Theme": "dark"}), Source("HKCU", {"Theme": "light"})
    default = Source("default", {"Theme": "contrast"})
    chosen = Settings(theme="light")
    assert held(decide(Sources((computer, person), (default,)), chosen), "Theme") == ("dark", "HKLM", True)
    assert held(decide(Sources((Source("HKLM"), person), (default,)), chosen), "Theme") == ("light", "HKCU", True)
    assert held(decide(Sources((), (default,)), chosen), "Theme") == ("light", PERSON, False)
    assert held(decide(Sources((), (default,)), Settings()), "Theme") == ("contrast", "default", False)
    assert held(decide(Sources(), Settings()), "Theme") == ("system", BUILT_IN, False)


def test_a_person_may_choose_what_is_built_in_against_the_computers_default() -> None:
    sources = Sources((), (Source("default", {"Theme": "contrast"}),))
    assert held(decide(sources, Settings(), touched={"theme"}), "Theme") == ("system", PERSON, False)


def test_a_slip_in_a_policy_opens_nothing_and_is_said() -> None:
    sources = Sources((Source("HKLM", {"CallsOpenDesk": "of", "Clipboard": "Inside", "Quota": 5}),), ())
    policy = decide(sources, Settings(calls_open_desk=False))
    assert held(policy, "CallsOpenDesk") == (True, "HKLM", True)
    assert held(policy, "Clipboard") == ("inside", "HKLM", True)
    assert policy.faults == (
        "HKLM: Quota is not a setting of this version.",
        "HKLM: Clipboard is not taken, it is none of everywhere, inside.",
        "HKLM: CallsOpenDesk is not taken, it is neither on (1, true) nor off (0, false).",
    )
    assert policy.is_strict


STRICT: Final = {
    "IdleLockMinutes": 5,
    "Clipboard": "inside",
    "ClipboardSeconds": 60,
    "ScreenProtection": True,
    "Attachments": "off",
    "PhoneAddress": False,
    "ErrorReports": False,
}
LAX: Final = Settings(
    idle_lock_minutes=0,
    clipboard="everywhere",
    clipboard_clear_seconds=0,
    screen_protection=False,
    attachments="on",
    answers_phone=True,
    sends_error_reports=True,
    theme="dark",
    server_url="https://desk.example.com",
)


def test_while_a_policy_cannot_be_read_what_protects_data_is_strict_and_people_go_on_working() -> None:
    policy = decide(Sources((Source("/p", fault="It is not valid TOML."),), ()), LAX)
    assert {found.key.name: found.value for found in policy.effective if found.is_locked} == STRICT
    assert policy.is_strict
    assert (held(policy, "Theme"), held(policy, "ServerUrl")) == (
        ("dark", PERSON, False),
        ("https://desk.example.com", PERSON, False),
    )
    assert policy.faults == ("/p: It is not valid TOML.",)


def test_a_policy_that_was_read_goes_before_one_that_cannot_be() -> None:
    read, damaged = Source("HKLM", {"IdleLockMinutes": 30}), Source("HKCU", fault="It can't be read.")
    assert held(decide(Sources((read, damaged), ()), LAX), "IdleLockMinutes") == (30, "HKLM", True)
    assert held(decide(Sources((damaged, read), ()), LAX), "IdleLockMinutes") == (5, "HKCU", True)
    assert not decide(Sources((read,), (damaged,)), LAX).is_strict, "a default was never a wish of the organization's"


@pytest.mark.parametrize("key", [key for key in KEYS if key.strict is not None], ids=lambda key: key.name)
def test_what_is_strict_is_a_value_of_its_key_and_another_than_the_laxest(key: PolicyKey) -> None:
    assert key.read(key.strict) == key.strict
    assert STRICT[key.name] == key.strict
    slip = decide(Sources((Source("/p", {key.name: "nonsense \0"}),), ()), LAX)
    assert held(slip, key.name) == (key.strict, "/p", True)


@pytest.mark.parametrize(("name", "meant"), [("IdleLockMinute", "IdleLockMinutes"), ("Clip_board", "Clipboard")])
def test_a_misspelt_name_opens_nothing_and_is_asked_about(name: str, meant: str) -> None:
    policy = decide(Sources((Source("/p", {name: 10}),), ()), LAX)
    assert held(policy, meant) == (STRICT[meant], "/p", True)
    assert policy.faults == (f"/p: {name} is not a setting of this version. Is it {meant}?",)
    both = decide(Sources((Source("/p", {name: 10, meant: BY_NAME[meant].strict}),), ()), LAX)
    assert held(both, meant) == (STRICT[meant], "/p", True)


def test_a_misspelt_default_is_asked_about_too() -> None:
    policy = decide(Sources((), (Source("defaults", {"ServerURL2": "x", "Version": "1.0"}),)), Settings())
    assert policy.faults == ("defaults: ServerURL2 is not a setting of this version. Is it ServerUrl?",)


def test_a_fixed_proxy_without_an_address_is_said() -> None:
    policy = decide(Sources((Source("/p", {"ProxyMode": "fixed_servers"}),), ()), Settings())
    assert policy.faults == ("/p: ProxyMode is fixed_servers, and no ProxyServer is named.",)


def test_a_list_may_be_one_where_a_source_has_lists() -> None:
    values = {"ProxyBypassList": ["example.com", "10.0.0.0/8"], "SignInMethods": ["password"], "DialLink": ["callto:"]}
    policy = decide(Sources((Source("/p", values),), ()), Settings())
    assert held(policy, "ProxyBypassList")[0] == "example.com, 10.0.0.0/8"
    assert held(policy, "SignInMethods")[0] == "password"
    assert policy.faults == ("/p: DialLink is not taken, it is not text.",)


def test_a_slip_in_a_default_is_passed_over_and_said() -> None:
    policy = decide(Sources((), (Source("defaults", {"Theme": "pink", "Version": "1.0"}),)), Settings())
    assert held(policy, "Theme") == ("system", BUILT_IN, False)
    assert policy.faults == ("defaults: Theme is not taken, it is none of system, light, dark, contrast.",)


def test_a_person_changes_nothing_that_is_locked() -> None:
    policy = decide(Sources((Source("HKLM", {"Theme": "dark"}),), ()), Settings())
    assert changed_by_person({"theme": "light", "last_login": "sample"}, policy) == {"last_login": "sample"}
    assert policy.apply(Settings(theme="light", last_login="sample")) == Settings(theme="dark", last_login="sample")
    assert policy.is_locked("theme")
    assert not policy.is_locked("server_url")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("CallsOpenDesk", 0, False),
        ("CallsOpenDesk", 1, True),
        ("CallsOpenDesk", True, True),
        ("ServerUrl", "https://desk.example", "https://desk.example"),
        ("ServerUrl", "", ""),
        ("ProxyServer", "https://proxy.example.com", "https://proxy.example.com"),
        ("ProxyServer", "[2001:db8::1]:3128", "[2001:db8::1]:3128"),
        ("DialLink", "sip:{number}@pbx.example", "sip:{number}@pbx.example"),
        ("DialCommand", '"C:\\Phone\\phone.exe" {number}', '"C:\\Phone\\phone.exe" {number}'),
        ("DialPrefix", "9", "9"),
        ("PhoneAddressPort", 28765, 28765),
    ],
)
def test_values_are_read_as_registry_profile_and_file_have_them(name: str, value: object, read: object) -> None:
    assert BY_NAME[name].read(value) == read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CallsOpenDesk", 2),
        ("CallsOpenDesk", "true"),
        ("LogFolder", "logs"),
        ("SignInMethods", ["password", 5]),
        ("ServerUrl", 1),
        ("ServerUrl", "desk.example"),
        ("ServerUrl", "https://"),
        ("ServerUrl", "http://desk.example.com"),
        ("ServerUrl", "https://desk.example\n"),
        ("ServerUrl", "https://" + "d" * 3000),
        ("Theme", ["dark"]),
        ("ProxyMode", "auto_detect"),
        ("ProxyServer", "socks5://proxy.example.com:1080"),
        ("ProxyServer", "http://ada:unlikely@proxy.example.com:3128"),
        ("ProxyServer", "proxy.example.com:99999"),
        ("ProxyServer", "http://proxy.example.com:3128/proxy.pac"),
        ("DialWay", "yes"),
        ("DialLink", "https://example.com/{number}"),
        ("DialCommand", '"C:\\Phone\\phone.exe {number}'),
        ("DialPrefix", "123456"),
        ("PhoneAddressPort", 80),
    ],
)
def test_what_is_no_value_of_a_key_is_refused_in_words(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^it "):
        BY_NAME[name].read(value)


def test_a_number_is_taken_within_its_bounds_alone() -> None:
    key = PolicyKey("IdleMinutes", "x", "number", "", "", least=1, most=60)
    assert (key.read(1), key.read(60), key.read("60")) == (1, 60, 60)
    for wrong in (0, 61, True, "61", "5 ", "-5", "\N{ARABIC-INDIC DIGIT FIVE}", 5.0):
        with pytest.raises(ValueError, match=r"^it "):
            key.read(wrong)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([key.name for key in KEYS]) | st.text(max_size=9), ANYTHING), st.booleans())
def test_whatever_stands_in_a_source_every_setting_has_a_value_of_its_kind(
    values: dict[str, object],
    is_policy: bool,
) -> None:
    source = Source("somewhere", values)
    policy = decide(Sources((source,), ()) if is_policy else Sources((), (source,)), Settings())
    settings = policy.apply(Settings())
    for key in KEYS:
        assert key.read(getattr(settings, key.setting)) == getattr(settings, key.setting)


# Where it stands


class FakeKey(dict[str, object]):
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class KeyTree:
    """The few calls of winreg that are made, over plain values; the real one is read where there is a Windows."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER, KEY_READ, KEY_WOW64_64KEY = 2, 1, 0x20019, 0x100

    def __init__(self, **keys: dict[str, object]) -> None:
        self.keys = keys
        self.forbidden = False

    def OpenKey(self, key: int, sub_key: str, reserved: int = 0, access: int = 0) -> FakeKey:  # noqa: N802
        if self.forbidden:
            raise PermissionError
        assert access == 0x20119, "the 64-bit view"
        name = {(2, POLICY_PATH): "machine", (1, POLICY_PATH): "person", (2, MACHINE_PATH): "default"}[key, sub_key]
        if name not in self.keys:
            raise FileNotFoundError
        return FakeKey(self.keys[name])

    @staticmethod
    def EnumValue(key: FakeKey, index: int) -> tuple[str, object, int]:  # noqa: N802
        if index >= len(key):
            raise OSError(259, "no more")
        return *list(key.items())[index], 1


def test_the_registry_says_the_computers_policy_first_then_the_persons() -> None:
    tree = KeyTree(machine={"Theme": "dark"}, person={"Theme": "light", "CallsOpenDesk": 0}, default={"ServerUrl": ""})
    sources = registry_sources(tree)
    assert sources == Sources(
        (
            Source(r"HKLM\Software\Policies\CSR Desktop", {"Theme": "dark"}),
            Source(r"HKCU\Software\Policies\CSR Desktop", {"Theme": "light", "CallsOpenDesk": 0}),
        ),
        (Source(r"HKLM\Software\CSR Desktop", {"ServerUrl": ""}),),
    )
    assert [source.values for source in registry_sources(KeyTree()).policies] == [{}, {}]
    tree.forbidden = True
    assert registry_sources(tree).policies[0].fault == "It can't be read."


@is_root
def test_a_profile_that_is_forced_lies_in_managed_preferences(tmp_path: Path) -> None:
    name = f"{PREFERENCES}.plist"
    for folder, theme in (("Managed Preferences/sample", "dark"), ("Managed Preferences", "light")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / name).write_bytes(plistlib.dumps({"Theme": theme}, fmt=plistlib.FMT_BINARY))
    sources = preference_sources(tmp_path, "sample")
    assert [source.values for source in sources.policies] == [{"Theme": "dark"}, {"Theme": "light"}]
    assert sources.defaults == (Source(str(tmp_path / "Preferences" / name)),)


@is_root
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'Theme = "dark"\nCallsOpenDesk = false\n', ""),
        (b'\xef\xbb\xbftheme = "dark"\r\ncallsopendesk = false\r\n', ""),
        (b"Theme = dark", "It is not valid TOML: Invalid value (at line 1, column 9)."),
        (b"\xff\xfe", "It is not UTF-8 text."),
        (b'[policy]\nTheme = "dark"', "It has a table [policy]: keys stand in it without one."),
        (b"a = " + b"[" * 5_000, "It is damaged, or not in its format."),
        (b"#" * 1_000_001, "It is larger than 1,000,000 bytes."),
    ],
)
def test_a_policy_file_is_read_or_what_is_wrong_with_it_is_said(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(content)
    (source,) = file_sources(file, tmp_path / "defaults.toml").policies
    assert source.fault == fault
    assert source.values == ({} if fault else {"Theme": "dark", "CallsOpenDesk": False})


@is_root
def test_a_policy_file_that_others_can_write_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('Theme = "dark"\n')
    file.chmod(0o664)
    (source,) = file_sources(file, tmp_path / "none").policies
    assert (source.values, source.fault) == ({}, "Others than root can write to it, so it is not taken.")
    file.chmod(0o644)
    os.chown(file, 65534, 65534)
    (source,) = file_sources(file, tmp_path / "none").policies
    assert (source.values, source.fault) == ({}, "It does not belong to root, so it is not taken.")
    (source,) = file_sources(tmp_path, tmp_path / "none").policies
    assert source.fault
    os.mkfifo(tmp_path / "pipe")
    (source,) = file_sources(tmp_path / "pipe", tmp_path / "none").policies
    assert source.fault == "It is not a file."


# What an administrator asks


def test_the_command_says_each_setting_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSR_DESKTOP_HOME", str(tmp_path))
    values: dict[str, object] = {"Theme": "dark", "Quota": 1, "Attachments": "none"}
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: Sources((Source("/p", values),), ()))
    (tmp_path / "config").mkdir()
    SettingsFile(tmp_path / "config" / "settings.json").save(Settings(calls_open_desk=False))
    result = CliRunner().invoke(main, ["policy"])
    *table, unknown, refused = result.stdout.splitlines()
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in table}
    assert list(lines) == [key.name for key in KEYS]
    assert " ".join(lines["Attachments"].split()) == "off /p, locked, the strict side of what is not understood"
    said = {name: " ".join(lines[name].split()) for name in ("ServerUrl", "Theme", "CallsOpenDesk")}
    assert said == {
        "ServerUrl": "(empty) built in",
        "Theme": "dark /p, locked",
        "CallsOpenDesk": "off chosen by the person",
    }
    assert len({line.index(lines[line.split()[0]]) for line in table}) == 1, "in columns"
    assert unknown == "/p: Quota is not a setting of this version."
    assert refused == "/p: Attachments is not taken, it is none of on, open, off."
    assert result.stderr == ""
    assert result.exit_code == 1
    values.pop("Quota")
    values.pop("Attachments")
    result = CliRunner().invoke(main, ["policy", "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["settings"]["Theme"] == {"value": "dark", "from": "/p", "locked": True, "has_effect": True}
    assert (found["faults"], found["looked_at"]) == ([], ["/p"])


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these have a way")
def test_the_command_says_what_has_no_effect_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSR_DESKTOP_HOME", str(tmp_path))
    source = Source("/p", {"ScreenProtection": True})
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: Sources((source,), ()))
    result = CliRunner().invoke(main, ["policy"])
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("ScreenProtection"))
    assert " ".join(line.split()) == "ScreenProtection on /p, locked, without effect on this system"
    found = json.loads(CliRunner().invoke(main, ["policy", "--json"]).stdout)
    assert found["settings"]["ScreenProtection"]["has_effect"] is False
    assert all(key.has_effect("win32") and key.has_effect("darwin") for key in KEYS)


@pytest.mark.skipif(sys.platform == "win32", reason="accounts are POSIX's here")
def test_no_variable_makes_a_person_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose managed preferences hold is the account's to say."""
    own = policy_sources._user_name()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    assert policy_sources._user_name() == own != "somebody"
