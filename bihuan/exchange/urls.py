from django.urls import path

from .views import door

app_name = "exchange"
urlpatterns = [
    path("door/packages/", door.packages, name="door_packages"),
    path("door/sync/", door.sync, name="door_sync"),
    path("door/fetch/", door.fetch, name="door_fetch"),
]
