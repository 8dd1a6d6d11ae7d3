"""Title, issuer, number and date."""

from datetime import date

import pytest

from bihuan.plans import compile_text

BODY = "一、任务\n1.查企业。\n2.查场所。\n二、要求\n1.按时完成。"


def head(text):
    plan = compile_text(text)
    value = lambda field: field.value if field else None  # noqa: E731
    return value(plan.title), value(plan.issuer), value(plan.doc_no), plan.issued_on


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"云溪市应急局文件\n云应急〔2031〕9号\n关于印发《云溪市有限空间专项整治方案（2031年）》的通知\n各企业：\n{BODY}\n云溪市应急局\n2031年4月2日",
            ("云溪市有限空间专项整治方案（2031年）", "云溪市应急局", "云应急〔2031〕9号", date(2031, 4, 2)),
        ),
        (
            f"云溪市应急局关于开展\n有限空间检查工作的通知\n各企业：\n{BODY}\n云溪市应急局\n二〇三一年四月二日",
            ("云溪市应急局关于开展有限空间检查工作的通知", "云溪市应急局", None, date(2031, 4, 2)),
        ),
        (
            f"云溪市有限空间整治方案\n2031年04月05日\n来源：云溪市应急局\n根据《云溪省方案》（云安〔2030〕1号）要求，制定本方案。\n{BODY}",
            ("云溪市有限空间整治方案", None, None, date(2031, 4, 5)),
        ),
        (
            "云溪电力公司智能管控工作方案为落实《关于印发管控终端工作方案的通知》（电安〔2031〕3号）要求，制定本方案。"
            "一、工作任务1.试点应用。选点。2.推广。扩面。二、工作要求1.加强领导。落实责任。云溪电力公司2031年5月6日",
            ("云溪电力公司智能管控工作方案", "云溪电力公司", None, date(2031, 5, 6)),
        ),
        (
            f"云溪矿业有限公司\n顶板专项治理方案\n为落实要求，制定本方案。\n{BODY}\n云溪矿业有限公司\n2031年1月5日",
            ("云溪矿业有限公司顶板专项治理方案", "云溪矿业有限公司", None, date(2031, 1, 5)),
        ),
        (f"云溪市顶板治理方案 为落实要求，制定本方案。 {BODY}", ("云溪市顶板治理方案", None, None, None)),
        (
            f"云溪市人民政府办公室关于成立云溪市\n加强地下管网建设\n工作领导小组的通知\n各县区：\n{BODY}\n云溪市人民政府办公室\n2031年8月1日",
            (
                "云溪市人民政府办公室关于成立云溪市加强地下管网建设工作领导小组的通知",
                "云溪市人民政府办公室",
                None,
                date(2031, 8, 1),
            ),
        ),
        (
            f"云溪市燃气安全工作的\n实施意见\n（云政发〔2031〕8号）\n各县区：\n{BODY}\n安全科\n2031.4.2",
            ("云溪市燃气安全工作的实施意见", "安全科", "云政发〔2031〕8号", date(2031, 4, 2)),
        ),
        (
            f"云溪中心校\n关于做好春季开学安全工作的通知\n各学校：\n{BODY}\n二〇三一年四月二日",
            ("关于做好春季开学安全工作的通知", "云溪中心校", None, date(2031, 4, 2)),
        ),
        (
            f"云溪市水上交通安全专项整治任务分工\n为贯彻落实云安委〔2031〕3号文件精神，明确如下。\n{BODY}",
            ("云溪市水上交通安全专项整治任务分工", None, None, None),
        ),
        (
            f"云溪市应急局关于开展检查的通知\n各企业：\n{BODY}\n云溪市应急局（盖章）\n2031 年 4 月 2 日",
            ("云溪市应急局关于开展检查的通知", "云溪市应急局", None, date(2031, 4, 2)),
        ),
        (
            f"关于印发《云溪市烟花爆竹整治方案》的通知\n各县区：\n{BODY}\n云溪市应急管理局　　云溪市公安局\n2031年4月2日",
            ("云溪市烟花爆竹整治方案", "云溪市应急管理局 云溪市公安局", None, date(2031, 4, 2)),
        ),
        (
            f"关于开展检查的通知\n各科室：\n{BODY}\n云溪市第三医院",
            ("关于开展检查的通知", "云溪市第三医院", None, None),
        ),
        (
            f"云溪市人民政府办公室关于开展检查的通知\n各县区：\n{BODY}\n附件：检查表",
            ("云溪市人民政府办公室关于开展检查的通知", "云溪市人民政府办公室", None, None),
        ),
        (
            f"云溪市燃气整治方案\n云溪市应急管理局\n（2031年4月2日）\n为落实要求，制定本方案。\n{BODY}",
            ("云溪市燃气整治方案", "云溪市应急管理局", None, date(2031, 4, 2)),
        ),
        (
            f"云溪市燃气整治方案\n{BODY}\n云溪市应急管理局\n二O三一年十月十二日",
            ("云溪市燃气整治方案", "云溪市应急管理局", None, date(2031, 10, 12)),
        ),
        (BODY, (None, None, None, None)),
        (f"市安委会决定开展专项整治，特制定如下方案。\n{BODY}", (None, None, None, None)),
    ],
)
def test_head(text, expected):
    assert head(text) == expected


