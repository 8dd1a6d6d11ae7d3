"""Papers: numbered without gaps, frozen, verifiable, printable, served once."""

from __future__ import annotations

import datetime as dt
import io
import threading
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from PIL import Image

from bihuan.accounts.models import Organization
from bihuan.accounts.tests.world import START, World, make_world
from bihuan.attachments.actions import store_bytes
from bihuan.core.errors import Refused
from bihuan.papers import actions, documents, queries, wording
from bihuan.papers.models import Paper
from bihuan.papers.numbering import code_word, write_number
from bihuan.papers.rendering import docx_bytes
from bihuan.rules.records import UnknownRule

DAY = dt.date(2026, 11, 21)


def content(title: str = "现场检查记录", *blocks: documents.Block) -> dict:
    return {"title": title, "blocks": list(blocks) or [documents.text("甲：")]}


def issue(world: World, by=None, kind: str = Paper.Kind.INSPECTION_RECORD, **changes) -> Paper:
    values = {
        "subject": world.enterprises.shop, "organization": world.organizations.qingshi, "recipient_name": "云溪区好味来面馆",
        "recipient": world.organizations.shop, "department": world.organizations.housing, "place": world.enterprises.shop,
        "content": content(), "by": by or world.people.inspector,
    }  # fmt: skip
    return actions.issue_paper(kind, **(values | changes))


def test_numbers_are_written_as_the_form_says():
    written = write_number("青石", "inspection_record", year=2026, seq=12, ordinal=1, on=DAY)
    assert written == "（青石）应急检记〔2026〕12号"
    assert (
        write_number("青石", "rectification_order", year=2026, seq=12, ordinal=1, on=DAY)
        == "（青石）应急责改〔2026〕12号"
    )
    assert (
        write_number("青石", "reinspection_opinion", year=2026, seq=12, ordinal=2, on=DAY)
        == "（青石）应急复查〔2026〕12号之2"
    )


def test_an_unknown_kind_has_no_word():
    with pytest.raises(UnknownRule, match="没有生效的版本"):
        code_word("summons", DAY)


def test_papers_of_one_case_share_a_number_and_the_next_case_takes_the_next(world):
    record = issue(world)
    order = issue(world, kind=Paper.Kind.RECTIFICATION_ORDER, case_of=record)
    first = issue(world, kind=Paper.Kind.REINSPECTION_OPINION, case_of=order)
    second = issue(world, kind=Paper.Kind.REINSPECTION_OPINION, case_of=order)
    other = issue(world)
    assert [each.case_seq for each in (record, order, first, second, other)] == [1, 1, 1, 1, 2]
    assert [each.ordinal for each in (first, second)] == [1, 2]
    assert second.number.endswith("1号之2")


def test_a_refused_paper_gives_its_number_back(world):
    with transaction.atomic():
        issue(world)
        transaction.set_rollback(True)
    assert issue(world).case_seq == 1


def test_two_organizations_with_one_prefix_are_told(world):
    twin = Organization.objects.create(
        name="青石镇人民政府",
        short_name="青石镇",
        kind="locality",
        region=world.regions.qingshi,
        paper_prefix="青石",
        valid_from=START,
    )
    issue(world)
    with pytest.raises(Refused, match="给“青石镇人民政府”设置不同的文书代字"):
        issue(world, organization=twin)


def test_only_those_who_may_issue_papers(world, people):
    for name in ("shop", "inspectorate", "office_leader", "sysadmin"):
        with pytest.raises(PermissionDenied):
            issue(world, by=getattr(people, name))
    assert not Paper.objects.exists()


def test_content_no_renderer_knows_is_an_error(world):
    with pytest.raises(ValueError, match="cannot print"):
        issue(world, content=content("x", {"kind": "video"}))


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_get_sixteen_consecutive_numbers():
    world = make_world()
    barrier, errors = threading.Barrier(16), []

    def one() -> None:
        try:
            barrier.wait()
            issue(world)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(Paper.objects.values_list("case_seq", flat=True)) == list(range(1, 17))


def test_the_enterprise_signs_once_and_nobody_else_for_it(world, people):
    paper = issue(world)
    for name in ("station", "inspector", "office"):
        with pytest.raises(PermissionDenied):
            actions.acknowledge(paper, by=getattr(people, name))
    receipt = actions.acknowledge(paper, by=people.shop)
    assert (receipt.method, receipt.receiver_name) == ("online", "蒋好味")
    with pytest.raises(Refused, match="已经登记过送达"):
        actions.acknowledge(paper, by=people.shop)


