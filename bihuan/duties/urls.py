from django.urls import path

from . import pressed, views

app_name = "duties"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("organization/", views.organization, name="organization"),
    path("late/", pressed.late, name="late"),
    path("late/<int:pk>/press/", pressed.press_body, name="press"),
    path("unheld/", views.unheld, name="unheld"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/reassignment/", views.reassignment, name="reassignment"),
    path("ladder/", views.ladder, name="ladder"),
    path("ladder/<int:pk>/", views.rung, name="rung"),
    path("ladder/<int:pk>/removal/", views.drop_rung, name="drop_rung"),
    path("ladder/copy/", views.own_ladder, name="own_ladder"),
    path("ladder/new/", views.new_rung, name="new_rung"),
    path("ladder/drafting/", views.drafting_ladder, name="drafting_ladder"),
    path("calendar/", views.calendar_page, name="calendar"),
    path("calendar/day/", views.calendar_day, name="calendar_day"),
    path("calendar/year/", views.calendar_year, name="calendar_year"),
]
