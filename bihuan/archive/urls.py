from django.urls import path

from . import views

app_name = "archive"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:name>/", views.statistic, name="statistic"),
    path("<slug:name>/download/", views.download, name="download"),
]
