"""Form fields every app may use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bihuan.core.http import row_number
from bihuan.rules.calendar import DateOutOfRange, check_range


class CalendarDayField(forms.DateField):
    """A day some clock may count from or to: 2000 to 2100, beyond which no calendar reaches."""

    def to_python(self, value: Any) -> dt.date | None:
        day = super().to_python(value)
        if day is None:
            return None
        try:
            return check_range(day)
        except DateOutOfRange as error:
            raise ValidationError(str(error), code="range") from error


class CalendarMomentField(forms.DateTimeField):
    """A moment of a day from 2000 to 2100, local time; beyond, no clock counts and no database converts."""

    def to_python(self, value: Any) -> dt.datetime | None:
        moment = super().to_python(value)
        if moment is None:
            return None
        try:
            # As written first: at the ends of time a moment cannot be converted.
            check_range(moment.date())
            check_range(timezone.localdate(moment))
        except DateOutOfRange as error:
            raise ValidationError(str(error), code="range") from error
        return moment


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows to choose from; a number beyond the database is an unknown row, not a crash."""

    def clean(self, value: Any) -> Any:
        for each in value or ():
            if not row_number(str(each)):
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": each}
                )
        return super().clean(value)


def day_field(label: str, **more: Any) -> CalendarDayField:
    """A day, with the browser's calendar."""
    return CalendarDayField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **more)


def moment_field(label: str, **more: Any) -> CalendarMomentField:
    """A day and a time of it, with the browser's calendar; seconds are taken when they are given."""
    return CalendarMomentField(
        label=label, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"), **more,
    )  # fmt: skip


def words_field(label: str, most: int = 500, *, rows: int = 3, **more: Any) -> forms.CharField:
    """Sentences: at most so many characters, so many lines high."""
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea({"rows": rows}), **more)
