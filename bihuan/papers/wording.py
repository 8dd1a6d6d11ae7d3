"""The words of the three papers, ours, built from plain facts. Upstairs supplies the facts; this fixes the form.

Form after the county-level enforcement samples (domain: 文书链), layout in the spirit of GB/T 9704-2012.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from bihuan.core.dates import day_words
from bihuan.rules import clocks

from . import documents as d

TEMPLATE_VERSION = "2026-11"


@dataclass(frozen=True)
class Addressee:
    """The enterprise or shop as it stands in the registry on the day."""

    name: str
    credit_code: str
    address: str
    accompanying: str


@dataclass(frozen=True)
class Point:
    """One hazard on a paper. `disposition` says what was done or ordered; notes follow under it."""

    text: str
    location: str = ""
    basis: str = ""
    disposition: str = ""
    notes: list[str] = field(default_factory=list)

    def entry(self) -> tuple[str, list[str]]:
        words = f"{self.location}：{self.text}" if self.location else self.text
        notes = [f"依据：{self.basis}"] if self.basis else []
        notes += [f"处理：{self.disposition}"] if self.disposition else []
        return words, [*notes, *self.notes]


def inspection_record(
    *,
    organization: str,
    to: Addressee,
    kind: str,
    task: str,
    when: str,
    inspectors: list[str],
    counts: dict[str, int],
    points: list[Point],
    opinion: str,
    photos: list[d.Photo],
    signatures: list[d.SignatureLine],
    on: dt.date,
) -> dict[str, Any]:
    """现场检查记录: who looked at what, with which result, and who signed. A clean visit is recorded too (R062)."""
    blocks = [
        d.facts(
            ("被检查单位", to.name),
            ("统一社会信用代码", to.credit_code),
            ("地址", to.address),
            ("检查类别", kind),
            ("检查任务", task),
            ("检查时间", when),
            ("检查人员", "；".join(inspectors)),
            ("现场陪同人", to.accompanying),
        ),
        d.heading("一、检查情况"),
        d.text(
            f"检查人员到场后表明身份、说明来意，按检查表逐项查看，共检查{counts['total']}项："
            f"合格{counts['pass']}项，不合格{counts['fail']}项，不适用{counts['na']}项；另发现检查表以外的问题{counts['other']}项。"
        ),
        d.heading("二、发现的问题"),
        d.items([point.entry() for point in points]) if points else d.text("本次检查未发现安全隐患。"),
    ]
    if opinion:
        blocks += [d.heading("三、检查意见"), d.text(opinion)]
    if photos:
        blocks.append(d.photos("现场照片", photos))
    blocks += [d.signatures(signatures), d.closing(organization, day_words(on))]
    return {"title": "现场检查记录", "blocks": blocks}


def rectification_order(
    *,
    organization: str,
    to: Addressee,
    record_number: str,
    found_on: dt.date,
    points: list[Point],
    reviewer: str,
    photos: list[d.Photo],
    signatures: list[d.SignatureLine],
    on: dt.date,
) -> dict[str, Any]:
    """责令限期整改指令书: each point with its deadline, what to do meanwhile, and how to contest it."""
    ask_before = clocks.limit("extension.apply_before", on)
    blocks = [
        d.text(f"{to.name}："),
        d.text(
            f"{day_words(found_on)}，{organization}对你单位进行了安全检查（见{record_number}），发现下列{len(points)}项问题，"
            "现责令你单位在各项所列期限内整改完毕："
        ),
        d.items([point.entry() for point in points]),
        d.heading("整改要求"),
        d.text(
            "整改完成前，应当落实每项所列的临时管控措施；管控措施不能保证安全的，应当停用相关设备、场所。"
            f"整改完成后，请在系统中提交整改情况和照片，或者书面报告{reviewer}，由其组织复查。"
            f"因客观原因不能按期完成的，应当在期限届满{ask_before}日前提出延期申请，并说明延期期间的管控措施。"
        ),
        d.text("逾期不整改，或者复查仍不合格的，将依法处理。"),
        d.heading("救济途径"),
        d.text(
            "你单位对本指令不服的，可以自收到之日起六十日内向有管辖权的行政复议机关申请行政复议，"
            "或者自收到之日起六个月内向有管辖权的人民法院提起行政诉讼。复议、诉讼期间本指令照常执行，法律另有规定的除外。"
        ),
    ]
    if photos:
        blocks.append(d.photos("问题照片", photos))
    blocks += [d.signatures(signatures), d.closing(organization, day_words(on))]
    return {"title": "责令限期整改指令书", "blocks": blocks}


def reinspection_opinion(
    *,
    organization: str,
    to: Addressee,
    order_number: str,
    reviewed_on: dt.date,
    reviewers: list[str],
    rows: list[tuple[str, bool, str]],
    covered: list[int],
    photos: list[d.Photo],
    on: dt.date,
) -> dict[str, Any]:
    """整改复查意见书: point by point, put right or not. `rows` are (hazard, passed, remark); `covered` reinspection ids."""
    failed = sum(not passed for _, passed, _ in rows)
    if failed:
        verdict = (
            f"经复查，{len(rows)}项中有{failed}项未整改到位，请继续整改，并在重新确定的期限内提交复查；"
            "逾期仍未整改到位的，将依法处理。"
        )
    else:
        verdict = f"经复查，上述{len(rows)}项已整改到位，予以销号。请巩固整改成果，防止反弹。"
    blocks = [
        d.text(f"{to.name}："),
        d.text(
            f"{organization}于{day_words(reviewed_on)}对你单位落实{order_number}的情况进行了复查，意见如下："
        ),
        d.table(
            ["序号", "问题", "复查结论", "说明"],
            [
                [str(no), text, "已整改" if passed else "未整改到位", remark or "无"]
                for no, (text, passed, remark) in enumerate(rows, start=1)
            ],
        ),
        d.text(verdict),
        d.facts(("复查人员", "；".join(reviewers))),
    ]
    if photos:
        blocks.append(d.photos("整改后照片", photos))
    blocks.append(d.closing(organization, day_words(on)))
    return {"title": "整改复查意见书", "blocks": blocks, "covered": covered}
