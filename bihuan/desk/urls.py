from django.urls import path

from . import views
from .room.views import keep, room

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("morning/", views.morning_page, name="morning"),
    path("room/", room, name="room"),
    path("room/keep/", keep, name="keep_room"),
    path("search/", views.search_page, name="search"),
]
