from django.urls import path

from . import views

app_name = "attachments"
urlpatterns = [
    path("upload/", views.upload, name="upload"),
    path("<uuid:pk>/", views.file, name="file"),
    path("<uuid:pk>/thumbnail/", views.thumbnail, name="thumbnail"),
]
