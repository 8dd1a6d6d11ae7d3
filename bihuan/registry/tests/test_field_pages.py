"""The pages of risks, owners, lists, stopped places, duplicates and plates, as people use them."""

import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.inspections.tests.factories import make_campaign, photo
from bihuan.registry import duplicates, lists, plates
from bihuan.registry.models import (
    Chemical,
    DuplicatePair,
    Enterprise,
    EnterpriseGrading,
    Equipment,
    MajorUnit,
    Permit,
    Plate,
    Recheck,
    Responsibility,
    RiskPoint,
    SharedList,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(world):
    return world.enterprises.shop


@pytest.fixture
def street(client, world):
    client.force_login(world.people.qingshi_officer)
    return client


def text(answer):
    return answer.content.decode()


# --- risks -----------------------------------------------------------------------------------------


def test_from_a_unit_to_a_grade_through_the_forms(street, shop):
    made = street.post(
        reverse("registry:new_unit", args=[shop.pk]),
        {
            "name": "气瓶间",
            "kind": "storage",
            "population": "120",
            "is_active": "on",
            "principal_name": "蒋好味",
        },
    )
    assert made.status_code == 302
    unit = MajorUnit.objects.get()
    answer = street.post(
        reverse("registry:new_chemical", args=[shop.pk]),
        {"name": "液化石油气", "state": "liquid", "design_maximum": "60", "unit": unit.pk, "is_present": "on", "cas": "68476-85-7"},
    )  # fmt: skip
    assert answer.status_code == 302
    page = text(street.get(unit.get_absolute_url()))
    assert "S=1.2，达到1，构成重大危险源" in page
    assert "包保责任人不全" in page
    street.post(reverse("registry:grade", args=[shop.pk]), {"action": "reckon"})
    overview = text(street.get(reverse("registry:risks", args=[shop.pk])))
    assert "四级重大危险源" in overview
    assert ">60</td>" in overview
    assert "怎样能改变" in overview
    street.post(
        reverse("registry:grade", args=[shop.pk]),
        {"action": "override", "grade": "D", "reason": "专家组诊断"},
    )
    assert EnterpriseGrading.objects.get(is_current=True).is_override
    assert "专家组诊断" in text(street.get(reverse("registry:risks", args=[shop.pk])))
    detail = text(street.get(shop.get_absolute_url()))
    assert "企业分级" in detail


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("cas", "68476-85-8", "校验位不符"),
        ("cas", "液化气", "应写成"),
        ("categories", "Z9", "没有“Z9”这个类别"),
        ("design_maximum", "0", ""),
    ],
)
def test_a_chemical_with_a_slip_is_sent_back(street, shop, field, value, said):
    given = {"name": "液化石油气", "state": "liquid", "design_maximum": "60", "is_present": "on"} | {
        field: value
    }
    answer = street.post(reverse("registry:new_chemical", args=[shop.pk]), given)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Chemical.objects.exists()


def test_a_risk_point_is_judged_on_its_page(street, shop):
    street.post(
        reverse("registry:new_point", args=[shop.pk]),
        {"name": "后厨灶台", "kind": "device", "is_active": "on"},
    )
    point = RiskPoint.objects.get()
    given = {
        "danger": "软管脱落", "method": "LEC", "on": timezone.localdate().isoformat(), "likelihood": "3", "exposure": "6",
        "consequence": "15",
    }  # fmt: skip
    assert street.post(point.get_absolute_url(), given).status_code == 302
    page = text(street.get(point.get_absolute_url()))
    assert "D=3×6×15=270" in page
    assert "风险点等级取其中最高一级" in page
    shop.refresh_from_db()
    assert shop.risk == "orange"
    assert "后厨灶台" in text(street.get(reverse("registry:risk_points") + "?colour=orange"))
    assert "后厨灶台" not in text(street.get(reverse("registry:risk_points") + "?colour=red"))
    assert street.post(point.get_absolute_url(), given | {"likelihood": ""}).status_code == 422


# --- who answers -----------------------------------------------------------------------------------


def test_what_lacks_somebody_is_red_and_given_together(client, world, shop):
    client.force_login(world.people.office)
    page = text(client.get(reverse("registry:owners")))
    assert page.count("无包干领导") >= 2
    picked = {"pick": [shop.pk], "kind": "leader", "post": world.posts["qingshi_leader"].pk}
    client.post(reverse("registry:name_many"), picked | {"next": reverse("registry:owners")})
    assert Responsibility.objects.get().enterprise == shop
    rows = client.get(reverse("registry:owners")).context["rows"]
    assert [row["enterprise"] for row in rows] == [world.enterprises.station]
    unnamed = client.get(reverse("registry:list") + "?gap=leader").context["page"].items
    assert unnamed == [world.enterprises.station]


def test_a_leader_for_a_whole_street(street, world, shop):
    answer = street.post(
        reverse("registry:areas"),
        {"region": "539702001", "post": world.posts["qingshi_leader"].pk, "from_on": timezone.localdate().isoformat()},
    )  # fmt: skip
    assert answer.status_code == 302
    assert "王同心" in text(street.get(reverse("registry:answering", args=[shop.pk])))
    street.post(reverse("registry:end_responsibility", args=[Responsibility.objects.get().pk]))
    assert Responsibility.objects.get().to_on == timezone.localdate()


