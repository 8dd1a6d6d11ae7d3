import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_amendments_and_subplans"),
        ("checklists", "0001_library"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="checkitem",
            name="criterion_code",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="不合格即按此条判定为重大隐患",
                max_length=20,
                verbose_name="判定条款",
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="guidance",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=500, verbose_name="整改指引"
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="kinds",
            field=models.JSONField(
                blank=True, help_text="空为各类对象", null=True, verbose_name="适用对象类型"
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="library_item",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="checklists.bookitem",
                verbose_name="检查表库的检查项",
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="measure",
            field=models.JSONField(
                blank=True,
                help_text="{label, comparator, number, unit, upper}，数写成文字",
                null=True,
                verbose_name="数值标准",
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="photo",
            field=models.CharField(
                choices=[("failed", "不合格时拍照"), ("always", "每次拍照")],
                db_default="failed",
                default="failed",
                max_length=8,
                verbose_name="拍照要求",
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="proof",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="整改证明"
            ),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="section",
            field=models.CharField(blank=True, db_default="", default="", max_length=100, verbose_name="节"),
        ),
        migrations.AddField(
            model_name="checkitem",
            name="severity",
            field=models.CharField(
                choices=[("minor", "轻微"), ("ordinary", "一般"), ("serious", "严重")],
                db_default="ordinary",
                default="ordinary",
                max_length=10,
                verbose_name="严重程度",
            ),
        ),
        migrations.AddField(
            model_name="checklist",
            name="book_version",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="日常检查用；与任务二者取一",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="checklists",
                to="checklists.bookversion",
                verbose_name="检查表库的版本",
            ),
        ),
        migrations.AlterField(
            model_name="checkitem",
            name="criterion",
            field=models.CharField(blank=True, max_length=300, verbose_name="判定标准"),
        ),
        migrations.AlterField(
            model_name="checklist",
            name="task",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="checklists",
                to="campaigns.task",
                verbose_name="任务",
            ),
        ),
        migrations.AddConstraint(
            model_name="checklist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("book_version", None), ("task__isnull", False)),
                    models.Q(("book_version__isnull", False), ("task", None)),
                    _connector="OR",
                ),
                name="campaigns_checklist_task_or_book",
            ),
        ),
    ]
