"""The words `bihuan plan` understands."""

import subprocess
import sys

from bihuan.config.cli import main


def test_plan_lint(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_text("关于商场检查的方案\n一、任务\n1.于2031年9月31日前完成检查。\n2.整改。", "utf-8")
    assert main(["plan", "lint", str(path)]) == 1
    assert "没有“2031年9月31日”这一天" in capsys.readouterr().out


def test_other_words_are_explained(capsys):
    assert main(["plan", "check"]) == 2
    assert "bihuan plan lint" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    path = tmp_path / "通报.txt"
    lines = [f"共查出隐患{4 * n}处，已整改{3 * n}处，整改率75%。" for n in range(100, 2100)]
    path.write_text("\n".join(lines), "utf-8")
    run = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m bihuan.config.cli figures check {path} | head -1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "发现 0 处不符，2000 处相符。\n"
    assert "Traceback" not in run.stderr
