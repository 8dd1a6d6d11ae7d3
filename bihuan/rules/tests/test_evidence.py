"""Signals in words: given when a threshold is passed, silent before."""

import datetime as dt

import pytest

from bihuan.rules import evidence
from bihuan.rules.records import UnknownRule

ON = dt.date(2026, 11, 22)
TEN = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)


def test_distance():
    assert evidence.far_away(499, ON) == ""
    assert evidence.far_away(4600, ON) == "提交时的定位离登记位置 4.6 公里，超过 500 米"
    assert "1.5 公里" in evidence.photo_far_away(1500, ON)


def test_a_phone_that_is_not_sure_is_believed_within_reason():
    assert evidence.far_away(1400, ON, 1000) == ""
    assert evidence.far_away(1600, ON, 1000) == (
        "提交时的定位离登记位置 1.6 公里（手机估计误差 1.0 公里），超过 500 米"
    )
    assert evidence.far_away(2500, ON, 50_000) == ""
    assert "50.0 公里" in evidence.far_away(2501, ON, 50_000)


def test_clock_of_the_phone():
    assert evidence.clock_off(-299, ON) == ""
    assert evidence.clock_off(3600, ON).startswith("手机时钟比服务器快 60 分钟")
    assert evidence.clock_off(-86400 * 4, ON).startswith("手机时钟比服务器慢 4 天")


def test_a_photo_of_another_time():
    hour = dt.timedelta(hours=1)
    assert evidence.photo_out_of_time(TEN, TEN, TEN + hour) == ""
    assert evidence.photo_out_of_time(TEN - hour, TEN, TEN + hour) == "照片自带的拍摄时间早于检查开始 60 分钟"
    assert "晚于检查结束 3 小时" in evidence.photo_out_of_time(TEN + 4 * hour, TEN, TEN + hour)


def test_a_repair_is_not_photographed_before_the_damage_is_found():
    day = dt.timedelta(days=1)
    assert evidence.photo_too_early(TEN + day, TEN) == ""
    assert evidence.photo_too_early(TEN - dt.timedelta(minutes=29), TEN) == ""
    assert evidence.photo_too_early(TEN - 5 * day, TEN) == "整改后照片自带的拍摄时间早于发现隐患 5 天"


@pytest.mark.parametrize("software", ["Adobe Photoshop 25.1 (Windows)", "美图秀秀", "Snapseed 2.0"])
def test_a_retouched_photo_names_its_program(software):
    assert evidence.edited(software, ON) == f"照片经“{software}”处理过"


@pytest.mark.parametrize("software", ["", "HarmonyOS 4.2", "17.5.1", "今日水印相机"])
def test_cameras_retouch_nothing(software):
    assert evidence.edited(software, ON) == ""


def test_nobody_flies():
    assert evidence.too_fast(20_000, 1200, ON) == ""  # 60 km/h
    assert evidence.too_fast(20_000, 600, ON).endswith("折合每小时 120 公里")
    assert "时间重叠" in evidence.too_fast(2_000, -60, ON)
    assert evidence.too_fast(300, -60, ON) == ""  # next door, two at once


def test_a_list_needs_its_time():
    assert evidence.too_short(600, 20, ON) == ""
    assert evidence.too_short(60, 20, ON) == "20 项检查内容用时 1 分钟，平均每项 3 秒，少于 15 秒"
    assert evidence.too_short(1, 0, ON) == ""


def test_copied_words():
    told = "后厨燃气软管老化开裂，已要求更换为金属波纹管"
    assert evidence.copied(told, ["灭火器压力不足，已要求更换", told.replace("，", "。")], ON) == 1
    assert evidence.copied("软管老化", ["软管老化"], ON) is None
    assert evidence.likeness("", "软管老化") == 0


def test_an_unknown_threshold_is_named():
    with pytest.raises(UnknownRule, match="名为“x”"):
        evidence.threshold("x", ON)
