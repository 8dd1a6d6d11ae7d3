"""The design system: templates under a strict policy, components that need no optional variable, vendored files as recorded."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django import forms
from django.template import engines
from django.template.loader import render_to_string

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted([*ROOT.glob("templates/**/*.html"), *ROOT.glob("bihuan/*/templates/**/*.html")])
COMPONENTS = sorted(path.stem for path in ROOT.glob("templates/components/*.html"))
# Parts of shells and of the gallery; pages never include them by name.
INTERNAL = {"head", "logo", "overlays", "gallery", "empty_dialog"}
# The shell stands even when none of the addresses it links to exists.
urlpatterns: list = []
SAMPLE = json.loads((ROOT / "templates/components/gallery.json").read_text("utf-8"))


class Undefined(str):
    """Fails where a template prints a variable nobody gave."""

    def __contains__(self, part: object) -> bool:
        return part == "%s"

    def __mod__(self, name: object) -> str:
        raise AssertionError(f"undefined template variable: {name}")


@pytest.fixture
def strict_templates(monkeypatch):
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", Undefined("%s"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_obey_the_content_policy(path):
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle\s*=\s*[\"']", text), "inline style"
    assert not re.search(r"<[^>{]*\son[a-z]+\s*=\s*[\"']", text), "inline event handler"
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", text), "inline script"
    assert not re.search(r"(src|href)=[\"']\s*(https?:)?//", text), "something from elsewhere"


@pytest.mark.urls(__name__)
def test_gallery_shows_every_component_with_sample_data(strict_templates):
    page = render_to_string("components/gallery.html", SAMPLE)
    for words in (
        "集中攻坚 8月1日",
        "逾期 26 天",
        "查问题管网",
        "退回整改",
        "提交复查结论",
        "用表格看",
        "存为视图",
    ):
        assert words in page


@pytest.mark.urls(__name__)
def test_gallery_renders_without_any_context(strict_templates):
    assert "今天没有待办" in render_to_string("components/gallery.html")


@pytest.mark.parametrize("code", ["400", "403", "404", "500", "403_csrf"])
def test_error_pages_need_no_context(code, strict_templates):
    assert "回到工作台" in render_to_string(f"{code}.html")


def test_every_component_is_documented():
    text = (ROOT / "docs/how-to/components.md").read_text("utf-8")
    table = text.split("## 3. Components")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.M))
    assert set(COMPONENTS) - INTERNAL == documented


def test_every_icon_named_in_a_template_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/icons.svg").read_text("utf-8")))
    for path in TEMPLATES:
        text = path.read_text("utf-8")
        named = re.findall(r'\{% icon "([\w-]+)"', text) + re.findall(r'\sicon="([\w-]+)"', text)
        assert set(named) <= drawn, path


def test_every_behaviour_named_in_the_loader_exists():
    loader = (ROOT / "static/js/app.mjs").read_text("utf-8")
    named = set(re.findall(r'"\./([\w-]+\.mjs)"', loader))
    assert len(named) > 15
    assert named <= {path.name for path in ROOT.glob("static/js/*.mjs")}


def test_vendored_files_are_those_recorded():
    vendor = ROOT / "static/vendor"
    rows = [
        line.split(" | ")
        for line in (vendor / "VENDORED.txt").read_text("utf-8").splitlines()
        if " | " in line
    ]
    assert len(rows) == 11  # the head and ten files
    for _, _, name, digest in rows[1:]:
        content = (vendor / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
        assert b"sourceMappingURL" not in content, name


class SampleForm(forms.Form):
    person = forms.CharField(label="整改责任人", help_text="企业一方的负责人")
    way = forms.ChoiceField(label="处置", choices=[("now", "现场已改")], widget=forms.RadioSelect)
    told = forms.BooleanField(label="已告知企业")

    def clean(self):
        raise forms.ValidationError("期限早于查出日期")


def test_a_form_says_what_is_wrong_and_where(strict_templates):
    page = str(SampleForm({"person": ""}))
    assert '<label for="id_person">整改责任人 <span class="need">必填</span></label>' in page
    assert 'aria-describedby="id_person_helptext id_person_error"' in page
    assert 'id="id_person_helptext">企业一方的负责人' in page
    assert re.search(
        r'<ul class="errorlist field-errors"[^>]*id="id_person_error"><li>这个字段是必填项。', page
    )
    assert "<legend>处置" in page
    assert re.search(r'<label class="check" for="id_told"><input type="checkbox" name="told"', page)
    assert "errorlist nonfield field-errors" in page
