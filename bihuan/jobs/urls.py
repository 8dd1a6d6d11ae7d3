from django.urls import path

from . import views

app_name = "jobs"
urlpatterns = [
    path("", views.own, name="list"),
    path("all/", views.everybodys, name="all"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/state/", views.state, name="state"),
    path("<uuid:pk>/result/", views.result, name="result"),
    path("<uuid:pk>/stop/", views.stop, name="stop"),
    path("<uuid:pk>/resume/", views.resume, name="resume"),
]
