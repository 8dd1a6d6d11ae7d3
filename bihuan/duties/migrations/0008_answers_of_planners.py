from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('duties', '0007_batches_and_certificates'),
    ]

    operations = [
        migrations.AlterField(
            model_name='duty',
            name='kind',
            field=models.CharField(choices=[('task', '整治任务'), ('phase', '阶段关口'), ('hazard_confirm', '隐患核实'), ('hazard_rectify', '隐患整改'), ('hazard_review', '隐患复查'), ('extension', '延期审批'), ('major_plan', '治理方案'), ('major_plan_review', '方案审查'), ('major_acceptance', '重大隐患验收'), ('major_evaluation', '效果评价'), ('report', '信息报送'), ('paper', '文书回复'), ('pledge_verify', '承诺书核查'), ('batch_notify', '批次通知'), ('batch_rectify', '批次整改'), ('batch_supervise', '批次督查'), ('batch_accept', '批次验收'), ('batch_transfer', '逾期移送'), ('subsidy', '补贴审批'), ('enforcement', '移送查处'), ('recheck', '停产关闭复核'), ('reevaluation', '重大危险源评估'), ('permit_renewal', '许可续期'), ('equipment_check', '设备检验'), ('certificate', '人员证件'), ('visit', '计划检查'), ('disclosure', '抽查结果公示'), ('visit_approval', '计划外检查审批'), ('joint_answer', '综合查一次答复')], max_length=20, verbose_name='类别'),
        ),
    ]
