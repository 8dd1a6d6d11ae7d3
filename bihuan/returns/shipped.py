"""The definitions shipped with the software: files in `data/`, each with its source, date and whether it was checked."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from .measures import terms
from .schema import SchemaError, Spec, read

_FOLDER = Path(__file__).parent / "data"


@cache
def shipped() -> tuple[Spec, ...]:
    """Every shipped definition, in the order of the files. Raises SchemaError naming the file that cannot be used."""
    found = []
    for path in sorted(_FOLDER.glob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        try:
            found += [read(each, terms()) for each in data["definitions"]]
        except SchemaError as error:
            raise SchemaError(f"{path.name}：{error}") from error
    return tuple(found)


def shipped_by_key(key: str) -> Spec | None:
    return next((spec for spec in shipped() if spec.key == key), None)
