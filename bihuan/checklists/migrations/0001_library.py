
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Book',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(help_text='表单的 form_id，各版本不变', max_length=40, verbose_name='标识')),
                ('title', models.CharField(max_length=100, verbose_name='名称')),
                ('sector', models.CharField(choices=[('gas', '城镇燃气'), ('chemicals', '危险化学品'), ('fire', '消防'), ('construction', '建筑施工'), ('small_places', '小场所'), ('industry', '工贸'), ('transport', '交通运输'), ('equipment', '特种设备'), ('other', '其他领域')], default='other', max_length=16, verbose_name='领域')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='books', to='accounts.organization', verbose_name='编制单位')),
                ('region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.region', verbose_name='适用区划')),
            ],
            options={
                'verbose_name': '检查表库',
                'verbose_name_plural': '检查表库',
                'ordering': ['sector', 'title', 'id'],
            },
        ),
        migrations.CreateModel(
            name='BookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='版本')),
                ('title', models.CharField(max_length=100, verbose_name='标题')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='说明')),
                ('status', models.CharField(choices=[('draft', '草稿'), ('published', '已发布'), ('withdrawn', '已撤回')], default='draft', max_length=10, verbose_name='状态')),
                ('edits', models.PositiveIntegerField(default=0, help_text='两个人同时改时，后一个被挡下', verbose_name='改动次数')),
                ('effective_from', models.DateField(blank=True, null=True, verbose_name='施行日期')),
                ('created_at', models.DateTimeField(verbose_name='编制时间')),
                ('published_at', models.DateTimeField(null=True, verbose_name='发布时间')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='撤回时间')),
                ('withdrawal_reason', models.CharField(blank=True, max_length=300, verbose_name='撤回理由')),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='checklists.book', verbose_name='检查表')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='编制人')),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='发布人')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='撤回人')),
            ],
            options={
                'verbose_name': '检查表版本',
                'verbose_name_plural': '检查表版本',
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='BookSection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, verbose_name='节号')),
                ('title', models.CharField(max_length=100, verbose_name='标题')),
                ('link', models.CharField(choices=[('trade', '经营'), ('filling', '充装'), ('production', '生产'), ('storage', '储存'), ('circulation', '流通'), ('transport', '运输'), ('testing', '检测'), ('use', '使用'), ('work', '作业'), ('supervision', '监管')], max_length=20, verbose_name='环节')),
                ('position', models.PositiveSmallIntegerField(verbose_name='次序')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sections', to='checklists.bookversion', verbose_name='检查表版本')),
            ],
            options={
                'verbose_name': '检查表的节',
                'verbose_name_plural': '检查表的节',
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='book',
            name='origin',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='checklists.bookversion', verbose_name='复制自'),
        ),
        migrations.CreateModel(
            name='BookItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='次序')),
                ('code', models.CharField(max_length=24, verbose_name='编号')),
                ('text', models.CharField(max_length=200, verbose_name='检查内容')),
                ('criterion', models.CharField(blank=True, max_length=300, verbose_name='判定标准')),
                ('measure', models.JSONField(blank=True, help_text='{label, comparator, number, unit, upper}，数写成文字', null=True, verbose_name='数值标准')),
                ('method', models.JSONField(default=list, verbose_name='检查方法')),
                ('basis', models.JSONField(default=list, help_text='[{title, doc_no, article}]', verbose_name='依据')),
                ('source', models.CharField(default='导入', max_length=10, verbose_name='来源')),
                ('verified', models.BooleanField(default=False, verbose_name='已核对原文')),
                ('dispositions', models.JSONField(default=list, help_text='[{word, condition}]', verbose_name='处置阶梯')),
                ('severity', models.CharField(choices=[('minor', '轻微'), ('ordinary', '一般'), ('serious', '严重')], default='ordinary', max_length=10, verbose_name='严重程度')),
                ('criterion_code', models.CharField(blank=True, help_text='不合格即按此条判定为重大隐患', max_length=20, verbose_name='判定条款')),
                ('kinds', models.JSONField(default=list, help_text='空为各类对象', verbose_name='适用对象类型')),
                ('guidance', models.CharField(blank=True, max_length=500, verbose_name='整改指引')),
                ('proof', models.CharField(blank=True, max_length=300, verbose_name='整改证明')),
                ('photo', models.CharField(choices=[('failed', '不合格时拍照'), ('always', '每次拍照')], default='failed', max_length=8, verbose_name='拍照要求')),
                ('section', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='checklists.booksection', verbose_name='检查表的节')),
            ],
            options={
                'verbose_name': '检查表库的检查项',
                'verbose_name_plural': '检查表库的检查项',
                'ordering': ['section__position', 'position'],
                'constraints': [models.UniqueConstraint(fields=('section', 'code'), name='checklists_item_code')],
            },
        ),
        migrations.AddConstraint(
            model_name='bookversion',
            constraint=models.UniqueConstraint(fields=('book', 'number'), name='checklists_version_number'),
        ),
        migrations.AddConstraint(
            model_name='bookversion',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('book',), name='checklists_one_draft'),
        ),
        migrations.AddConstraint(
            model_name='bookversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('effective_from', None), ('published_at', None), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), ('effective_from__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='checklists_published_iff_dated'),
        ),
        migrations.AddConstraint(
            model_name='bookversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'withdrawn'), ('withdrawn_at__isnull', False), models.Q(('withdrawal_reason', ''), _negated=True)), models.Q(models.Q(('status', 'withdrawn'), _negated=True), ('withdrawal_reason', ''), ('withdrawn_at', None)), _connector='OR'), name='checklists_withdrawn_iff_stamped'),
        ),
        migrations.AddConstraint(
            model_name='booksection',
            constraint=models.UniqueConstraint(fields=('version', 'code'), name='checklists_section_code'),
        ),
        migrations.AddConstraint(
            model_name='book',
            constraint=models.UniqueConstraint(fields=('owner', 'key'), name='checklists_book_key'),
        ),
        migrations.AddConstraint(
            model_name='book',
            constraint=models.UniqueConstraint(condition=models.Q(('owner', None)), fields=('key',), name='checklists_shipped_book_key'),
        ),
        migrations.AddConstraint(
            model_name='book',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owner', None), ('region', None)), models.Q(('owner__isnull', False), ('region__isnull', False)), _connector='OR'), name='checklists_book_owner_with_region'),
        ),
    ]
