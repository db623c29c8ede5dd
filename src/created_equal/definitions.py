"""Definitions of artefacts: the settings that they depend on, in types that JSON has."""

import json
from collections.abc import Mapping
from hashlib import blake2b

# What writers add to the definition that a study gives.
ADDED = ("engine_version", "baselines_version", "data")


def canonical(definition: Mapping | list) -> str:
    """Return a definition as JSON that is equal for equal definitions."""
    return json.dumps(definition, sort_keys=True, separators=(",", ":"))


def digest_of(definition: Mapping, size: int) -> str:
    """Return hexadecimal digits, two for each of ``size`` bytes, that tell definitions apart."""
    return blake2b(canonical(definition).encode(), digest_size=size).hexdigest()


def short_digest(definition: Mapping) -> str:
    """Return the eight digits that tell definitions apart in names of files."""
    return digest_of(definition, 4)


def in_study(definition: Mapping) -> dict:
    """Return the part of an artefact's definition that its study gives."""
    return {key: value for key, value in definition.items() if key not in ADDED}
