"""Our controls say exactly what Django's own templates say, and believe nothing they are given."""

import re

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting

from bihuan.core.rendering import FormRenderer

SCRIPT = "<script>alert('x')</script>"
CHOICES = [("", "请选择"), ("a", "甲"), ("组", [("b", "乙"), (3, SCRIPT)])]


class Sample(forms.Form):
    words = forms.CharField(label=SCRIPT, max_length=20, help_text="不超过<b>二十</b>字")
    day = forms.DateField(required=False)
    number = forms.IntegerField(min_value=1)
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "data-x": SCRIPT, "hidden": True, "no": False})
    )
    choice = forms.ChoiceField(choices=CHOICES)
    many = forms.MultipleChoiceField(choices=CHOICES[:2])
    hidden = forms.CharField(widget=forms.HiddenInput)
    agreed = forms.BooleanField(label="同意")
    group = forms.ChoiceField(label="方式", choices=[("x", "子"), ("y", "丑")], widget=forms.RadioSelect)


GIVEN = [
    None,
    {
        "words": SCRIPT,
        "day": SCRIPT,
        "number": "0",
        "text": SCRIPT,
        "choice": "3",
        "many": ["a"],
        "hidden": SCRIPT,
    },
]


@pytest.mark.parametrize("data", GIVEN)
@pytest.mark.parametrize("name", list(Sample.base_fields))
def test_controls_are_those_of_django(data, name):
    ours, theirs = (
        str(Sample(data, renderer=renderer())[name]) for renderer in (FormRenderer, TemplatesSetting)
    )
    # Django breaks lines between options.
    assert ours == re.sub(r"\n\s*(?=<)", "", theirs) if "<select" in theirs else ours == theirs


def test_a_field_has_label_help_and_errors_and_escapes_them():
    field = Sample({"words": ""}, renderer=FormRenderer())["words"].as_field_group()
    assert field.startswith('<div class="field has-error"><label for="id_words">&lt;script&gt;')
    assert '<span class="need">必填</span></label><input type="text" name="words"' in field
    assert '<div class="field-help" id="id_words_helptext">不超过<b>二十</b>字</div>' in field
    assert re.search(r'<ul class="errorlist field-errors".*</ul></div>$', field)
    assert "<script" not in Sample(GIVEN[1], renderer=FormRenderer()).as_div()


def test_a_box_stands_before_its_words_and_choices_have_a_legend():
    form = Sample(renderer=FormRenderer())
    assert re.search(
        r'<label class="check" for="id_agreed"><input type="checkbox".*><span>同意 <span',
        form["agreed"].as_field_group(),
    )
    assert (
        form["group"]
        .as_field_group()
        .startswith('<fieldset class="field"><legend>方式 <span class="need">必填</span></legend>')
    )
