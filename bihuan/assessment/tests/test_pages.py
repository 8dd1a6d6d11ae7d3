"""The pages, as the people who use them see them."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal as D

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.assessment import actions, heavy
from bihuan.assessment.models import Appeal, Assessment, ItemScore, Judgement, Letter, Sheet
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.jobs.models import Job

from .factories import begin, judge_all, make_letters, make_sheet, publish, unit_of

pytestmark = pytest.mark.django_db


def a_pdf() -> bytes:
    """One empty page."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    kept = io.BytesIO()
    document.save(kept)
    return kept.getvalue()


def get(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"assessment:{name}", args=args), query)
    assert answer.status_code == status, answer.content.decode()[:800]
    return answer.content.decode() if not answer.streaming else b"".join(answer.streaming_content)


def test_a_sheet_from_shipped_to_adopted_by_page(world, client) -> None:
    office = sign_in(client, world.people.office)
    assert "示范细则" in get(office, "sheets")
    office.post(reverse("assessment:start_sheet"), {"key": "localities", "title": "乡镇考核"})
    sheet = Sheet.objects.get(title="乡镇考核")
    page = get(office, "sheet", sheet.pk)
    assert "底稿未经核对" in page
    item = sheet.items.get(key="on_time")
    fields = {
        "section": "隐患治理", "kind": "basic", "name": "按期整改", "measure": "hazard.on_time", "points_key": "10",
        "rule": "proportional", "full": "100", "zero": "60", "threshold": "1",
    }  # fmt: skip
    answer = office.post(reverse("assessment:item", args=[sheet.pk, item.pk]), fields)
    assert answer.status_code == 302
    assert "合计 98 分" in get(office, "sheet", sheet.pk)
    wrong = office.post(reverse("assessment:item", args=[sheet.pk, item.pk]), fields | {"zero": "100"})
    assert wrong.status_code == 422
    assert "不能相同" in wrong.content.decode()
    office.post(reverse("assessment:item", args=[sheet.pk, item.pk]), fields | {"points_key": "12"})
    new = office.post(
        reverse("assessment:add_item", args=[sheet.pk]),
        {"section": "加分", "kind": "plus", "name": "试点", "how": ["archive"], "rule": "highest", "levels": "市级 1\n省级 3", "threshold": "1"},
    )  # fmt: skip
    assert new.status_code == 302
    office.post(reverse("assessment:item", args=[sheet.pk, sheet.items.get(name="试点").pk]), {"remove": "1"})
    assert not sheet.items.filter(name="试点").exists()
    leader = sign_in(client, world.people.office_leader)
    leader.post(
        reverse("assessment:publish_sheet", args=[sheet.pk]),
        {"document": "云安〔2026〕3号", "effective_from": "2026-01-01"},
    )
    sheet.refresh_from_db()
    assert sheet.status == "published"
    assert "云安〔2026〕3号" in get(leader, "sheet", sheet.pk)


def test_trying_other_weights_shows_how_the_ranking_would_move(world, client) -> None:
    hazard = make_hazard(world, found_on=timezone.localdate() - dt.timedelta(days=60))
    type(hazard).objects.filter(pk=hazard.pk).update(due_on=timezone.localdate() - dt.timedelta(days=30))
    made = begin(world)
    judge_all(made, world, points=30)
    actions.take_interim(made, by=world.people.office)
    draft = actions.revise_sheet(made.sheet, by=world.people.office)
    rows = {item.key: item.pk for item in draft.items.all()}
    sent = {
        "title": draft.title, "effective_from": "2026-01-01", "judges": "2", "tolerance": "20", "grades": "优秀 95\n达标 60\n不达标 0",
        "veto_grade": "不达标", "plus_cap": "5", "minus_cap": "20", "least_base": "30", "simulate": "1",
        f"points-key-{rows['on-time']}": "10", f"points-key-{rows['quality']}": "90",
    }  # fmt: skip
    office = sign_in(client, world.people.office)
    answer = office.post(reverse("assessment:sheet", args=[draft.pk]), sent)
    page = answer.content.decode()
    assert answer.status_code == 200, page[:500]
    assert "试算：排名会怎样变" in page
    # 30 of 40 is 67.5 of 90, less half a point.
    assert "67.00" in page
    draft.refresh_from_db()
    assert draft.items.get(key="quality").points_key == 40
    bad = office.post(
        reverse("assessment:sheet", args=[draft.pk]), sent | {f"points-key-{rows['quality']}": "80"}
    )
    assert bad.status_code == 422
    assert "合计 90 分" in bad.content.decode()
    sent.pop("simulate")
    assert office.post(reverse("assessment:sheet", args=[draft.pk]), sent).status_code == 302
    assert draft.items.get(key="quality").points_key == 90