def test_a_refusal_to_receive_needs_its_reason(world, people):
    paper = issue(world)
    with pytest.raises(Refused, match="须写明拒收理由"):
        actions.record_service(paper, method="refused", receiver_name="蒋好味", by=people.inspector)
    receipt = actions.record_service(
        paper,
        method="refused",
        receiver_name="蒋好味",
        note="拒绝接收，网格员在场见证，留置店内",
        by=people.inspector,
    )
    assert receipt.method == "refused"


def test_an_outsider_cannot_record_service(world, people):
    with pytest.raises(PermissionDenied):
        actions.record_service(issue(world), method="handed", receiver_name="蒋好味", by=people.outsider)


# --- verification ---------------------------------------------------------------------------


def test_the_verify_page_is_public_and_tells_little(client, world):
    paper = issue(world, content=content("现场检查记录", documents.text("后厨软管老化，责任人蒋好味")))
    page = client.get(reverse("papers:verify", args=[paper.code])).content.decode()
    assert "核验通过" in page
    assert paper.number in page
    assert "青石街道办事处" in page
    assert "云溪****面馆" in page
    assert "好味来" not in page
    assert "软管" not in page
    assert "冯走访" not in page


def test_a_changed_paper_is_unmasked(client, world):
    paper = issue(world)
    changed = paper.content | {"title": "没有问题的记录"}
    Paper.objects.filter(pk=paper.pk).update(content=changed)
    page = client.get(reverse("papers:verify", args=[paper.code])).content.decode()
    assert "核验通过" not in page
    assert "不符" in page


def test_an_unknown_code_is_said_to_be_unknown(client, db):
    answer = client.get(reverse("papers:verify", args=[uuid.uuid4()]))
    assert answer.status_code == 404
    assert "查无此文书" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "masked"), [("云溪区好味来面馆", "云溪****面馆"), ("好味店", "好**"), ("", "")]
)
def test_addressees_are_masked(name, masked):
    assert queries.mask_addressee(name) == masked


# --- pages ----------------------------------------------------------------------------------

PAGES = ("papers:detail", "papers:print", "papers:docx")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("inspector", 200), ("shop", 200), ("housing", 200), ("office", 200), ("inspectorate", 200),
        ("outsider", 404), ("station", 404), ("market", 404), ("expert", 403),
    ],
)  # fmt: skip
def test_who_may_open_a_paper(client, world, people, page, name, status):
    paper = issue(world)
    client.force_login(getattr(people, name))
    assert client.get(reverse(page, args=[paper.pk])).status_code == status


def test_the_list_shows_what_one_may_see(client, world, people):
    paper = issue(world)
    client.force_login(people.shop)
    assert paper.number in client.get(reverse("papers:list")).content.decode()
    client.force_login(people.station)
    assert paper.number not in client.get(reverse("papers:list")).content.decode()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=inspection_record", True),
        ("kind=rectification_order", False),
        ("served=no", True),
        ("served=yes", False),
        ("q=好味", True),
        ("q=别家", False),
    ],
)
def test_filters(client, world, people, query, shown):
    paper = issue(world)
    client.force_login(people.office)
    assert (paper.number in client.get(f"{reverse('papers:list')}?{query}").content.decode()) is shown


