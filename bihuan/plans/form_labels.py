"""The words forms print beside their blanks, and what is to be written there.

Printed forms justify short labels with blanks (联 系 人, 部 位) and web copies glue the cells of a row together
(联系电话身份证号): labels are therefore looked up as words, blanks allowed between their characters.
"""

from __future__ import annotations

import re

_WORDS = """
单位名称 企业名称 场所名称 项目名称 工程名称 机构名称 设备名称 名称 单位地址 企业地址 详细地址 注册地址 经营地址 生产地址 通讯地址 地址 所在地 所属区域 所属行业 行业类别 所属乡镇 所属街道
单位印鉴 单位公章 单位盖章 印鉴 公章 统一社会信用代码 社会信用代码 营业执照号 许可证号 许可证编号 证书编号 证件号码 档案编号 编号 序号 项次
使用性质 单位性质 企业性质 经济类型 单位类型 企业类型 场所类型 场所类别 建筑性质 隐患类别 隐患类型 隐患等级 风险等级 类别 类型 等级
法定代表人 主要负责人 实际控制人 消防安全责任人 消防安全管理人 安全管理人员 安全生产管理人员 安全负责人 安全管理人 现场负责人 项目负责人 分管负责人 单位负责人 部门负责人 负责人 责任人
整改责任人 责任单位 整改责任单位 督办单位 监管单位 主管部门 监管部门 责任部门 牵头单位 配合单位 填报单位 填表单位 报送单位 受检单位 被检查单位 检查单位 检查部门 承诺单位 承诺人
填报人 填表人 经办人 联系人 审核人 审批人 签发人 检查人员 检查人 复查人员 复查人 验收人员 验收人 陪同人员 报告人 记录人 当事人 申请人
联系电话 联系方式 办公电话 手机号码 手机号 手机 电话号码 电话 传真 电子邮箱 邮箱 邮政编码 邮编 身份证号码 身份证号 身份证 姓名 性别 职务 职称 年龄 学历
从业人数 从业人员 员工人数 职工人数 人数 建筑面积 占地面积 经营面积 使用面积 面积 建筑层数 层数 床位数 气瓶数量 数量 单位数 家数 金额 投资额
成立时间 开业时间 检查时间 检查日期 排查时间 整改时间 完成时间 完成时限 整改时限 整改期限 整改完成时间 复查时间 复查日期 验收时间 填报时间 填报日期 填表时间 填表日期 报送时间 签订日期 签字日期 承诺日期 时间 日期 期限
检查项目 检查内容 检查要点 检查标准 检查依据 检查方法 检查方式 检查情况 检查结果 检查结论 检查意见 排查内容 排查情况 排查结果 自查情况 自查结果 存在问题 存在的问题 主要问题 发现问题 问题描述 问题隐患 问题图片
隐患部位 隐患名称 隐患内容 隐患描述 隐患情况 隐患数量 隐患来源 隐患照片 隐患 整改措施落实情况 整改措施 整改情况 整改落实情况 整改建议 整改意见 整改要求 整改结果 整改资金 整改前 整改后 整改进展 是否整改 防范措施 管控措施 应急措施 采取的措施 目前采取的措施 处理意见 处理情况 处理结果
未整改原因 原因分析 原因 措施 落实情况 完成情况 进展情况 工作进展 工作内容 工作任务 主要任务 任务 项目 内容 要点 部位 场所 设备 复查情况 复查意见 复查结论 验收意见 验收结论 审核意见 审批意见 评定结果 得分 分值 扣分 评分标准 依据 法律依据
需要说明的情况 需要说明的问题 其他需要说明的情况 其他情况 情况说明 说明 备注 签名 签字 签章 盖章 本人签字 负责人签字 单位意见 主管部门意见 监管部门意见 销号时间 销号情况 是否销号 是否合格 是否符合
"""
LABELS = tuple(sorted(set(_WORDS.split()), key=len, reverse=True))

_SPACE = r"[ \u3000\n]{0,3}"
LABEL = re.compile("|".join(_SPACE.join(word) for word in LABELS))
# A label nobody listed: a short word that ends like one.
OPEN_LABEL = re.compile(
    r"[\u4e00-\u9fff]{1,6}?(?:名称|地址|编号|号码|代码|性质|类别|类型|等级|人员|电话|时间|日期|时限|期限|人数|数量|面积|金额|项目|内容|要点|标准|依据|方法|方式|情况|结果|结论|意见"
    r"|建议|措施|原因|描述|图片|照片|说明|备注|得分|分值|部位|问题|隐患|状态|进度|频次|要求|单位|部门)"
)
# Labels that may stand glued to another one in a sentence-free stretch but say nothing alone.
_SIGNATURE = re.compile(r"签名|签字|盖章|印鉴|公章|签章|印章")
_DATE = re.compile(r"日期|时间|时限|期限|出生年月|年月日")
_NUMBER = re.compile(
    r"(?:数|人数|数量|面积|金额|层数|资金|投资额|得分|分值|扣分|年龄|户数|家数|次数|比例|率)$"
)
_PERSONAL = re.compile(r"身份证|电话|手机|联系方式|证件号码|住址|出生")
PERSON = re.compile(
    r"(?:责任人|管理人|负责人|联系人|法定代表人|控制人|经办人|填报人|填表人|承诺人|当事人|申请人|报告人)$"
)
CONTACT = re.compile(r"电话|手机|身份证|邮箱|传真|职务|职称|联系方式|性别|年龄|学历|姓名")
CHOICE_LABEL = re.compile(
    _SPACE.join("使用性质") + r"|(?:单位|企业|经济|场所|建筑|隐患|行业)(?:性质|类型|类别|等级)|类别|类型"
)


def plain(label: str) -> str:
    """Return a label without the blanks that justify it."""
    return re.sub(r"\s", "", label)


def kind_of_label(label: str) -> str:
    """Return what is to be filled in beside a label: text, date, number or signature."""
    if _SIGNATURE.search(label):
        return "signature"
    if _DATE.search(label):
        return "date"
    if _NUMBER.search(label):
        return "number"
    return "text"


def is_personal(label: str) -> bool:
    """Say whether what is written beside a label is personal data to be protected (R273)."""
    return bool(_PERSONAL.search(label))
