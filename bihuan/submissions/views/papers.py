"""One paper upward: drafted, signed, received, handled, answered or returned; its opinions and conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions, forms, sources
from ..ladder import addressees
from ..matters import EITHER, Matter, matters_for
from ..models import Condition, Opinion, Submission
from ..showing import CONDITION_FORMS, OPINION_FORMS, form_of, shown
from ..standing import (
    drafts_for,
    fits,
    may_move,
    may_move_condition,
    may_move_opinion,
)
from ..workflow import DRAFTS, PENDING, ConditionMove, Form, Move, OpinionMove, Status
from . import user_of

RELATED = (
    "organization__region", "addressee__region", "paper", "answer_paper", "drafted_by", "signed_by", "handler",
    "decided_by", "follows",
)  # fmt: skip


def paper_or_404(request: Request, pk: int) -> Submission:
    rows = Submission.objects.visible_to(user_of(request)).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


# --- drafting ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DRAFT_SUBMISSION)
def create(request: Request) -> HttpResponse:
    """Choose what it is, then write the draft; a record in the address is what it is about."""
    user = user_of(request)
    own = drafts_for(user)
    if own is None:
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    follows = None
    if pk := row_number(given.get("follows", "")):
        follows = get_object_or_404(
            Submission.objects.visible_to(user).filter(organization=own, status=Status.RETURNED), pk=pk
        )
    today = timezone.localdate()
    listed = matters_for(own, today)
    key = given.get("matter", "") or (follows.matter if follows else "")
    matter = next((each for each in listed if each.key == key), None)
    form = given.get("form", "") or (follows.form if follows else "")
    if matter is not None and not form and matter.form != EITHER:
        form = matter.form
    subject = given.get("subject", "")[:80]
    facts = sources.find(subject, user, matter.suggests if matter else "") if subject else None
    if matter is None or form not in Form.values or not matter.allows(form):
        context = {"matters": listed, "own": own, "facts": facts, "forms": Form}
        return render(request, "submissions/choose.html", context)
    if request.method != "POST" and follows is None and subject:
        begun = Submission.objects.visible_to(user).filter(
            organization=own, matter=matter.key, subject=subject, status__in=DRAFTS | PENDING
        )
        if (row := begun.first()) is not None:
            messages.info(request, "这件事已经有一份在办，在这里接着办")
            return redirect(row)
    if follows is not None and facts is None and follows.subject:
        facts = sources.find(follows.subject, user, matter.suggests)
    initial = _initial(matter, form, facts, follows, own)
    return _draft_page(request, matter, form, facts, own, initial, None, follows)


def _initial(
    matter: Matter, form: str, facts: sources.Facts | None, follows: Submission | None, own: Organization
) -> dict[str, Any]:
    today = timezone.localdate()
    if follows is not None:
        return {
            "title": follows.title, "event_on": follows.event_on, "situation": follows.situation,
            "opinion": follows.opinion, "ask": follows.ask, "contact": follows.contact,
            "skip_reason": follows.skip_reason, "addressee_name": follows.addressee_name if follows.is_outside else "",
            "addressee": str(follows.addressee_id or forms.OUTSIDE),
            "copies": list(follows.copies.values_list("organization_id", flat=True)),
        }  # fmt: skip
    label = Form(form).label
    above = addressees(own)
    outside = not above or (facts is not None and facts.addressee_name and matter.level == "visitor")
    return {
        "title": f"{facts.title}的{label}" if facts else "",
        "event_on": min(facts.event_on, today) if facts else today,
        "situation": facts.situation if facts else "",
        "opinion": facts.opinion if facts else "",
        "ask": matter.ask,
        "addressee": forms.OUTSIDE if outside else str(above[0].pk),
        "addressee_name": facts.addressee_name if facts and outside else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DRAFT_SUBMISSION)
def edit(request: Request, pk: int) -> HttpResponse:
    """The same draft once more."""
    submission, user = paper_or_404(request, pk), user_of(request)
    if not may_move(user, Move.EDIT, submission):
        raise PermissionDenied
    if submission.status != Status.DRAFT:
        messages.warning(request, f"“{submission}”{submission.get_status_display()}，要改先退回")
        return redirect(submission)
    listed = matters_for(submission.organization, timezone.localdate())
    matter = next((each for each in listed if each.key == submission.matter), None)
    if matter is None:
        messages.warning(request, "这一项已不在重要事项清单里，请作废后按新的清单起草")
        return redirect(submission)
    facts = sources.find(submission.subject, user, matter.suggests) if submission.subject else None
    initial = {
        "title": submission.title, "event_on": submission.event_on, "situation": submission.situation,
        "opinion": submission.opinion, "ask": submission.ask, "contact": submission.contact,
        "skip_reason": submission.skip_reason,
        "addressee": str(submission.addressee_id or forms.OUTSIDE),
        "addressee_name": submission.addressee_name if submission.is_outside else "",
        "copies": list(submission.copies.values_list("organization_id", flat=True)),
    }  # fmt: skip
    return _draft_page(
        request, matter, submission.form, facts, submission.organization, initial, submission, None
    )


def _draft_page(
    request: Request,
    matter: Matter,
    kind: str,
    facts: sources.Facts | None,
    own: Organization,
    initial: dict[str, Any],
    submission: Submission | None,
    follows: Submission | None,
) -> HttpResponse:
    user = user_of(request)
    sent = request.POST if request.method == "POST" else None
    form = forms.DraftForm(sent, form=kind, organization=own, initial=initial)
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid():
            draft = _draft(form, matter, kind, facts, submission)
            try:
                if submission is None:
                    submission = actions.draft_submission(draft, organization=own, follows=follows, by=user)
                else:
                    revision = row_number(sent.get("revision", "")[:5])
                    actions.edit_submission(submission, draft, revision=revision, by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存，核对后送审签")
                return redirect("submissions:detail", submission.pk)
    context = {
        "form": form, "matter": matter, "kind": Form(kind), "facts": facts, "own": own, "submission": submission,
        "follows": follows, "revision": submission.revision if submission else 1,
        "due": matter.due(min(initial["event_on"], timezone.localdate())),
    }  # fmt: skip
    return render(request, "submissions/draft.html", context, status=status)


def _draft(
    form: forms.DraftForm,
    matter: Matter,
    kind: str,
    facts: sources.Facts | None,
    submission: Submission | None,
) -> actions.Draft:
    given = form.cleaned_data
    addressee = form.chosen()
    words = facts.words if facts else (submission.subject_words if submission else "")
    return actions.Draft(
        form=kind, matter=matter.key, title=given["title"], situation=given["situation"], ask=given["ask"],
        event_on=given["event_on"], addressee=addressee,
        addressee_name="" if addressee else given["addressee_name"], opinion=given["opinion"],
        skip_reason=given["skip_reason"], copies=list(given["copies"]), contact=given["contact"],
        subject=facts.subject if facts else (submission.subject if submission else ""), subject_words=words,
        subject_url=facts.url if facts else (submission.subject_url if submission else ""),
    )  # fmt: skip


# --- the page ------------------------------------------------------------------------------------


@require_safe
@require(Permission.VIEW_SUBMISSIONS)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, paper_or_404(request, pk))


def _show(
    request: Request, submission: Submission, wrong: tuple[str, Any] | None = None, answering: Any = None
) -> HttpResponse:
    """The page; `wrong` is (which form, the form as it came back), `answering` the form of the answer with its rows."""
    context = shown(submission, user_of(request), wrong, answering)
    context["upload_url"] = reverse("attachments:upload")
    bad = wrong is not None or answering is not None
    return render(request, "submissions/detail.html", context, status=422 if bad else 200)


def _files(request: Request) -> list[str]:
    user = user_of(request)
    found = attachments.received(
        request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
    )
    found += attachments.received([], request.FILES.getlist("documents"), by=user, kind=None)
    return [str(each) for each in found]


Carry = Callable[[Request, Any, Any], str]


def _submit(request: Request, submission: Submission, form: Any) -> str:
    actions.submit_submission(submission, by=user_of(request))
    return "已送审签"


def _sign(request: Request, submission: Submission, form: Any) -> str:
    revision = row_number(request.POST.get("revision", "")[:5])
    paper = actions.sign_submission(
        submission, revision=revision, image=request.POST.get("signature", ""), by=user_of(request)
    )
    if submission.is_outside:
        return f"已签发，文号 {paper.number}；打印报出后，请登记上级签收"
    return f"已签发报出，文号 {paper.number}"


def _receive(request: Request, submission: Submission, form: Any) -> str:
    actions.receive(submission, by=user_of(request))
    return "已签收" if submission.form == Form.REQUEST else "已签收，报告收悉"


def _assign(request: Request, submission: Submission, form: forms.AssignForm) -> str:
    officer = form.chosen()
    actions.assign(submission, officer=officer, note=form.cleaned_data["note"], by=user_of(request))
    return f"已交{officer.full_name}承办"


def _consult(request: Request, submission: Submission, form: Any) -> str:
    given = form.cleaned_data
    made = actions.consult(submission, list(given["bodies"]), question=given["question"], by=user_of(request))
    return f"已向 {len(made)} 个单位征求意见"


def _extend(request: Request, submission: Submission, form: Any) -> str:
    actions.extend(submission, by=user_of(request), **form.cleaned_data)
    return f"答复期限已延至 {submission.answer_due_on}"


def _propose(request: Request, submission: Submission, form: Any) -> str:
    actions.propose(submission, by=user_of(request), **form.cleaned_data)
    return "拟办意见已送领导决定"


def _return(request: Request, submission: Submission, form: Any) -> str:
    actions.return_submission(submission, by=user_of(request), **form.cleaned_data)
    return "已退回报送单位"


def _told(request: Request, submission: Submission, form: Any) -> str:
    actions.tell_received(submission, by=user_of(request), **form.cleaned_data)
    return "已登记"


def _reasoned(verb: Callable[..., None], said: str) -> Carry:
    def carry_out(request: Request, row: Any, form: Any) -> str:
        verb(row, reason=form.cleaned_data["reason"], by=user_of(request))
        return said

    return carry_out


ACTS: dict[str, Carry] = {
    Move.SUBMIT: _submit,
    Move.SIGN: _sign,
    Move.SEND_BACK: _reasoned(actions.send_back_draft, "已退回修改"),
    Move.DISCARD: _reasoned(actions.discard_draft, "已作废"),
    Move.WITHDRAW: _reasoned(actions.withdraw, "已撤回"),
    Move.URGE: _reasoned(actions.urge, "已催请"),
    Move.RECEIVE: _receive,
    Move.NOTE: _receive,
    Move.ASSIGN: _assign,
    Move.CONSULT: _consult,
    Move.EXTEND: _extend,
    Move.PROPOSE: _propose,
    Move.REWORK: _reasoned(actions.rework, "已退回重拟"),
    Move.RETURN: _return,
    Move.TELL_RECEIVED: _told,
    Move.TELL_NOTED: _told,
}
ANSWERING = {Move.ANSWER: forms.AnswerForm, Move.TELL_ANSWER: forms.ToldAnswerForm}


@require_POST
@require(Permission.VIEW_SUBMISSIONS)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of the paper."""
    submission, user = paper_or_404(request, pk), user_of(request)
    if key not in ACTS and key not in ANSWERING:
        raise Http404
    if not may_move(user, key, submission) or not fits(key, submission):
        raise PermissionDenied
    if key in ANSWERING:
        return _answer(request, submission, key)
    form = form_of(key, submission, request.POST)
    return _carry_out(request, submission, submission, key, form, ACTS[key])


