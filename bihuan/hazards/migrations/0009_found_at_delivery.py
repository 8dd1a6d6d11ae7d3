"""Hazards a gas company's people found at its users are a source of their own; no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hazards", "0008_open_of_a_department")]

    operations = [
        migrations.AlterField(
            "hazard",
            "source",
            models.CharField(
                "来源",
                max_length=12,
                choices=[
                    ("inspection", "监督检查"),
                    ("self_check", "企业自查"),
                    ("oversight", "上级督查"),
                    ("tip", "举报"),
                    ("expert", "专家检查"),
                    ("monitoring", "监测报警"),
                    ("delivery", "随瓶安检"),
                    ("import", "历史台账"),
                ],
            ),
        ),
    ]
