import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What was filled in is there for every row; a migration of its own, because PostgreSQL does not change a table
    in the transaction that has just changed its rows."""

    dependencies = [("hazards", "0002_lines_carry_their_state")]

    operations = [
        migrations.AlterField(
            "hazard",
            "kind",
            models.ForeignKey(
                db_index=False,
                help_text="发现时企业所属的类型；企业以后改类不影响已登记的隐患",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.enterprisekind",
                verbose_name="对象类型",
            ),
        ),
        migrations.AlterField(
            "hazardtransition",
            "counted_on",
            models.DateField("计入日期", help_text="新状态从哪一天起计入统计"),
        ),
    ]
