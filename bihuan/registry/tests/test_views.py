"""Who enters which page, what stands in it, what leaves the house."""

import io

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, SavedView
from bihuan.audit.models import Event
from bihuan.registry import filters, panels
from bihuan.registry.models import Contact, Enterprise, Permit, Premises
from bihuan.registry.views import imports, lists, records

from .sheets import code

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def shop(world):
    return world.enterprises.shop


def enter(client, user):
    client.force_login(user)
    return client


def empty_parts(**changes):
    sent = {}
    for prefix in ("contacts", "permits", "premises"):
        sent |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return sent | changes


def new_form(**changes):
    sent = {
        "name": "云溪区新开面馆",
        "credit_code": code(77),
        "kind": "restaurant",
        "locality": "539702001",
        "department": "",
        "risk": "yellow",
        "status": "operating",
    }
    return empty_parts() | sent | changes


# --- doors ---------------------------------------------------------------------------------------

PAGES = ["registry:detail", "registry:edit"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["outsider", "market", "station", "expert"])
def test_people_who_may_not_see_it_get_404_or_nothing(client, world, shop, page, who):
    """Another township, another department, another enterprise; experts have no registry at all."""
    answer = enter(client, getattr(world.people, who)).get(reverse(page, args=[shop.pk]))
    assert answer.status_code == (403 if who == "expert" else 404)


@pytest.mark.parametrize("who", ["inspector", "qingshi_leader", "housing_leader", "shop", "inspectorate"])
def test_people_who_see_but_may_not_change_get_403(client, world, shop, who):
    client = enter(client, getattr(world.people, who))
    assert client.get(reverse("registry:detail", args=[shop.pk])).status_code == 200
    assert client.get(reverse("registry:edit", args=[shop.pk])).status_code == 403
    assert client.post(reverse("registry:status", args=[shop.pk])).status_code == 403
    assert client.post(reverse("registry:account", args=[shop.pk])).status_code == 403
    assert client.get(reverse("registry:create")).status_code == 403
    assert client.get(reverse("registry:import")).status_code == 403
    assert client.post(reverse("registry:assign"), {"pick": shop.pk}).status_code == 403


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor", "expert"])
@pytest.mark.parametrize("view", [lists.index, lists.export, imports.start, records.create])
def test_administrators_and_experts_see_no_registry(rf, world, view, who):
    """Asked of the views themselves: administrators meet the second factor before any page."""
    request = rf.post("/") if view is lists.export else rf.get("/")
    request.user = getattr(world.people, who)
    with pytest.raises(PermissionDenied):
        view(request)


@pytest.mark.parametrize("who", ["office", "county_office", "housing", "qingshi_officer"])
def test_officers_of_the_area_and_the_line_may_change(client, world, shop, who):
    answer = enter(client, getattr(world.people, who)).get(reverse("registry:edit", args=[shop.pk]))
    assert answer.status_code == 200


def test_an_enterprise_comes_straight_to_its_own_page(client, world, shop):
    answer = enter(client, world.people.shop).get(reverse("registry:list"))
    assert answer.url == shop.get_absolute_url()


def test_a_stranger_is_sent_to_the_login(client, world):
    assert client.get(reverse("registry:list")).status_code == 302


# --- list ----------------------------------------------------------------------------------------


def names(answer):
    return [enterprise.name for enterprise in answer.context["page"].items]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=面馆", ["云溪区好味来面馆"]),
        ("q=MA6K00027", ["云溪平安液化气充装有限公司"]),
        ("kind=lpg_filling", ["云溪平安液化气充装有限公司"]),
        ("risk=yellow&risk=orange", ["云溪平安液化气充装有限公司", "云溪区好味来面馆"]),
        ("region=539702001", ["云溪区好味来面馆"]),
        ("region=539721", []),
        ("status=closed", []),
        ("department=none", []),
        ("permit=none", ["云溪平安液化气充装有限公司"]),
        ("permit=expired", ["云溪区好味来面馆"]),
        ("permit=expiring", []),
        ("department=999999", []),
        ("department=²", []),
        ("department=99999999999999999999999", []),
        ("q=%27%25_", []),
        ("kind=nonsense", []),
        ("region=x", []),
        ("permit=x", []),
    ],
)
def test_filters(client, world, shop, query, found):
    Permit.objects.create(enterprise=shop, kind="许可证", number="1", valid_to="2020-01-01")
    answer = enter(client, world.people.office).get(f"{reverse('registry:list')}?{query}")
    assert answer.status_code == 200
    assert names(answer) == found


