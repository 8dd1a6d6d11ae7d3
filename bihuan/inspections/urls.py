from django.urls import path

from . import signalpages, views

app_name = "inspections"
urlpatterns = [
    path("", views.inspection_list, name="list"),
    path("choose/", views.choose, name="choose"),
    path("walk/", views.walk, name="walk"),
    path("<int:pk>/", views.detail, name="detail"),
    path("signals/", signalpages.signal_panel, name="signals"),
    path("signals/rows/", signalpages.signal_rows, name="signal_rows"),
    path("signals/<int:pk>/note/", signalpages.note_signal, name="note_signal"),
    path("<int:pk>/done/", views.done, name="done"),
    path("<int:pk>/opinion/", views.opinion, name="opinion"),
]
