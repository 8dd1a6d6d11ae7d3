"""An original plan of the fictional city 云溪市, as paragraphs, and builders of the same document in every format.

Each paragraph is a plain string; the builders must not change a character of it.
"""

from __future__ import annotations

import html
import io

PARAGRAPHS = """云溪市安全生产委员会办公室文件
云安办〔2031〕17号
云溪市安全生产委员会办公室关于印发《云溪市租赁厂房和仓库安全专项整治工作方案》的通知
各县（区）安委会，各乡镇、街道，市安委会有关成员单位：
《云溪市租赁厂房和仓库安全专项整治工作方案》已经市安委会同意，现印发给你们，请认真组织实施。
云溪市租赁厂房和仓库安全专项整治工作方案
为摸清全市租赁厂房、仓库底数，消除“以租代管”“一租了之”形成的事故隐患，制定本方案。
一、总体要求
坚持谁出租、谁管理，谁承租、谁负责的原则，把一栋厂房内的出租方和承租方放在一起管。
二、工作目标
到2032年底，租赁厂房建档率达到100%，出租方与承租方安全管理协议签订率不低于98%，培育示范园区20个。
三、整治范围
全市用于生产、加工、储存的租赁厂房、仓库及其附属宿舍。
四、实施步骤
（一）动员摸底阶段（2031年3月至4月）。各县（区）、园区完成出租厂房登记造册，一栋一档。
（二）集中整治阶段（2031年5月至10月）
1.自查自改。出租方和承租方对照清单逐项自查，自查结果于2031年5月20日前录入系统。
2.联合检查。县（区）组织相关部门对租赁厂房逐栋检查，2031年9月底前完成首轮检查。（各县区、园区管委会按职责分工负责）
3.挂牌整改。对重大事故隐患逐一挂牌，落实整改责任、措施、资金、期限和预案。
（三）巩固提升阶段（2031年11月起）。总结经验做法，形成长效机制。
五、主要任务
（一）压实出租方和承租方责任
1.查出租方安全管理。未与承租方签订安全管理协议的，未统一协调管理同一厂房内多家承租方的，责令限期改正，处以罚款；逾期未改正的，责令停产停业整顿。（市应急局牵头，市工业和信息化局、市市场监管局按职责分工负责。以下各项均需各乡镇人民政府、街道办事处负责，不再逐一列出）
2.查承租方资质和用途。擅自改变厂房使用性质、在丙类厂房内从事甲乙类生产的，责令立即停止违法行为，情节严重的，吊销营业执照。（市市场监管局负责）
3.查安全教育培训。未对新进人员开展岗前培训的，限期改正。（牵头单位：市应急局；配合单位：市人力资源和社会保障局、市总工会；完成时限：2031年6月底前）
（二）整治消防安全隐患
4.查疏散通道。疏散楼梯净宽小于1.1米，安全出口数量少于2个的，要责令改正；占用、堵塞、封闭疏散通道的，立即改正，拒不改正的，强制拆除。（市消防救援支队牵头，市公安局、市城管局按职责分工负责）
5.查违规住人。厂房、仓库内设置员工宿舍的，一律限期搬离，构成犯罪的，依法追究刑事责任。（市消防救援支队、市公安局按职责分工负责）
6.查电气线路。私拉乱接电线、电动自行车在厂房内充电的，当场改正。（市消防救援支队负责，云溪供电公司配合）
（三）整治违法建设
7.由市住房和城乡建设局牵头，市自然资源和规划局、市城管局配合，对擅自加建夹层、搭建彩钢棚的租赁厂房开展排查。
8.市城管局负责拆除经认定的违法建设，2031年8月31日前完成第一批拆除。
9.对结构安全有疑问的厂房，督促产权人委托鉴定，鉴定报告送属地乡镇备案。
责任单位：市住房和城乡建设局
配合单位：各乡镇、市财政局
完成时限：2031年10月
（四）整治危险作业
10.查动火作业。未办理动火审批的，立即停止作业，处以罚款。对发现的线索移交市公安局。（市应急局牵头，市公安局参与）
11.查有限空间作业。未落实先通风、再检测、后作业要求的，责令停产停业整顿。（市应急局负责）
12.查危险化学品使用。一间厂房内危险化学品储存量超过500公斤而无专用储存室的，限期改正，并移交有关部门查处。（市应急局、市生态环境局按职责分工负责）
（五）完善长效机制
13.建立租赁厂房信息平台，实现房东、租客、隐患三张清单互通。（市大数据局牵头，市应急局、市公安局等按职责分工负责）
14.推行安全管理协议示范文本。（市司法局指导）
15.每个园区至少配备2名专职安全员，推广“园区安全管家”。（各园区管委会负责）
六、部门分工
市应急局负责综合协调，组织编制检查清单。
市消防救援支队负责消防安全检查；市公安局协助开展违规住人清查。
市财政局保障专项整治经费。
七、保障措施
（一）加强组织领导。成立由市政府常务副市长任组长，市应急局局长、市消防救援支队支队长任副组长，市公安局、市财政局、市住房和城乡建设局、市城管局负责同志为成员的云溪市租赁厂房和仓库安全专项整治领导小组。领导小组办公室设在市应急局，办公室主任由市应急局局长兼任。
（二）强化督导。市安委会办公室每月通报进展情况，对工作滞后的县（区）进行约谈。
（三）严格信息报送。各县（区）安委会要于2031年4月25日前将实施方案报送市安委会办公室；各成员单位每月25日前向市安委会办公室报送工作进展，每季度末5日内报送阶段总结。
（四）加大投入。市、县（区）财政将整治经费列入预算。
（五）广泛宣传。设立举报电话，鼓励职工举报身边隐患。
附件：租赁厂房安全检查表
云溪市安全生产委员会办公室
2031年3月6日
附件
租赁厂房安全检查表
一、出租方情况
1.名称
2.地址
二、承租方情况
1.名称
2.从业人数""".splitlines()