def test_pages_of_fifty_by_keyset(client, world, django_assert_max_num_queries):
    r = world.regions
    Enterprise.objects.bulk_create(
        Enterprise(name=f"第{n}号店", kind=world.kinds.restaurant, city=r.city, county=r.yunxi, locality=r.qingshi)
        for n in range(60)
    )  # fmt: skip
    enter(client, world.people.office)
    with django_assert_max_num_queries(30):
        first = client.get(reverse("registry:list"))
    assert len(names(first)) == 50
    assert "共 62 家" in first.text
    second = client.get(reverse("registry:list"), {"cursor": first.context["page"].next_cursor})
    assert len(names(second)) == 12
    assert client.get(reverse("registry:list"), {"cursor": "zzz"}).status_code == 302


def test_objects_without_department_are_red_and_can_be_assigned(client, world, shop):
    Enterprise.objects.filter(pk=shop.pk).update(department=None)
    enter(client, world.people.qingshi_officer)
    assert "1 家没有主管部门" in client.get(reverse("registry:list")).text

    sent = {"pick": [shop.pk], "department": world.organizations.market.pk, "next": "/registry/"}
    answer = client.post(reverse("registry:assign"), sent, follow=True)

    assert "指定主管部门：办成 1 家" in answer.text
    shop.refresh_from_db()
    assert shop.department == world.organizations.market
    assert shop.changes.get().what == "assigned"


def test_assigning_does_not_reach_beyond_the_area(client, world):
    station = world.enterprises.station
    enter(client, world.people.qingshi_officer)
    client.post(
        reverse("registry:assign"), {"pick": station.pk, "department": world.organizations.housing.pk}
    )
    station.refresh_from_db()
    assert station.department == world.organizations.market


def test_assigning_never_leads_to_another_site(client, world, shop):
    enter(client, world.people.office)
    market = world.organizations.market.pk
    for target in ("//example.org/", "https://example.org/", "/\\example.org"):
        answer = client.post(
            reverse("registry:assign"), {"pick": shop.pk, "department": market, "next": target}
        )
        assert answer.url == reverse("registry:list")


def test_the_usual_department_of_the_kind(client, world, shop):
    Enterprise.objects.filter(pk=shop.pk).update(department=None)
    world.kinds.restaurant.default_department = world.organizations.market
    world.kinds.restaurant.save()
    enter(client, world.people.office).post(reverse("registry:assign"), {"pick": shop.pk, "department": ""})
    shop.refresh_from_db()
    assert shop.department == world.organizations.market


def test_a_filter_kept_under_a_name(client, world):
    enter(client, world.people.office)
    client.post(
        reverse("accounts:saved_view"), {"page": "registry:list", "name": "红色", "query": "risk=red"}
    )
    answer = client.get(f"{reverse('registry:list')}?risk=red&cursor=")
    assert SavedView.objects.get(user=world.people.office, name="红色").query == "risk=red"
    assert [view["label"] for view in answer.context["views"]] == ["全部", "红色"]


def test_another_apps_filter(client, world, shop):
    """A filter belongs to a higher app; the registry only offers the place."""
    extra = filters.ExtraFilter(
        "assembly",
        "整治任务",
        lambda objects, value, user: objects.filter(pk=shop.pk) if value == "7" else None,
        lambda value, user: "任务七",
    )
    filters.register(extra)
    try:
        enter(client, world.people.office)
        hit = client.get(reverse("registry:list"), {"assembly": "7"})
        assert names(hit) == [shop.name]
        assert "整治任务：任务七" in hit.text
        assert names(client.get(reverse("registry:list"), {"assembly": "8"})) == []
    finally:
        filters.unregister("assembly")


@pytest.mark.parametrize(
    ("login", "locality", "department"), [("qingshi_officer", "qingshi", None), ("housing", None, "housing")]
)
def test_where_there_is_one_choice_it_is_made(client, world, login, locality, department):
    form = enter(client, getattr(world.people, login)).get(reverse("registry:create")).context["form"]
    assert form["locality"].value() == (getattr(world.regions, locality).pk if locality else None)
    assert form["department"].value() == (getattr(world.organizations, department).pk if department else None)


def test_a_filter_hides_no_property_of_its_form():
    extra = filters.ExtraFilter(
        "attributes", "专有属性", lambda objects, value, user: None, lambda value, user: ""
    )
    with pytest.raises(ValueError, match="attributes"):
        filters.register(extra)