# --- stopped ---------------------------------------------------------------------------------------


def test_stopped_gone_back_to_and_accepted(street, world, shop):
    by = world.people.qingshi_officer
    street.post(
        reverse("registry:status", args=[shop.pk]),
        {"status": "idle", "reason": "停业整顿", "document": "青石停〔2026〕3号", "photos": [str(photo(by))]},
    )
    shop.refresh_from_db()
    assert shop.status == "idle"
    assert "复产验收" in text(street.get(shop.get_absolute_url()))
    recheck = Recheck.objects.first()
    assert shop.name in text(street.get(reverse("registry:rechecks")))
    today = timezone.localdate().isoformat()
    done = street.post(
        recheck.get_absolute_url(),
        {"finding": "revived", "note": "后门在营业", "on": today, "photos": [str(photo(by))]},
    )
    assert done.status_code == 302
    assert "登记为隐患" in text(street.get(recheck.get_absolute_url()))
    assert shop.name in text(street.get(reverse("registry:rechecks") + "?state=revived"))
    accepted = {"passed": "yes", "team": "郑守一", "opinion": "已消除", "checked_on": today}
    refused = street.post(reverse("registry:resumption", args=[shop.pk]), accepted)
    assert refused.status_code == 422
    assert "须附现场照片" in text(refused)
    street.post(reverse("registry:resumption", args=[shop.pk]), accepted | {"photos": [str(photo(by))]})
    shop.refresh_from_db()
    assert shop.status == "operating"


# --- lists -----------------------------------------------------------------------------------------


def test_the_five_lists_are_made_once_and_print_as_a_booklet(client, world, shop):
    client.force_login(world.people.office)
    client.post(reverse("registry:standard_lists"))
    made = set(SharedList.objects.values_list("standard", flat=True))
    assert {"enterprises", "hazards", "risks", "stopped", "key"} <= made
    count = SharedList.objects.count()
    client.post(reverse("registry:standard_lists"))
    assert SharedList.objects.count() == count
    booklet = text(client.get(reverse("registry:booklet")))
    assert "清单手册" in booklet
    assert "云溪市安全生产委员会办公室" in booklet
    assert shop.name in booklet
    assert "填报单位" in booklet


def test_a_list_shows_each_reader_what_is_theirs(client, world, shop):
    client.force_login(world.people.office)
    answer = client.post(
        reverse("registry:new_list") + "?source=registry.enterprises&status=operating",
        {"name": "在产企业", "standard": "other", "sharing": "area", "columns": ["name", "leader"]},
    )
    shared = SharedList.objects.get()
    assert answer.url == shared.get_absolute_url()
    page = text(client.get(shared.get_absolute_url()))
    assert shop.name in page
    assert world.enterprises.station.name in page
    client.force_login(world.people.qingshi_officer)
    page = text(client.get(shared.get_absolute_url()))
    assert shop.name in page
    assert world.enterprises.station.name not in page
    assert client.get(reverse("registry:edit_list", args=[shared.pk])).status_code == 403
    sheet = client.get(reverse("registry:export_list", args=[shared.pk]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))
    values = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert ["企业名称", "包干领导"] in values
    assert any(row[0] == shop.name for row in values)


def test_one_s_own_list_is_nobody_else_s(client, world):
    made = lists.share(
        by=world.people.office,
        name="草稿",
        source="registry.enterprises",
        query="",
        columns=(),
        sharing="own",
    )
    client.force_login(world.people.office_leader)
    assert client.get(made.get_absolute_url()).status_code == 404
    client.force_login(world.people.office)
    client.post(reverse("registry:drop_list", args=[made.pk]))
    assert client.get(made.get_absolute_url()).status_code == 404


def test_key_supervision_says_why(client, world):
    Enterprise.objects.filter(pk=world.enterprises.station.pk).update(risk="red")
    made = lists.share(
        by=world.people.office, name="重点", source="registry.enterprises", query="criteria=red,unit",
        columns=("name", "flags"), sharing="area",
    )  # fmt: skip
    client.force_login(world.people.office)
    lines = client.get(made.get_absolute_url()).context["lines"]
    assert [line["cells"] for line in lines] == [[world.enterprises.station.name, "红色风险"]]


# --- duplicates ------------------------------------------------------------------------------------