def test_arranging_judging_and_freezing_by_page(world, client) -> None:
    sheet = make_sheet(world)
    office = sign_in(client, world.people.office)
    today = timezone.localdate()
    office.post(
        reverse("assessment:create"),
        {"sheet": sheet.pk, "title": "年度考核", "year": "2026", "period_from": str(today - dt.timedelta(days=90)), "period_to": str(today)},
    )  # fmt: skip
    made = Assessment.objects.get()
    arrange = reverse("assessment:arrange", args=[made.pk])
    office.post(
        arrange, {"what": "units", "pick": [world.organizations.qingshi.pk, world.organizations.baita.pk]}
    )
    for name in ("housing", "market"):
        office.post(arrange, {"what": "assessor", "user": getattr(world.people, name).pk})
    page = get(office, "arrange", made.pk)
    assert "青石街道" in page
    unit = unit_of(made, "白塔镇")
    office.post(arrange, {"what": "unit", "unit": unit.pk, "tier": "key", "exclusion": "本年新设"})
    office.post(reverse("assessment:move", args=[made.pk, "start"]))
    made.refresh_from_db()
    assert made.status == "running"
    item = sheet.items.get(key="quality")
    for name in ("housing", "market"):
        person = sign_in(client, getattr(world.people, name))
        seat = made.assessors.get(user=getattr(world.people, name))
        assert "还有 <strong>2</strong> 项没有评" in get(person, "seat", seat.pk)
        for each in made.units.all():
            form = reverse("assessment:judge", args=[seat.pk, each.pk])
            assert "检查质量" in get(person, "judge", seat.pk, each.pk)
            wrong = person.post(
                form,
                {
                    "item": item.pk,
                    f"i{item.pk}-points": "41",
                    f"i{item.pk}-how": "scene",
                    f"i{item.pk}-text": "看了",
                },
            )
            assert wrong.status_code == 422
            sent = {
                "item": item.pk,
                f"i{item.pk}-points": "36",
                f"i{item.pk}-how": "scene",
                f"i{item.pk}-text": "抽查三家",
            }
            assert person.post(form, sent).status_code == 302
        assert "都评完了" in get(person, "seat", seat.pk)
    assert Judgement.objects.count() == 4
    office = sign_in(client, world.people.office)
    assert "两人评定取平均" in get(office, "judging", unit.pk)
    office.post(reverse("assessment:move", args=[made.pk, "snapshot"]))
    office.post(reverse("assessment:move", args=[made.pk, "freeze"]))
    made.refresh_from_db()
    assert made.status == "scored"
    assert "等负责人审定" in get(office, "detail", made.pk)  # fmt: skip


@pytest.mark.django_db(transaction=True)  # a job begins when its request is through
def test_a_move_over_hundreds_is_background_work_all_or_nothing(world, client, monkeypatch) -> None:
    monkeypatch.setattr(heavy, "DIRECT", 1)
    made = begin(world)
    office = sign_in(client, world.people.office)
    refused = office.post(reverse("assessment:move", args=[made.pk, "freeze"]))
    job = Job.objects.get()
    assert refused["Location"] == job.get_absolute_url()
    assert job.state == "failed"  # nobody has judged anything yet
    assert "没有评" in job.message
    made.refresh_from_db()
    assert made.status == "running"

    judge_all(made, world)
    office.post(reverse("assessment:move", args=[made.pk, "freeze"]))
    actions.adopt(again(made), by=world.people.office_leader)
    sign_in(client, world.people.office_leader)
    assert client.post(reverse("assessment:move", args=[made.pk, "publish"])).status_code == 403
    sign_in(client, world.people.office)
    office.post(reverse("assessment:move", args=[made.pk, "publish"]))
    job = Job.objects.latest("created_at")
    assert (job.state, job.done, job.message) == ("done", job.total, "已公布结果")
    made.refresh_from_db()
    assert made.status == "published"


