"""What the API says of itself, to programs and to people, and how it refuses."""

import json
import re

import pytest

from bihuan.api import (
    campaigns,
    directory,
    duties,
    enterprises,
    fields,
    figures,
    files,
    hazard_moves,
    hazards,
    inspections,
    papers,
    problems,
)
from bihuan.api.api import api

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def schema():
    return json.loads(json.dumps(api.get_openapi_schema(), default=str))


def test_openapi_is_public_and_complete(client, db):
    response = client.get("/api/v1/openapi.json")
    told = response.json()
    assert told["openapi"] == "3.1.0"
    assert told["info"]["title"] == "闭环接口"
    assert told["components"]["securitySchemes"] == {"Token": {"type": "http", "scheme": "bearer"}}
    assert all(path.startswith("/api/v1/") for path in told["paths"])


def test_every_word_is_there_and_chinese(schema):
    for path, methods in schema["paths"].items():
        for told in methods.values():
            assert CHINESE.search(told["summary"]), path
            assert CHINESE.search(told["description"]), path
            assert CHINESE.search(told["tags"][0]), path
            for parameter in told["parameters"]:
                if parameter["in"] != "path":
                    assert CHINESE.search(parameter["description"]), (path, parameter["name"])
    for name, told in schema["components"]["schemas"].items():
        if "properties" in told:
            assert CHINESE.search(told["description"]), name
            for field, each in told["properties"].items():
                assert field == "move" or CHINESE.search(each["description"]), (name, field)


def test_errors_are_declared_as_problems(schema):
    for methods in schema["paths"].values():
        for method, told in methods.items():
            statuses = set(told["responses"])
            assert {"401", "403", "422"} <= statuses
            if method == "post":
                assert {"400", "404", "409", "413"} <= statuses
                assert "Idempotency-Key" in [each["name"] for each in told["parameters"]]
            for status, answer in told["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
                    assert CHINESE.search(answer["description"])


def test_lists_are_paged(schema):
    for methods in schema["paths"].values():
        told = methods.get("get")
        if told and told["operationId"].startswith("list"):
            assert {"cursor", "size"} <= {each["name"] for each in told["parameters"]}
            assert "400" in told["responses"]


def test_the_page_for_people_needs_nothing_from_elsewhere(client, db):
    response = client.get("/api/v1/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\sstyle=", page)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    for told in (
        "登记隐患",
        "办理一个动作",
        "/api/v1/hazards/{hazard_id}/moves",
        "Idempotency-Key",
        "退回原因代码",
    ):
        assert told in page


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"enterprise": NaN}', b"null", b"[]", b'"x"', b'{"a": 1' + b"0" * 5000 + b"}"],
)  # fmt: skip
def test_malformed_json_is_a_problem(world, call, body):
    response = call("office").post("/hazards", body)
    assert response.status_code in {400, 422}
    assert response["Content-Type"] == "application/problem+json"
    assert CHINESE.search(response.json()["detail"])


def test_cut_off_json_is_400(world, call):
    response = call("office").post("/hazards", b'{"enterprise": 1,')
    assert response.status_code == 400
    assert response.json()["title"] == "请求格式不正确"


def test_a_body_beyond_the_limit_is_413(world, call, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = call("office").post("/hazards", b'{"description": "' + b"x" * 2000 + b'"}')
    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"


def test_a_method_nobody_offers_is_405(world, call):
    caller = call("office")
    for method in ("put", "patch", "delete"):
        response = getattr(caller.client, method)("/api/v1/hazards", headers=caller.headers)
        assert response.status_code == 405
        assert response["Content-Type"] == "application/problem+json"
        assert set(response["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize("path", ["", "nothing", "hazards/", "hazards/1/", "hazards/x/y/z", "../accounts/"])
def test_no_address_under_the_api_leads_to_a_page(client, db, path):
    response = client.get(f"/api/v1/{path}")
    assert response.status_code in {404, 302} if ".." in path else response.status_code == 404
    if response.status_code == 404:
        assert response["Content-Type"] == "application/problem+json"


def test_a_misspelt_filter_is_said(world, call):
    response = call("office").get("/hazards", {"regoin": "5397"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["where"] == "query.regoin"


def test_a_filter_given_twice_is_said(world, call):
    response = call("office").get("/hazards?level=general&level=major")
    assert response.status_code == 422
    assert "只能填一次" in response.json()["detail"]


def test_our_own_mistake_is_a_problem_too(world, call, monkeypatch, caplog):
    monkeypatch.setattr("bihuan.api.directory.page_of", lambda *given: 1 / 0)
    response = call("office").get("/regions")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "ZeroDivisionError" not in response.content.decode()


def test_choices_stand_where_they_are_used(schema):
    """Kind of a region and Kind of a paper share a name and nothing else."""
    assert not [name for name, told in schema["components"]["schemas"].items() if "enum" in told]
    shown = schema["components"]["schemas"]
    assert shown["RegionOut"]["properties"]["kind"]["enum"] == [
        "province",
        "city",
        "county",
        "township",
        "zone",
    ]
    assert shown["PaperRow"]["properties"]["kind"]["x-labels"]["rectification_order"] == "责令限期整改指令书"
    assert shown["HazardRow"]["properties"]["status"]["x-labels"]["reinspecting"] == "待复查"


def test_shapes_have_names_of_their_own():
    rooms = [
        campaigns,
        directory,
        duties,
        enterprises,
        figures,
        files,
        hazard_moves,
        hazards,
        inspections,
        papers,
    ]
    seen: dict[str, str] = {}
    for room in [*rooms, fields, problems]:
        for name, value in vars(room).items():
            if (
                isinstance(value, type)
                and hasattr(value, "model_fields")
                and value.__module__ == room.__name__
            ):
                assert seen.setdefault(name, room.__name__) == room.__name__
    assert len(seen) > 60


def test_half_a_character_is_refused(world, call):
    body = b'{"enterprise": 1, "source": "inspection", "found_on": "2026-11-02", "description": "\\ud83d"}'
    response = call("office").post("/hazards", body)
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"where": "body.description", "message": "不能含有控制字符或不完整的字符"}
    ]
