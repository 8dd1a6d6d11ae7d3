from django.db import migrations, models

from bihuan.core.migrations import AddIndexOnline

SYSTEMS = [
    ("cgcs2000", "CGCS2000（国家大地坐标系、WGS 84）"),
    ("gcj02", "GCJ-02（高德、腾讯）"),
    ("bd09", "BD-09（百度）"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("registry", "0002_risks_and_responsibilities")]

    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name="source_crs",
                field=models.CharField(
                    blank=True, choices=SYSTEMS, db_default="", default="", max_length=10, verbose_name="坐标换算自"
                ),
            )
            for name in ("enterprise", "premises")
        ),
        AddIndexOnline(
            "enterprise", models.Index(fields=["longitude", "latitude"], name="registry_coordinates")
        ),
    ]
