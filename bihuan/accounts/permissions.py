"""Everything a post can allow, in one list. Stable keys; the labels complete the sentence “可以……”."""

from django.db.models import TextChoices


class Permission(TextChoices):
    VIEW_CAMPAIGNS = "campaigns.view", "查看专项整治"
    MANAGE_PLANS = "campaigns.manage_plans", "导入、校核方案"
    PUBLISH_CAMPAIGN = "campaigns.publish", "发布专项整治"
    CLOSE_PHASE = "campaigns.close_phase", "关闭阶段"
    REPORT_TASK = "campaigns.report_task", "报告本单位任务进展"
    CONFIRM_TASK = "campaigns.confirm_task", "确认或退回任务完成"

    VIEW_REGISTRY = "registry.view", "查看企业与场所"
    EDIT_REGISTRY = "registry.edit", "登记、修改企业与场所"
    IMPORT_REGISTRY = "registry.import", "批量导入企业"
    DEFINE_KINDS = "registry.define_kinds", "编制对象类型和属性表（管全部区划的安委办）"
    SET_POLICIES = "registry.set_policies", "设定本辖区的风险评价口径"
    REVEAL_PERSONAL = "registry.reveal_personal", "查看完整联系电话、受保护的姓名（留痕）"

    VIEW_CHECKLISTS = "checklists.view", "查看检查表库"
    MANAGE_CHECKLISTS = "checklists.manage", "编制、发布本单位的检查表"

    VIEW_INSPECTIONS = "inspections.view", "查看检查记录"
    CONDUCT_INSPECTION = "inspections.conduct", "开展检查并签字"
    PLAN_VISITS = "planning.plan", "编制检查计划、组织双随机抽取、商定综合查一次"
    APPROVE_VISIT = "planning.approve", "批准检查计划和计划外检查"

    VIEW_HAZARDS = "hazards.view", "查看隐患台账"
    REPORT_HAZARD = "hazards.report", "登记隐患"
    CONFIRM_HAZARD = "hazards.confirm", "核实隐患"
    RECTIFY_HAZARD = "hazards.rectify", "提交整改"
    REVIEW_HAZARD = "hazards.review", "复查、退回、销号"
    DECIDE_EXTENSION = "hazards.decide_extension", "审批延期"
    GRADE_HAZARD = "hazards.grade", "认定重大隐患"
    APPROVE_MAJOR_PLAN = "hazards.approve_major_plan", "审查重大隐患治理方案"
    ACCEPT_MAJOR = "hazards.accept_major", "组织重大隐患验收与效果评价"
    SUPERVISE_HAZARD = "hazards.supervise", "挂牌督办与摘牌"
    REOPEN_HAZARD = "hazards.reopen", "因反弹重新打开隐患"
    ASSIGN_HAZARD = "hazards.assign", "批量交办与延期"
    IMPORT_HAZARDS = "hazards.import", "导入历史台账"
    EXPORT_HAZARDS = "hazards.export", "导出台账"

    SIGN_PLEDGE = "pledges.sign", "企业自查、填报并签署承诺书"
    VERIFY_PLEDGE = "pledges.verify", "逐项核查承诺书"
    MANAGE_PLEDGE_FORMS = "pledges.manage_forms", "编制承诺书式样"
    HANDLE_REFERRAL = "pledges.handle_referral", "办理移送查处"

    MANAGE_BATCHES = "batches.manage", "编排整治批次、下发通知、组织验收"
    REVIEW_SUBSIDY = "batches.review_subsidy", "初审补贴、登记拨付"
    APPROVE_SUBSIDY = "batches.approve_subsidy", "审定补贴"

    VIEW_ACCIDENTS = "accidents.view", "查看事故台账"
    REPORT_ACCIDENT = "accidents.report", "报告、续报事故"
    MANAGE_ACCIDENTS = "accidents.manage", "核定事故、组织调查、结案、下达控制数"

    VIEW_LISTINGS = "listings.view", "查看挂牌督办"
    MANAGE_LISTINGS = "listings.manage", "呈报挂牌、督促整改、组织摘牌验收"
    APPROVE_LISTING = "listings.approve", "审签挂牌、延期和摘牌"

    VIEW_LOOKBACK = "lookback.view", "查看回头看"
    RUN_LOOKBACK = "lookback.run", "组织回头看抽查"

    VIEW_OVERSIGHT = "oversight.view", "查看督导、会议和包干"
    MANAGE_OVERSIGHT = "oversight.manage", "组织督导轮次、会议和包干"
    RECORD_OVERSIGHT = "oversight.record", "参加督导、记录问题"
    CONFIRM_OVERSIGHT = "oversight.confirm", "审定会议纪要"
    LEAD_DISTRICT = "oversight.lead", "登记包干走访"

    VIEW_INSTRUMENTS = "instruments.view", "查看督办文书"
    DRAFT_INSTRUMENT = "instruments.draft", "起草督办文书"
    SIGN_INSTRUMENT = "instruments.sign", "签发督办文书"
    REPLY_INSTRUMENT = "instruments.reply", "签收、回复督办文书"
    SET_TRIGGERS = "instruments.triggers", "设定督办触发条件"

    VIEW_RETURNS = "returns.view", "查看报送"
    FILE_RETURN = "returns.file", "填报并签字报送"
    RECEIVE_RETURNS = "returns.receive", "审收、退回、解锁报送"
    DEFINE_RETURNS = "returns.define", "编制报表"
    ISSUE_BULLETIN = "returns.bulletin", "签发工作通报"

    VIEW_ASSESSMENT = "assessment.view", "查看考核"
    RUN_ASSESSMENT = "assessment.run", "组织考核、评定得分"
    ADOPT_ASSESSMENT = "assessment.adopt", "审定考核方案和结果"
    APPEAL_ASSESSMENT = "assessment.appeal", "申辩考核结果"
    SIGN_LETTER = "assessment.sign_letter", "签订责任书、承诺书"
    REVIEW_APPRAISAL = "assessment.review", "审核企业负责人履职自评"

    VIEW_SUBMISSIONS = "submissions.view", "查看请示报告"
    DRAFT_SUBMISSION = "submissions.draft", "起草请示、报告"
    SIGN_SUBMISSION = "submissions.sign", "签发请示、报告和批复"
    ANSWER_SUBMISSION = "submissions.answer", "承办下级请示、报告"

    VIEW_PROJECTS = "projects.view", "查看工程项目"
    MANAGE_PROJECTS = "projects.manage", "登记工程项目、组织验收移交"
    APPROVE_PROJECT = "projects.approve", "审定项目入库、资金分担"
    APPLY_PROJECT = "projects.apply", "申请技改支持和技术服务，报工程进度，签收移交"
    CARE_HOUSEHOLDS = "projects.care", "登记、走访受工程影响需要照顾的住户和商户"

    VIEW_OFFICE_WORK = "office.view", "查看机关工作计划和公开承诺"
    PLAN_OFFICE_WORK = "office.plan", "编制、自查本人工作计划，登记首问事项"
    CHECK_OFFICE_WORK = "office.check", "核查本单位工作计划、通报完成情况"
    INSPECT_CONDUCT = "office.conduct", "开展效能监察、核查履职问题"

    VIEW_EXCHANGE = "exchange.view", "查看上下级数据交换"
    MANAGE_EXCHANGE = "exchange.manage", "办理上下级数据交换"

    USE_ROOM = "desk.room", "打开调度大屏"

    VIEW_HISTORY = "archive.view", "查看历史统计"

    ISSUE_PAPER = "papers.issue", "制发文书"
    VIEW_PAPERS = "papers.view", "查看文书"

    ASSIGN_DUTY = "duties.assign", "交办、改派待办"
    EDIT_CALENDAR = "duties.edit_calendar", "维护工作日历与催办阶梯"

    MANAGE_ORGANIZATIONS = "accounts.manage_organizations", "维护区划、单位与岗位"
    MANAGE_USERS = "accounts.manage_users", "维护账号与任职"
    GRANT_ROLES = "accounts.grant_roles", "授予岗位权限"
    UNLOCK_USERS = "accounts.unlock_users", "解锁账号、终止会话、重置动态口令"
    HAND_OVER = "accounts.hand_over", "办理本单位人员交接与代理"
    VIEW_AUDIT = "audit.view", "查看审计记录"
    VERIFY_AUDIT = "audit.verify", "核验审计记录"
    OPERATE = "operations.operate", "查看系统体检和备份，批准清理到期记录"
    USE_API = "api.use", "使用接口令牌"
