"""Pages of `assessment`, judged as tests/matrix/pages.py judges the others.

The county's office assesses Qingshi street; the result is published, the street has appealed, and owes a letter.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
assessment:list               | GET      | list      | OL OO DL DO LL LO IN EM IS |
assessment:records            | GET      | list      | OL OO DL DO LL LO IN EM IS |
assessment:create             | GET POST | list      | OO                  |
assessment:sheets             | GET      | list      | OL OO DL DO LL LO IN EM IS |
assessment:start_sheet        | POST     | list      | OO                  |
assessment:sheet              | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:sheet post         | POST     | street    | OO                  | DL DO EM
assessment:add_item           | GET POST | street    | OO                  |
assessment:item               | GET POST | street    | OO                  |
assessment:revise_sheet       | POST     | street    | OO                  |
assessment:publish_sheet      | POST     | street    | OL                  |
assessment:retire_sheet       | POST     | street    | OL                  |
assessment:detail             | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:export ranking     | GET POST | street    | OL OO               |
assessment:arrange            | GET      | street    | OO                  |
assessment:arrange post       | POST     | street    | OO                  |
assessment:move snapshot      | POST     | street    | OO                  |
assessment:card               | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:rows               | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:judging            | GET      | street    | OL OO IS            | DL DO EM
assessment:judging post       | POST     | street    | OO                  | DL DO EM
assessment:new_appeal         | GET POST | street    | LL                  | DL DO EM
assessment:recommendation     | POST     | street    | OL                  |
assessment:seat               | GET      | own       | DO                  | everyone
assessment:judge              | GET      | own       | DO                  | everyone
assessment:judge post         | POST     | own       | DO                  | everyone
assessment:appeals            | GET      | list      | OL OO DL DO LL LO IN EM IS |
assessment:appeal             | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:appeal answer      | POST     | street    | OL                  | DL DO EM
assessment:withdraw_appeal    | POST     | street    | LL                  | DL DO EM
assessment:scope              | GET POST | street    | OO                  |
assessment:progress           | GET      | street    | OL OO LL LO IN EM IS | DL DO
assessment:progress remind    | POST     | street    | OO                  | DL DO
assessment:export_progress    | GET POST | street    | OO                  |
assessment:report             | GET      | street    | OL OO LL LO IN EM IS | DL DO
assessment:report save        | POST     | street    | EM                  | DL DO
assessment:return_report      | POST     | street    | OO LO               | DO
assessment:sign_for           | POST     | street    | EM                  | DL
assessment:propose            | POST     | street    | OO                  |
assessment:draft_talk         | POST     | street    | OO                  | DO
assessment:files              | GET      | street    | OL OO DO LL IN IS   | DL LO EM
assessment:files draw         | POST     | street    | OO                  | DL LO EM
assessment:file_material      | GET      | street    | OL OO IS            | DL LO EM
assessment:file               | GET      | street    | OL OO DO LL IN IS   | DL LO EM
assessment:file review        | POST     | street    | OO DO               | DL LO EM
assessment:leaders            | GET      | list      | OL OO DL DO LL LO IN EM IS |
assessment:export_leaders     | GET POST | list      | OL OO               |
assessment:leader             | GET      | street    | OL OO LL IS         | DL DO LO IN EM
assessment:letters            | GET      | list      | OL OO DL DO LL LO IN EM IS |
assessment:export_letters     | GET POST | list      | OL OO DL DO LL LO IN EM IS |
assessment:new_letters        | GET POST | list      | OL OO DL LL EM      |
assessment:letter_form        | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:letter_form remind | POST     | street    | OL OO               | DL DO EM
assessment:letter             | GET      | street    | OL OO LL LO IN IS   | DL DO EM
assessment:letter sign        | POST     | street    | LL                  | DL DO EM
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "assessment:sheet": {"pk": "score_sheet"},
    "assessment:add_item": {"pk": "score_sheet"},
    "assessment:item": {"pk": "score_sheet", "item_pk": "score_item"},
    "assessment:revise_sheet": {"pk": "score_sheet"},
    "assessment:publish_sheet": {"pk": "score_sheet"},
    "assessment:retire_sheet": {"pk": "score_sheet"},
    "assessment:detail": {"pk": "assessment"},
    "assessment:export": {"kind": "="},
    "assessment:arrange": {"pk": "assessment"},
    "assessment:move": {"pk": "assessment", "move": "="},
    "assessment:card": {"pk": "assessed_unit"},
    "assessment:rows": {"pk": "item_score"},
    "assessment:judging": {"pk": "assessed_unit"},
    "assessment:new_appeal": {"pk": "assessed_unit"},
    "assessment:recommendation": {"pk": "recommendation"},
    "assessment:seat": {"pk": "assessor_seat"},
    "assessment:judge": {"pk": "assessor_seat", "unit_pk": "assessed_unit"},
    "assessment:appeal": {"pk": "score_appeal"},
    "assessment:withdraw_appeal": {"pk": "score_appeal"},
    "assessment:scope": {"pk": "heads_round"},
    "assessment:progress": {"pk": "heads_round"},
    "assessment:export_progress": {"pk": "heads_round"},
    "assessment:report": {"pk": "headed_unit"},
    "assessment:return_report": {"pk": "headed_unit"},
    "assessment:sign_for": {"pk": "headed_unit"},
    "assessment:propose": {"pk": "assessed_unit"},
    "assessment:draft_talk": {"pk": "recommendation"},
    "assessment:files": {"pk": "officers_round"},
    "assessment:file_material": {"pk": "officers_round"},
    "assessment:file": {"pk": "case_file"},
    "assessment:leader": {"pk": "led_by"},
    "assessment:letter_form": {"pk": "letter_form"},
    "assessment:letter": {"pk": "year_letter"},
}
QUERIES: dict[str, dict[str, str]] = {"assessment:export": {"assessment": "assessment"}}
BODIES: dict[str, dict[str, str]] = {
    "assessment:judging post": {"item": "score_item"},
    "assessment:judge post": {"item": "score_item"},
    "assessment:arrange post": {"what": "=units"},
    "assessment:letter_form remind": {"what": "=remind"},
    "assessment:letter sign": {"what": "=sign_lower", "signature_typed": "=1"},
}
# Departments and enterprises have no part in this street's assessment; who sees which is tested with its pages.
MARKS: dict[str, str] = {}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    from django.utils import timezone

    from bihuan.assessment import actions
    from bihuan.assessment.models import (
        Assessment,
        Assessor,
        CaseFile,
        FileDraw,
        ItemScore,
        Recommendation,
    )
    from bihuan.assessment.tests.factories import heads_sheet, make_sheet, officers_sheet
    from bihuan.hazards.models import Hazard
    from bihuan.hazards.tests.factories import make_hazard
    from bihuan.inspections.models import Inspection
    from bihuan.rules.filereviews import file_form
    from bihuan.rules.sampling import Inputs

    world, people = stage.world, stage.inside
    today = timezone.localdate()
    sheet = make_sheet(world, published=False, title="区考核细则")
    county = world.regions.yunxi
    type(sheet).objects.filter(pk=sheet.pk).update(
        organization=world.organizations.county_office, county=county
    )
    sheet.refresh_from_db()
    actions.publish_sheet(sheet, by=people["OL"], document="云区安〔2026〕1号")
    late = make_hazard(world, found_on=today - dt.timedelta(days=40), description="配电箱没有接地")
    Hazard.objects.filter(pk=late.pk).update(due_on=today - dt.timedelta(days=20))
    made = actions.create_assessment(
        sheet, title="青石街道年度考核", year=today.year, period_from=today - dt.timedelta(days=200), period_to=today,
        by=people["OO"],
    )  # fmt: skip
    actions.add_units(made, [world.organizations.qingshi], by=people["OO"])
    for user in (people["DO"], world.people.market):
        actions.name_assessor(made, user, by=people["OO"])
    actions.start_assessment(made, by=people["OO"])
    unit = made.units.select_related("assessment__sheet", "assessment__organization", "organization").get()
    item = sheet.items.get(key="quality")
    for seat in Assessor.objects.filter(assessment=made).select_related("assessment__sheet", "user"):
        actions.judge(seat, unit, item, points=Decimal(30), how="scene", text="抽查三家", by=seat.user)
    actions.freeze(made, by=people["OO"])
    actions.adopt(made, by=people["OL"])
    actions.publish(made, by=people["OO"])
    unit = (
        type(unit)
        .objects.select_related("assessment__sheet", "assessment__organization__region", "organization")
        .get(pk=unit.pk)
    )
    appeal = actions.appeal(unit, item, text="漏看一家", asked=Decimal(40), by=people["LL"])
    advice = Recommendation.objects.create(unit=unit, key="interview", label="约谈负责人", text="建议约谈")
    form = actions.write_form(
        world.organizations.county_office, kind="responsibility", year=today.year, title="青石街道责任书", text="落实属地责任。",
        by=people["OO"],
    )  # fmt: skip
    (letter,) = actions.issue_letters(form, bodies=[world.organizations.qingshi], by=people["OO"])
    heads = _county_round(stage, heads_sheet(world), "主要负责人履职考核")
    actions.add_chosen(heads, actions.Selection(kinds=["restaurant"]), review_by="locality", by=people["OO"])
    actions.start_assessment(heads, by=people["OO"])
    headed = heads.units.get()
    officers = _county_round(stage, officers_sheet(world), "检查执法人员考核")
    actions.add_units(officers, [], people=[(people["IN"], world.organizations.qingshi)], by=people["OO"])
    actions.name_assessor(officers, people["DO"], by=people["OO"])
    actions.start_assessment(officers, by=people["OO"])
    draw = FileDraw.objects.create(
        assessment=officers, per_person=1, population=1, inputs=Inputs.of({}, {}).as_json(), inputs_digest="0" * 64,
        commitment="0" * 64, seed="0" * 64, form=file_form(today).as_json(), by=people["OO"], at=timezone.now(),
    )  # fmt: skip
    seen = Inspection.objects.filter(locality=world.regions.qingshi).exclude(members__user=people["DO"])
    file = CaseFile.objects.create(
        draw=draw, unit=officers.units.get(), inspection=seen.exclude(members__user=people["OO"]).order_by("pk")[0],
        position=1,
    )  # fmt: skip
    return {
        "heads_round": heads.pk,
        "headed_unit": headed.pk,
        "officers_round": officers.pk,
        "case_file": file.pk,
        "led_by": people["LL"].pk,
        "score_sheet": sheet.pk,
        "score_item": item.pk,
        "assessment": Assessment.objects.get(pk=made.pk).pk,
        "assessed_unit": unit.pk,
        "item_score": ItemScore.objects.get(item__key="on-time", unit_score__unit=unit).pk,
        "recommendation": advice.pk,
        "assessor_seat": made.assessors.get(user=people["DO"]).pk,
        "score_appeal": appeal.pk,
        "letter_form": form.pk,
        "year_letter": letter.pk,
    }  # fmt: skip


def _county_round(stage: Stage, sheet: Any, title: str) -> Any:
    """A round of the county's office by a sheet of the city's, as if it had adopted it itself."""
    from django.utils import timezone

    from bihuan.assessment import actions

    world, today = stage.world, timezone.localdate()
    type(sheet).objects.filter(pk=sheet.pk).update(
        organization=world.organizations.county_office, county=world.regions.yunxi
    )
    sheet.refresh_from_db()
    return actions.create_assessment(
        sheet, title=title, year=today.year, period_from=today - dt.timedelta(days=200), period_to=today,
        by=stage.inside["OO"],
    )  # fmt: skip
