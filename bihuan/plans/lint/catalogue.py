"""Every check by its code: Chinese title, why it matters, and where the demand comes from."""

from __future__ import annotations

from bihuan.plans.lint.finding import LintRule

_FORM = "《党政机关公文格式》（GB/T 9704—2012）"

LINT_RULES: dict[str, LintRule] = {
    "number.duplicate": LintRule(
        "序号重复", "两项任务同号，分解、调度和引用时无法区分是哪一项。", f"{_FORM}7.3.3；R006"
    ),
    "number.missing": LintRule(
        "序号缺失", "序号不连续，读者无法判断是漏了编号还是漏了内容。", f"{_FORM}7.3.3；R006"
    ),
    "number.count": LintRule(
        "项数与所列不符", "写明几项，列出的却不是几项，读者不知道是否漏了内容。", "R006"
    ),
    "number.style": LintRule(
        "同级序号写法不一", "同一层次用了不同的编号写法，层次关系容易看错。", f"{_FORM}7.3.3"
    ),
    "body.outsider": LintRule(
        "承担任务的单位不在领导机构内",
        "承担任务却不是成员单位，会议、调度和通报都通知不到它。",
        "R022、R023",
    ),
    "body.idle_member": LintRule(
        "成员单位没有任务", "列为成员却没有任何任务和职责，实际上无事可做，也无法考核。", "R023、R025"
    ),
    "body.two_names": LintRule(
        "同一机构两个名称", "名称不同会被当作两个机构，文件往来和报送对象随之混乱。", "R022"
    ),
    "body.not_composed": LintRule(
        "机构只宣布成立、没有组成", "没有负责人或成员，机构成立后无人召集、无人参加。", "R022"
    ),
    "body.no_office": LintRule(
        "办公室没有设在哪里、由谁负责", "日常工作没有落脚处，材料不知道送到哪里、找谁办。", "R022"
    ),
    "date.impossible": LintRule("日期不存在", "日历上没有这一天，期限无法执行。", "R015"),
    "date.weekday": LintRule("日期与星期不符", "日期和星期对不上，读者不知道以哪个为准。", "R015"),
    "date.no_year": LintRule("日期没有年份", "全文没有年份，存档或转发之后无法判断是哪一年的期限。", "R015"),
    "date.past": LintRule("期限早于印发日期", "印发时期限已过，承办单位无法按期完成。", "R015"),
    "phase.begun": LintRule("阶段在印发前已经开始", "印发时该阶段已经过去一段，安排的工作时间不足。", "R016"),
    "phase.overlap": LintRule("阶段时间重叠", "同一天属于两个阶段，何时转入下一阶段不清楚。", "R016、R018"),
    "phase.gap": LintRule("阶段之间有空档", "空档期间不属于任何阶段，工作会停下来。", "R016"),
    "phase.length": LintRule("阶段时长与起止时间不符", "写明的时长和起止日期算出来不一样。", "R016"),
    "phase.outside": LintRule("阶段超出总时间", "阶段安排落在方案规定的总时间之外。", "R016"),
    "phase.reversed": LintRule("结束早于开始", "起止时间颠倒，期限无法执行。", "R015、R016"),
    "phase.count": LintRule("阶段数与所列不符", "写明分几个阶段，列出的却不是这个数。", "R016"),
    "task.no_lead": LintRule(
        "多家负责、没有牵头", "几家单位共同负责而无人牵头，容易互相等待、无人协调。", "R025"
    ),
    "task.only_collective": LintRule(
        "只写“各部门”负责", "没有点名的责任等于没有责任，无法分派，也无法考核。", "R025、R026"
    ),
    "task.no_unit": LintRule("任务没有责任单位", "没有写明由谁承担，任务派不下去。", "R025"),
    "task.no_deadline": LintRule("任务没有完成时限", "没有时限就无法催办和判断是否逾期。", "R015"),
    "task.late": LintRule(
        "完成时限在整治结束之后", "整治已经结束，没有人再调度和验收这项任务。", "R015、R016"
    ),
    "task.two_leads": LintRule(
        "两家以上牵头、未分主次", "同时由几家牵头而不分主次，实际上还是没有牵头。", "R025"
    ),
    "target.qualitative": LintRule(
        "目标没有数字", "目标没有可以核对的数字，结束时无法判断是否完成。", "R020"
    ),
    "target.no_base": LintRule(
        "要求全覆盖而没有底数", "不知道总数是多少，就无法判断是否做到了全覆盖。", "R020、R039"
    ),
    "target.contradiction": LintRule(
        "同一目标数字不一", "同一指标出现两个数字，执行和考核不知以哪个为准。", "R020"
    ),
    "plan.no_timetable": LintRule(
        "要求下级有时间表、责任人，自己却没有",
        "方案自身没有时间和责任安排，下级无从细化，上级也无从调度。",
        "R015、R025",
    ),
    "report.no_day": LintRule(
        "报送没有具体时间", "“定期”“及时”没有日期，无法提醒，也无法认定迟报、漏报。", "R103"
    ),
    "report.no_receiver": LintRule(
        "报送没有写明报给谁", "没有接收单位，材料不知报给谁，也无人催收。", "R103"
    ),
    "report.unknown_receiver": LintRule(
        "接收单位在方案中不存在", "接收材料的机构没有设立，也没有在别处出现，报送无处可去。", "R103、R022"
    ),
    "report.late": LintRule(
        "报送时间在整治结束之后", "整治已经结束才报进展，信息起不到调度的作用。", "R103、R016"
    ),
    "text.truncated": LintRule("单位名称不完整", "名称缺字，无法认定是哪个单位，任务和文件会落空。", "R269"),
    "text.bracket": LintRule(
        "括号、引号不成对", "括号或引号缺一半，引用和注释的范围看不清。", "GB/T 15834—2011"
    ),
    "text.lost": LintRule("文字损坏", "此处文字缺失或损坏，未经核对不能印发。", "R269"),
    "text.placeholder": LintRule("占位符没有填写", "草稿中的占位符没有替换成实际内容。", "R269"),
    "text.unfinished": LintRule(
        "段末句子不完整", "段落末尾没有句号，可能漏排了文字。", "GB/T 15834—2011；R269"
    ),
    "term.abbreviation": LintRule(
        "简称定义冲突", "同一简称指两样东西，或同一事物有两个简称，引用时产生歧义。", "R275"
    ),
    "term.campaign": LintRule(
        "行动名称前后不一", "标题和正文对本次行动用了不同的叫法，容易被当作两件事。", "R275"
    ),
    "term.renamed": LintRule("使用机构改革前的名称", "该部门已经更名或撤并，旧名称找不到承办单位。", "R275"),
    "term.unit_names": LintRule("同一单位两种写法", "同一单位写法不一，统计和分派时可能算成两家。", "R275"),
    "form.annex_missing": LintRule(
        "引用的附件不存在", "正文引用的附件没有附上，要求无法照办。", f"{_FORM}7.3.4"
    ),
    "form.annex_uncited": LintRule(
        "附件在正文中没有引用", "正文没有提到该附件，读者不知道它用在哪里。", f"{_FORM}7.3.4"
    ),
    "form.number": LintRule("发文字号写法不规范", "文号写法不合规范，按号查不到文件。", f"{_FORM}7.2.5"),
    "form.signature": LintRule(
        "缺少落款或成文日期", "没有发文单位和日期，效力和期限无从起算。", "《党政机关公文处理工作条例》第九条"
    ),
    "form.title": LintRule(
        "标题没有文种",
        "标题没有写明是方案、通知还是意见，性质和效力不清。",
        "《党政机关公文处理工作条例》第九条",
    ),
    "form.contact": LintRule("联系人没有填写", "写了联系人却没有姓名和电话，下级无法联系。", "R103"),
}
