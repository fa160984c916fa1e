"""Which setting holds, and who says so: the organisation's policy, the person, the computer's default, the program."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from csr_desktop.system.policy_keys import BY_NAME, BY_SETTING, KEYS, PolicyKey
from csr_desktop.system.policy_sources import Source, Sources
from csr_desktop.system.settings import Settings

BUILT_IN: Final = "built in"
PERSON: Final = "chosen by the person"
_BUILT_IN: Final = Settings()


class Effective(msgspec.Struct, frozen=True):
    """The value of a key; `place` says where it stands. `is_locked`: the organisation's, nobody changes it here."""

    key: PolicyKey
    value: Any
    place: str
    is_locked: bool


class Policy(msgspec.Struct, frozen=True):
    """`faults` are lines for an administrator: what stands in a source and was not taken, and why."""

    effective: tuple[Effective, ...]
    faults: tuple[str, ...] = ()

    def apply(self, chosen: Settings) -> Settings:
        """The settings as they hold."""
        return msgspec.structs.replace(chosen, **{found.key.setting: found.value for found in self.effective})

    def is_locked(self, setting: str) -> bool:
        return any(found.is_locked for found in self.effective if found.key.setting == setting)


def decide(sources: Sources, chosen: Settings, touched: Collection[str] = ()) -> Policy:
    """`touched` are the settings that the person chose, be it what is built in.

    A policy that is not valid locks its key at what the program has built in, so that nobody gets around it by a
    slip of an administrator's; a default that is not valid is passed over. Both are said. What the person never
    chose is the computer's default.
    """
    faults: list[str] = [f"{source.place}: {source.fault}" for source in _all(sources) if source.fault]
    faults += _unknown(sources)
    return Policy(
        tuple(_effective(key, sources, chosen, key.setting in touched, faults) for key in KEYS), tuple(faults)
    )


def _effective(key: PolicyKey, sources: Sources, chosen: Settings, is_touched: bool, faults: list[str]) -> Effective:
    own = getattr(_BUILT_IN, key.setting)
    for source in sources.policies:
        if key.name in source.values:
            value = _read(key, source, faults)
            return Effective(key, own if value is None else value, source.place, is_locked=True)
    mine = getattr(chosen, key.setting)
    if is_touched or mine != own:
        return Effective(key, mine, PERSON, is_locked=False)
    for source in sources.defaults:
        if key.name in source.values:
            value = _read(key, source, faults)
            if value is not None:
                return Effective(key, value, source.place, is_locked=False)
    return Effective(key, own, BUILT_IN, is_locked=False)


def _read(key: PolicyKey, source: Source, faults: list[str]) -> Any:
    try:
        return key.read(source.values[key.name])
    except ValueError as error:
        faults.append(f"{source.place}: {key.name} is not taken, {error}.")
        return None


def _unknown(sources: Sources) -> list[str]:
    """A policy's key that this version does not know may be a slip of the pen. Defaults share their place with what
    the installer keeps.
    """
    return [
        f"{source.place}: {name} is not a setting of this version."
        for source in sources.policies
        for name in source.values
        if name not in BY_NAME
    ]


def _all(sources: Sources) -> tuple[Source, ...]:
    return *sources.policies, *sources.defaults


def changed_by_person(values: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """What of it may be kept: nothing that the organisation has settled."""
    return {name: value for name, value in values.items() if name not in BY_SETTING or not policy.is_locked(name)}
