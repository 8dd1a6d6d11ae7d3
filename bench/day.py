"""The people of a mixed day, played by locust: `python -m bench.day PLAN OUT`. Only this process is monkeypatched by gevent.

Everybody has an account, a session and a browser's cookies of their own, thinks between pages, follows links that stand
on the page before, and posts forms with the token of the page they were on. An answer counts as an error when its
status is not the expected one or when what the page must show is not on it.
"""

from __future__ import annotations

import datetime as dt
import html
import http.client
import json
import random
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, constant, events, task
from locust.env import Environment
from locust.exception import StopUser

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_LINK = re.compile(r'href="([^"]+)"')
_SEEN = re.compile(r'name="seen" value="([^"]*)"')
_NEXT = re.compile(r'href="([^"]+)" rel="next"')
_OBJECT = re.compile(r'href="(/inspections/walk/[^"]+)"')
_STREAM = re.compile(r'data-bihuan-live="([^"]+)"')
_VISIT = re.compile(r"enterprise=(\d+)")
FAULTS = ("灭火器压力不足", "安全出口堆放杂物", "配电箱未加盖", "软管老化开裂", "未设置安全警示标志")
ROADS = ("小馆", "餐饮", "化工", "商行", "酒店", "液化气")
# Seconds somebody looks at a page before the next click: uniform, so the mean is the middle.
THINK = (4.0, 14.0)
# As live.mjs waits before it fetches a page whose figures changed, and before it fetches it again.
SETTLE, SPREAD, AGAIN = 1.5, 4.0, 30.0


class Plan:
    """What the parent process decided: where, who, how long, and the pictures people send."""

    def __init__(self, path: str) -> None:
        given = json.loads(Path(path).read_text("utf-8"))
        self.host: str = given["host"]
        self.people: list[dict[str, Any]] = given["people"]
        self.seconds: float = given["seconds"]
        self.ramp: float = given["ramp"]
        self.photos = [Path(each).read_bytes() for each in given["photos"]]
        self.today: str = given["today"]
        self.campaigns: list[int] = given["campaigns"]
        self.password: str = given["password"]


plan: Plan


