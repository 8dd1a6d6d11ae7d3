"""The words `bihuan plan` understands."""

from bihuan.config.cli import main


def test_plan_lint(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_text("关于商场检查的方案\n一、任务\n1.于2031年9月31日前完成检查。\n2.整改。", "utf-8")
    assert main(["plan", "lint", str(path)]) == 1
    assert "没有“2031年9月31日”这一天" in capsys.readouterr().out


def test_other_words_are_explained(capsys):
    assert main(["plan", "check"]) == 2
    assert "bihuan plan lint" in capsys.readouterr().err
