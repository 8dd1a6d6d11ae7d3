"""What holds for all findings, whatever the text: places, keys, the command."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.plans import compile_text
from bihuan.plans.lint import LINT_RULES, SEVERITIES, lint
from bihuan.plans.lint.command import main

CLEAN = Path(__file__).with_name("clean.txt").read_text("utf-8")
FAULTY = (
    CLEAN.replace("8.查外窗", "7.查外窗")
    .replace("2031年6月30日前", "2031年6月31日前")
    .replace("六、职", "六.职")
)


def test_keys_are_stable_while_the_words_stay():
    before = {f.key for f in lint(compile_text(FAULTY))}
    after = {f.key for f in lint(compile_text("新加的一行。\n" + FAULTY.replace("坚持人民至上、", "")))}
    assert len(before) == 3
    assert before <= after
    assert "number.duplicate:7.查外窗障碍物" in before


def test_equal_words_have_keys_of_their_own():
    text = CLEAN.replace(
        "（市消防救援支队负责；完成时限：2031年7月31日前）", "（各部门负责；完成时限：2031年7月31日前）"
    ).replace(
        "（市消防救援支队负责；完成时限：2031年7月15日前）", "（各部门负责；完成时限：2031年7月15日前）"
    )
    keys = [f.key for f in lint(compile_text(text)) if f.code == "task.only_collective"]
    assert keys == ["task.only_collective:各部门", "task.only_collective:各部门#2"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutilated_plans_are_checked_without_failing(data):
    lines = CLEAN.split("\n")
    first = data.draw(st.integers(0, len(lines) - 12))
    text = "\n".join(lines[first : first + 12])
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 9))
        text = (
            text[:at]
            + data.draw(st.sampled_from(["", "（", "”", "一、", "2.", "9月31日", "\n", "13月", "以下简称"]))
            + text[at + cut :]
        )
    plan = compile_text(text)
    findings = lint(plan)
    assert len({f.key for f in findings}) == len(findings)
    for finding in findings:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.code in LINT_RULES
        assert finding.severity in SEVERITIES
        assert finding.message
        assert finding.proposal


def test_command_lists_by_severity(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_text(FAULTY, "utf-8")
    assert main([str(path)]) == 1
    printed = capsys.readouterr().out
    assert "共 3 处：错误 2，建议 1。" in printed
    assert printed.index("1. 序号重复　〔第 34 行〕“7.查外窗障碍物”") < printed.index("2. 日期不存在")
    assert printed.index("2. 日期不存在") < printed.index("3. 同级序号写法不一")
    assert "为什么：两项任务同号" in printed
    assert "建议：改为“8.查外窗障碍物”。" in printed


def test_command_as_json(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_text(FAULTY, "utf-8")
    assert main([str(path), "--json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert value["counts"] == {"error": 2, "warning": 0, "advice": 1}
    assert value["findings"][0]["quote"] == "7.查外窗障碍物"


def test_exit_codes(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_text(CLEAN, "utf-8")
    assert main([str(path)]) == 0
    assert "没有发现问题。" in capsys.readouterr().out
    path.write_text(CLEAN.replace("六、职", "六.职"), "utf-8")
    assert main([str(path)]) == 0
    assert main([str(tmp_path / "无.txt")]) == main([]) == main([str(path), "--today", "明天"]) == 2
    assert "找不到文件" in capsys.readouterr().err
