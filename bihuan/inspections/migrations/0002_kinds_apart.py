from django.db import migrations, models

KINDS = [
    ("self_check", "企业自查"),
    ("township", "属地检查"),
    ("department", "部门检查"),
    ("joint", "联合检查"),
    ("expert", "专家检查"),
    ("unannounced", "四不两直"),
    ("look_back", "回头看"),
    ("upper_level", "上级督查"),
    ("delivery", "随瓶安检"),
    ("enforcement", "执法检查"),
]


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial")]

    operations = [
        migrations.AlterField("inspection", "kind", models.CharField("类别", choices=KINDS, max_length=12)),
        migrations.AddField(
            "inspection",
            "signed_kind",
            models.CharField(
                "签字时的类别",
                max_length=12,
                blank=True,
                default="",
                db_default="",
                help_text="早期记录签字时用的类别；空为与类别相同",
            ),
        ),
    ]
