"""The defects known to stand in published plans. The texts live outside the repository; without them this does not exist."""

from pathlib import Path

import pytest

from bihuan.plans import compile_plan
from bihuan.plans.lint import lint

TEXTS = Path(__file__).resolve().parents[5] / "shared" / "plans"

pytestmark = pytest.mark.skipif(not TEXTS.exists(), reason="没有外部方案文本")


def found(name: str) -> set[tuple[str, str]]:
    """Return code and the beginning of the quoted words of every finding of a document."""
    plan = compile_plan((TEXTS / name).read_bytes(), name)
    return {(f.code, f.span.of(plan.source.text)[:8]) for f in lint(plan)}


KNOWN = {
    "seeds/seed_004.txt": {
        ("body.outsider", "市市场监管局"),
        ("body.outsider", "市消防救援大队"),
        ("body.outsider", "市城管局"),
        ("text.truncated", "市卫生健"),
        ("number.duplicate", "2.强化用地保障"),
        ("number.style", "四.保障措施"),
        ("phase.begun", "2023年8月"),
        ("phase.length", "2023年8月"),
        ("task.only_collective", "各部门"),
    },
    "seeds/seed_000b.txt": {
        ("body.outsider", "经贸部门"),
        ("phase.length", "9月16日-20"),
        ("phase.overlap", "9月20日-9月"),
        ("date.no_year", "9月16日"),
    },
    "seeds/seed_000a.txt": {
        ("body.idle_member", "公安"),
        ("body.idle_member", "安监"),
        ("body.two_names", "禁燃工作领导小组"),
        ("phase.overlap", "2012年12月"),
        ("text.truncated", "城镇"),
    },
    "seeds/seed_003.txt": {
        ("plan.no_timetable", "时间表、路线图和"),
        ("target.qualitative", "二、工作目标"),
        ("number.missing", "2. 加强日常监"),
        ("body.not_composed", "专项整治行动领导"),
        ("body.no_office", "下设办公室"),
        ("task.no_unit", "开展全面风险评估"),
    },
    "dev/14.txt": {
        ("date.impossible", "2021年9月"),
        ("report.no_receiver", "周报"),
        ("report.no_day", "周报"),
    },
    "dev/21.txt": {("body.not_composed", "安全生产治本攻坚")},
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_defects_are_found(name):
    words = found(name)
    missing = {
        (code, quote)
        for code, quote in KNOWN[name]
        if not any(c == code and q.startswith(quote[:8]) for c, q in words)
    }
    assert not missing


@pytest.mark.parametrize("path", sorted(TEXTS.glob("*/*.txt")), ids=lambda path: path.name)
def test_findings_of_one_document_stay_readable(path):
    plan = compile_plan(path.read_bytes(), path.name)
    assert len(lint(plan)) <= 25
