"""Roles: what each kind of post may do, readable aloud. Three administrators are kept apart and see no business data."""

from dataclasses import dataclass

from django.db.models import TextChoices

from .permissions import Permission as P


class Role(TextChoices):
    UNASSIGNED = "unassigned", "尚未授权"
    OFFICE_LEADER = "office_leader", "安委办负责人"
    OFFICE_OFFICER = "office_officer", "安委办经办人"
    DEPARTMENT_LEADER = "department_leader", "部门负责人"
    DEPARTMENT_OFFICER = "department_officer", "部门经办人"
    LOCALITY_LEADER = "township_leader", "乡镇街道负责人"
    LOCALITY_OFFICER = "township_officer", "乡镇街道经办人"
    INSPECTOR = "inspector", "基层检查员"
    ENTERPRISE_MANAGER = "enterprise_manager", "企业安全管理人"
    EXPERT = "expert", "专家"
    INSPECTORATE = "inspectorate", "督查人员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDIT_ADMIN = "audit_admin", "审计管理员"


@dataclass(frozen=True)
class RoleDefinition:
    """`sentence` is what an office would say of this post; `permissions` is what the software enforces."""

    sentence: str
    permissions: frozenset[str]
    needs_second_factor: bool = False


_READ = frozenset({
    P.VIEW_CAMPAIGNS, P.VIEW_REGISTRY, P.VIEW_CHECKLISTS, P.VIEW_INSPECTIONS, P.VIEW_HAZARDS, P.VIEW_PAPERS,
})  # fmt: skip
_FIELD = _READ | {
    P.CONDUCT_INSPECTION, P.REPORT_HAZARD, P.CONFIRM_HAZARD, P.REVIEW_HAZARD, P.ISSUE_PAPER, P.EXPORT_HAZARDS,
    P.REPORT_TASK, P.USE_API,
}  # fmt: skip
# What everybody who answers for a locality, a line or the whole sees of the rhythm: returns, papers, listings, scores.
_OVERSEE = frozenset({
    P.VIEW_ACCIDENTS, P.VIEW_LISTINGS, P.VIEW_LOOKBACK, P.VIEW_OVERSIGHT, P.VIEW_INSTRUMENTS, P.VIEW_RETURNS,
    P.VIEW_SUBMISSIONS, P.VIEW_ASSESSMENT, P.VIEW_PROJECTS, P.VIEW_OFFICE_WORK,
})  # fmt: skip
_OFFICER = _OVERSEE | {
    P.REPORT_ACCIDENT, P.MANAGE_LISTINGS, P.RECORD_OVERSIGHT, P.REPLY_INSTRUMENT, P.FILE_RETURN, P.REVIEW_APPRAISAL,
    P.PLAN_OFFICE_WORK, P.DRAFT_SUBMISSION, P.ANSWER_SUBMISSION,
}  # fmt: skip
_LEADER = _OVERSEE | {
    P.LEAD_DISTRICT, P.RECORD_OVERSIGHT, P.FILE_RETURN, P.REPLY_INSTRUMENT, P.SIGN_LETTER, P.PLAN_OFFICE_WORK,
    P.CHECK_OFFICE_WORK, P.SIGN_SUBMISSION,
}  # fmt: skip

