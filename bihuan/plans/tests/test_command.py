"""The console entry."""

import json

from bihuan.plans.__main__ import main
from bihuan.plans.tests import sample


def test_outline(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_bytes(sample.as_text())
    assert main([str(path)]) == 0
    printed = capsys.readouterr().out
    assert "标题：云溪市租赁厂房和仓库安全专项整治工作方案" in printed
    assert "五/（一）/2　查承租方资质和用途" in printed
    assert "属地：各乡镇人民政府、街道办事处" in printed


def test_json(tmp_path, capsys):
    path = tmp_path / "方案.txt"
    path.write_bytes(sample.as_text())
    assert main([str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tasks"]) == 25


def test_errors_are_chinese_and_without_a_traceback(tmp_path, capsys):
    assert main([str(tmp_path / "无.txt")]) == 1
    assert "找不到文件" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 1
    assert "无法读取文件" in capsys.readouterr().err
    assert main([]) == main(["a", "b"]) == 1
    assert "用法" in capsys.readouterr().err
    broken = tmp_path / "坏.pdf"
    broken.write_bytes(b"%PDF-1.7\n")
    assert main([str(broken), "--json"]) == 1
    assert capsys.readouterr().err == "PDF 文件已损坏，无法打开。请重新导出，或改用 .docx 格式导入。\n"