class Somebody(FastHttpUser):
    """A browser with a person before it."""

    abstract = True
    wait_time = constant(0)
    connection_timeout = network_timeout = 30.0
    me: dict[str, Any]
    page: str = ""
    address: str = "/"
    listener: Any = None

    def on_start(self) -> None:
        self.draw = random.Random(self.me["username"])
        page = self.look("/accounts/login/", "登录页", "登录", named=False)
        for address in dict.fromkeys(_STATIC.findall(page)):
            self.fetch(html.unescape(address), "静态文件（首次）")
        self.send(
            "/accounts/login/", "登录",
            {"username": self.me["username"], "password": plan.password, "next": "/"}, "首页",
        )  # fmt: skip

    def think(self) -> None:
        gevent.sleep(self.draw.uniform(*THINK))

    # --- requests -----------------------------------------------------------------------------

    def fetch(self, address: str, name: str, headers: dict[str, str] | None = None) -> bytes:
        """A file, or a page a script reads; only the status is judged."""
        with self.client.get(address, name=name, headers=headers or {}, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"HTTP {answer.status_code}")
            return answer.content or b""

    def look(self, address: str, name: str, shows: str, *, named: bool = True) -> str:
        """Open a page: it must answer 200, be whole, show `shows` and (on pages of the desktop) who is signed in."""
        with self.client.get(address, name=name, catch_response=True) as answer:
            text = answer.text or ""
            problem = self._problem(answer.status_code, text, shows, named=named)
            if problem:
                answer.failure(problem)
                return ""
        self.page, self.address = text, address
        if named:
            self.listen(text, address)
        return text

    def listen(self, text: str, address: str) -> None:
        """As every open page does: one stream while it is looked at, the one of the page before is closed."""
        if self.listener is not None:
            self.listener.kill(block=False)
        found = _STREAM.search(text)
        if found:
            has_parts = "data-bihuan-live-part" in text
            self.listener = gevent.spawn(self._hear, f"{html.unescape(found[1])}stream", address, has_parts)

    def _hear(self, url: str, address: str, has_parts: bool) -> None:
        """Hold the stream open; a page with figures is fetched again when they changed."""
        where, began, problem = urlsplit(url), time.monotonic(), None
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=90)
        try:
            cookies = "; ".join(f"{each.name}={each.value}" for each in self.client.cookiejar)
            headers = {"Cookie": cookies, "Accept": "text/event-stream", "Origin": plan.host}
            connection.request("GET", where.path, headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                problem = f"HTTP {answer.status}"
            self._note_stream(began, problem)
            fetched = time.monotonic() - AGAIN
            while not problem and (line := answer.readline()):
                if has_parts and line.startswith(b"event: figures"):
                    rest = fetched + AGAIN - time.monotonic()
                    gevent.sleep(max(SETTLE, rest) + random.uniform(0, SPREAD))
                    fetched = time.monotonic()
                    self.fetch(address, "自动更新（数字变了）", {"X-Bihuan-Background": "1"})
        except (OSError, http.client.HTTPException) as error:
            self._note_stream(began, repr(error))
        finally:
            connection.close()

    def _note_stream(self, began: float, problem: str | None) -> None:
        events.request.fire(
            request_type="GET", name="实时更新（接通）", response_time=(time.monotonic() - began) * 1000, response_length=0,
            exception=RuntimeError(problem) if problem else None, context={}, response=None,
        )  # fmt: skip

    def send(self, address: str, name: str, fields: dict[str, str], shows: str, *, part: bool = False) -> str:
        """Post a form with the token of the page before; `part` as htmx does, for a part of the page."""
        headers = {"Origin": plan.host, "Referer": plan.host + self.address}
        if part:
            headers |= {"HX-Request": "true", "HX-Current-URL": plan.host + self.address}
        found = _TOKEN.search(self.page)
        body = fields | {"csrfmiddlewaretoken": found[1] if found else ""}
        with self.client.post(address, data=body, name=name, headers=headers, catch_response=True) as answer:
            text = answer.text or ""
            problem = self._problem(answer.status_code, text, shows, whole=not part, named=not part)
            if problem:
                answer.failure(problem)
                return ""
        if not part:
            self.page, self.address = text, "/"
        return text

    def _problem(self, status: int, text: str, shows: str, *, whole: bool = True, named: bool) -> str:
        if status != 200:
            return f"HTTP {status}"
        if whole and "</html>" not in text:
            return "the page is not whole"
        if shows not in text:
            return f"the page does not show {shows}"
        if named and self.me["name"] not in text:
            return "the page is not of the person signed in"
        return ""

    def upload(self) -> str:
        """Send a photo as the page's script does; returns its id."""
        token = _TOKEN.search(self.page)
        identity = str(uuid.UUID(int=self.draw.getrandbits(128), version=4))
        boundary = identity.replace("-", "")
        photo = self.draw.choice(plan.photos)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n{identity}\r\n'
        head += (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        )
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Origin": plan.host,
            "X-CSRFToken": token[1] if token else "",
        }
        body = head.encode() + photo + f"\r\n--{boundary}--\r\n".encode()
        with self.client.post(
            "/files/upload/", data=body, name="上传照片", headers=headers, catch_response=True
        ) as answer:
            if answer.status_code not in (200, 201):
                answer.failure(f"HTTP {answer.status_code}")
                return ""
            return str(json.loads(answer.text)["id"])

    # --- pages everybody opens -------------------------------------------------------------------

    @task(16)
    def home(self) -> None:
        self.look("/", "首页", "首页")
        self.think()

    @task(9)
    def inbox(self) -> None:
        self.look("/duties/", "待办", "待办")
        self.think()

    @task(3)
    def news(self) -> None:
        self.look("/messages/", "消息", "消息")
        self.think()

    @task(4)
    def papers(self) -> None:
        self.look("/papers/", "文书", "文书")
        self.think()

    @task(16)
    def ledger(self) -> None:
        self.look("/hazards/", "台账", "隐患台账")
        self.think()
        if self.draw.random() < 0.4 and (found := _NEXT.search(self.page)):
            self.look("/hazards/" + html.unescape(found[1]), "台账翻页", "隐患台账")
            self.think()
        self.open_hazard()

    def open_hazard(self) -> str:
        """One of the hazards on the page of the ledger."""
        rows = re.findall(r'class="row-link" href="(/hazards/\d+/)"', self.page)
        if not rows:
            return ""
        page = self.look(self.draw.choice(rows), "隐患", "经过")
        self.think()
        return page

    def narrowed(self, **filters: object) -> str:
        """The ledger, filtered."""
        chosen = "&".join(f"{name}={value}" for name, value in filters.items())
        page = self.look(f"/hazards/?{chosen}", "台账（筛选）", "隐患台账")
        self.think()
        return page


