"""The templates that administrators settle keys with write what the program reads, for every key it has."""

from __future__ import annotations

import plistlib
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from csr_desktop import __version__
from csr_desktop.system.policy import decide
from csr_desktop.system.policy_keys import KEYS, PolicyKey
from csr_desktop.system.policy_sources import POLICY_PATH, PREFERENCES, Source, Sources, preference_sources
from csr_desktop.system.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "policy"))
admx: Any = import_module("policy_admx")
examples: Any = import_module("policy_examples")
files: Any = import_module("policy_files")
table: Any = import_module("policy_table")
sys.path.pop(0)

SPACE = {"p": admx.SPACE}
MADE_UP = (
    PolicyKey("MadeNumber", "text_scale_percent", "number", "A number", "Counts <things> & more.", least=50, most=200),
    PolicyKey("MadeChoice", "theme", "choice", "A choice", "Chooses -- between.", choices=("system", "dark-er")),
    PolicyKey("MadeSwitch", "calls_open_desk", "switch", "A switch", "Opens."),
    PolicyKey("MadeText", "dial_link", "text", "A text", 'Says "this" | that.'),
    PolicyKey("MadeAddress", "server_url", "text", "An address", "Leads there.", is_address=True),
)
LISTS = pytest.mark.parametrize("keys", [KEYS, MADE_UP], ids=["the program's", "each kind"])


def definitions(keys: tuple[PolicyKey, ...]) -> ET.Element:
    return ET.fromstring(admx.admx(keys, "1.2.3"))


def words(keys: tuple[PolicyKey, ...]) -> ET.Element:
    return ET.fromstring(admx.adml(keys, "1.2.3"))


def policies(root: ET.Element) -> dict[str, ET.Element]:
    return {policy.attrib["name"]: policy for policy in root.findall("p:policies/p:policy", SPACE)}


def would_write(policy: ET.Element, given: Any) -> dict[str, object]:
    """What Windows puts into the policy's key when an administrator enables it with that, or (of a switch) says off."""
    if policy.get("valueName") is not None:
        state = "enabledValue" if given else "disabledValue"
        number = policy.find(f"p:{state}/p:decimal", SPACE)
        assert number is not None
        return {policy.attrib["valueName"]: int(number.attrib["value"])}
    written: dict[str, object] = {}
    elements = policy.find("p:elements", SPACE)
    assert elements is not None
    for element in elements:
        match element.tag.rpartition("}")[2]:
            case "decimal":
                assert int(element.attrib["minValue"]) <= given <= int(element.attrib["maxValue"])
                written[element.attrib["valueName"]] = given
            case "enum":
                held = [item.findtext("p:value/p:string", "", SPACE) for item in element]
                written[element.attrib["valueName"]] = held[held.index(given)]
            case "text":
                assert len(given) <= int(element.attrib["maxLength"])
                written[element.attrib["valueName"]] = given
    return written


def tries(key: PolicyKey) -> list[Any]:
    match key.kind:
        case "switch":
            return [True, False]
        case "number":
            return [key.least, key.most]
        case "choice":
            return list(key.choices)
    return [examples.example(key)]


@LISTS
def test_every_key_has_a_policy_for_computers_and_users_at_the_place_that_is_read(keys: tuple[PolicyKey, ...]) -> None:
    found = policies(definitions(keys))
    assert list(found) == [key.name for key in keys]
    for policy in found.values():
        assert policy.attrib["class"] == "Both"
        assert policy.attrib["key"] == POLICY_PATH


@LISTS
def test_what_an_administrator_chooses_is_what_the_program_takes(keys: tuple[PolicyKey, ...]) -> None:
    found = policies(definitions(keys))
    for key in keys:
        for given in tries(key):
            written = would_write(found[key.name], given)
            assert set(written) == {key.name}, "the value has the key's own name, and there is no other"
            assert key.read(written[key.name]) == given


