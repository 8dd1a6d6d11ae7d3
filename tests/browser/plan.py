"""A plan of the fictional city as its office would send it, written for these tests: three phases, six tasks.

市燃气行业协会 is in no directory; the blanket sentence stands on the second task and charges the localities with what
follows (R026).
"""

from __future__ import annotations

from pathlib import Path

from docx import Document

TITLE = "云溪市餐饮场所燃气安全百日整治工作方案"
CAMPAIGN = "云溪市餐饮场所燃气安全百日整治"
TEXT = f"""{TITLE}
云安办〔2026〕18号
各县（区）人民政府，市安委会有关成员单位：
为防范餐饮场所燃气事故，市安委会办公室决定自2026年8月10日起在全市开展餐饮场所燃气安全百日整治。现制定本方案。
一、工作目标
到2026年11月底，餐饮场所检查覆盖率达到100%，一般隐患整改率达到95%以上。
二、组织领导
成立云溪市餐饮场所燃气安全百日整治工作专班，组长由市安委办主任钱立行担任，副组长由市住房和城乡建设局局长周为民担任，成员由市市场监管局、各县（区）安委办负责人组成。
三、工作安排
（一）集中整治阶段（2026年8月10日至9月30日）。
1.摸清底数。逐户登记使用燃气的餐饮企业，2026年8月25日前形成台账。（市住房和城乡建设局牵头，市市场监管局按职责分工负责）
2.排查后厨用气。逐户检查餐饮企业。在地下空间使用液化石油气的，责令停止使用；软管超过2米或者穿墙的，责令限期改正，逾期未改正的，责令停业整顿；未安装探测器和切断阀的，责令限期改正。（市住房和城乡建设局牵头，以下均需乡镇人民政府和街道办事处负责，不再列出）
3.排查用气人员。逐户询问餐饮企业从业人员。不会关阀、检漏、报警的，责令限期改正。（市住房和城乡建设局、市市场监管局按职责分工负责）
4.查处违规充装。对充装企业充装超期未检气瓶的，责令限期改正；情节严重的，吊销充装许可证。（市市场监管局牵头，市燃气行业协会按职责分工负责）
（二）巩固提升阶段（2026年10月1日至11月10日）。
1.开展回头看。对反弹的隐患重新立项，对屡改屡犯的公开曝光。（市住房和城乡建设局牵头）
（三）总结评估阶段（2026年11月11日至11月30日）。
1.形成长效机制。总结经验做法。完善监管制度。（市安委办牵头，各部门按职责分工负责）
四、信息报送
各乡镇人民政府、街道办事处每周五17时前向市安委办报送检查和整改数据。
云溪市安全生产委员会办公室
2026年8月7日
"""


def plan_file(folder: Path) -> Path:
    """The plan as a Word document, a paragraph a line."""
    document = Document()
    for line in TEXT.splitlines():
        document.add_paragraph(line)
    path = folder / "餐饮燃气百日整治方案.docx"
    document.save(path)
    return path
