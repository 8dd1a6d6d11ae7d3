import pytest
from django.utils.html import conditional_escape

from bihuan.core.http import content_disposition, problem, safe_filename
from bihuan.core.qr import qr_svg


def test_problem():
    assert problem(409, "状态已变化", "请刷新后重试", move="close") == {
        "type": "about:blank",
        "title": "状态已变化",
        "status": 409,
        "detail": "请刷新后重试",
        "move": "close",
    }
    assert problem(404, "未找到") == {"type": "about:blank", "title": "未找到", "status": 404}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("隐患台账.xlsx", "隐患台账.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\台账.csv", "台账.csv"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ("台账\u202excod.exe", "台账xcod.exe"),
        ('a"b;c.pdf', "a_b_c.pdf"),
        ("...", "file"),
        ("", "file"),
        ("长" * 200 + ".xlsx", "长" * 115 + ".xlsx"),
    ],
)
def test_safe_filename(name, safe):
    assert safe_filename(name) == safe


def test_content_disposition():
    assert content_disposition("台账 1.xlsx") == (
        "attachment; filename=\"__ 1.xlsx\"; filename*=UTF-8''%E5%8F%B0%E8%B4%A6%201.xlsx"
    )
    assert content_disposition("a.pdf", inline=True).startswith("inline; ")
    assert "\n" not in content_disposition("a\nb.pdf")


def test_qr_svg():
    svg = qr_svg("http://127.0.0.1/v/ABC", label="文书验真")
    assert svg.startswith("<svg ")
    assert 'role="img"' in svg
    assert "<title>文书验真</title>" in svg
    assert "style=" not in svg
    assert 'class="qr"' in svg
    assert (
        conditional_escape(svg) == svg
    )  # ready for a page: what is foreign in it, the label, is escaped already
    assert "<title>&lt;b&gt;</title>" in qr_svg("x", label="<b>")
    with pytest.raises(ValueError, match="为空"):
        qr_svg("")
    with pytest.raises(ValueError, match="过长"):
        qr_svg("长" * 3000)
