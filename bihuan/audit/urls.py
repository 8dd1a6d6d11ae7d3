import datetime as dt

from django.urls import path, register_converter

from . import views


class DayConverter:
    """2026-11-21 in an address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)

    def to_url(self, value: dt.date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

app_name = "audit"
urlpatterns = [
    path("", views.events, name="events"),
    path("records/<path:chain>/", views.record, name="record"),
    path("verify/", views.verify, name="verify"),
    path("seals/", views.seals, name="seals"),
    path("seals/<day:day>/", views.seal, name="seal"),
]
