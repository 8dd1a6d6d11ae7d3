"""Every operation against every kind of caller. An operation without a case here fails the first test."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from bihuan.api.api import api
from bihuan.inspections.tests.factories import ink, lately, photo, picture

from .conftest import Caller, Stage, token_for

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Case:
    """`path` and `body` of one call that works. `outsider` is what `outside` gets, the town's inspector or, where
    inspectors read nothing, the town's officer; for lists, `row` must be in the answer of the one and missing from the
    other's."""

    path: Callable[[Stage], str]
    by: str = "office"
    body: Callable[[Stage], Any] | None = None
    multipart: Callable[[Stage], dict[str, Any]] | None = None
    status: int = 200
    outsider: int = 404
    row: Callable[[Stage], Any] | None = None
    outside: str = "outsider"


def listed(path: str, row: Callable[[Stage], Any], by: str = "office", outside: str = "outsider") -> Case:
    return Case(lambda stage: path, by, outsider=200, row=row, outside=outside)


def public(path: str) -> Case:
    return Case(lambda stage: path, outsider=200)


def visit_body(stage: Stage) -> dict[str, Any]:
    started, finished = lately()
    return {
        "client_id": str(uuid.UUID(int=7)),
        "kind": "campaign",
        "enterprise": stage.world.enterprises.shop.pk,
        "task": stage.gas.task.pk,
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "members": [{"username": "inspector", "signature": {"method": "login"}}],
        "accompanying_name": "蒋好味",
        "accompanying_signature": {"method": "drawn", "image": ink()},
        "answers": [
            {"position": 1, "verdict": "pass"},
            {
                "position": 2,
                "verdict": "fail",
                "finding": {
                    "description": "软管穿墙",
                    "outcome": "deadline",
                    "photos": [photo(stage.world.people.inspector)],
                    "responsible_person": "蒋好味",
                    "measures": "改走明管",
                    "funds": "300.00",
                    "contingency": "关阀通风",
                    "interim_measures": "停用该灶",
                },
            },
            {"position": 3, "verdict": "pass"},
            {"position": 4, "verdict": "na"},
        ],
    }


def hazard_body(stage: Stage) -> dict[str, Any]:
    return {
        "enterprise": stage.stall.pk,
        "source": "inspection",
        "description": "调压阀无合格标志",
        "found_on": timezone.localdate().isoformat(),
        "photos": [photo(stage.world.people.qingshi_officer)],
    }


def accident_body(stage: Stage) -> dict[str, Any]:
    return {
        "title": "好味来面馆后厨闪燃",
        "kind": "gas",
        "occurred_at": (timezone.now() - dt.timedelta(hours=2)).isoformat(),
        "known_at": (timezone.now() - dt.timedelta(minutes=20)).isoformat(),
        "place": "幸福路 1 号后厨",
        "enterprise": stage.world.enterprises.shop.pk,
        "minor": 1,
        "loss": "3.50",
        "course": "软管脱落，燃气遇明火",
        "measures": "已关阀停气",
    }