def _answer(request: Request, submission: Submission, key: str) -> HttpResponse:
    """The answer with the rows of its conditions."""
    form = ANSWERING[Move(key)](request.POST)
    rows = [
        forms.ConditionForm(request.POST, prefix=f"condition{number}")
        for number in range(forms.CONDITION_ROWS)
    ]
    valid = form.is_valid()
    if [row for row in rows if not row.is_valid()] or not valid:
        return _show(request, submission, answering=(form, rows))
    asked = [
        actions.Asked(row.cleaned_data["text"], row.cleaned_data["due_on"])
        for row in rows
        if row.cleaned_data.get("text")
    ]
    given = form.cleaned_data
    try:
        if key == Move.ANSWER:
            paper = actions.answer(
                submission, outcome=given["outcome"], text=given["text"], conditions=asked,
                image=request.POST.get("signature", ""), by=user_of(request),
            )  # fmt: skip
            said = f"已批复，文号 {paper.number}"
        else:
            actions.tell_answer(submission, conditions=asked, by=user_of(request), **given)
            said = "已登记上级批复"
    except Refused as error:
        form.add_error(None, str(error))
        return _show(request, paper_or_404(request, submission.pk), answering=(form, rows))
    messages.success(request, said)
    return redirect(submission)


@require_POST
@require(Permission.VIEW_SUBMISSIONS)
def opinion_act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of an opinion."""
    seen = Submission.objects.visible_to(user_of(request))
    opinion = get_object_or_404(
        Opinion.objects.filter(submission__in=seen).select_related("organization"), pk=pk
    )
    opinion.submission = paper_or_404(request, opinion.submission_id)
    if key not in OPINION_FORMS:
        raise Http404
    if not may_move_opinion(user_of(request), key, opinion):
        raise PermissionDenied
    form = OPINION_FORMS[key][3](request.POST)
    return _carry_out(request, opinion.submission, opinion, key, form, OPINION_ACTS[key])


def _give(request: Request, opinion: Opinion, form: Any) -> str:
    actions.give_opinion(opinion, files=_files(request), by=user_of(request), **form.cleaned_data)
    return "已回复会签意见"


OPINION_ACTS: dict[str, Carry] = {
    OpinionMove.GIVE: _give,
    OpinionMove.DROP: _reasoned(actions.drop_opinion, "不再等这个单位的意见"),
}


@require_POST
@require(Permission.VIEW_SUBMISSIONS)
def condition_act(request: Request, pk: int, key: str) -> HttpResponse:
    """One move of a condition."""
    condition = get_object_or_404(Condition.objects.visible_to(user_of(request)), pk=pk)
    condition.submission = paper_or_404(request, condition.submission_id)
    if key not in CONDITION_FORMS:
        raise Http404
    if not may_move_condition(user_of(request), key, condition):
        raise PermissionDenied
    form = CONDITION_FORMS[key][3](request.POST)
    return _carry_out(request, condition.submission, condition, key, form, CONDITION_ACTS[key])


def _report(request: Request, condition: Condition, form: Any) -> str:
    actions.report_condition(
        condition, text=form.cleaned_data["text"], files=_files(request), by=user_of(request)
    )
    return "已报告落实情况，等待核实"


def _confirm(request: Request, condition: Condition, form: Any) -> str:
    actions.confirm_condition(condition, note=form.cleaned_data["note"], by=user_of(request))
    return "已核实"


CONDITION_ACTS: dict[str, Carry] = {
    ConditionMove.REPORT: _report,
    ConditionMove.CONFIRM: _confirm,
    ConditionMove.SEND_BACK: _reasoned(actions.send_back_condition, "已退回"),
    ConditionMove.RELEASE: _reasoned(actions.release_condition, "已免除"),
}


def _carry_out(
    request: Request, submission: Submission, row: Any, key: str, form: Any, carry: Carry
) -> HttpResponse:
    """Validate, act, say so; what is wrong stands in the form it came from."""
    where = f"{row._meta.model_name}-{row.pk}-{key}"
    if form is not None and not form.is_valid():
        return _show(request, submission, (where, form))
    try:
        said = carry(request, row, form)
    except Refused as error:
        if form is not None:
            form.add_error(None, str(error))
            return _show(request, paper_or_404(request, submission.pk), (where, form))
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
    return redirect(submission)
