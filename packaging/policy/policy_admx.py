"""Administrative templates for Windows: the definitions (ADMX) and their words in English (ADML).

A switch is a policy that is enabled (1) or disabled (0); every other key is one element of an enabled policy, under the
key's own name, so that what an administrator configured stays theirs when keys are added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from policy_words import built_in, shown, values

from csr_desktop.system.policy_keys import MAX_TEXT, PolicyKey
from csr_desktop.system.policy_sources import POLICY_PATH

SPACE: Final = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
CATEGORY: Final = "CsrDesktop"
SUPPORTED: Final = "SUPPORTED_CsrDesktop"
_FIRST_SCHEMA: Final = "1.0"


def revision(version: str) -> str:
    """Grows with every version, in the two numbers that templates have: 1.2.3 is 1.2003, and so is 1.2.3rc1."""
    found = [re.match(r"\d+", part) for part in f"{version}.0.0".split(".")[:3]]
    first, second, third = (int(match[0]) if match else 0 for match in found)
    return f"{first}.{second * 1000 + third}"


def admx(keys: Iterable[PolicyKey], version: str) -> bytes:
    """The definitions, in the order of the keys. Raises ValueError for a number that the registry can't hold."""
    root = _root("policyDefinitions", version)
    _under(_under(root, "policyNamespaces"), "target", prefix="csrdesktop", namespace="CsrDesktop.Policies")
    _under(root, "resources", minRequiredRevision=revision(version))
    definitions = _under(_under(root, "supportedOn"), "definitions")
    _under(definitions, "definition", name=SUPPORTED, displayName=f"$(string.{SUPPORTED})")
    _under(_under(root, "categories"), "category", name=CATEGORY, displayName=f"$(string.{CATEGORY})")
    policies = _under(root, "policies")
    for key in keys:
        _policy(policies, key)
    return _written(root)


def _policy(policies: ET.Element, key: PolicyKey) -> None:
    name = key.name
    policy = _under(
        policies,
        "policy",
        name=name,
        **{"class": "Both"},
        displayName=f"$(string.{name})",
        explainText=f"$(string.{name}_Explain)",
        key=POLICY_PATH,
    )
    if key.kind == "switch":
        policy.set("valueName", name)
    else:
        policy.set("presentation", f"$(presentation.{name})")
    _under(policy, "parentCategory", ref=CATEGORY)
    _under(policy, "supportedOn", ref=SUPPORTED)
    if key.kind == "switch":
        _under(_under(policy, "enabledValue"), "decimal", value="1")
        _under(_under(policy, "disabledValue"), "decimal", value="0")
        return
    elements = _under(policy, "elements")
    match key.kind:
        case "number":
            if not 0 <= key.least <= key.most <= 0xFFFFFFFF:
                raise ValueError(f"{name}: {key.least} to {key.most} does not fit into a DWORD.")
            bounds = {"minValue": str(key.least), "maxValue": str(key.most)}
            _under(elements, "decimal", id=name, valueName=name, required="true", **bounds)
        case "choice":
            choices = _under(elements, "enum", id=name, valueName=name, required="true")
            for choice in key.choices:
                item = _under(choices, "item", displayName=f"$(string.{choice_name(key, choice)})")
                _under(_under(item, "value"), "string").text = choice
        case "text":
            _under(elements, "text", id=name, valueName=name, required="true", maxLength=str(MAX_TEXT))


def adml(keys: Iterable[PolicyKey], version: str) -> bytes:
    """The words of the same keys."""
    keys = tuple(keys)
    root = _root("policyDefinitionResources", version)
    _under(root, "displayName").text = "CSR Desktop"
    _under(root, "description").text = "What an organization settles for CSR Desktop on its workstations."
    resources = _under(root, "resources")
    strings, presentations = _under(resources, "stringTable"), _under(resources, "presentationTable")
    _string(strings, CATEGORY, "CSR Desktop")
    _string(strings, SUPPORTED, "CSR Desktop on Windows 10 and newer, 64 bit")
    for key in keys:
        _string(strings, key.name, key.title)
        _string(strings, f"{key.name}_Explain", explain(key))
        for choice in key.choices:
            _string(strings, choice_name(key, choice), choice)
        if key.kind != "switch":
            _presentation(_under(presentations, "presentation", id=key.name), key)
    return _written(root)


def choice_name(key: PolicyKey, choice: str) -> str:
    """The id of a choice's words, of the letters that ids may have."""
    return f"{key.name}_{re.sub(r'[^A-Za-z0-9]', '_', choice)}"


def explain(key: PolicyKey) -> str:
    """What an administrator reads beside the choice."""
    if key.kind == "switch":
        choice = "Enabled: on. Disabled: off."
    elif key.kind == "number":
        choice = f"Enabled: the number given, {values(key)}."
    elif key.kind == "choice":
        choice = f"Enabled: the one that is chosen of {values(key)}."
    else:
        choice = "Enabled: the text given."
    rest = "Not configured" if key.kind == "switch" else "Disabled or not configured"
    own = shown(built_in(key))
    return (
        f"{key.words}\n\n{choice}\n\n"
        f"{rest}: people choose for themselves where the settings have it; built in is: {own}.\n\n"
        f"Value {key.name} in {POLICY_PATH}. The computer's goes before the user's."
    )


def _presentation(presentation: ET.Element, key: PolicyKey) -> None:
    match key.kind:
        case "number":
            box = _under(presentation, "decimalTextBox", refId=key.name)
            box.text = f"{key.title}:"
            if key.least <= built_in(key) <= key.most:
                box.set("defaultValue", str(built_in(key)))
        case "choice":
            chosen = {"defaultItem": str(key.choices.index(built_in(key)))} if built_in(key) in key.choices else {}
            _under(presentation, "dropdownList", refId=key.name, noSort="true", **chosen).text = f"{key.title}:"
        case "text":
            _under(_under(presentation, "textBox", refId=key.name), "label").text = f"{key.title}:"


def _string(table: ET.Element, name: str, text: str) -> None:
    _under(table, "string", id=name).text = text


def _root(tag: str, version: str) -> ET.Element:
    return ET.Element(tag, {"xmlns": SPACE, "revision": revision(version), "schemaVersion": _FIRST_SCHEMA})


def _under(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, attributes)


def _written(root: ET.Element) -> bytes:
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()