def test_export_is_watermarked_recorded_and_without_phones(client, world, shop):
    Contact.objects.create(enterprise=shop, role="safety", name="李某某", phone="19900001234")
    Enterprise.objects.filter(pk=shop.pk).update(remark="=1+1")
    answer = enter(client, world.people.office).get(reverse("registry:export"), {"region": "539702001"})

    page = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    assert "赵安和" in cells[0][0]
    assert "辖区：青石街道" in cells[0][0]
    assert len(cells) == 3
    assert cells[2][0] == "云溪区好味来面馆"
    assert cells[2][11] == "李某某"
    assert "1990000" not in str(cells)
    remark = page.cell(3, 17)
    assert (remark.value, remark.data_type) == ("=1+1", "s")
    event = Event.objects.get(act="registry.export")
    assert event.payload == {"query": "region=539702001", "rows": 1}


@pytest.mark.parametrize("who", ["inspector", "shop"])
def test_who_may_not_export(client, world, who):
    assert enter(client, getattr(world.people, who)).get(reverse("registry:export")).status_code == 403


# --- one record ----------------------------------------------------------------------------------


def test_detail_masks_phones_and_shows_panels(client, world, shop):
    contact = Contact.objects.create(enterprise=shop, role="safety", name="李某某", phone="19900001234")
    Permit.objects.create(enterprise=shop, kind="食品", number="1", valid_to=timezone.localdate())
    Premises.objects.create(
        enterprise=shop, name="后厨", kind=world.kinds.restaurant, locality=world.regions.qingshi
    )
    panels.register(
        "test.tasks",
        lambda enterprise, user: panels.Panel(
            "整治任务", [panels.PanelRow("入户检查", "待检查", "/campaigns/7/", "orange")]
        ),
    )
    try:
        office = enter(client, world.people.office).get(shop.get_absolute_url())
        own = enter(client, world.people.shop).get(shop.get_absolute_url())
    finally:
        panels.unregister("test.tasks")
    for answer in (office, own):
        assert "19900001234" not in answer.text
        assert "199****1234" in answer.text
        assert "今天到期" in answer.text
        assert "入户检查" in answer.text
    reveal = reverse("registry:reveal", args=[contact.pk])
    assert reveal in office.text
    assert reveal not in own.text


def test_revealing_a_phone_needs_a_reason_and_is_recorded(client, world, shop):
    contact = Contact.objects.create(enterprise=shop, role="safety", name="李某某", phone="19900001234")
    url = reverse("registry:reveal", args=[contact.pk])
    enter(client, world.people.qingshi_officer)

    assert "19900001234" not in client.get(url).text
    assert client.post(url, {"reason": " "}).status_code == 422
    assert Event.objects.filter(act="registry.reveal_phone").count() == 0
    answer = client.post(url, {"reason": "通知复查"})

    assert "19900001234" in answer.text
    assert answer["Cache-Control"] == "no-store"
    event = Event.objects.get(act="registry.reveal_phone")
    assert event.payload == {"contact": contact.pk, "reason": "通知复查"}
    assert "19900001234" not in f"{event.summary}{event.payload}"


@pytest.mark.parametrize(
    ("who", "expected"), [("inspector", 403), ("shop", 403), ("outsider", 404), ("market", 404)]
)
def test_who_may_not_reveal(client, world, shop, who, expected):
    contact = Contact.objects.create(enterprise=shop, role="safety", name="李某某", phone="19900001234")
    url = reverse("registry:reveal", args=[contact.pk])
    assert enter(client, getattr(world.people, who)).post(url, {"reason": "好奇"}).status_code == expected


