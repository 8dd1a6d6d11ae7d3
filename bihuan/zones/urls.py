from django.urls import path

from .views import maps, members, zones

app_name = "zones"
urlpatterns = [
    path("", zones.index, name="list"),
    path("new/", zones.create, name="create"),
    path("import/", zones.bring, name="import"),
    path("<int:pk>/", zones.detail, name="detail"),
    path("<int:pk>/revision/", zones.revise, name="revise"),
    path("<int:pk>/end/", zones.end, name="end"),
    path("<int:pk>/members/", members.members, name="members"),
    path("<int:pk>/members/export/", members.export, name="export_members"),
    path("<int:pk>/zone.geojson", zones.geojson, name="geojson"),
    path("map/", maps.page, name="map"),
    path("map/objects/", maps.objects, name="objects"),
    path("map/zones/", maps.zones, name="zones"),
    path("map/base/", maps.base, name="base"),
]
