"""The empty table people fill in: headings the import knows, an example, notes, lists to choose from."""

from __future__ import annotations

import io

import xlsxwriter

from bihuan.accounts.models import Region, User
from bihuan.rules.codes import make_credit_code

from .access import import_scope
from .cleaning import EXAMPLE
from .forms import departments_of, localities_of
from .models import EnterpriseKind
from .rows import FIELDS
from .schemas import attributes_of

ROWS = 5000  # how far down the lists reach
NOTES = (
    "一行一家企业或场所。带 * 的列必填，其余可留空；列的先后和多余的列不影响导入。",
    "同一家以统一社会信用代码识别；没有代码的，以名称加所在乡镇（街道）识别。",
    "底册中已有的企业会按本表更新；单元格留空表示不改，不会清掉已登记的内容。",
    "有问题的行不导入，会在您这张表的副本里标出原因；改好后整张表再导一次即可，已导入的不会重复。",
    "统一社会信用代码请设为文本格式填写，18位。确与执照一致而校验不过的，在“代码放行理由”写明理由。",
    "所在乡镇（街道）可填名称或9位区划代码；县区之间有重名的，请写“某县某镇”。",
    "主管部门可填全称、简称或常用别名；留空的企业会在列表中标红，等待指定。",
    "风险等级填红、橙、黄、蓝，或重大、较大、一般、低。状态填在产、停产、搬迁、关闭。",
    "电话只填一个号码。“电话”一列记到安全管理人名下；没有安全管理人的，记到法定代表人名下。",
    "经度、纬度填十进制度数；在高德、腾讯或百度地图上查到的，请在“坐标系”一列写明高德或百度，不写的按CGCS2000（天地图、卫星定位）。",
    "不知道在哪个乡镇街道的，“所在乡镇（街道）”填县区全称，入册后在“责任落实”里标红，可以一并指定。",
    "每行可带一张许可证，发证级别填国家级、省级、市级或县级；日期写成 2026-11-21 的样子，长期有效的写“长期”。",
    "不知道的请留空，也可写“不详”或“xx”，都按未知处理，不会当作零。",
)


def blank_workbook(user: User, kind: EnterpriseKind | None = None) -> bytes:
    """The template for one person as xlsx bytes: lists hold the localities and departments of their area.

    For a kind its attributes follow as columns, choices as lists of their own.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    page, notes, lists = (book.add_worksheet(name) for name in ("企业名单", "填写说明", "选项"))
    head = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1})
    text = book.add_format({"num_format": "@"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    scope = import_scope(user)
    localities: list[Region] = list(localities_of(scope).order_by("code"))
    kinds = [kind.label for kind in EnterpriseKind.objects.all()]
    choices = {
        "kind": kinds,
        "locality": [region.name for region in localities],
        "department": [each.short_name for each in departments_of(scope)],
        "risk": ["红", "橙", "黄", "蓝"],
        "status": ["在产", "停产", "搬迁", "关闭"],
        "permit_level": ["国家级", "省级", "市级", "县级"],
    }
    example = {
        "name": f"{EXAMPLE}某某餐馆",
        "credit_code": make_credit_code("92539702MA6K0000X"),
        "kind": kinds[0] if kinds else "",
        "locality": localities[0].name if localities else "",
        "address": "幸福路1号",
        "risk": "黄",
        "status": "在产",
        "employees": "12",
        "legal_name": "张三",
        "safety_name": "李四",
        "phone": "19900001234",
        "permit_kind": "食品经营许可证",
        "permit_number": "示例许〔2024〕1号",
        "permit_level": "县级",
        "permit_valid_from": "2023-07-01",
        "permit_valid_to": "2028-06-30",
    }
    for column, spec in enumerate(FIELDS):
        # Text everywhere: codes keep their last digits, permit numbers their zeros.
        page.set_column(column, column, max(12, 2 * len(spec.label) + 4), text)
        page.write_string(0, column, f"{spec.label}*" if spec.required else spec.label, head)
        if offered := choices.get(spec.name):
            index = list(choices).index(spec.name)
            lists.write_string(0, index, spec.label, head)
            lists.write_column(1, index, offered)
            letter = "ABCDEF"[index]
            page.data_validation(
                1, column, ROWS, column,
                {
                    "validate": "list",
                    "source": f"=选项!${letter}$2:${letter}${len(offered) + 1}",
                    # Aliases and codes are welcome too: the list helps, the import judges.
                    "error_type": "information",
                    "error_title": "不在列表中",
                    "error_message": "可以继续，导入时会再核对",
                },
            )  # fmt: skip
        if value := example.get(spec.name):
            page.write_string(1, column, value, text)
    for column, attribute in enumerate(attributes_of(kind), start=len(FIELDS)):
        page.set_column(column, column, max(12, 2 * len(attribute.heading) + 4), text)
        page.write_string(
            0, column, f"{attribute.heading}*" if attribute.required else attribute.heading, head
        )
        if attribute.help or attribute.bounds:
            page.write_comment(0, column, "；".join(filter(None, (attribute.bounds, attribute.help))))
        words = ("是", "否") if attribute.type == "yes_no" else attribute.choices
        if words and attribute.type != "choices" and sum(map(len, words)) + len(words) < 255:
            page.data_validation(
                1, column, ROWS, column,
                {"validate": "list", "source": list(words), "error_type": "information"},
            )  # fmt: skip
    page.freeze_panes(1, 1)
    notes.set_column(0, 0, 100, wrap)
    notes.write_string(0, 0, "填写说明（导入前请删去“企业名单”里的示例行）", head)
    for row, sentence in enumerate(NOTES, start=1):
        notes.write_string(row, 0, f"{row}. {sentence}", wrap)
    lists.set_column(0, 5, 20)
    book.close()
    return out.getvalue()