TITLES = (PARAGRAPHS[0], PARAGRAPHS[1], PARAGRAPHS[2], PARAGRAPHS[5])
TEXT = "\n".join(PARAGRAPHS)


def as_docx(*, automatic_numbering: bool = False) -> bytes:
    """Return the plan as a Word file; with automatic numbering the section numbers are drawn by Word, not written."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.oxml.parser import parse_xml

    document = Document()
    body = PARAGRAPHS
    if automatic_numbering:
        namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        numbering = document.part.numbering_part.element
        levels = "".join(
            f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{label}"/></w:lvl>'
            for i, (form, label) in enumerate(
                [("chineseCountingThousand", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3.")]
            )
        )
        abstract = parse_xml(f'<w:abstractNum {namespace} w:abstractNumId="77">{levels}</w:abstractNum>')
        numbering.insert(0, abstract)
        numbering.append(parse_xml(f'<w:num {namespace} w:numId="78"><w:abstractNumId w:val="77"/></w:num>'))
    in_annex = False
    for line in body:
        in_annex = in_annex or line == "附件"
        section = line[:1] in "一二三四五六七" and line[1:2] == "、" and not in_annex
        if automatic_numbering and section:
            paragraph = document.add_paragraph(line[2:])
            properties = paragraph._p.get_or_add_pPr()
            properties.append(
                parse_xml(
                    f'<w:numPr xmlns:w="{qn("w:p")[1:].split("}")[0]}"><w:ilvl w:val="0"/><w:numId w:val="78"/></w:numPr>'
                )
            )
        else:
            document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def as_pdf() -> bytes:
    """Return the plan as a PDF with a running head and page numbers, lines broken at page width."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    width, height = A4
    page, y = 1, 0.0

    def begin_page() -> float:
        canvas.setFont("STSong-Light", 9)
        canvas.drawString(70, height - 40, "云溪市安委办文件汇编")
        canvas.drawCentredString(width / 2, 30, f"- {page} -")
        canvas.setFont("STSong-Light", 14)
        return height - 80

    y = begin_page()
    for paragraph in PARAGRAPHS:
        indent = 0 if paragraph in TITLES else 28
        lines = wrap(paragraph, width - 140, indent)
        for i, line in enumerate(lines):
            if y < 70:
                canvas.showPage()
                page += 1
                y = begin_page()
            canvas.drawString(70 + (indent if i == 0 else 0), y, line)
            y -= 24
    canvas.save()
    return buffer.getvalue()


def wrap(paragraph: str, points: float, indent: float) -> list[str]:
    """Break a paragraph at page width in 14 pt STSong, the first line shorter by its indent."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    lines, line, room = [], "", points - indent
    for character in paragraph:
        if stringWidth(line + character, "STSong-Light", 14) > room:
            lines.append(line)
            line, room = "", points
        line += character
    return [*lines, line]


def as_html() -> bytes:
    """Return the plan as a web page with navigation, scripts and page furniture around it."""
    paragraphs = "\n".join(f"<p>&emsp;&emsp;{html.escape(line)}</p>" for line in PARAGRAPHS)
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>文件</title>
<style>p {{ color: black }}</style><script>var x = "一、脚本";</script></head><body>
<div class="nav"><a href="/">首页</a> <a href="/x">政务公开</a></div>
<div class="article">{paragraphs}</div>
<div class="footer">版权所有：某网站</div><p>责任编辑：</p><p>扫一扫在手机打开当前页</p></body></html>""".encode()


def as_text(encoding: str = "utf-8") -> bytes:
    """Return the plan as plain text in an encoding."""
    return TEXT.encode(encoding)