def test_registering_with_contacts_permits_and_premises(client, world):
    sent = new_form(
        **{
            "contacts-TOTAL_FORMS": "1", "contacts-0-role": "safety", "contacts-0-name": "李某某",
            "contacts-0-phone": "199 0000 1234",
            "permits-TOTAL_FORMS": "1", "permits-0-kind": "食品", "permits-0-number": "1",
            "permits-0-valid_to": "2028-06-30",
            "premises-TOTAL_FORMS": "1", "premises-0-name": "后厨", "premises-0-kind": "restaurant",
            "premises-0-locality": "539702001", "premises-0-is_active": "on",
        }
    )  # fmt: skip
    answer = enter(client, world.people.qingshi_officer).post(reverse("registry:create"), sent)

    made = Enterprise.objects.get(credit_code=code(77))
    assert answer.url == made.get_absolute_url()
    assert made.contacts.get().phone == "19900001234"
    assert made.permits.get().number == "1"
    assert made.premises.get().name == "后厨"
    assert (made.city_id, made.county_id) == ("5397", "539702")
    assert "19900001234" not in str(made.changes.get().changes)
    assert Event.objects.get(chain=f"registry.enterprise:{made.pk}").act == "registry.created"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credit_code": "92539702MA6K00020H"}, "校验码"),
        ({"credit_code": "92539702MA6K00019H", "release_code": "on"}, "须填写理由"),
        ({"name": "店"}, "全称"),
        ({"longitude": "25", "latitude": "102"}, "填反了"),
        ({"locality": "539702101"}, "选择"),
        ({"employees": "2000000"}, "过大"),
        ({"permits-TOTAL_FORMS": "1", "permits-0-kind": "食品", "permits-0-number": "1",
          "permits-0-valid_to": "9999-12-31"}, "年份不合理"),
        ({"permits-TOTAL_FORMS": "1", "permits-0-kind": "食品", "permits-0-number": "1",
          "permits-0-valid_from": "0001-01-01"}, "年份不合理"),
        ({"permits-TOTAL_FORMS": "1", "permits-0-kind": "食品", "permits-0-number": "1",
          "permits-0-valid_from": "2026-01-01", "permits-0-valid_to": "2025-01-01"}, "填反"),
        ({"contacts-TOTAL_FORMS": "1", "contacts-0-role": "safety", "contacts-0-name": "李某某",
          "contacts-0-phone": "123"}, "11位手机号"),
    ],
)  # fmt: skip
def test_what_the_form_refuses(client, world, changes, words):
    answer = enter(client, world.people.qingshi_officer).post(reverse("registry:create"), new_form(**changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert not Enterprise.objects.filter(locality="539702001").exclude(pk=world.enterprises.shop.pk).exists()


def test_a_taken_code_is_refused_with_a_remedy(client, world):
    enter(client, world.people.qingshi_officer)
    client.post(reverse("registry:create"), new_form())
    answer = client.post(reverse("registry:create"), new_form(name="另一家"))
    assert answer.status_code == 422
    assert "已登记" in answer.text
    assert Enterprise.objects.filter(credit_code=code(77)).count() == 1


def test_a_department_cannot_give_away_or_take_another_line(client, world, shop):
    enter(client, world.people.housing)
    form = client.get(reverse("registry:edit", args=[shop.pk])).context["form"]
    assert [str(d) for d in form.fields["department"].queryset] == ["云溪市住房和城乡建设局"]
    answer = client.post(reverse("registry:create"), new_form(department=""))
    assert answer.status_code == 422
    assert "不归口本部门" in answer.text


def edit_form(client, shop, **changes):
    page = client.get(reverse("registry:edit", args=[shop.pk]))
    form = page.context["form"]
    sent = empty_parts()
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False, ""):
            sent[name] = value
    return sent | changes


def test_editing_keeps_the_phone_unless_a_new_one_is_given(client, world, shop):
    contact = Contact.objects.create(enterprise=shop, role="safety", name="李某某", phone="19900001234")
    enter(client, world.people.qingshi_officer)
    part = {
        "contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "1", "contacts-0-id": contact.pk,
        "contacts-0-role": "safety", "contacts-0-name": "李某某", "contacts-0-phone": "",
    }  # fmt: skip
    page = client.get(reverse("registry:edit", args=[shop.pk]))
    assert "19900001234" not in page.text
    sent = edit_form(client, shop, address="新址1号", code_unchecked_reason="执照如此", **part)
    assert client.post(reverse("registry:edit", args=[shop.pk]), sent).status_code == 302
    contact.refresh_from_db()
    assert contact.phone == "19900001234"
    shop.refresh_from_db()
    assert shop.address == "新址1号"
    line = shop.changes.first()
    assert ["地址", "青石街道幸福路 1 号", "新址1号"] in line.changes


def test_somebody_elses_save_in_between_is_not_overwritten(client, world, shop):
    enter(client, world.people.qingshi_officer)
    sent = edit_form(client, shop, address="我的新址", code_unchecked_reason="执照如此")
    shop.remark = "别人改了"
    shop.save()
    answer = client.post(reverse("registry:edit", args=[shop.pk]), sent)
    assert answer.status_code == 422
    assert "刚被别人修改过" in answer.text
    shop.refresh_from_db()
    assert (shop.address, shop.remark) == ("青石街道幸福路 1 号", "别人改了")


def test_another_row_without_a_script(client, world):
    sent = new_form(more="contacts", **{"contacts-TOTAL_FORMS": "1", "contacts-0-name": "李某某"})
    answer = enter(client, world.people.qingshi_officer).post(reverse("registry:create"), sent)
    assert answer.status_code == 200
    assert 'name="contacts-1-name"' in answer.text
    assert 'value="李某某"' in answer.text
    assert not Enterprise.objects.filter(credit_code=code(77)).exists()


@pytest.mark.parametrize("total", ["x", "99999999", ""])
def test_a_tampered_count_of_rows_is_an_error_not_a_crash(client, world, total):
    sent = new_form(**{"contacts-TOTAL_FORMS": total})
    answer = enter(client, world.people.qingshi_officer).post(reverse("registry:create"), sent)
    assert answer.status_code == 422


def test_script_in_every_text_field_is_escaped(client, world):
    sent = new_form(
        name=f"面馆{SCRIPT}", address=SCRIPT, remark=SCRIPT,
        **{
            "contacts-TOTAL_FORMS": "1", "contacts-0-role": "safety", "contacts-0-name": SCRIPT,
            "permits-TOTAL_FORMS": "1", "permits-0-kind": SCRIPT, "permits-0-number": SCRIPT,
            "permits-0-issuer": SCRIPT, "permits-0-valid_to": "2028-06-30",
            "premises-TOTAL_FORMS": "1", "premises-0-name": SCRIPT, "premises-0-kind": "restaurant",
            "premises-0-locality": "539702001", "premises-0-address": SCRIPT,
        },
    )  # fmt: skip
    enter(client, world.people.qingshi_officer)
    assert client.post(reverse("registry:create"), sent).status_code == 302
    made = Enterprise.objects.get(credit_code=code(77))
    client.post(reverse("registry:status", args=[made.pk]), {"status": "idle", "reason": SCRIPT})
    for url in (
        made.get_absolute_url(),
        reverse("registry:edit", args=[made.pk]),
        f"{reverse('registry:list')}?q={SCRIPT}",
        reverse("registry:reveal", args=[made.contacts.get().pk]),
    ):
        assert SCRIPT not in client.get(url).text


def test_status_with_reason(client, world, shop):
    url = reverse("registry:status", args=[shop.pk])
    enter(client, world.people.qingshi_officer)
    assert client.post(url, {"status": "closed", "reason": ""}).status_code == 422
    client.post(url, {"status": "closed", "reason": "已注销执照"})
    shop.refresh_from_db()
    assert shop.status == "closed"
    assert client.post(url, {"status": "idle", "reason": "误操作"}).status_code == 422
    line = shop.changes.get()
    assert (line.what, line.reason, line.changes) == ("status", "已注销执照", [["状态", "在产在营", "关闭"]])


def test_opening_the_account_makes_organization_and_post_but_no_login(client, world):
    r = world.regions
    shop = Enterprise.objects.create(
        name="新面馆", kind=world.kinds.restaurant, city=r.city, county=r.yunxi, locality=r.qingshi
    )
    enter(client, world.people.qingshi_officer)
    answer = client.post(reverse("registry:account", args=[shop.pk]), follow=True)
    assert "请系统管理员" in answer.text
    shop.refresh_from_db()
    organization = shop.organization
    assert (organization.name, organization.kind, organization.region_id) == (
        "新面馆",
        "enterprise",
        "539702001",
    )
    post = organization.posts.get()
    assert (post.role, post.is_default, post.holdings.count()) == ("enterprise_manager", True, 0)
    again = client.post(reverse("registry:account", args=[shop.pk]), follow=True)
    assert "已经开通" in again.text
    assert Organization.objects.filter(name="新面馆").count() == 1


def test_a_zone_is_its_own_county(client, world):
    zone = Region.objects.create(
        code="539771", name="云溪经济开发区", short_name="云溪经开区", kind="zone", parent=world.city
    )
    enter(client, world.people.office).post(reverse("registry:create"), new_form(locality=zone.pk))
    made = Enterprise.objects.get(credit_code=code(77))
    assert (made.city_id, made.county_id, made.locality_id) == ("5397", "539771", "539771")


def test_what_is_seldom_asked_stands_behind_one_word(client, world):
    page = enter(client, world.people.office).get(reverse("registry:list")).content.decode()
    assert page.index('name="risk"') < page.index("更多筛选") < page.index('name="grade"')
    assert "（1项）" not in page
    chosen = client.get(reverse("registry:list"), {"grade": "none"}).content.decode()
    assert '<details class="filters-more" open>' in chosen
    assert "更多筛选（1项）" in chosen
