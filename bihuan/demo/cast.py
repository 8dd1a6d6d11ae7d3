"""Who can log in to the demo city, told in the terminal and in the docs. Everybody here is invented."""

from __future__ import annotations

# For the demo only, printed wherever the logins are: every login of the demo city has it.
PASSWORD = "Yunxi-Demo-2026"  # noqa: S105

# (role, login, who and what the login shows)
LOGINS: list[tuple[str, str, str]] = [
    ("安委办经办人", "office", "市安委办综合协调科科员：导入方案、交办、审批延期、全市台账"),
    ("安委办负责人", "office_leader", "市安委办主任：关口、挂牌督办"),
    ("县区安委办", "xianan", "岚溪县安委办综合科科员：只看本县"),
    ("部门经办人", "zhujian", "市住建局城建与燃气管理科科员：燃气整治牵头"),
    ("部门经办人", "yingji", "市应急局危险化学品监督管理科科员：危化品整治牵头"),
    ("部门负责人", "zhujian_leader", "市住建局局长：审批延期、重大隐患"),
    ("街道经办人", "jiedao_officer", "青石街道应急管理办公室科员"),
    ("街道负责人", "jiedao_leader", "青石街道分管副主任"),
    ("基层检查员", "jiedao", "青石街道安全检查员：手机上门检查（同组 jiedao2）"),
    ("基层检查员", "zhen", "茶坪镇安全检查员"),
    ("企业安全管理人", "qiye", "青石禾香小馆店长：整改、申请延期"),
    ("企业安全管理人", "huagong", "云溪青杉精细化工有限公司安全总监：重大隐患"),
    ("专家", "zhuanjia", "燃气工程专家"),
    ("督查人员", "ducha", "市督查组督查员：只看不改"),
    ("系统管理员", "sysadmin", "维护单位、岗位、账号；首次登录须绑定动态口令"),
    ("安全管理员", "secadmin", "岗位授权；首次登录须绑定动态口令"),
    ("审计管理员", "auditor", "查看、核验审计记录；首次登录须绑定动态口令"),
]


def logins_text() -> str:
    """The demo logins as a table for the terminal: role, login, who; the common password first."""
    width = max(_width(role) for role, _, _ in LOGINS)
    login_width = max(len(login) for _, login, _ in LOGINS)
    lines = [f"演示账号（口令都是 {PASSWORD} ，人物单位均为虚构）："]
    for role, login, who in LOGINS:
        lines.append(f"  {role}{' ' * (width - _width(role))}  {login:<{login_width}}  {who}")
    return "\n".join(lines) + "\n"


def _width(text: str) -> int:
    """Columns a text takes in a terminal: Chinese signs take two."""
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in text)
