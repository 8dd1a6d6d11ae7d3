from django.urls import path

from . import delivering, signalpages, views

app_name = "inspections"
urlpatterns = [
    path("", views.inspection_list, name="list"),
    path("choose/", views.choose, name="choose"),
    path("walk/", views.walk, name="walk"),
    path("deliveries/", delivering.deliveries, name="deliveries"),
    path("deliveries/at/<str:token>/", delivering.delivery, name="delivery"),
    path("deliveries/<int:pk>/", delivering.delivered, name="delivered"),
    path("deliveries/<int:pk>/notice/", delivering.notice, name="delivery_notice"),
    path("<int:pk>/", views.detail, name="detail"),
    path("signals/", signalpages.signal_panel, name="signals"),
    path("signals/rows/", signalpages.signal_rows, name="signal_rows"),
    path("signals/<int:pk>/note/", signalpages.note_signal, name="note_signal"),
    path("<int:pk>/done/", views.done, name="done"),
    path("<int:pk>/opinion/", views.opinion, name="opinion"),
]