def test_two_are_compared_and_made_one(client, world, shop):
    twin = Enterprise.objects.create(
        name="好味来面馆", kind=shop.kind, city=shop.city, county=shop.county, locality=shop.locality, address="幸福路1号"
    )  # fmt: skip
    duplicates.keep(duplicates.search_in("5397"), at=timezone.now())
    pair = DuplicatePair.objects.get()
    client.force_login(world.people.office)
    assert "好味来面馆" in text(client.get(reverse("registry:duplicates")))
    page = client.get(reverse("registry:pair", args=[pair.pk]))
    assert (page.context["kept"], page.context["gone"]) == (shop, twin)
    turned = client.get(reverse("registry:pair", args=[pair.pk]) + f"?keep={twin.pk}")
    assert turned.context["kept"] == twin
    answer = client.post(reverse("registry:merge", args=[pair.pk]), {"kept": shop.pk, "reason": "同一门面"})
    assert answer.url == shop.get_absolute_url()
    moved = client.get(reverse("registry:detail", args=[twin.pk]))
    assert (moved.status_code, moved.url) == (301, shop.get_absolute_url())
    client.force_login(world.people.outsider)
    assert client.get(reverse("registry:detail", args=[twin.pk])).status_code == 404


def test_the_census_page_adds_up(client, world):
    client.force_login(world.people.office)
    page = client.get(reverse("registry:census"))
    assert [number for number, _ in page.context["sums"]] == [2, 2, 0, 0, 0, 2]
    this_year = timezone.localdate().year
    opened = client.get(reverse("registry:list") + f"?kind=restaurant&entered={this_year}")
    assert f"kind=restaurant&amp;entered={this_year}" in page.text
    assert opened.context["page"].items == [world.enterprises.shop]
    assert "登记年份" in opened.text
    assert not client.get(reverse("registry:list") + f"?entered={this_year - 1}").context["page"].items
    assert "青石街道" in client.get(reverse("registry:census") + "?by=place").text


# --- plates ----------------------------------------------------------------------------------------


@pytest.fixture
def plate(world, shop):
    return plates.plates_for(shop, by=world.people.qingshi_officer)[0]


def test_the_public_face_holds_nothing_personal(client, world, shop, plate):
    shop.contacts.create(role="legal", name="蒋好味来", phone="19900001234")
    page = text(client.get(plate.get_absolute_url()))
    assert "黄色风险" in page
    assert "12350" in page
    assert "还没有检查记录" in page
    for secret in ("蒋好味来", "19900001234", shop.address, shop.credit_code):
        assert secret not in page


def test_the_public_is_told_that_a_stopped_place_should_not_work(client, world, shop, plate):
    assert "不应有生产经营" not in text(client.get(plate.get_absolute_url()))
    Enterprise.objects.filter(pk=shop.pk).update(status="closed")
    page = text(client.get(plate.get_absolute_url()))
    assert "这里登记为“关闭”，不应有生产经营" in page
    assert "举报" in page


def test_an_inspector_comes_straight_to_the_walk(client, world, shop, plate):
    client.force_login(world.people.inspector)
    assert client.get(plate.get_absolute_url()).url == f"/inspections/walk/?enterprise={shop.pk}"
    make_campaign(world)
    page = text(client.get(plate.get_absolute_url()))
    assert "不归入任务的检查" in page
    assert "/inspections/walk/?task=" in page


def test_the_enterprise_sees_its_duties_and_a_stranger_the_public_face(client, world, plate):
    client.force_login(world.people.shop)
    assert client.get(plate.get_absolute_url()).url == reverse("duties:inbox")
    client.force_login(world.people.outsider)
    page = text(client.get(plate.get_absolute_url()))
    assert "开始检查" not in page
    assert "打开企业档案" not in page


def test_a_withdrawn_plate_leads_nowhere_and_a_new_one_is_made(street, world, shop, plate):
    street.post(reverse("registry:withdraw_plate", args=[plate.pk]), {"reason": "牌子丢失"})
    assert street.get(plate.get_absolute_url()).status_code == 404
    assert street.get("/q/aaaaaaaaaaaaaaaaaaaaaa/").status_code == 404
    sheet = text(street.post(reverse("registry:plates", args=[shop.pk])))
    live = Plate.objects.get(withdrawn_at=None)
    assert live.token != plate.token
    assert "安全生产监管码" in sheet
    assert "is-single" in sheet
    many = street.post(reverse("registry:plate_sheet"), {"pick": [shop.pk, world.enterprises.station.pk]})
    assert len(many.context["drawn"]) == 1


def test_tokens_never_agree():
    make = Plate._meta.get_field("token").default
    assert len({make() for _ in range(50)}) == 50


def test_more_equipment_than_one_page_holds(street, shop):
    """51 pieces: the second page is reached and keeps what the list was narrowed by."""
    Equipment.objects.bulk_create(
        Equipment(enterprise=shop, kind="gas_detector", number=f"报{number}") for number in range(51)
    )
    page = street.get(reverse("registry:equipment"), {"kind": "gas_detector"}).content.decode()
    assert "第 1 页，共 2 页" in page
    assert "?kind=gas_detector&amp;page=2" in page
    assert street.get(reverse("registry:equipment"), {"kind": "gas_detector", "page": 2}).status_code == 200


def test_more_permits_than_one_page_holds(street, shop):
    today = timezone.localdate()
    Permit.objects.bulk_create(
        Permit(enterprise=shop, kind="食品经营许可证", number=str(number), valid_to=today)
        for number in range(51)
    )
    page = street.get(reverse("registry:permits")).content.decode()
    assert "第 1 页，共 2 页" in page
    assert "?page=2" in page