class Official(Somebody):
    """What offices, departments and localities have in common."""

    abstract = True

    @task(12)
    def filter_ledger(self) -> None:
        filters: list[dict[str, object]] = [
            {"state": "overdue"},
            {"state": "open", "level": "major"},
            {"status": "reinspecting"},
            {"campaign": self.draw.choice(plan.campaigns), "state": "open"},
            {"state": "approaching"},
            {"level": "major"},
            {"source": "self_check", "state": "open"},
            {"found_from": plan.today},
        ]
        self.narrowed(**self.draw.choice(filters))
        if self.draw.random() < 0.5:
            self.open_hazard()

    @task(8)
    def drill(self) -> None:
        """From a figure of the home page to the rows behind it."""
        page = self.look("/", "首页", "首页")
        self.think()
        figures = [html.unescape(each) for each in _LINK.findall(page) if each.startswith("/hazards/?")]
        if figures:
            self.look(self.draw.choice(figures), "台账（由数字打开）", "隐患台账")
            self.think()

    @task(5)
    def campaign(self) -> None:
        page = self.look(f"/campaigns/{self.draw.choice(plan.campaigns)}/", "行动", "阶段")
        self.think()
        tasks = re.findall(r'href="(/campaigns/tasks/\d+/)"', page)
        if tasks and self.draw.random() < 0.5:
            self.look(self.draw.choice(tasks), "任务", "任务")
            self.think()

    @task(5)
    def find(self) -> None:
        self.look(f"/search/?q={self.draw.choice(ROADS)}", "搜索", "搜索")
        self.think()

    @task(4)
    def registry(self) -> None:
        page = self.look("/registry/", "企业列表", "企业")
        self.think()
        rows = re.findall(r'href="(/registry/\d+/)"', page)
        if rows:
            self.look(self.draw.choice(rows), "企业", "未销号隐患")
            self.think()

    @task(4)
    def visits(self) -> None:
        self.look("/inspections/", "检查列表", "检查")
        self.think()

    def review(self) -> None:
        """Open what waits for one's judgement and judge it: four of five are closed."""
        page = self.narrowed(status="reinspecting")
        rows = re.findall(r'class="row-link" href="(/hazards/\d+/)"', page)
        self.draw.shuffle(rows)
        for address in rows[:2]:
            page = self.look(address, "隐患", "经过")
            self.think()
            seen = _SEEN.search(page)
            if not seen or f"{address}acts/reinspection/" not in page:
                continue
            passed = self.draw.random() < 0.8
            fields = {
                "seen": seen[1],
                "reinspection-passed": "yes" if passed else "no",
                "reinspection-text": "现场核对",
            }
            if not passed:
                reasons = re.findall(
                    r'<option value="([a-z_]+)">', page.partition("reinspection-reason_type")[2]
                )
                fields["reinspection-reason_type"] = reasons[0]
            answer = self.send(f"{address}acts/reinspection/", "复查", fields, "notice notice-", part=True)
            if answer and "notice-success" not in answer:
                # A colleague was faster, and the page said so: that is an answer, not an error.
                assert "页面已过期" in answer or "状态" in answer
            self.think()
            return


class Office(Official):
    """安委办：全市台账，数字，行动，导出。"""

    @task(1)
    def export(self) -> None:
        content = self.fetch("/hazards/export/?state=overdue&level=major", "导出")
        assert content[:2] == b"PK" or b"</html>" in content
        self.think()


class Department(Official):
    """部门：归口台账，复查，任务。"""

    @task(5)
    def judge(self) -> None:
        self.review()


class Officer(Official):
    """乡镇街道经办人：复查、销号。"""

    @task(9)
    def judge(self) -> None:
        self.review()


