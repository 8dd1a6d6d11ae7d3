from django.db import migrations, models


class Migration(migrations.Migration):
    """More that may be noticed of a visit."""

    dependencies = [("inspections", "0005_self_checks")]
    operations = [
        migrations.AlterField(
            "signal",
            "code",
            models.CharField(
                choices=[
                    ("place", "定位偏远"),
                    ("clock", "时钟偏差"),
                    ("photo_place", "照片拍摄地不符"),
                    ("photo_time", "照片拍摄时间不符"),
                    ("edited", "照片经过修图"),
                    ("reused", "照片重复使用"),
                    ("alike", "照片高度相似"),
                    ("unchanged", "整改前后照片雷同"),
                    ("copied", "文字雷同"),
                    ("travel", "赶路时间不合"),
                    ("short", "用时过短"),
                    ("unplanned", "计划外未经批准"),
                    ("recused", "应回避未回避"),
                    ("not_drawn", "不是抽中的人"),
                    ("kind_people", "人员与类别不符"),
                ],
                max_length=12,
                verbose_name="提示",
            ),
        )
    ]