def test_settled_by_the_template_the_setting_is_locked_at_it() -> None:
    found = policies(definitions(KEYS))
    for key in KEYS:
        for given in tries(key):
            beside = {"ProxyServer": "proxy.example.com:3128"} if key.name == "ProxyMode" else {}
            policy = decide(Sources((Source("HKLM", would_write(found[key.name], given) | beside),)), Settings())
            (held,) = [held for held in policy.effective if held.key == key]
            assert (held.value, held.is_locked, policy.faults) == (given, True, ())


@LISTS
def test_every_word_and_every_form_that_is_named_is_there_and_none_is_left_over(keys: tuple[PolicyKey, ...]) -> None:
    root, told = definitions(keys), words(keys)
    named: dict[str, set[str]] = {"string": set(), "presentation": set()}
    for element in root.iter():
        for value in element.attrib.values():
            if match := re.fullmatch(r"\$\((string|presentation)\.([A-Za-z0-9_]+)\)", value):
                named[match[1]].add(match[2])
            else:
                assert "$(" not in value
    strings = [string.attrib["id"] for string in told.findall(".//p:stringTable/p:string", SPACE)]
    forms = {form.attrib["id"]: form for form in told.findall(".//p:presentationTable/p:presentation", SPACE)}
    assert sorted(strings) == sorted(named["string"]), "each once"
    assert set(forms) == named["presentation"]
    assert all((string.text or "").strip() for string in told.findall(".//p:string", SPACE))
    boxes = {"decimal": "decimalTextBox", "enum": "dropdownList", "text": "textBox"}
    for name, policy in policies(root).items():
        elements = [(element.attrib["id"], element.tag) for element in policy.findall("p:elements/*", SPACE)]
        shown = [(box.attrib["refId"], box.tag) for box in forms[name]] if name in forms else []
        assert [(at, f"{{{admx.SPACE}}}{boxes[tag.rpartition('}')[2]]}") for at, tag in elements] == shown


@LISTS
def test_categories_and_systems_that_are_named_are_defined(keys: tuple[PolicyKey, ...]) -> None:
    root = definitions(keys)
    categories = {category.attrib["name"] for category in root.findall("p:categories/p:category", SPACE)}
    systems = {system.attrib["name"] for system in root.findall("p:supportedOn/p:definitions/p:definition", SPACE)}
    for policy in policies(root).values():
        order = [element.tag.rpartition("}")[2] for element in policy]
        assert order[:2] == ["parentCategory", "supportedOn"], "the schema's order"
        assert policy[0].attrib["ref"] in categories
        assert policy[1].attrib["ref"] in systems


@LISTS
def test_what_is_explained_has_the_keys_own_sentence(keys: tuple[PolicyKey, ...]) -> None:
    told = {string.attrib["id"]: string.text or "" for string in words(keys).findall(".//p:string", SPACE)}
    for key in keys:
        assert told[key.name] == key.title
        assert told[f"{key.name}_Explain"].startswith(key.words)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("0.1.0", "0.1.1"),
        ("0.1.1", "0.2.0"),
        ("0.9.12", "0.10.0"),
        ("1.99.3", "2.0.0"),
        ("1.2.3rc1", "1.2.4"),
        ("1.2.100", "1.3.0"),
    ],
)
def test_a_later_version_has_a_later_revision(older: str, newer: str) -> None:
    numbers = [tuple(map(int, admx.revision(version).split("."))) for version in (older, newer)]
    assert numbers[0] < numbers[1]
    assert all(re.fullmatch(r"\d{1,4}\.\d{1,5}", admx.revision(version)) for version in (older, newer))
    root, told = definitions(KEYS), words(KEYS)
    needed = root.find("p:resources", SPACE)
    assert needed is not None
    assert root.attrib["revision"] == told.attrib["revision"] == needed.attrib["minRequiredRevision"]


def test_a_number_that_windows_cannot_hold_stops_the_build() -> None:
    with pytest.raises(ValueError, match="DWORD"):
        admx.admx((PolicyKey("Low", "text_scale_percent", "number", "", "", least=-1, most=5),), "1.0.0")


def taken_in(template: bytes) -> bytes:
    """With every key out of its comment."""
    return re.sub(rb"<!-- (<key>.*?) -->", rb"\1", template)


