from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("", views.message_list, name="list"),
    path("read/", views.read_all, name="read"),
    path("<int:pk>/open/", views.open_message, name="open"),
]
