"""What an operator does at the server."""

import pytest
from django.core.management import CommandError, call_command
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.accounts.models import Region, User
from bihuan.audit.models import Event


def test_a_new_installation_gets_three_separate_administrators(db, tmp_path, capsys):
    file = tmp_path / "regions.csv"
    file.write_text("code,name\n53,虚构省\n539700,云溪市\n", encoding="utf-8")
    call_command("load_regions", str(file))
    assert "新增 2 个" in capsys.readouterr().out
    call_command("create_administrators", "5397")
    out = capsys.readouterr().out
    people = [User.objects.get(username=name) for name in ("sysadmin", "secadmin", "auditor")]
    assert [person.posts[0].role for person in people] == ["system_admin", "security_admin", "audit_admin"]
    password = out.splitlines()[1].split()[1]
    assert people[0].check_password(password)
    assert all(person.must_change_password for person in people)
    with pytest.raises(CommandError, match="已有管理员"):
        call_command("create_administrators", "5397")


def test_a_bad_file_is_named_and_nothing_is_loaded(db, tmp_path):
    file = tmp_path / "regions.csv"
    file.write_text("code,name\n5397,云溪市\n53970,错\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第 3 行"):
        call_command("load_regions", str(file))
    with pytest.raises(CommandError, match="无法读取"):
        call_command("load_regions", str(tmp_path / "missing.csv"))
    assert not Region.objects.exists()
    with pytest.raises(CommandError, match="没有区划"):
        call_command("create_administrators", "5397")


def test_the_way_back_in_leaves_a_trace(world):
    TOTPDevice.objects.create(user=world.people.secadmin, confirmed=True, name="t")
    call_command("reset_second_factor", "secadmin", "--reason", "手机损坏")
    assert not TOTPDevice.objects.exists()
    assert "手机损坏" in Event.objects.get(act="accounts.reset_second_factor").summary
    with pytest.raises(CommandError, match="没有用户名"):
        call_command("reset_second_factor", "nobody", "--reason", "x")
