"""Evidence weighed on visits with hand-made photos: each signal once with its reason, silence where all is well."""

import datetime as dt
import io
import random
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw, ImageOps

from bihuan.attachments import likeness
from bihuan.attachments.actions import store_upload
from bihuan.attachments.models import Attachment
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.hazards.remarks import remarks_on
from bihuan.inspections import signals
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection, Signal, SignalNote
from bihuan.inspections.signals import owner_of
from bihuan.inspections.weighing import found_in, weigh

from .factories import deadline, fixed, member, visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_index():
    likeness.forget()
    yield
    likeness.forget()


def scene(seed: int, *, quality: int = 90, mirror: bool = False) -> bytes:
    """A drawn kitchen: boxes and circles where the seed puts them. Another quality is the same picture saved anew."""
    rng = random.Random(seed)
    image = Image.new("RGB", (320, 240), (120, 130, 140))
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, size = rng.randrange(280), rng.randrange(200), rng.randrange(20, 90)
        shade = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        (pen.rectangle if rng.random() < 0.5 else pen.ellipse)((x, y, x + size, y + size), fill=shade)
    out = io.BytesIO()
    (ImageOps.mirror(image) if mirror else image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def upload(by, data: bytes, **exif) -> str:
    row = store_upload(SimpleUploadedFile("现场.jpg", data, content_type="image/jpeg"), by=by)
    if exif:
        Attachment.objects.filter(pk=row.pk).update(exif=exif)
    return str(row.pk)


def walked(world, gas, people, **changes) -> Inspection:
    return submit_inspection(visit(world, gas, people.inspector, **changes), by=people.inspector)


def codes(inspection) -> list[str]:
    return [str(found.code) for found in found_in(inspection)]


def test_an_ordinary_visit_has_no_signals(world, people, gas):
    inspection = walked(world, gas, people, photos=(upload(people.inspector, scene(1)),))
    assert codes(inspection) == []


def test_a_photo_used_before_elsewhere_is_named_with_its_place(world, people, gas):
    first = walked(world, gas, people, photos=(upload(people.inspector, scene(2)),))
    Inspection.objects.filter(pk=first.pk).update(
        started_at=first.started_at - dt.timedelta(days=3),
        finished_at=first.finished_at - dt.timedelta(days=3),
    )
    same = upload(people.inspector, scene(2))
    anew = upload(people.inspector, scene(2, quality=40))
    other = upload(people.inspector, scene(3))
    second = walked(world, gas, people, photos=(same, anew, other))
    found = found_in(second)
    assert [each.code for each in found] == ["reused", "alike"]
    assert "是同一张" in found[0].words
    assert found[0].detail["photo"] == same
    assert found[0].detail["subject"] == f"inspections.inspection:{first.pk}"
    assert (
        owner_of(found[0].detail["subject"], people.housing).name
        == f"云溪区好味来面馆 {first.inspected_on} 的检查"
    )
    assert owner_of(found[0].detail["subject"], people.outsider) is None
    assert "64 位中差" in found[1].words


def test_a_photo_turned_left_for_right_is_the_same_photo(world, people, gas):
    walked(world, gas, people, photos=(upload(people.inspector, scene(11)),))
    turned = upload(people.inspector, scene(11, mirror=True))
    found = found_in(walked(world, gas, people, photos=(turned,)))
    assert [each.code for each in found] == ["alike"]
    assert "左右翻转后几乎一样" in found[0].words


def test_one_photo_for_two_items_of_a_visit(world, people, gas):
    me = people.inspector
    findings = {
        2: deadline(me, photos=(upload(me, scene(14)),)),
        3: deadline(me, photos=(upload(me, scene(14, quality=50)), upload(me, scene(15)))),
    }
    found = found_in(walked(world, gas, people, verdicts="pffp", findings=findings))
    assert [(each.code, each.words) for each in found] == [("alike", "第 3 项的照片与本次第 2 项的几乎一样")]


def test_what_a_reader_may_not_see_is_neither_shown_nor_named(client, world, people, gas):
    """The first visit lies in another county: the reviewer of the second learns that there is one, and no more."""
    first = walked(world, gas, people, photos=(upload(people.inspector, scene(12)),))
    Attachment.objects.update(uploaded_by=people.office)
    second = walked(world, gas, people, photos=(upload(people.inspector, scene(12)),))
    weigh(second)
    Inspection.objects.filter(pk=first.pk).update(
        enterprise=world.enterprises.station, department=None, organization=world.organizations.office
    )
    shown = signals.of_visit(second, people.housing)
    assert [(len(row["photos"]), row["owner"], row["is_elsewhere"]) for row in shown] == [(1, None, True)]
    client.force_login(people.housing)
    page = client.get(second.get_absolute_url()).content.decode()
    assert "另一张照片属于您辖区以外的记录" in page
    assert first.get_absolute_url() not in page
    shown = signals.of_visit(second, people.office)
    assert (len(shown[0]["photos"]), shown[0]["is_elsewhere"]) == (2, False)
    assert shown[0]["owner"].url == first.get_absolute_url()


def test_a_retouched_photo_names_its_program(world, people, gas):
    photo = upload(people.inspector, scene(13), software="Adobe Photoshop 25.1")
    found = found_in(walked(world, gas, people, photos=(photo,)))
    assert [(each.code, each.words) for each in found] == [("edited", "照片经“Adobe Photoshop 25.1”处理过")]


def test_the_kind_says_more_than_the_people_do(world, people, gas):
    assert codes(walked(world, gas, people, kind="joint")) == ["kind_people"]
    assert codes(walked(world, gas, people, kind="expert")) == ["kind_people"]
    both = (member(people.inspector), member(people.housing))
    assert codes(walked(world, gas, people, kind="joint", members=both)) == []


def test_before_and_after_the_same_picture(world, people, gas):
    me = people.inspector
    finding = fixed(me, photos=(upload(me, scene(4)),), after_photos=(upload(me, scene(4, quality=60)),))
    inspection = walked(world, gas, people, verdicts="fppp", findings={1: finding})
    assert "unchanged" in codes(inspection)
    good = fixed(me, photos=(upload(me, scene(5)),), after_photos=(upload(me, scene(6)),))
    inspection = walked(world, gas, people, verdicts="fppp", findings={1: good})
    assert "unchanged" not in codes(inspection)


def test_place_clock_and_haste(world, people, gas):
    shop = world.enterprises.shop
    type(shop).objects.filter(pk=shop.pk).update(longitude=103.50, latitude=30.20)
    shop.refresh_from_db()
    started = timezone.now() - dt.timedelta(minutes=20)
    inspection = walked(
        world, gas, people, longitude=103.55, latitude=30.20, clock_skew=-900, started_at=started,
        finished_at=started + dt.timedelta(seconds=20),
    )  # fmt: skip
    found = {str(each.code): each.words for each in found_in(inspection)}
    assert set(found) == {"place", "clock", "short"}
    assert "4.8 公里" in found["place"]  # 0.05° of longitude at 30.2° north: 5565 m × cos 30.2° = 4810 m
    assert "慢 15 分钟" in found["clock"]
    assert "4 项检查内容用时 20 秒" in found["short"]


def test_what_the_camera_wrote(world, people, gas):
    shop = world.enterprises.shop
    type(shop).objects.filter(pk=shop.pk).update(longitude=103.50, latitude=30.20)
    shop.refresh_from_db()
    taken = (timezone.now() - dt.timedelta(days=2)).isoformat()
    photo = upload(people.inspector, scene(7), taken_at=taken, longitude=103.60, latitude=30.20)
    assert codes(walked(world, gas, people, photos=(photo,))) == ["photo_time", "photo_place"]


def test_nobody_is_at_two_places_at_once(world, people, gas):
    shop, station = world.enterprises.shop, world.enterprises.station
    type(shop).objects.filter(pk=shop.pk).update(longitude=103.50, latitude=30.20)
    type(shop).objects.filter(pk=station.pk).update(longitude=103.80, latitude=30.20)
    shop.refresh_from_db()
    first = walked(world, gas, people)
    second = walked(world, gas, people)
    Inspection.objects.filter(pk=second.pk).update(enterprise=station)
    found = [each for each in found_in(first) if each.code == "travel"]
    assert len(found) == 1
    assert "时间重叠" in found[0].words
    assert found[0].detail == {"inspection": second.pk}


def test_copied_words_are_set_against_the_other_visit(world, people, gas):
    told = "后厨排烟罩油污堆积严重，灭火毯被杂物遮挡，已当面告知店长"
    first = walked(world, gas, people, opinion=told)
    Inspection.objects.filter(pk=first.pk).update(enterprise=world.enterprises.station)
    second = walked(world, gas, people, opinion=told.replace("，", "、"))
    assert [(str(each.code), each.detail) for each in found_in(second) if each.code == "copied"] == [
        ("copied", {"inspection": first.pk})
    ]


def test_words_the_form_proposes_are_nobodys_copy(world, people, gas):
    proposed = deadline(
        people.inspector, description="未做到：可燃气体探测器与紧急切断阀安装并有效", measures="安装"
    )
    first = walked(world, gas, people, verdicts="ppfp", findings={3: proposed})
    Inspection.objects.filter(pk=first.pk).update(enterprise=world.enterprises.station)
    second = walked(
        world, gas, people, verdicts="ppfp",
        findings={3: deadline(people.inspector, description=proposed.description, measures="安装")},
    )  # fmt: skip
    assert "copied" not in codes(second)


def test_weighing_twice_keeps_what_was_found(world, people, gas):
    inspection = walked(world, gas, people, clock_skew=7200)
    assert [each.code for each in weigh(inspection)] == ["clock"]
    assert [each.code for each in weigh(inspection)] == ["clock"]
    assert Signal.objects.count() == 1


def test_two_phones_at_one_place_stand_side_by_side(client, world, people, gas):
    first, second = walked(world, gas, people), walked(world, gas, people, client_id=uuid.uuid4())
    assert list(signals.simultaneous(first)) == [second]
    client.force_login(people.inspector)
    page = client.get(first.get_absolute_url()).content.decode()
    assert "同时的记录" in page
    assert second.get_absolute_url() in page


def test_reviewers_see_signals_and_the_enterprise_does_not(client, world, people, gas):
    inspection = walked(world, gas, people, clock_skew=7200)
    client.force_login(people.housing)
    assert "后台还没有核对到" in client.get(inspection.get_absolute_url()).content.decode()
    weigh(inspection)
    assert "手机时钟比服务器快 2 小时" in client.get(inspection.get_absolute_url()).content.decode()
    client.force_login(people.shop)
    assert "佐证提示" not in client.get(inspection.get_absolute_url()).content.decode()


def test_a_signal_is_answered_and_judged_by_different_people(client, world, people, gas):
    signal = weigh(walked(world, gas, people, clock_skew=7200))[0]
    signals.note(signal, "explained", "换了新手机，时区没有设", by=people.inspector)
    with pytest.raises(Refused, match="自己参加的检查不能由本人认定"):
        signals.note(signal, "dismissed", "没有问题", by=people.inspector)
    with pytest.raises(ReasonRequired):
        signals.note(signal, "dismissed", " ", by=people.housing)
    client.force_login(people.housing)
    answer = client.post(
        reverse("inspections:note_signal", args=[signal.pk]), {"kind": "dismissed", "text": "手机维修单已看"}
    )
    assert answer.status_code == 302
    assert list(SignalNote.objects.values_list("kind", flat=True)) == ["explained", "dismissed"]


def test_the_panel_counts_by_organization_and_opens(client, world, people, gas):
    kept = weigh(walked(world, gas, people, clock_skew=7200))[0]
    walked(world, gas, people)
    today = timezone.localdate()
    row = signals.panel(people.office, today, today)[0]
    assert (row.organization, row.visits, row.clean, row.marked, row.by_code, row.unjudged, row.dismissed) == (
        world.organizations.qingshi, 2, 2, 1, [("clock", "时钟偏差", 1)], 1, 0,
    )  # fmt: skip
    client.force_login(people.office)
    page = client.get(reverse("inspections:signals"))
    assert "时钟偏差 1" in page.content.decode()
    rows = client.get(
        reverse("inspections:signal_rows"), {"organization": row.organization.pk, "code": "clock"}
    )
    assert "手机时钟比服务器快 2 小时" in rows.content.decode()
    unjudged = client.get(reverse("inspections:signal_rows"), {"unjudged": "1"}).content.decode()
    assert "手机时钟比服务器快 2 小时" in unjudged
    signals.note(kept, "dismissed", "维修单已看", by=people.housing)
    row = signals.panel(people.office, today, today)[0]
    assert (row.marked, row.by_code, row.unjudged, row.dismissed) == (0, [], 0, 1)
    signals.note(kept, "upheld", "维修单是假的", by=people.office)  # the last word counts
    row = signals.panel(people.office, today, today)[0]
    assert (row.marked, row.by_code, row.unjudged, row.dismissed) == (1, [("clock", "时钟偏差", 1)], 0, 0)
    unjudged = client.get(reverse("inspections:signal_rows"), {"unjudged": "1"}).content.decode()
    assert "手机时钟比服务器快 2 小时" not in unjudged


def test_the_reviewer_of_a_hazard_is_told(world, people, gas):
    from bihuan.hazards import actions as hazards

    me = people.inspector
    finding = deadline(me, photos=(upload(me, scene(9)),))
    inspection = walked(world, gas, people, verdicts="ppfp", findings={3: finding})
    hazard = inspection.answers.get(position=3).hazard
    assert remarks_on(hazard, people.housing) == []
    hazards.submit_rectification(
        hazard, text="已安装", photos=(upload(people.shop, scene(9, quality=50)),), by=people.shop
    )
    hazard.refresh_from_db()
    noticed = remarks_on(hazard, people.housing)
    assert [remark.label for remark in noticed] == ["整改前后照片雷同"]
    assert noticed[0].url
    earlier = (timezone.now() - dt.timedelta(days=3)).isoformat()
    after = Attachment.objects.get(links__role="after")
    Attachment.objects.filter(pk=after.pk).update(perceptual_hash=None, exif={"taken_at": earlier})
    assert [remark.label for remark in remarks_on(hazard, people.housing)] == ["照片拍摄时间不符"]


def test_the_page_says_how_far_away_it_was_handed_in(client, world, people, gas):
    shop = world.enterprises.shop
    type(shop).objects.filter(pk=shop.pk).update(longitude=103.50, latitude=30.20)
    shop.refresh_from_db()
    near = walked(world, gas, people, longitude=103.50, latitude=30.203, accuracy=25)
    unsure = walked(world, gas, people, longitude=103.51, latitude=30.20, accuracy=900)
    assert codes(unsure) == []  # 961 m away and 900 m unsure
    client.force_login(people.housing)
    # 0.003° on a sphere of 6,371 km: 111.195 km a degree
    assert "离登记位置 334 米，手机估计误差 25 米" in client.get(near.get_absolute_url()).content.decode()
    nowhere = walked(world, gas, people)
    assert "提交时没有定位" in client.get(nowhere.get_absolute_url()).content.decode()
    client.force_login(people.shop)
    assert "离登记位置" not in client.get(near.get_absolute_url()).content.decode()
