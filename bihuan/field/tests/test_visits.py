"""A visit handed in from a phone: whole or not at all, once however often it is sent, in the words of the form."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from bihuan.field.models import Device
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import picture

from .conftest import Phone
from .visits import deadline, drawn, visit


def photo(phone, shade=1) -> str:
    data, name = picture(shade), str(uuid.uuid4())
    answer = phone.patch(name, data, offset=0, length=len(data), sha256=hashlib.sha256(data).hexdigest())
    assert answer.status_code == 201
    return name


def test_a_visit_with_a_hazard_is_recorded_with_papers(phone, people, world, gas):
    finding = deadline(photo(phone))
    sent = visit(world, gas, people.inspector, "ppfp", findings={3: finding}, photos=[photo(phone, 2)], seq=4)
    answer = phone.hand_in(sent)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    inspection = Inspection.objects.get()
    assert (told["id"], told["hazards"], told["also"]) == (inspection.pk, 1, [])
    assert [paper["kind"] for paper in told["papers"]] == ["现场检查记录", "责令限期整改指令书"]
    assert (inspection.longitude, inspection.recorded_by) == (100.2, people.inspector)
    hazard = Hazard.objects.get()
    assert (hazard.responsible_person, hazard.interim_measures) == ("蒋好味", "停用后厨燃气")
    assert Device.objects.get().last_seq == 4


@pytest.mark.parametrize(
    ("sent", "kept"), [(24.6, 25), (0, 0), (None, None), ("30", None), (True, None), (-1, None), (1e12, None)]
)
def test_how_sure_the_phone_was_of_its_place(phone, people, world, gas, sent, kept):
    answer = phone.hand_in(visit(world, gas, people.inspector, accuracy=sent))
    assert answer.status_code == 201, answer.content
    assert Inspection.objects.get().accuracy == kept


def test_fixed_on_the_spot(phone, people, world, gas):
    finding = {
        "description": "软管老化", "outcome": "fixed", "photos": [photo(phone, 3)], "after_photos": [photo(phone, 4)],
        "fix_text": "当场更换",
    }  # fmt: skip
    assert (
        phone.hand_in(visit(world, gas, people.inspector, "pfpp", findings={2: finding})).status_code == 201
    )
    assert Hazard.objects.get().status == "closed"


def test_the_same_again_is_the_same_visit(phone, people, world, gas):
    sent = visit(world, gas, people.inspector)
    first, again = phone.hand_in(sent), phone.hand_in(sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Inspection.objects.count() == 1


def test_other_content_under_the_same_id_is_a_conflict(phone, people, world, gas):
    sent = visit(world, gas, people.inspector)
    phone.hand_in(sent)
    answer = phone.hand_in(sent | {"opinion": "另一份"})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_content")
    assert Inspection.objects.get().opinion == ""


def test_two_phones_on_one_premises_both_stay_and_know_of_each_other(phone, people, world, gas):
    other = Phone(people.inspector2)
    assert phone.hand_in(visit(world, gas, people.inspector)).status_code == 201
    told = other.hand_in(visit(world, gas, people.inspector2)).json()
    assert [each["by"] for each in told["also"]] == ["冯走访"]
    assert Inspection.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"answers": []}, "q1", "第 1 项没有回答，请选合格、不合格或不适用"),
        ({"accompanying": {"name": "蒋好味"}}, "sign", "陪同人没有签名；拒绝签字的，请勾选并写明情况"),
        ({"members": []}, "members", "至少要有一名检查人员"),
        ({"premises": 99999}, "premises", "所选场所不属于这家企业，请重新选择"),
        ({"task": 99999}, "task", "这项任务已不在可见范围内，请改做日常检查"),
        ({"started_at": "gestern"}, "started_at", "检查时间读不出来，请核对手机时间"),
        ({"photos": [str(uuid.uuid4())]}, "scene", "现场照片有照片没有传上来，请重新拍照"),
        ({"schema": 99}, "schema", "手机程序比服务器新，请等服务器升级后再上传，草稿留在本机"),
        ({"answers": [{"position": "eins"}]}, "answers", "有一个编号读不出来，请同步后重新选择"),
        ({"opinion": 7}, "sign", "有一栏的内容不是文字，请重新填写"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(phone, people, world, gas, changes, where, words):
    answer = phone.hand_in(visit(world, gas, people.inspector) | changes)
    assert answer.status_code == 422
    assert {"where": where, "message": words} in answer.json()["problems"]
    assert not Inspection.objects.exists()


def test_a_refused_visit_put_right_is_recorded(phone, people, world, gas):
    sent = visit(world, gas, people.inspector, accompanying={"name": "", "title": "", "signature": None})
    assert phone.hand_in(sent).status_code == 422
    sent["accompanying"] = {
        "name": "",
        "title": "",
        "signature": {"method": "refused", "remark": "店长离开，服务员在场"},
    }
    assert phone.hand_in(sent).status_code == 201


def test_colleagues_sign_themselves(phone, people, world, gas):
    sent = visit(world, gas, people.inspector)
    sent["members"].append({"user": people.inspector2.pk, "signature": drawn()})
    sent["members"].append({"user": None, "name": "外请专家", "signature": drawn()})
    assert phone.hand_in(sent).status_code == 201
    names = list(Inspection.objects.get().members.values_list("name", flat=True))
    assert names == ["冯走访", "陈细看", "外请专家"]


def test_where_one_does_not_inspect_nothing_is_recorded(people, world, gas):
    answer = Phone(people.outsider).hand_in(visit(world, gas, people.outsider))
    assert answer.status_code == 404
    assert "导出草稿" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '{"enterprise": true}', '{"client_id": []}', "[" * 100000]
)
def test_nonsense_is_refused_in_words(phone, body):
    answer = phone.client.post("/field/visits/", body, content_type="application/json", headers=phone.headers)
    assert answer.status_code in {404, 422}
    assert answer["Content-Type"] == "application/problem+json"