class Inspector(Official):
    """基层检查员：走访一家，填完签字，现场拍照。"""

    @task(9)
    def visit(self) -> None:
        page = self.look("/inspections/choose/", "选检查对象", "检查", named=False)
        self.think()
        objects = [html.unescape(each) for each in _OBJECT.findall(page)]
        if not objects:
            return
        address = self.draw.choice(objects)
        self.look(address, "检查页（手机）", "检查", named=False)
        self.think()
        photo = self.upload()
        now = dt.datetime.now(dt.UTC)
        body = {
            "client_id": str(uuid.uuid4()), "kind": "routine", "enterprise": int(_VISIT.search(address)[1]),  # type: ignore[index]
            "started_at": (now - dt.timedelta(minutes=2)).isoformat(), "finished_at": now.isoformat(),
            "members": [{"username": self.me["username"], "certificate_no": "YX900001", "signature": {"method": "login"}}],
            "accompanying_name": "值班负责人",
            "accompanying_signature": {"method": "refused", "remark": "负责人外出，店员在场"},
            "others": [] if self.draw.random() < 0.3 else [
                {
                    "description": self.draw.choice(FAULTS), "outcome": "deadline", "responsible_person": "值班负责人",
                    "measures": "更换并登记", "interim_measures": "停用该处", "funds": "0", "contingency": "断电并报告",
                    "location": "后厨", "photos": [photo] if photo else [],
                }
            ],
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {self.me['token']}", "Idempotency-Key": body["client_id"]}
        with self.client.post(
            "/api/v1/inspections", json=body, name="提交检查（接口）", headers=headers, catch_response=True
        ) as answer:
            if answer.status_code != 201:
                answer.failure(f"HTTP {answer.status_code} {(answer.text or '')[:200]}")
        self.think()


class Enterprise(Somebody):
    """企业：看有什么隐患，改完拍照提交。"""

    @task(7)
    def rectify(self) -> None:
        page = self.narrowed(status="rectifying")
        rows = re.findall(r'class="row-link" href="(/hazards/\d+/)"', page)
        if not rows:
            return
        address = self.draw.choice(rows)
        page = self.look(address, "隐患", "经过")
        self.think()
        seen = _SEEN.search(page)
        if not seen or f"{address}acts/rectification/" not in page:
            return
        photo = self.upload()
        fields = {
            "seen": seen[1], "rectification-text": "已更换并登记", "rectification-finished_on": plan.today, "photos": photo,
        }  # fmt: skip
        answer = self.send(f"{address}acts/rectification/", "提交整改", fields, "notice notice-", part=True)
        if answer and "notice-success" not in answer:
            assert "页面已过期" in answer or "状态" in answer
        self.think()


KINDS = {
    "office": Office,
    "department": Department,
    "officer": Officer,
    "inspector": Inspector,
    "enterprise": Enterprise,
}


def play() -> dict[str, Any]:
    """Everybody comes in over the ramp and works until the time is over; what every request took."""
    took: list[tuple[float, str, float, str]] = []
    began = time.monotonic()

    def note(name: str, response_time: float, exception: object, **kwargs: Any) -> None:
        took.append((time.monotonic() - began, name, response_time, str(exception) if exception else ""))

    def broken(user_instance: object, exception: BaseException, tb: object, **kwargs: Any) -> None:
        took.append((time.monotonic() - began, "（脚本）", 0.0, repr(exception)))

    events.request.add_listener(note)
    events.user_error.add_listener(broken)
    Somebody.host = plan.host
    environment = Environment(user_classes=list(KINDS.values()), events=events, host=plan.host)
    groups = []
    for number, person in enumerate(plan.people):
        user = KINDS[person["kind"]](environment)
        user.me = person
        groups.append(gevent.spawn_later(plan.ramp * number / len(plan.people), _live, user))
    gevent.sleep(plan.seconds)
    gevent.killall(groups, block=True, timeout=10)
    return {"took": took, "seconds": time.monotonic() - began}


def _live(user: Somebody) -> None:
    """What locust's own runner would do with one user, with our own coming in."""
    user.on_start()
    user.think()
    chosen = type(user).tasks
    while True:
        try:
            user.draw.choice(chosen)(user)
        except (StopUser, gevent.GreenletExit):
            return
        except Exception as error:
            events.user_error.fire(user_instance=user, exception=error, tb=None)
            user.think()


if __name__ == "__main__":
    plan = Plan(sys.argv[1])
    Path(sys.argv[2]).write_text(json.dumps(play(), ensure_ascii=False), "utf-8")