ROLES: dict[str, RoleDefinition] = {
    Role.UNASSIGNED: RoleDefinition("岗位已建立，等安全管理员授权；现在什么也不能看、不能做。", frozenset()),
    Role.OFFICE_OFFICER: RoleDefinition(
        "看本辖区全部台账，把方案变成行动，编制检查计划，组织双随机抽取，组织考核、抽取案卷，交办催办，审批延期，维护对象底册和日历，编制、自查本人的月度工作计划，登记首问事项，登记工程项目、管专项资金，起草请示报告、承办下级请示、组织迎检。",
        _FIELD
        | {P.MANAGE_PROJECTS}
        | _OFFICER
        | {
            P.MANAGE_ACCIDENTS,
            P.RUN_LOOKBACK,
            P.MANAGE_OVERSIGHT,
            P.DRAFT_INSTRUMENT,
            P.SET_TRIGGERS,
            P.RECEIVE_RETURNS,
            P.DEFINE_RETURNS,
            P.RUN_ASSESSMENT,
            P.VIEW_EXCHANGE,
            P.MANAGE_EXCHANGE,
            P.USE_ROOM,
        }
        | {
            P.MANAGE_PLANS,
            P.PLAN_VISITS,
            P.MANAGE_CHECKLISTS,
            P.PUBLISH_CAMPAIGN,
            P.CLOSE_PHASE,
            P.CONFIRM_TASK,
            P.EDIT_REGISTRY,
            P.IMPORT_REGISTRY,
            P.REVEAL_PERSONAL,
            P.DECIDE_EXTENSION,
            P.GRADE_HAZARD,
            P.APPROVE_MAJOR_PLAN,
            P.ACCEPT_MAJOR,
            P.SUPERVISE_HAZARD,
            P.REOPEN_HAZARD,
            P.ASSIGN_HAZARD,
            P.IMPORT_HAZARDS,
            P.ASSIGN_DUTY,
            P.VIEW_HISTORY,
            P.EDIT_CALENDAR,
            P.DEFINE_KINDS,
            P.SET_POLICIES,
            P.HAND_OVER,
            P.VERIFY_PLEDGE,
            P.HANDLE_REFERRAL,
            P.MANAGE_PLEDGE_FORMS,
            P.MANAGE_BATCHES,
            P.REVIEW_SUBSIDY,
        },
    ),
    Role.OFFICE_LEADER: RoleDefinition(
        "看本辖区全部台账，关闭阶段，挂牌督办，签发工作通报，批准检查计划，审批延期和重大隐患，确认、核查本单位工作计划，通报完成情况，处理效能监察事项，审定工程项目、资金分担和技改支持，签发请示报告和批复。",
        _READ
        | {P.APPROVE_PROJECT}
        | _LEADER
        | {
            P.APPROVE_LISTING,
            P.CONFIRM_OVERSIGHT,
            P.SIGN_INSTRUMENT,
            P.ADOPT_ASSESSMENT,
            P.VIEW_EXCHANGE,
            P.USE_ROOM,
            P.INSPECT_CONDUCT,
        }
        | {P.ISSUE_BULLETIN}
        | {
            P.PUBLISH_CAMPAIGN,
            P.CLOSE_PHASE,
            P.CONFIRM_TASK,
            P.APPROVE_VISIT,
            P.DECIDE_EXTENSION,
            P.GRADE_HAZARD,
            P.APPROVE_MAJOR_PLAN,
            P.ACCEPT_MAJOR,
            P.SUPERVISE_HAZARD,
            P.REOPEN_HAZARD,
            P.ASSIGN_DUTY,
            P.HAND_OVER,
            P.EXPORT_HAZARDS,
            P.VIEW_HISTORY,
            P.REVEAL_PERSONAL,
            P.APPROVE_SUBSIDY,
        },
    ),
    Role.DEPARTMENT_OFFICER: RoleDefinition(
        "看归口本部门的企业和隐患，编制检查计划，开展检查，核实、复查、销号，核查承诺书，审核企业负责人履职自评，报告任务进展，编制、自查本人的月度工作计划，登记首问事项，牵头工程项目、初审技改支持，起草请示报告、回复会签意见。",
        _FIELD
        | {P.MANAGE_PROJECTS, P.CARE_HOUSEHOLDS}
        | _OFFICER
        | {P.RUN_LOOKBACK, P.DRAFT_INSTRUMENT}
        | {
            P.EDIT_REGISTRY,
            P.IMPORT_REGISTRY,
            P.REVEAL_PERSONAL,
            P.GRADE_HAZARD,
            P.ASSIGN_HAZARD,
            P.PLAN_VISITS,
            P.MANAGE_CHECKLISTS,
            P.VERIFY_PLEDGE,
            P.HANDLE_REFERRAL,
            P.MANAGE_BATCHES,
            P.REVIEW_SUBSIDY,
        },
    ),
    Role.DEPARTMENT_LEADER: RoleDefinition(
        "看归口本部门的台账，批准检查计划，审批延期，认定重大隐患，审查治理方案，组织验收，确认、核查本单位工作计划，看工程项目和照顾对象，签发请示报告和批复。",
        _READ
        | {P.CARE_HOUSEHOLDS}
        | _LEADER
        | {P.APPROVE_LISTING, P.SIGN_INSTRUMENT, P.APPEAL_ASSESSMENT}
        | {
            P.APPROVE_VISIT,
            P.DECIDE_EXTENSION,
            P.GRADE_HAZARD,
            P.APPROVE_MAJOR_PLAN,
            P.ACCEPT_MAJOR,
            P.REOPEN_HAZARD,
            P.REPORT_TASK,
            P.HAND_OVER,
            P.EXPORT_HAZARDS,
            P.APPROVE_SUBSIDY,
        },
    ),
    Role.LOCALITY_OFFICER: RoleDefinition(
        "看本乡镇街道的企业和隐患，登记对象，编制检查计划，开展检查，核实、复查、销号，审核企业负责人履职自评，报告任务进展，编制、自查本人的月度工作计划，登记首问事项，走访受工程影响需要照顾的住户，起草请示报告。",
        _FIELD
        | {P.CARE_HOUSEHOLDS}
        | _OFFICER
        | {P.EDIT_REGISTRY, P.IMPORT_REGISTRY, P.REVEAL_PERSONAL, P.ASSIGN_HAZARD, P.PLAN_VISITS},
    ),
    Role.LOCALITY_LEADER: RoleDefinition(
        "看本乡镇街道的台账，批准检查计划，审批一般隐患延期，办理人员交接，确认、核查本单位工作计划，看工程项目和照顾对象，签发请示报告。",
        _READ
        | {P.CARE_HOUSEHOLDS}
        | _LEADER
        | {P.APPROVE_LISTING, P.APPEAL_ASSESSMENT}
        | {
            P.DECIDE_EXTENSION,
            P.APPROVE_VISIT,
            P.REOPEN_HAZARD,
            P.REPORT_TASK,
            P.HAND_OVER,
            P.EXPORT_HAZARDS,
        },
    ),
    Role.INSPECTOR: RoleDefinition(
        "在本乡镇街道上门检查、签字、登记隐患、复查；编制、自查本人的月度工作计划，登记首问事项；看本单位和本人的考核结果，走访受工程影响需要照顾的住户。",
        _FIELD - {P.EXPORT_HAZARDS, P.REPORT_TASK}
        | {P.VIEW_PROJECTS, P.CARE_HOUSEHOLDS}
        | {P.VIEW_ASSESSMENT, P.VIEW_OFFICE_WORK, P.PLAN_OFFICE_WORK},
    ),
    Role.ENTERPRISE_MANAGER: RoleDefinition(
        "只看本企业：有什么隐患、什么时候改完、怎么证明；自查，签承诺书，提交整改，申请延期，报告事故，签责任书，提交履职自评、签收结果，申请技改支持和技术服务，报工程进度。",
        frozenset(
            {
                P.VIEW_HAZARDS,
                P.RECTIFY_HAZARD,
                P.VIEW_INSPECTIONS,
                P.VIEW_PAPERS,
                P.VIEW_REGISTRY,
                P.SIGN_PLEDGE,
                P.VIEW_ACCIDENTS,
                P.REPORT_ACCIDENT,
                P.VIEW_LISTINGS,
                P.VIEW_INSTRUMENTS,
                P.REPLY_INSTRUMENT,
                P.VIEW_ASSESSMENT,
                P.APPEAL_ASSESSMENT,
                P.VIEW_PROJECTS,
                P.APPLY_PROJECT,
                P.SIGN_LETTER,
            }
        ),
    ),
    Role.EXPERT: RoleDefinition(
        "受邀参加检查，以自己的名义提出意见；只看自己参加的检查。",
        frozenset({P.VIEW_INSPECTIONS, P.VIEW_HAZARDS, P.RECORD_OVERSIGHT}),
    ),
    Role.INSPECTORATE: RoleDefinition(
        "看辖区内全部记录，不改任何一条；汇总通报各单位月度工作计划完成情况，开展效能监察、核查履职问题。",
        _READ
        | _OVERSEE
        | {P.VIEW_EXCHANGE, P.USE_ROOM}
        | {P.CHECK_OFFICE_WORK, P.INSPECT_CONDUCT}
        | {P.EXPORT_HAZARDS, P.VERIFY_AUDIT, P.VIEW_HISTORY},
    ),
    Role.SYSTEM_ADMIN: RoleDefinition(
        "维护区划、单位、岗位和账号，照看系统体检和备份；看不到业务数据，也不能授权。",
        frozenset({P.MANAGE_ORGANIZATIONS, P.MANAGE_USERS, P.OPERATE}),
        needs_second_factor=True,
    ),
    Role.SECURITY_ADMIN: RoleDefinition(
        "为岗位授权，解锁账号，终止会话；不能建账号，看不到业务数据。",
        frozenset({P.GRANT_ROLES, P.UNLOCK_USERS}),
        needs_second_factor=True,
    ),
    Role.AUDIT_ADMIN: RoleDefinition(
        "查看并核验审计记录；不能改任何数据。",
        frozenset({P.VIEW_AUDIT, P.VERIFY_AUDIT}),
        needs_second_factor=True,
    ),
}

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

# Which roles a post may carry, by the kind of its organization (Organization.Kind).
ROLES_BY_KIND: dict[str, tuple[Role, ...]] = {
    "office": (Role.OFFICE_LEADER, Role.OFFICE_OFFICER),
    "department": (Role.DEPARTMENT_LEADER, Role.DEPARTMENT_OFFICER),
    "locality": (Role.LOCALITY_LEADER, Role.LOCALITY_OFFICER, Role.INSPECTOR),
    "enterprise": (Role.ENTERPRISE_MANAGER,),
    "experts": (Role.EXPERT,),
    "inspectorate": (Role.INSPECTORATE,),
    "system": (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
}


def conflict_of(roles: set[str]) -> str:
    """Why one person may not hold these roles together, as a sentence; "" when they may.

    The three administrators are kept apart from each other and from every other work (等保三级：三权分立).
    """
    administrators = sorted(Role(role).label for role in roles & ADMINISTRATORS)
    others = sorted(Role(role).label for role in roles - ADMINISTRATORS - {Role.UNASSIGNED})
    if len(administrators) > 1:
        return f"{'、'.join(administrators)}须由不同的人担任"
    if administrators and others:
        return f"{administrators[0]}不得兼任{'、'.join(others)}等业务岗位"
    return ""