def test_the_list_costs_the_same_for_one_and_for_many(client, world, people, django_assert_num_queries):
    client.force_login(people.office)
    issue(world)
    client.get(reverse("papers:list"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("papers:list"))
    for _ in range(5):
        issue(world)
    with django_assert_num_queries(len(few)):
        client.get(reverse("papers:list"))


def test_the_enterprise_signs_for_it_on_the_page(client, world, people):
    paper = issue(world)
    client.force_login(people.shop)
    assert "签收" in client.get(reverse("papers:detail", args=[paper.pk])).content.decode()
    answer = client.post(reverse("papers:acknowledgement", args=[paper.pk]), follow=True)
    assert "已签收" in answer.content.decode()
    paper.refresh_from_db()
    assert paper.receipt.method == "online"


def test_service_without_reason_is_shown_at_the_form(client, world, people):
    paper = issue(world)
    client.force_login(people.inspector)
    answer = client.post(
        reverse("papers:service", args=[paper.pk]), {"method": "refused", "receiver_name": "蒋好味"}
    )
    assert answer.status_code == 422
    assert "须写明拒收理由" in answer.content.decode()


def test_the_enterprise_cannot_record_service(client, world, people):
    paper = issue(world)
    client.force_login(people.shop)
    answer = client.post(
        reverse("papers:service", args=[paper.pk]), {"method": "handed", "receiver_name": "x"}
    )
    assert answer.status_code == 403


def test_script_and_control_signs_stay_harmless(client, world, people):
    nasty = "<script>alert(1)</script>=HYPERLINK(1)\x07\u202e"
    paper = issue(
        world, content=content("现场检查记录", documents.facts(("单位", nasty)), documents.text(nasty))
    )
    assert "\x07" not in str(paper.content)
    client.force_login(people.inspector)
    page = client.get(reverse("papers:print", args=[paper.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    words = [p.text for p in Document(io.BytesIO(docx_bytes(paper))).paragraphs]
    assert "<script>alert(1)</script>=HYPERLINK(1)" in words


# --- Word -----------------------------------------------------------------------------------


def picture_bytes(colour: tuple[int, int, int], form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(out, form)
    return out.getvalue()


def rich(world: World) -> Paper:
    by = world.people.inspector
    shots = [
        store_bytes(picture_bytes((200, 40, 40)), "前.jpg", "image/jpeg", "image", by=by),
        store_bytes(picture_bytes((40, 160, 60)), "后.jpg", "image/jpeg", "image", by=by),
        store_bytes(picture_bytes((40, 60, 160), "WEBP"), "三.webp", "image/webp", "image", by=by),
    ]
    photos = [documents.Photo(str(each.pk), each.sha256, f"图{no}") for no, each in enumerate(shots, start=1)]
    made = wording.rectification_order(
        organization="青石街道办事处",
        to=wording.Addressee("云溪区好味来面馆", "92539702MA6K00019H", "幸福路 1 号", "蒋好味"),
        record_number="（青石）应急检记〔2026〕1号",
        found_on=DAY,
        points=[
            wording.Point("未安装可燃气体探测器", "后厨", "条例", "限2026年12月7日前改正", ["临时管控：停用"])
        ],
        reviewer="青石街道办事处",
        photos=photos,
        signatures=[documents.SignatureLine("检查人员", "冯走访", "", "", "", "", "2026年11月21日10:00")],
        on=DAY,
    )
    return issue(world, kind=Paper.Kind.RECTIFICATION_ORDER, content=made)


def test_the_word_file_opens_and_holds_number_photos_and_code(world):
    paper = rich(world)
    document = Document(io.BytesIO(docx_bytes(paper)))
    text = "\n".join(each.text for each in document.paragraphs)
    assert paper.number in text
    assert "未安装可燃气体探测器" in text
    assert "六十日内" in text
    pictures = [
        each for each in document.part.related_parts.values() if each.content_type.startswith("image/")
    ]
    assert len(pictures) == 4  # three photos and the code
    section = document.sections[0]
    margins = (section.top_margin, section.left_margin, section.bottom_margin, section.right_margin)
    assert [round(each / Mm(1)) for each in margins] == [37, 28, 35, 26]
    fonts = {
        run._element.rPr.rFonts.get(qn("w:eastAsia"))
        for each in document.paragraphs
        for run in each.runs
        if run.text
    }
    assert fonts == {"方正小标宋简体", "仿宋_GB2312", "黑体"}


def test_a_photo_that_is_gone_is_named(world):
    shot = documents.Photo(str(uuid.uuid4()), "0" * 64, "图1")
    paper = issue(world, content=content("现场检查记录", documents.photos("现场照片", [shot])))
    document = Document(io.BytesIO(docx_bytes(paper)))
    assert "图片无法读取" in "".join(
        each.text for table in document.tables for each in table.cell(0, 0).paragraphs
    )


def test_the_record_of_a_clean_visit_says_so():
    made = wording.inspection_record(
        organization="青石街道办事处", to=wording.Addressee("好味来", "", "", ""), kind="日常检查", task="", when="2026年11月21日",
        inspectors=["冯走访"], counts={"total": 4, "pass": 4, "fail": 0, "na": 0, "other": 0}, points=[], opinion="",
        photos=[], signatures=[], on=DAY,
    )  # fmt: skip
    words = [block.get("text") for block in made["blocks"]]
    assert "本次检查未发现安全隐患。" in words
    documents.check_content(made)


def test_an_opinion_counts_what_is_still_wrong():
    made = wording.reinspection_opinion(
        organization="青石街道办事处", to=wording.Addressee("好味来", "", "", ""), order_number="（青石）应急责改〔2026〕1号",
        reviewed_on=DAY, reviewers=["冯走访"], rows=[("软管老化", True, ""), ("无探测器", False, "仍未安装")], covered=[7, 8],
        photos=[], on=DAY,
    )  # fmt: skip
    words = "".join(block.get("text", "") for block in made["blocks"])
    assert "2项中有1项未整改到位" in words
    assert made["covered"] == [7, 8]
