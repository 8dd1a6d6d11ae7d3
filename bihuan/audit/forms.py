"""Filters of the event list."""

from django import forms


class EventFilter(forms.Form):
    """All optional; wrong dates are simply no filter, said beside the field."""

    act = forms.CharField(required=False, max_length=60)
    actor = forms.CharField(required=False, max_length=60)
    record = forms.CharField(required=False, max_length=80)
    q = forms.CharField(required=False, max_length=60)
    day_from = forms.DateField(required=False)
    day_to = forms.DateField(required=False)
