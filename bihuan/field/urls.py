from django.urls import path

from . import views

app_name = "field"
urlpatterns = [
    path("", views.app, name="app"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("session/", views.session, name="session"),
    path("devices/", views.devices, name="devices"),
    path("devices/<uuid:pk>/revocation/", views.revocation, name="revocation"),
    path("token/", views.token, name="token"),
    path("sync/", views.sync, name="sync"),
    path("photos/<uuid:pk>/", views.photo, name="photo"),
    path("visits/", views.visits, name="visits"),
]
