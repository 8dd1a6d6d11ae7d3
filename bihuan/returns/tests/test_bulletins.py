"""Bulletins: drafted from the ledger, edited, recounted with a diff, stopped by the figure check, issued as a paper."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from docx import Document

from bihuan.accounts.tests.world import sign_in
from bihuan.core.errors import IllegalMove, Overtaken, ReasonRequired, Refused
from bihuan.core.tests.together import outcomes
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major
from bihuan.papers.models import Paper
from bihuan.papers.official import docx_bytes
from bihuan.returns.bulletins import actions, counting, drafting
from bihuan.returns.bulletins.workflow import RULES, BulletinMove, BulletinStatus
from bihuan.returns.models import Bulletin

from .factories import make_period

pytestmark = pytest.mark.django_db
CHINA = dt.timezone(dt.timedelta(hours=8))
SEPTEMBER = dt.datetime(2026, 9, 10, 10, tzinfo=CHINA)
OCTOBER = dt.datetime(2026, 10, 9, 9, tzinfo=CHINA)


@pytest.fixture
def september(world):
    """Three hazards of September: one closed, one major, one past its day; the month is over."""
    with time_machine.travel(SEPTEMBER, tick=False):
        make_closed(world)
        make_major(world)
        make_hazard(world, due_on=dt.date(2026, 9, 20))
    with time_machine.travel(OCTOBER, tick=False):
        yield make_period(world, dt.date(2026, 9, 1))


@pytest.fixture
def bulletin(world, september):
    return actions.draft_bulletin(september, by=world.people.office)


def words(bulletin, key):
    return next(part["text"] for part in bulletin.sections if part["key"] == key)


def edit(bulletin, by, **texts):
    return actions.edit_bulletin(
        bulletin, version=bulletin.version, title=bulletin.title, recipients=bulletin.recipients, cc="市委办公室，市政府办公室",
        texts=texts, by=by,
    )  # fmt: skip


def test_moves_are_these_and_no_others():
    table = {
        str(move): (sorted(rule.sources), rule.target, rule.needs_reason) for move, rule in RULES.items()
    }
    assert table == {
        "edit_bulletin": (["checked", "draft"], "draft", False),
        "recount_bulletin": (["checked", "draft"], "draft", False),
        "check_bulletin": (["draft"], "checked", False),
        "release_bulletin": (["draft"], "checked", True),
        "return_bulletin": (["checked"], "draft", True),
        "issue_bulletin": (["checked"], "issued", False),
        "withdraw_bulletin": (["issued"], "withdrawn", True),
        "drop_bulletin": (["checked", "draft"], "dropped", True),
    }


def test_a_draft_says_what_the_ledger_says(world, bulletin):
    assert bulletin.title == "关于2026年9月全市安全生产月督导情况的通报"
    assert bulletin.kind == Bulletin.Kind.MONTHLY
    text = words(bulletin, "overview")
    assert text.startswith("2026年9月，全市查出隐患3项")
    assert "整改率为33.3%" in text
    assert "地区涉及青石街道，部门涉及市住建局" in words(bulletin, "problems")
    assert "应报送5个单位。截止日未到、待报送的有" in words(bulletin, "reporting")
    rows = {
        row["label"]: row
        for row in drafting.body_table(
            counting.spec_and_filling(bulletin.period, bulletin.organization)[0], bulletin.figures
        )
    }
    assert rows["青石街道"]["values_list"][0]["text"] == "3"
    assert rows["河沿镇"]["values_list"][0]["text"] == "0"


def test_who_is_still_in_time_is_not_told_to_explain_himself(world, september):
    """The day of reporting is 13 October: a circular of the 9th names nobody as missing, one of the 14th does."""
    early = actions.draft_bulletin(september, by=world.people.office)
    assert "未报送的" not in words(early, "reporting")
    assert "补报" not in str(early.sections)
    actions.drop_bulletin(early, reason="等截止再写", by=world.people.office)
    with time_machine.travel(OCTOBER + dt.timedelta(days=5), tick=False):
        late = actions.draft_bulletin(september, by=world.people.office)
        assert "应报送5个单位。未报送的有" in words(late, "reporting")
        assert "要尽快补报，并说明未报送的原因" in str(late.sections)


def test_every_figure_opens_the_rows_as_of_its_moment(world, bulletin):
    found = counting.behind(bulletin, "|found")
    assert found.rows.queryset.count() == 3 == found.value
    with time_machine.travel(OCTOBER + dt.timedelta(days=3), tick=False):
        make_hazard(world, found_on=dt.date(2026, 9, 28))
        again = counting.behind(bulletin, "|found")
        assert again.rows.queryset.count() == 3
    assert counting.behind(bulletin, "locality.539721100|found").rows.queryset.count() == 0
    assert counting.behind(bulletin, "|nothing") is None
    assert counting.behind(bulletin, "locality.1|found") is None


def test_what_was_edited_stays_and_the_fresh_words_stand_beside_it(world, bulletin):
    by = world.people.office
    kept = edit(bulletin, by, overview="9月全市查出隐患3项，总体平稳。")
    assert kept.version == 2
    with time_machine.travel(OCTOBER + dt.timedelta(hours=1), tick=False):
        make_hazard(world, found_on=dt.date(2026, 9, 28))
        again = actions.recount_bulletin(kept, by=by)
    part = next(each for each in again.sections if each["key"] == "overview")
    assert part["text"] == "9月全市查出隐患3项，总体平稳。"
    assert "查出隐患4项" in part["fresh"]
    with pytest.raises(Refused, match="有新稿"):
        actions.check_bulletin(again, by=by)
    chosen = actions.choose_words(again, "overview", fresh=True, by=by)
    assert "查出隐患4项" in words(chosen, "overview")
    with pytest.raises(Refused, match="没有待选"):
        actions.choose_words(chosen, "overview", fresh=True, by=by)
    assert [version.number for version in chosen.versions.all()] == [4, 3, 2, 1]


def test_two_editors_do_not_overwrite_each_other(world, bulletin):
    edit(bulletin, world.people.office, overview="一")
    with pytest.raises(Overtaken, match="已经保存过这份通报") as told:
        edit(bulletin, world.people.office, overview="二")
    assert "一" in str(told.value.theirs)
    assert "二" not in str(told.value.theirs)


def test_a_figure_that_does_not_add_up_is_stopped_with_place_and_remedy(world, bulletin):
    by = world.people.office
    wrong = edit(bulletin, by, overview="全市共查出隐患83786项，已整改74775项，整改率89.9%。")
    with pytest.raises(actions.NotSound) as stopped:
        actions.check_bulletin(wrong, by=by)
    problem = next(each for each in stopped.value.verdict.problems if each.kind == "rate")
    assert problem.place == "“总体情况”"
    assert "89.2%" in problem.statement
    assert problem.remedy
    wrong.refresh_from_db()
    assert wrong.status == BulletinStatus.DRAFT


def test_a_figure_other_than_that_of_the_table_is_stopped(world, bulletin):
    wrong = edit(bulletin, world.people.office, overview="全市查出隐患30项。")
    with pytest.raises(actions.NotSound) as stopped:
        actions.check_bulletin(wrong, by=world.people.office)
    assert "所附数表为3项" in stopped.value.verdict.problems[0].statement


def test_it_leaves_all_the_same_only_with_a_reason_on_record(world, bulletin):
    by = world.people.office
    wrong = edit(bulletin, by, overview="全市查出隐患30项。")
    verdict = actions.check_bulletin(wrong, reason="含上级督查移交的27项", by=by)
    assert not verdict.may_leave
    wrong.refresh_from_db()
    assert (wrong.status, wrong.release_reason) == (BulletinStatus.CHECKED, "含上级督查移交的27项")
    line = wrong.transitions.last()
    assert (line.move, line.reason) == (BulletinMove.RELEASE, "含上级督查移交的27项")
    assert wrong.verdict["problems"][0]["place"]
    paper = actions.issue_bulletin(wrong, by=world.people.office_leader)
    assert paper.kind == Paper.Kind.BULLETIN


def test_a_change_after_the_check_asks_for_another_check(world, bulletin):
    actions.check_bulletin(bulletin, by=world.people.office)
    bulletin.refresh_from_db()
    changed = edit(bulletin, world.people.office, next="各单位抓紧整改。")
    assert (changed.status, changed.verdict) == (BulletinStatus.DRAFT, {})
    with pytest.raises(IllegalMove):
        actions.issue_bulletin(changed, by=world.people.office_leader)


def test_issuing_makes_a_numbered_paper_for_those_it_is_about(world, bulletin):
    by, leader = world.people.office, world.people.office_leader
    edit(bulletin, by)
    actions.check_bulletin(bulletin, by=by)
    with pytest.raises(PermissionDenied):
        actions.issue_bulletin(bulletin, by=by)  # who drafts does not sign
    paper = actions.issue_bulletin(bulletin, by=leader)
    assert paper.number == "云安办通〔2026〕1号"
    kinds = [block["kind"] for block in paper.content["blocks"]]
    assert kinds[0] == "recipients"
    assert kinds[-1] == "imprint"
    assert paper.content["blocks"][-1]["cc"] == ["市委办公室", "市政府办公室"]
    addresses = [block["address"] for block in paper.content["blocks"] if block["kind"] == "table"]
    assert addresses
    assert all(address.endswith(f"/returns/b/{bulletin.code}/") for address in addresses)
    assert Paper.objects.visible_to(world.people.qingshi_officer).filter(pk=paper.pk).exists()
    with pytest.raises(IllegalMove):
        actions.issue_bulletin(bulletin, by=leader)
    with pytest.raises(ReasonRequired):
        actions.withdraw_bulletin(bulletin, reason=" ", by=leader)
    actions.withdraw_bulletin(bulletin, reason="数据口径有误，另行印发", by=leader)
    fresh = actions.draft_bulletin(bulletin.period, by=by)
    assert fresh.pk != bulletin.pk


def test_one_period_has_one_bulletin_at_a_time(world, bulletin):
    with pytest.raises(Refused, match="已经起草过"):
        actions.draft_bulletin(bulletin.period, by=world.people.office)
    actions.drop_bulletin(bulletin, reason="重来", by=world.people.office)
    assert actions.draft_bulletin(bulletin.period, by=world.people.office).pk != bulletin.pk


def test_only_the_body_that_asks_for_the_returns_writes_about_them(world, september):
    for person in ("county_office", "qingshi_officer", "housing", "office_leader"):
        with pytest.raises(PermissionDenied):
            actions.draft_bulletin(september, by=getattr(world.people, person))


def test_drafts_are_the_issuers_own_and_issued_ones_everybodys_it_is_about(world, bulletin):
    def sees(name):
        return Bulletin.objects.visible_to(getattr(world.people, name)).filter(pk=bulletin.pk).exists()

    assert [name for name in ("office", "office_leader", "county_office", "qingshi_officer", "housing", "shop") if sees(name)] == [
        "office", "office_leader",
    ]  # fmt: skip
    actions.check_bulletin(bulletin, by=world.people.office)
    actions.issue_bulletin(bulletin, by=world.people.office_leader)
    assert all(sees(name) for name in ("office", "county_office", "qingshi_officer", "housing"))
    assert not sees("shop")


def test_the_document_says_what_the_page_says(world, bulletin):
    document = Document(io.BytesIO(docx_bytes(drafting.sheet_of_bulletin(bulletin))))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for part in bulletin.sections:
        assert part["text"].splitlines()[0] in text
    assert "一、总体情况" in text
    cells = [cell.text for table in document.tables for cell in table.rows[0].cells]
    assert "上年同期" in cells


def test_the_workbench_shows_edits_problems_and_leads_on(client, world, bulletin):
    sign_in(client, world.people.office)
    page = client.get(bulletin.get_absolute_url())
    assert page.status_code == 200
    assert "核校数字" in page.content.decode()
    fields = {
        "version": "1", "title": bulletin.title, "recipients": "各县<script>", "cc": "",
        "text-overview": "全市查出隐患30项。<img src=x onerror=1>\x07",
    }  # fmt: skip
    assert client.post(f"{bulletin.get_absolute_url()}words/", fields).status_code == 302
    assert client.post(f"{bulletin.get_absolute_url()}words/", fields).status_code == 409  # an old version
    stopped = client.post(f"{bulletin.get_absolute_url()}check/")
    body = stopped.content.decode()
    assert stopped.status_code == 422
    assert "怎么办：" in body
    assert "<img src=x" not in body
    released = client.post(f"{bulletin.get_absolute_url()}check/", {"reason": "口径说明"})
    assert released.status_code == 302
    for address in ("print/", "docx/", "pdf/", "versions/2/"):
        assert client.get(f"{bulletin.get_absolute_url()}{address}").status_code == 200
    assert client.post(f"{bulletin.get_absolute_url()}move/", {"move": "issue_bulletin"}).status_code == 403
    assert client.post(f"{bulletin.get_absolute_url()}move/", {"move": "nothing"}).status_code == 400
    for address in (f"/returns/b/{bulletin.code}/", f"/returns/b/{bulletin.code}/rows/?cell=%7Cfound"):
        assert client.get(address).status_code == 200
    assert client.get(f"/returns/b/{bulletin.code}/rows/?cell=%7Cnone").status_code == 404
    assert client.get("/returns/bulletins/").status_code == 200


def test_a_stranger_finds_no_draft_by_its_code(client, world, bulletin):
    sign_in(client, world.people.qingshi_officer)
    assert client.get(bulletin.get_absolute_url()).status_code == 404
    assert client.get(f"/returns/b/{bulletin.code}/").status_code == 404


def test_the_list_costs_the_same_for_one_bulletin_and_for_many(
    client, world, bulletin, django_assert_max_num_queries
):
    sign_in(client, world.people.office)
    client.get("/returns/bulletins/")
    with django_assert_max_num_queries(25):
        client.get("/returns/bulletins/")


@pytest.mark.django_db(transaction=True)
def test_two_signers_at_once_make_one_paper(world, september):
    bulletin = actions.draft_bulletin(september, by=world.people.office)
    actions.check_bulletin(bulletin, by=world.people.office)

    def sign():
        return actions.issue_bulletin(bulletin, by=world.people.office_leader)

    assert outcomes(sign, sign) == ["IllegalMove", "done"]
    assert Paper.objects.filter(kind=Paper.Kind.BULLETIN).count() == 1