CASES: dict[str, Case] = {
    "listRegions": public("/regions"),
    "getRegion": public("/regions/539702001"),
    "listOrganizations": public("/organizations"),
    "getOrganization": Case(
        lambda stage: f"/organizations/{stage.world.organizations.housing.pk}", outsider=200
    ),
    "listEnterprises": listed("/enterprises", lambda stage: stage.stall.pk),
    "getEnterprise": Case(lambda stage: f"/enterprises/{stage.stall.pk}"),
    "listCampaigns": listed("/campaigns", lambda stage: stage.campaign.pk),
    "getCampaign": Case(lambda stage: f"/campaigns/{stage.campaign.pk}"),
    "listPhases": listed("/phases", lambda stage: stage.phase.pk),
    "getPhase": Case(lambda stage: f"/phases/{stage.phase.pk}"),
    "listTasks": listed("/tasks", lambda stage: stage.task.pk),
    "getTask": Case(lambda stage: f"/tasks/{stage.task.pk}"),
    "listAssignments": listed("/assignments", lambda stage: stage.assignment.pk),
    "listChecklists": listed("/checklists", lambda stage: stage.checklist.pk),
    "getChecklist": Case(lambda stage: f"/checklists/{stage.checklist.pk}"),
    "listDuties": listed("/duties?scope=visible", lambda stage: stage.duty.pk),
    "getDuty": Case(lambda stage: f"/duties/{stage.duty.pk}"),
    "listInspections": listed("/inspections", lambda stage: stage.inspection.pk),
    "getInspection": Case(lambda stage: f"/inspections/{stage.inspection.pk}"),
    "createInspection": Case(lambda stage: "/inspections", "inspector", visit_body, status=201),
    "listHazards": listed("/hazards", lambda stage: stage.rectifying.pk),
    "getHazard": Case(lambda stage: f"/hazards/{stage.rectifying.pk}"),
    "createHazard": Case(lambda stage: "/hazards", "qingshi_officer", hazard_body, status=201),
    "listHazardTransitions": Case(lambda stage: f"/hazards/{stage.submitted.pk}/transitions"),
    "listHazardRectifications": Case(lambda stage: f"/hazards/{stage.submitted.pk}/rectifications"),
    "listHazardReinspections": Case(lambda stage: f"/hazards/{stage.submitted.pk}/reinspections"),
    "listHazardExtensions": Case(lambda stage: f"/hazards/{stage.on_behalf.pk}/extensions"),
    "moveHazard": Case(
        lambda stage: f"/hazards/{stage.submitted.pk}/moves", "qingshi_officer", lambda stage: {"move": "close"}, status=201
    ),
    "requestExtension": Case(
        lambda stage: f"/hazards/{stage.rectifying.pk}/extensions",
        "qingshi_officer",
        lambda stage: {
            "requested_due_on": (stage.rectifying.due_on + dt.timedelta(days=3)).isoformat(),
            "reason": "配件缺货",
            "interim_measures": "停用",
        },
        status=201,
    ),
    "decideExtension": Case(
        lambda stage: f"/extensions/{stage.extension.pk}/decision", body=lambda stage: {"approved": True}, status=201
    ),
    "withdrawExtension": Case(
        lambda stage: f"/extensions/{stage.extension.pk}/withdrawal", "qingshi_officer", status=201
    ),
    "listAccidents": listed("/accidents", lambda stage: stage.accident.pk, outside="neighbour"),
    "getAccident": Case(lambda stage: f"/accidents/{stage.accident.pk}", outside="neighbour"),
    "reportAccident": Case(
        lambda stage: "/accidents", "qingshi_officer", accident_body, status=201, outside="neighbour"
    ),
    "listListings": listed("/listings", lambda stage: stage.listing.pk, outside="neighbour"),
    "getListing": Case(lambda stage: f"/listings/{stage.listing.pk}", outside="neighbour"),
    "listOversightFindings": listed(
        "/oversight-findings", lambda stage: stage.finding.pk, outside="neighbour"
    ),
    "getOversightFinding": Case(
        lambda stage: f"/oversight-findings/{stage.finding.pk}", outside="neighbour"
    ),
    "listResolutions": listed("/resolutions", lambda stage: stage.resolution.pk, outside="neighbour"),
    "getResolution": Case(lambda stage: f"/resolutions/{stage.resolution.pk}", outside="neighbour"),
    "listReturns": listed("/returns", lambda stage: stage.record.pk, outside="neighbour"),
    "getReturn": Case(lambda stage: f"/returns/{stage.record.pk}", outside="neighbour"),
    "listAssessments": listed("/assessments", lambda stage: stage.assessment.pk),
    "getAssessment": Case(lambda stage: f"/assessments/{stage.assessment.pk}"),
    "getAssessedUnit": Case(lambda stage: f"/assessed-units/{stage.unit.pk}"),
    "listWorkPlans": listed("/work-plans", lambda stage: stage.work_plan.pk),
    "getWorkPlan": Case(lambda stage: f"/work-plans/{stage.work_plan.pk}"),
    "listWorkItems": listed("/work-items", lambda stage: stage.work_item.pk),
    "listOfficerCommitments": listed("/officer-commitments", lambda stage: stage.promise.pk),
    "getOfficerCommitment": Case(lambda stage: f"/officer-commitments/{stage.promise.pk}"),
    "listInstruments": listed("/instruments", lambda stage: stage.instrument.pk, outside="neighbour"),
    "getInstrument": Case(lambda stage: f"/instruments/{stage.instrument.pk}", outside="neighbour"),
    "listPapers": listed("/papers", lambda stage: stage.paper.pk),
    "getPaper": Case(lambda stage: f"/papers/{stage.paper.pk}"),
    "getTotals": Case(lambda stage: "/figures/totals?region=539702001"),
    "getFiguresByRegion": Case(lambda stage: "/figures/by-region?region=539702001"),
    "getDailyFigures": Case(
        lambda stage: "/figures/daily?region=539702001&since=2026-11-01&until=2026-11-03"
    ),
    "uploadAttachment": Case(
        lambda stage: "/attachments",
        multipart=lambda stage: {"file": SimpleUploadedFile("现场.jpg", picture(200), "image/jpeg")},
        status=201,
        outsider=201,
    ),
    "getAttachment": Case(lambda stage: f"/attachments/{stage.attachment}", "inspector"),
    "downloadAttachment": Case(lambda stage: f"/attachments/{stage.attachment}/content", "inspector"),
}  # fmt: skip


@pytest.fixture(scope="module")
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every operation of the schema: id → (method, path, description)."""
    schema = api.get_openapi_schema()
    return {
        told["operationId"]: (method, path, told)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    }


def made(case: Case, stage: Stage, caller: Caller, method: str):
    path = case.path(stage)
    if method == "get":
        return caller.get(path)
    multipart = case.multipart(stage) if case.multipart else None
    return caller.post(path, case.body(stage) if case.body else None, multipart=multipart)


def is_problem(response, status: int) -> bool:
    body = response.json()
    assert response.status_code == status, response.content.decode()
    assert response["Content-Type"] == PROBLEM
    assert body["status"] == status
    assert any("一" <= sign <= "鿿" for sign in body["title"] + body["detail"])
    return True


def test_every_operation_has_its_case(operations):
    assert set(operations) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_who_may(name, stage, call, operations):
    case, (method, _, told) = CASES[name], operations[name]
    people = stage.world.people
    declared = {int(status) for status in told["responses"]}
    assert {401, 403, 422, case.status} <= declared

    assert is_problem(made(case, stage, call(None), method), 401)
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    expired = Caller(token_for(people.office, expires_on=yesterday))
    assert is_problem(made(case, stage, expired, method), 401)
    # The shop's manager has a token and no right to the API.
    assert is_problem(made(case, stage, call("shop"), method), 403)

    outside = made(case, stage, call(case.outside), method)
    if case.outsider >= 400:
        assert case.outsider in declared
        assert is_problem(outside, case.outsider)
    else:
        assert outside.status_code == case.outsider, outside.content.decode()
    allowed = made(case, stage, call(case.by), method)
    assert allowed.status_code == case.status, allowed.content.decode()
    if case.row:
        assert case.row(stage) in [row["id"] for row in allowed.json()["items"]]
        assert case.row(stage) not in [row["id"] for row in outside.json()["items"]]
