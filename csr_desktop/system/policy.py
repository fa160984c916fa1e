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
_ALIKE: Final = 0.8  # of two names, as difflib counts it


class Effective(msgspec.Struct, frozen=True):
    """The value of a key; `place` says where it stands. `is_locked`: the organisation's, nobody changes it here."""

    key: PolicyKey
    value: Any
    place: str
    is_locked: bool
    is_strict: bool = False  # since what the organization wishes is not understood


class Policy(msgspec.Struct, frozen=True):
    """`faults` are lines for an administrator: what stands in a source and was not taken, and why. `is_strict` says
    that for one of them something is stricter than anybody may have wished.
    """

    effective: tuple[Effective, ...]
    faults: tuple[str, ...] = ()
    is_strict: bool = False

    def apply(self, chosen: Settings) -> Settings:
        """The settings as they hold."""
        return msgspec.structs.replace(chosen, **{found.key.setting: found.value for found in self.effective})

    def is_locked(self, setting: str) -> bool:
        return any(found.is_locked for found in self.effective if found.key.setting == setting)


def decide(sources: Sources, chosen: Settings, touched: Collection[str] = ()) -> Policy:
    """`touched` are the settings that the person chose, be it what is built in.

    A policy that is not valid locks its key at the strict side, where it has one, else at what the program has built
    in: nobody gets around it by a slip of an administrator's. While a source of policies cannot be read at all, every
    key with a strict side is locked there, and the others are as if there were no policy, so that people can go on
    working. A default that is not valid is passed over. All of it is said. What the person never chose is the
    computer's default.
    """
    faults: list[str] = [f"{source.place}: {source.fault}" for source in _all(sources) if source.fault]
    meant = _misspelt(sources, faults)
    found = tuple(_effective(key, sources, chosen, key.setting in touched, faults, meant) for key in KEYS)
    by_name = {one.key.name: one for one in found}
    if by_name["ProxyMode"].value == "fixed_servers" and not by_name["ProxyServer"].value:
        faults.append(f"{by_name['ProxyMode'].place}: ProxyMode is fixed_servers, and no ProxyServer is named.")
    return Policy(found, tuple(faults), is_strict=any(one.is_strict for one in found))


def _effective(
    key: PolicyKey,
    sources: Sources,
    chosen: Settings,
    is_touched: bool,
    faults: list[str],
    meant: Mapping[str, str],
) -> Effective:
    own = getattr(_BUILT_IN, key.setting)
    for source in sources.policies:
        if source.fault and key.strict is not None:
            return Effective(key, key.strict, source.place, is_locked=True, is_strict=True)
        if key.name in source.values:
            value = _read(key, source, faults)
            if value is not None:
                return Effective(key, value, source.place, is_locked=True)
            return _at_strict_side(key, own, source.place)
        if meant.get(key.name) == source.place:
            return _at_strict_side(key, own, source.place)
    mine = getattr(chosen, key.setting)
    if is_touched or mine != own:
        return Effective(key, mine, PERSON, is_locked=False)
    for source in sources.defaults:
        if key.name in source.values:
            value = _read(key, source, faults)
            if value is not None:
                return Effective(key, value, source.place, is_locked=False)
    return Effective(key, own, BUILT_IN, is_locked=False)


def _at_strict_side(key: PolicyKey, own: Any, place: str) -> Effective:
    is_strict = key.strict is not None
    return Effective(key, key.strict if is_strict else own, place, is_locked=True, is_strict=is_strict)


def _read(key: PolicyKey, source: Source, faults: list[str]) -> Any:
    try:
        return key.read(source.values[key.name])
    except ValueError as error:
        faults.append(f"{source.place}: {key.name} is not taken, {error}.")
        return None


def _misspelt(sources: Sources, faults: list[str]) -> dict[str, str]:
    """The places of policies' keys that were meant by names that no key has; each is said. A name unlike any may be of
    a later version. Defaults share their place with what the installer keeps, so there only what is misspelt is said.
    """
    from difflib import get_close_matches  # asked for by few: most policies have nothing that is unknown

    known = {name.casefold(): name for name in BY_NAME}
    meant: dict[str, str] = {}
    for source in _all(sources):
        is_policy = source in sources.policies
        for name in source.values:
            if name in BY_NAME:
                continue
            like = "".join(known[found] for found in get_close_matches(name.casefold(), known, 1, _ALIKE))
            if is_policy and like:
                meant.setdefault(like, source.place)
            if is_policy or like:
                asked = f" Is it {like}?" if like else ""
                faults.append(f"{source.place}: {name} is not a setting of this version.{asked}")
    return meant


def _all(sources: Sources) -> tuple[Source, ...]:
    return *sources.policies, *sources.defaults


def changed_by_person(values: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """What of it may be kept: nothing that the organisation has settled."""
    return {name: value for name, value in values.items() if name not in BY_SETTING or not policy.is_locked(name)}