def test_the_signature_is_no_part_of_the_last_task():
    plan = compile_text(f"云溪市方案\n{BODY}\n云溪市应急局\n2031年4月2日\n")
    assert plan.tasks[-1].text == "按时完成。"


def test_month_and_day_take_the_year_of_the_signature():
    plan = compile_text("云溪市方案\n一、任务\n1.5月底前完成登记。\n云溪市应急局\n2031年4月2日")
    assert plan.tasks[0].due == date(2031, 5, 31)


ISSUED = "关于印发2031年汛期安全工作方案的通知\n各县区人民政府：\n现将方案印发给你们。\n"
PLAN = f"2031年汛期安全工作方案\n为做好工作，制定本方案。\n{BODY}"


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        (f"市人民政府办公室\n{ISSUED}2031年4月2日\n{PLAN}", "市人民政府办公室"),
        (f"云溪市人民政府{ISSUED}二○三一年四月二日\n{PLAN}", "云溪市人民政府"),
        (f"云溪市人民政府{ISSUED}二O三一年四月二日\n{PLAN}", "云溪市人民政府"),
    ],
)
def test_a_bare_date_signs_the_notice_above_its_plan(text, issuer):
    assert head(text) == ("2031年汛期安全工作方案", issuer, None, date(2031, 4, 2))


def test_a_plan_without_a_plan_word_is_known_by_its_notice():
    title = "2031年《政府工作报告》确定的重点工作事项"
    text = f"云溪市政府\n关于印发{title}的通知\n各县区：\n现印发给你们。\n云溪市政府\n2031年3月2日\n{title}\n{BODY}"
    assert head(text) == (title, "云溪市政府", None, date(2031, 3, 2))


@pytest.mark.parametrize(
    "line", ["2031-10-29 09:10:58 云朵素材网", "发布日期：2031年10月29日 10:55:21", "2031-10-29 09:10"]
)
def test_the_hour_of_a_page_does_not_hide_its_day(line):
    text = f"云溪市冬季防火工作方案\n{line}\n为做好工作，制定本方案。\n{BODY}"
    assert head(text)[3] == date(2031, 10, 29)
    assert head(f"{text}\n云溪市林草局\n2031年9月2日")[3] == date(2031, 9, 2)


def test_the_plans_own_title_is_fuller_than_the_notices():
    text = f"云溪高新区管委会关于印发危险化学品治理方案的通知\n各企业：\n现印发给你们。\n云溪高新区管委会\n2031年4月2日\n云溪高新区危险化学品治理方案\n{BODY}"
    assert head(text) == ("云溪高新区危险化学品治理方案", "云溪高新区管委会", None, date(2031, 4, 2))


def test_a_line_in_brackets_below_the_title_names_the_issuer():
    text = f"云溪市自建房整治方案\n（云溪市自建房整治领导小组办公室 二〇三一年六月）\n为做好工作，制定本方案。\n{BODY}"
    assert head(text) == ("云溪市自建房整治方案", "云溪市自建房整治领导小组办公室", None, None)


@pytest.mark.parametrize("printed", ["2031年2月30日", "二○三一年二月三十日"])
def test_a_day_its_month_lacks_is_the_last_one(printed):
    plan = compile_text(
        f"云溪市检查方案\n一、任务\n（一）检查商场。全面检查。\n云溪市应急管理局\n{printed}\n"
    )
    assert plan.issued_on == date(2031, 2, 28)