def again(made: Assessment) -> Assessment:
    return Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)


def test_the_result_the_card_its_rows_and_an_appeal(world, client) -> None:
    hazard = make_hazard(world, found_on=timezone.localdate() - dt.timedelta(days=60))
    type(hazard).objects.filter(pk=hazard.pk).update(due_on=timezone.localdate() - dt.timedelta(days=30))
    made = publish(world)
    unit = unit_of(made, "青石街道")
    street = sign_in(client, world.people.qingshi_leader)
    ranking = get(street, "detail", made.pk)
    assert "白塔镇" in ranking
    card = get(street, "card", unit.pk)
    assert "−60" in card
    score = ItemScore.objects.get(unit_score__unit=unit, item__key="on-time")
    rows = get(street, "rows", score.pk)
    assert hazard.get_absolute_url() in rows
    assert "没有提交" in rows
    # The ranking names what cost the points, and leads there; of others it names nothing.
    assert f'href="{reverse("assessment:rows", args=[score.pk])}"' in ranking
    assert "−60" in ranking
    on_time = make_submitted(world, found_on=timezone.localdate() - dt.timedelta(days=60))
    type(hazard).objects.filter(pk=on_time.pk).update(
        due_on=timezone.localdate() - dt.timedelta(days=30),
        submitted_on=timezone.localdate() - dt.timedelta(days=40),
    )
    whole = street.get(reverse("assessment:rows", args=[score.pk]) + "?which=all").content.decode()
    # What was counted then: the one that has come since is none of it.
    assert hazard.get_absolute_url() in whole
    assert on_time.get_absolute_url() not in whole
    assert "计入基数的 1 件" in whole
    other = unit_of(made, "白塔镇")
    get(street, "card", other.pk, status=404)
    item = made.sheet.items.get(key="on-time")
    assert "提出申辩" in get(street, "new_appeal", unit.pk)
    sent = {"item": item.pk, "asked": "60", "text": "企业已停业"}
    broken = SimpleUploadedFile("停业证明.pdf", b"%PDF-1.7\n%%EOF", content_type="application/pdf")
    address = reverse("assessment:new_appeal", args=[unit.pk])
    assert street.post(address, sent | {"photos_documents": broken}).status_code == 422
    assert not Appeal.objects.exists()
    sent["photos_documents"] = SimpleUploadedFile("停业证明.pdf", a_pdf(), content_type="application/pdf")
    assert street.post(reverse("assessment:new_appeal", args=[unit.pk]), sent).status_code == 302
    appeal = Appeal.objects.get()
    page = get(street, "appeal", appeal.pk)
    assert "企业已停业" in page
    assert "停业证明.pdf" in page
    leader = sign_in(client, world.people.office_leader)
    address = reverse("assessment:appeal", args=[appeal.pk])
    assert leader.post(address, {"decision": "uphold", "answer": "属实"}).status_code == 422
    leader.post(address, {"decision": "uphold", "granted": "30", "answer": "部分属实"})
    unit.refresh_from_db()
    assert unit.score == D("65.50")
    assert "部分属实" in get(leader, "appeal", appeal.pk)
    assert "申辩后改" in get(leader, "card", unit.pk)
    assert "得分变更" in get(leader, "detail", made.pk)
    assert get(leader, "appeals")
    for kind in ("ranking", "cards"):
        assert get(leader, "export", kind, assessment=made.pk)[:2] == b"PK"
    Assessment.objects.filter(pk=made.pk).update(appeal_by=timezone.localdate() - dt.timedelta(days=1))
    office = sign_in(client, world.people.office)
    office.post(reverse("assessment:move", args=[made.pk, "finalize"]))
    leader = sign_in(client, world.people.office_leader)
    card = get(leader, "card", unit.pk)
    assert "结果运用建议" in card
    advice = unit.recommendations.first()
    leader.post(reverse("assessment:recommendation", args=[advice.pk]), {"decision": "accepted"})
    assert "采纳" in get(leader, "records")


