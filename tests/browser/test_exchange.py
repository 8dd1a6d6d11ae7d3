"""An office names its installation, compares a fingerprint, takes in a carried file, answers a matter, writes back; the
sheet of an upper level is placed and filled. On a desk and on a phone."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from bihuan.accounts.tests.world import World
from bihuan.exchange.actions import identity
from bihuan.exchange.models import Handover, Package, Peer, ProfileRun, SheetProfile
from bihuan.exchange.tests.fellow import Fellow
from bihuan.exchange.wire.archive import carried, read_package, write_carry
from bihuan.exchange.wire.keys import grouped
from bihuan.exchange.wire.sealing import seal_to, unseal_with
from bihuan.hazards.tests.factories import make_hazard

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
SAMPLE = Path(__file__).resolve().parents[2] / "bihuan/exchange/data/ledger_sample.xlsx"


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def file_from_below(fellow: Fellow) -> bytes:
    """What the street carries to the city: a letter and a matter."""
    own = identity.needed_instance()
    matter = {
        "number": str(uuid.uuid4()), "what": "hazard", "title": "云溪区好味来面馆：气瓶间与厨房连通", "reason": "市属企业",
        "region": "539702001", "enterprise": "云溪区好味来面馆", "description": "气瓶间与厨房连通", "facts": [["部位", "后厨"]],
        "author": "郑守一",
    }  # fmt: skip
    packages = [
        fellow.note(own, "照片另附"),
        fellow.package("handover", matter, own, title=matter["title"], sequence=1, previous=""),
    ]
    return seal_to(write_carry(packages), identity.current_key(own).public)


@SIZES
def test_two_offices_get_acquainted_and_exchange(world: World, enter: Enter, size: ViewportSize) -> None:
    fellow = Fellow()
    office = enter("office", size)
    office.go("/exchange/")
    office.reads("还没有设立交换身份")
    office.page.get_by_role("main").get_by_role("link", name="设立交换身份").first.click()
    office.page.get_by_label("本系统名称").fill("云溪市安委办")
    office.page.get_by_label("所在区划").select_option(label="云溪市")
    office.press("设立")
    office.heading("本系统密钥")
    own = identity.needed_instance()
    office.reads(grouped(identity.current_key(own).fingerprint))
    fits(office)

    office.go("/exchange/peers/new/")
    office.page.get_by_label("对方名片").fill(json.dumps(fellow.card(), ensure_ascii=False))
    office.page.get_by_label("连接方式").select_option("file")
    fits(office)
    office.press("登记")
    office.heading("青石街道应急办")
    office.page.get_by_label("对方念出的指纹").fill("0000 1111 2222 3333 4444 5555 6666 7777")
    office.page.get_by_label("与对方哪一位核对").fill("郑守一")
    office.press("核对并启用")
    office.reads("与名片里的指纹不一致")
    office.page.get_by_label("对方念出的指纹").fill(grouped(fellow.keys.public.fingerprint).lower())
    office.press("核对并启用")
    office.reads("指纹一致，已启用")
    fits(office)

    office.go("/exchange/packages/in/")
    office.page.get_by_label("交换文件").set_input_files(
        {"name": "U盘.bhx", "mimeType": "application/octet-stream", "buffer": file_from_below(fellow)}
    )
    office.press("导入")
    office.reads("导入结果")
    fits(office)
    office.go("/exchange/handovers/")
    fits(office)
    office.follow("云溪区好味来面馆：气瓶间与厨房连通", exact=False)
    office.reads("请决定是否接收")
    office.page.get_by_label("登记到本系统的企业").fill("云溪区好味来面馆")
    office.press("接收")
    office.reads("办完后答复对方")
    fits(office)
    office.page.get_by_label("答复").fill("已责令停用气瓶间")
    office.press("答复对方")
    office.reads("已责令停用气瓶间")
    assert Handover.objects.get().hazard is not None

    peer = Peer.objects.get()
    office.go(f"/exchange/peers/{peer.pk}/letter/")
    office.page.get_by_label("标题").fill("关于移送事项")
    office.page.get_by_label("正文").fill("已办结，请查收答复。")
    office.press("签名发出")
    office.heading("关于移送事项")
    office.reads("待发送")
    fits(office)
    office.go(peer.get_absolute_url())
    with office.page.expect_download() as taken:
        office.page.get_by_role("button", name="导出文件").click()
    bodies = carried(unseal_with(Path(taken.value.path()).read_bytes(), [fellow.keys]))
    assert sorted(read_package(body).manifest.kind for body in bodies) == [
        "note",
        "receipts",
        "reply",
        "reply",
    ]
    office.go("/exchange/packages/")
    expect(office.page.get_by_role("cell", name="已导出，待回执")).to_have_count(4)
    fits(office)
    assert set(Package.objects.filter(direction="out").values_list("status", flat=True)) == {"handed"}


@SIZES
def test_a_sheet_of_an_upper_level_is_placed_and_filled(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    make_hazard(world)
    office = enter("office", size)
    office.go("/exchange/profiles/new/")
    office.page.get_by_label("名称 必填", exact=True).fill("省厅隐患台账")
    office.page.get_by_label("用途").select_option("export")
    office.page.get_by_label("数据来源").select_option("hazards")
    office.page.get_by_label("对方的空表").set_input_files(str(SAMPLE))
    fits(office)
    office.press("上传，填对应关系")
    office.heading("对应关系")
    office.page.get_by_label("数据从第几行开始").fill("3")
    office.page.get_by_label("企业名称").fill("A")
    office.page.get_by_label("隐患描述").fill("d")
    fits(office)
    office.press("保存对应关系")
    office.reads("还没有试过")
    office.press("试填")
    office.reads("已填好，可以取走")
    fits(office)
    with office.page.expect_download():
        office.page.get_by_role("link", name="取走表格").click()
    assert ProfileRun.objects.get().rows == 1
    office.go(SheetProfile.objects.get().get_absolute_url())
    office.press("启用")
    office.reads("方案已启用")
    fits(office)
