"""The steps of a pay run as forms send them; the domain says whether they may be done."""

from __future__ import annotations

from api.pages.typed import checked
from api.pages.visit import Form, Visit
from domain.payrun import ApprovePayRun
from domain.run_step_facts import ReconcilePayRun, ReviewPayRun
from workflows import payouts, payrun, run_steps

ACTS = {
    "review": "run.review",
    "approve": "run.approve",
    "reject": "run.reject",
    "post": "run.post",
    "instruct": "payout.instruct",
    "paid": "payout.instruct",
    "reconcile": "run.reconcile",
    "close": "run.close",
}
"""What a form may ask for, and the act that it needs."""


def do(visit: Visit, run: str, what: str, form: Form) -> None:
    """Do one step. Raises the refusal of the domain."""
    desk, tenant = visit.caller.desk, visit.tenant
    ask = visit.write(form).ask(form.get("reason"))
    match what:
        case "review":
            sent = {
                "digest": form.get("digest"),
                "findings_digest": form.get("findings_digest"),
                "acknowledge": tuple(form.all("acknowledge")),
            }
            review = checked(lambda: ReviewPayRun.model_validate(sent))
            run_steps.review(desk, tenant, run, review, ask, today=visit.caller.today)
        case "approve":
            named = {"digest": form.get("digest"), "leave_out": tuple(form.all("leave_out"))}
            approve = checked(lambda: ApprovePayRun.model_validate(named))
            payrun.approve(desk, tenant, run, approve, ask)
        case "reject":
            payrun.reject(desk, tenant, run, ask)
        case "post":
            payrun.post(desk, tenant, run, ask)
        case "instruct":
            payouts.instruct_run(desk, tenant, run, ask)
        case "paid":
            run_steps.mark_paid(desk, tenant, run, ask)
        case "reconcile":
            verdicts = {name: one for name, one in form.under("verdict:").items() if one}
            reconcile = checked(lambda: ReconcilePayRun.model_validate({"verdicts": verdicts}))
            run_steps.reconcile(desk, tenant, run, reconcile, ask)
        case _:
            run_steps.close(desk, tenant, run, ask)