def test_letters_by_page(world, client) -> None:
    office = sign_in(client, world.people.office)
    sent = {
        "organization": world.organizations.office.pk, "kind": "responsibility", "year": timezone.localdate().year,
        "title": "目标责任书", "targets": "死亡人数 不超过 2 人", "text": "落实责任。",
    }  # fmt: skip
    answer = office.post(reverse("assessment:new_letters"), sent)
    assert answer.status_code == 302, answer.content.decode()[:500]
    office.post(answer["Location"], {"what": "issue", "bodies": [world.organizations.qingshi.pk]})
    letter = Letter.objects.get()
    assert "青石街道" in get(office, "letters", status=200)
    assert "青石街道" in office.get(reverse("assessment:letters") + "?status=issued").content.decode()
    office.post(answer["Location"], {"what": "remind"})
    street = sign_in(client, world.people.qingshi_leader)
    assert "不超过 2 人" in get(street, "letter", letter.pk)
    street.post(reverse("assessment:letter", args=[letter.pk]), {"what": "sign_lower"})
    letter.refresh_from_db()
    assert letter.status == "issued"  # neither drawn nor confirmed
    street.post(
        reverse("assessment:letter", args=[letter.pk]), {"what": "sign_lower", "signature_typed": "1"}
    )
    leader = sign_in(client, world.people.office_leader)
    assert "签订 1 份" in get(leader, "letter_form", letter.form_id)
    leader.post(answer["Location"], {"what": "countersign"})
    letter.refresh_from_db()
    assert letter.paper is not None
    assert letter.paper.number in get(leader, "letter", letter.pk)
    assert get(leader, "export_letters")[:2] == b"PK"


def test_before_publication_a_unit_sees_only_itself(world, client) -> None:
    made = begin(world)
    judge_all(made, world)
    actions.take_interim(made, by=world.people.office)
    street = sign_in(client, world.people.qingshi_officer)
    page = get(street, "detail", made.pk)
    assert "青石街道" in page
    assert "白塔镇" not in page
    get(sign_in(client, world.people.shop), "detail", made.pk, status=404)
    get(sign_in(client, world.people.expert), "list", status=403)


def test_bad_addresses_and_forms_say_so(world, client) -> None:
    made = begin(world)
    office = sign_in(client, world.people.office)
    get(office, "detail", made.pk, snapshot="99999999999999999999")
    get(office, "export", "nothing", status=404, assessment=made.pk)
    get(office, "rows", 999999, status=404)
    assert office.post(reverse("assessment:move", args=[made.pk, "nothing"])).status_code == 404
    assert office.post(reverse("assessment:create"), {"year": "abc"}).status_code == 422
    get(office, "letters", status=200, year="0x1", status_="x")
    assert client.get(reverse("assessment:list") + "?cursor=zzz").status_code == 400


def test_the_ranking_page_asks_as_much_for_three_units_as_for_one(world, client) -> None:
    one = begin(world, units=("qingshi",))
    three = begin(world, sheet=one.sheet, units=("qingshi", "baita", "heyan"), title="另一次")
    for made in (one, three):
        judge_all(made, world)
        actions.take_interim(made, by=world.people.office)
    office = sign_in(client, world.people.office)
    counts = []
    for made in (one, three):
        get(office, "detail", made.pk)
        with CaptureQueriesContext(connection) as queries:
            get(office, "detail", made.pk)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    make_letters(world, "qingshi", "baita", "heyan")
    with CaptureQueriesContext(connection) as queries:
        get(office, "letters")
    assert len(queries) < 40
