"""The one thing people fill in about a paper: that it was served."""

from django import forms

from .models import PaperReceipt


class ServiceForm(forms.Form):
    method = forms.ChoiceField(
        label="送达方式",
        choices=[
            (PaperReceipt.Method.HANDED, PaperReceipt.Method.HANDED.label),
            (PaperReceipt.Method.REFUSED, PaperReceipt.Method.REFUSED.label),
        ],
    )
    receiver_name = forms.CharField(label="签收人", max_length=60, help_text="拒收的，填拒收人姓名")
    note = forms.CharField(
        label="说明", max_length=200, required=False, help_text="拒收留置须写明理由和见证情况"
    )
