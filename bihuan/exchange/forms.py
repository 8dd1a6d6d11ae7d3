"""What people fill in about exchange."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import Region
from bihuan.core.forms import CalendarDayField

from .kinds import automatic_kinds
from .models import Instance, Peer, SheetProfile
from .relations import relation
from .wire.archive import MAX_CARRY

WAYS_HELP = "对方有固定地址、网络能到的选第一种；对方在内网、只能它连出来的选第二种；完全不通的用文件带过去"


def words(
    label: str, most: int, *, required: bool = True, rows: int = 3, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        help_text=help_text,
        widget=forms.Textarea({"rows": rows}),
    )


class SetUpForm(forms.Form):
    """Naming this installation, once."""

    name = forms.CharField(label="本系统名称", max_length=120, help_text="对方看到的名称，例：云溪市安委办")
    region = forms.ModelChoiceField(
        Region.objects.none(), label="所在区划", help_text="设立后不能更改，整个系统的最上一级"
    )
    address = forms.CharField(
        label="对外地址",
        max_length=200,
        required=False,
        help_text="别的系统访问本系统的 https 地址；没有就空着",
    )

    def __init__(self, data: Any = None, *, regions: QuerySet[Region]) -> None:
        super().__init__(data)
        field = self.fields["region"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = regions


class InstanceForm(forms.Form):
    """Changing name, address, and whether the door is open."""

    name = forms.CharField(label="本系统名称", max_length=120)
    address = forms.CharField(
        label="对外地址", max_length=200, required=False, help_text="https:// 开头，写在名片里，对方照它连接"
    )
    is_open = forms.BooleanField(
        label="开放交换接口",
        required=False,
        help_text="开放后，已核对指纹的对象可以连接本系统；其他来访一律拒绝",
    )


class WaysForm(forms.Form):
    """How a peer is reached and what goes to it by itself."""

    reach = forms.ChoiceField(label="连接方式", choices=Peer.Reach.choices, help_text=WAYS_HELP)
    address = forms.CharField(
        label="对方地址", max_length=200, required=False, help_text="https:// 开头；空着就用名片上的地址"
    )
    sends = forms.MultipleChoiceField(
        label="自动报送",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="勾选的内容有变化时自动打包发给对方",
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, peer: Peer | None = None, own: Instance | None = None
    ) -> None:
        initial = {"reach": peer.reach, "address": peer.address, "sends": peer.sends} if peer else {}
        super().__init__(data, files, initial=initial)
        field = self.fields["sends"]
        assert isinstance(field, forms.MultipleChoiceField)
        chosen = automatic_kinds()
        if peer is not None and own is not None:
            they_are = relation(own.region_id, peer.region_code)
            chosen = [kind for kind in chosen if they_are in kind.to]
            if not chosen:
                del self.fields["sends"]
        field.choices = [(kind.key, kind.label) for kind in chosen]


class RegisterForm(WaysForm):
    """A peer by its card."""

    file = forms.FileField(label="名片文件", required=False, help_text="对方“本系统密钥”页下载的文件")
    card = words("对方名片", 20_000, required=False, rows=3, help_text="没有文件的，把名片里的文字粘贴到这里")
    field_order = ("file", "card", "reach", "address", "sends")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload = data.get("file")
        if isinstance(upload, UploadedFile):
            if (upload.size or 0) > 20_000:
                self.add_error("file", "这不是名片文件，名片只有几百字")
            else:
                data["words"] = upload.read()
        elif data.get("card"):
            data["words"] = str(data["card"]).encode()
        else:
            self.add_error("file", "请选择名片文件，或者粘贴名片文字")
        return data


class FingerprintForm(forms.Form):
    """What the other side read out."""

    fingerprint = forms.CharField(
        label="对方念出的指纹",
        max_length=60,
        help_text="给对方打电话，请对方打开“本系统密钥”念出八组字符，照着听到的输入",
    )
    spoken_with = forms.CharField(label="与对方哪一位核对", max_length=60)


class ReasonForm(forms.Form):
    reason = words("理由", 300, rows=2)


class OptionalReasonForm(forms.Form):
    reason = words("理由", 300, rows=2, required=False)


class LetterForm(forms.Form):
    """A letter to a peer."""

    title = forms.CharField(label="标题", max_length=120)
    text = words("正文", 5000, rows=8)
    file = forms.FileField(
        label="附件", required=False, help_text="文档、表格或照片，一份；多份请压成一个 PDF 或分几封信"
    )


class TakeInForm(forms.Form):
    """A file that was carried here."""

    file = forms.FileField(label="交换文件", help_text="对方导出的 .bhx 文件，一次一个；里面可以有很多件")

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > MAX_CARRY:
            raise forms.ValidationError(f"文件超过 {MAX_CARRY // 1048576} MB，请让对方分次导出")
        return upload


class HandOverForm(forms.Form):
    """Giving a matter to another level."""

    peer = forms.ModelChoiceField(Peer.objects.none(), label="移送给", empty_label="请选择")
    reason = words("移送理由", 300, rows=3, help_text="为什么由对方办理，例：不属于本级管辖")
    reply_by = CalendarDayField(
        label="请于何日前答复", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: Any = None, *, peers: QuerySet[Peer]) -> None:
        super().__init__(data)
        field = self.fields["peer"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = peers

    def clean_reply_by(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["reply_by"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError("答复期限不能早于今天")
        return day


class AcceptForm(forms.Form):
    """Taking a matter over, with or without an enterprise of ours."""

    enterprise = forms.CharField(
        label="登记到本系统的企业", max_length=120, required=False,
        help_text="填统一社会信用代码或企业全称，登记为一条隐患；不登记就空着，办完直接答复",
    )  # fmt: skip


class AnswerForm(forms.Form):
    text = words("答复", 1000, rows=4)


class PlanDownForm(forms.Form):
    """Which levels a published plan goes to."""

    peers = forms.ModelMultipleChoiceField(
        Peer.objects.none(), label="下发给", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, peers: QuerySet[Peer]) -> None:
        super().__init__(data)
        field = self.fields["peers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = peers


class ProfileForm(forms.Form):
    """Beginning a profile with the other system's empty sheet."""

    name = forms.CharField(label="名称", max_length=80)
    system = forms.CharField(
        label="对方系统或表格", max_length=120, required=False, help_text="例：省厅月报表"
    )
    way = forms.ChoiceField(label="用途", choices=SheetProfile.Way.choices)
    source = forms.ChoiceField(label="数据来源", help_text="报送的数字逐格对应，台账逐行对应")
    file = forms.FileField(label="对方的空表", help_text="xlsx 文件；格式、列宽、公式都保留")

    def __init__(self, data: Any = None, files: Any = None, *, sources: list[tuple[str, str]]) -> None:
        super().__init__(data, files)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = sources


class PeriodForm(forms.Form):
    """Which rows go into a table."""

    first = CalendarDayField(
        label="从", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    last = CalendarDayField(
        label="到", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


class SheetForm(forms.Form):
    """A filled table of another system to read."""

    file = forms.FileField(label="填好的表", help_text="xlsx 文件")
