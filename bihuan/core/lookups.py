"""`field__among=[…]`: the same as `in` for thousands of texts, sent as one parameter."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import CharField, Lookup


@CharField.register_lookup
class Among(Lookup):
    """Equal to one of many texts. `in` would make a placeholder and a parameter of each."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*params, list(self.rhs)]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        left, params = self.process_lhs(compiler, connection)
        texts = json.dumps(list(self.rhs), ensure_ascii=False)
        return f"{left} IN (SELECT value FROM json_each(%s))", (*params, texts)  # noqa: S608