def forced(profile: bytes) -> dict[str, object]:
    """What macOS takes from the profile, by Apple's description of managed preferences."""
    found = plistlib.loads(profile)
    (payload,) = found["PayloadContent"]
    assert (found["PayloadType"], found["PayloadScope"]) == ("Configuration", "System")
    assert payload["PayloadType"] == "com.apple.ManagedClient.preferences"
    assert found["PayloadUUID"] != payload["PayloadUUID"]
    assert found["PayloadIdentifier"] != payload["PayloadIdentifier"]
    (domain,) = payload["PayloadContent"].items()
    assert domain[0] == PREFERENCES
    (settings,) = domain[1]["Forced"]
    held: dict[str, object] = settings["mcx_preference_settings"]
    return held


@LISTS
def test_the_profile_has_every_key_in_macs_own_types(keys: tuple[PolicyKey, ...]) -> None:
    found = forced(taken_in(examples.profile(keys)))
    kinds = {"switch": bool, "number": int, "choice": str, "text": str}
    for key in keys:
        assert type(found[key.name]) is kinds[key.kind]
        key.read(found[key.name])
    assert list(found) == [key.name for key in keys]
    assert plistlib.loads(taken_in(examples.preferences(keys))) == found


def test_a_template_that_is_deployed_as_it_lies_settles_the_servers_address_alone() -> None:
    settled = {"ServerUrl": "https://desk.example.com"}
    assert forced(examples.profile(KEYS)) == settled
    assert plistlib.loads(examples.preferences(KEYS)) == settled


@pytest.mark.parametrize("beside", [{}, {"PayloadUUID": "58088A32-73E5-555B-A639-C2A752064879"}])
def test_what_macos_makes_of_the_profile_is_read_without_a_fault(tmp_path: Path, beside: dict[str, str]) -> None:
    managed = tmp_path / "Managed Preferences"
    managed.mkdir()
    (managed / f"{PREFERENCES}.plist").write_bytes(plistlib.dumps(forced(taken_in(examples.profile(KEYS))) | beside))
    policy = decide(preference_sources(tmp_path, "sample"), Settings())
    assert policy.faults == ()
    assert all(held.is_locked for held in policy.effective)
    assert policy.apply(Settings()).server_url == "https://desk.example.com"


@LISTS
def test_linuxs_example_settles_nothing_until_a_line_is_taken_in(keys: tuple[PolicyKey, ...]) -> None:
    text = examples.policy_file(keys).decode()
    said = re.sub(r"\n# ", " ", text)
    assert tomllib.loads(text) == {}
    taken = tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))
    assert list(taken) == [key.name for key in keys]
    for key in keys:
        assert key.read(taken[key.name]) == taken[key.name]
        assert key.words in said


def test_the_files_lie_as_a_central_store_has_them_and_are_the_same_twice(tmp_path: Path) -> None:
    first, second = files.write(tmp_path / "first"), files.write(tmp_path / "second")
    names = [path.relative_to(tmp_path / "first" / "policy").as_posix() for path in first]
    assert names[:4] == [
        "csr-desktop.admx",
        "en-US/csr-desktop.adml",
        "csr-desktop.mobileconfig",
        f"{PREFERENCES}.plist",
    ]
    assert names[4:] == ["policy.toml"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert f'revision="{admx.revision(__version__)}"' in first[0].read_text(encoding="utf-8")


def test_the_guides_table_has_the_keys_as_they_are() -> None:
    """`make policy-templates` writes it anew."""
    guide = files.GUIDE.read_text(encoding="utf-8")
    assert table.table(KEYS) in guide
    assert table.with_table(guide, KEYS) == guide


def test_the_table_is_put_in_the_place_of_the_old_one_and_nothing_else_is_touched() -> None:
    guide = f"before\n\n{table.table(KEYS)}\nafter | this\n"
    made = table.with_table(guide, MADE_UP)
    assert made == f"before\n\n{table.table(MADE_UP)}\nafter | this\n"
    assert r'Says "this" \| that.' in made
    with pytest.raises(ValueError, match="no place"):
        table.with_table("no table", KEYS)
