"""A plan file comes in: elements, units, spans; and what happens when it cannot."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bihuan.attachments.models import Attachment
from bihuan.audit.models import Event
from bihuan.campaigns import actions
from bihuan.campaigns.models import PlanDocument, PlanItem
from bihuan.plans import PlanReadError

from .plans import TEXT, make_draft, task, unit

pytestmark = pytest.mark.django_db


def test_elements_are_laid_out_in_the_order_of_the_text(draft):
    rows = [(item.kind, item.label) for item in draft.items.all()]
    assert rows[:8] == [
        ("section", "一、工作目标"),
        ("target", "餐饮企业检查覆盖率达到100%"),
        ("target", "一般隐患整改率达到95%以上"),
        ("section", "二、工作安排"),
        ("phase", "集中攻坚阶段"),
        ("task", "二/（一）/1 摸清底数"),
        ("phase", "巩固提升阶段"),
        ("task", "二/（二） 巩固提升阶段"),
    ]
    assert draft.title == "云溪市餐饮燃气安全专项整治工作实施方案"


def test_every_element_points_at_its_words_in_the_source(draft):
    found = task(draft, "查违规安装")
    start, end = found.whole
    assert draft.text[start:end].startswith("1.查违规安装。餐饮企业连接软管")
    lead = found.spans["lead"][0]
    assert draft.text[lead[0] : lead[1]] == "市住房和城乡建设局"


def test_units_resolve_by_alias_and_collective_and_the_rest_stays_open(draft, world):
    assert unit(draft, "市住房和城乡建设局").organization == world.organizations.housing
    assert unit(draft, "市市场监管局").organization == world.organizations.market
    assert unit(draft, "乡镇人民政府").group == "townships"
    assert unit(draft, "街道办事处").group == "streets"
    assert unit(draft, "各部门").group == "departments"
    assert not unit(draft, "市燃气协会").is_matched


def test_the_blanket_sentence_charges_the_tasks_after_it(draft):
    assert task(draft, "查充装管理").data["territorial"] == ["乡镇人民政府", "街道办事处"]
    assert task(draft, "摸清底数").data["territorial"] == []


def test_tasks_get_their_phase_and_kinds(draft):
    phase = draft.items.filter(kind="phase").first()
    assert task(draft, "摸清底数").data["phase"] == phase.pk
    assert task(draft, "查违规安装").data["phase"] == phase.pk  # outside every phase: proposed for the first
    assert task(draft, "查违规安装").data["kinds"] == ["restaurant"]


def test_nothing_but_chapter_headings_is_confirmed_by_itself(draft):
    assert set(draft.items.filter(state="confirmed").values_list("kind", flat=True)) == {"section"}


def test_the_file_is_kept_and_the_import_is_on_record(draft):
    assert draft.file.name == "方案.txt"
    assert (
        Event.objects.filter(act="campaigns.import_plan", chain=f"campaigns.plandocument:{draft.pk}").count()
        == 1
    )


def test_an_unreadable_file_leaves_nothing_behind(world):
    with pytest.raises(PlanReadError):
        actions.read_plan(b"PK\x03\x04broken", "a.docx")
    assert not PlanDocument.objects.exists()
    assert not PlanItem.objects.exists()
    assert not Attachment.objects.exists()


def test_only_the_office_of_the_region_imports(world):
    file = actions.read_plan(TEXT.encode(), "a.txt")
    for person in (world.people.housing, world.people.county_office, world.people.office_leader):
        with pytest.raises(PermissionDenied):
            actions.import_plan(file, by=person, region=world.city)


def test_the_same_bytes_are_known_until_the_draft_is_discarded(draft, world):
    assert actions.earlier_draft(TEXT.encode(), region=world.city) == draft
    assert actions.earlier_draft(b"other", region=world.city) is None
    actions.discard_plan(draft, by=world.people.office, reason="误传")
    assert actions.earlier_draft(TEXT.encode(), region=world.city) is None


def test_a_unit_matched_by_hand_is_resolved_at_the_next_import(draft, world):
    actions.match_unit(
        unit(draft, "市燃气协会"), by=world.people.office, organization=world.organizations.market
    )
    second = make_draft(world, TEXT + "\n补充。")
    assert unit(second, "市燃气协会").organization == world.organizations.market


def test_a_corrected_match_unlearns_the_first(draft, world):
    name = unit(draft, "市燃气协会")
    actions.match_unit(name, by=world.people.office, organization=world.organizations.market)
    actions.match_unit(name, by=world.people.office, organization=world.organizations.housing)
    second = make_draft(world, TEXT + "\n补充。")
    assert unit(second, "市燃气协会").organization == world.organizations.housing


# --- several plans in one file ---

COLLECTION = "\n".join(
    [
        "安全专项整治方案范文（两篇）",
        "餐饮燃气整治方案范文1",
        *TEXT.splitlines()[1:-2],
        "瓶装燃气整治方案范文2",
        *TEXT.replace("餐饮", "瓶装").splitlines()[1:-2],
    ]
)


@pytest.fixture
def office(client, world):
    client.force_login(world.people.office)
    return client


def drop(office, data, name="合集.txt"):
    return office.post(reverse("campaigns:import_plan"), {"file": SimpleUploadedFile(name, data)})


def test_a_file_with_several_plans_asks_which_and_makes_a_draft_of_each(office, world):
    assert len(actions.read_plan(COLLECTION.encode(), "合集.txt").plans) == 2
    question = drop(office, COLLECTION.encode())["Location"]
    answer = office.get(question)
    assert (answer.status_code, "这个文件里有 2 份方案" in answer.text) == (200, True)
    assert not PlanDocument.objects.exists()
    answer = office.post(question, {"pick": ["0", "1"]})
    assert answer["Location"] == reverse("campaigns:plans")
    first, second = PlanDocument.objects.order_by("id")
    assert first.file_id == second.file_id
    assert first.file.name == "合集.txt"
    assert "瓶装企业" in second.text
    assert "瓶装企业" not in first.text


def test_nothing_picked_or_a_number_of_none_is_said_and_asked_again(office):
    question = drop(office, COLLECTION.encode())["Location"]
    for pick in ([], ["7"], ["x"]):
        answer = office.post(question, {"pick": pick})
        assert (answer.status_code, "请选择要导入的方案" in answer.text) == (422, True)
    assert not PlanDocument.objects.exists()


def test_somebody_elses_file_is_not_found(office, client, world):
    question = drop(office, COLLECTION.encode())["Location"]
    client.force_login(world.people.county_office)
    assert client.get(question).status_code == 404
    assert client.post(question, {"pick": "0"}).status_code == 404
