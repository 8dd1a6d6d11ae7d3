"""Whatever arrives, the answer is one that was declared."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.api.api import api

from .conftest import Stage
from .test_operations import CASES

PROFILE = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = st.one_of(
    st.sampled_from(
        [
            "", " ", "0", "-1", "1", "2", "9223372036854775807", "9223372036854775808", "-1417124360889533", "1e5", "NaN",
            "true", "null", "\x00", "5397", "539702001", "0001-01-01", "9999-12-31", "2026-02-30", "2026-11-21T00:00:00",
            "%", "_", "'", "\u202e", "𠮷", "open", "overdue", "closed", "own", "visible", "general", "x" * 2000,
        ]
    ),
    st.integers().map(str),
    st.dates().map(str),
    st.text(max_size=30),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _operations() -> list[tuple[str, str, str, dict[str, Any]]]:
    schema = api.get_openapi_schema()
    return [
        (told["operationId"], method, path.removeprefix("/api/v1"), told)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    ]


@pytest.mark.slow
def test_any_query_is_answered_as_declared(stage: Stage, call):
    caller = call("office")
    reads = [each for each in _operations() if each[1] == "get"]

    @PROFILE
    @given(st.data())
    def asked(data: st.DataObject) -> None:
        name, _, path, told = data.draw(st.sampled_from(reads))
        path = CASES[name].path(stage).partition("?")[0]
        known = [each["name"] for each in told["parameters"] if each["in"] == "query"]
        names = st.lists(st.sampled_from([*known, "other"]), max_size=4, unique=True)
        query = {key: data.draw(ODD) for key in data.draw(names)}
        response = caller.get(f"{path}?{urlencode(query, errors='surrogatepass')}")
        assert str(response.status_code) in {str(each) for each in told["responses"]}, (path, query)

    asked()


@pytest.mark.slow
def test_any_number_in_the_path_is_answered_as_declared(stage: Stage, call):
    caller = call("office")
    numbered = [each for each in _operations() if each[1] == "get" and "{" in each[2]]

    @PROFILE
    @given(st.sampled_from(numbered), st.integers() | st.sampled_from(["x", "0", "٣", "1.5", "%00", "01"]))
    def asked(operation: tuple[str, str, str, dict[str, Any]], value: object) -> None:
        _, _, path, told = operation
        start, rest = path.split("{")
        response = caller.get(f"{start}{value}{rest.partition('}')[2]}")
        assert str(response.status_code) in {str(each) for each in told["responses"]}, (path, value)

    asked()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.body])
def test_any_body_is_answered_as_declared(stage: Stage, call, name):
    case = CASES[name]
    _, _, _, told = next(each for each in _operations() if each[0] == name)
    caller, path, good = call(case.by), case.path(stage), case.body(stage)

    @settings(PROFILE, max_examples=60)
    @given(st.data())
    def sent(data: st.DataObject) -> None:
        body = dict(good)
        for field in data.draw(st.lists(st.sampled_from([*good, "other"]), min_size=1, max_size=3)):
            body[field] = data.draw(JSON)
        response = caller.post(path, body)
        assert str(response.status_code) in {str(each) for each in told["responses"]}, body

    sent()
