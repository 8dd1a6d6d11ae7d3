"""Every operation of the API and who may use it. Only posts that may hold a token come that far: OO DO LO IN.

    operation [variant] | reach | who gets in | who finds nothing (404)

Everybody else is answered 403, and 401 without a token. `list`, `street`, `county` as in `pages`;
`line`: figures of the street, where a department beside counts its own objects, and nobody else comes in.
"""

OPERATIONS = """
listRegions                  | list   | OO DO LO IN
getRegion                    | list   | OO DO LO IN
listOrganizations            | list   | OO DO LO IN
getOrganization              | list   | OO DO LO IN
listEnterprises              | list   | OO DO LO IN
getEnterprise                | street | OO DO LO IN
listCampaigns                | list   | OO DO LO IN
getCampaign                  | county | OO DO LO IN
listPhases                   | list   | OO DO LO IN
getPhase                     | county | OO DO LO IN
listTasks                    | list   | OO DO LO IN
getTask                      | county | OO DO LO IN
listAssignments              | list   | OO DO LO IN
listChecklists               | list   | OO DO LO IN
getChecklist                 | list   | OO DO LO IN
listDuties                   | list   | OO DO LO IN
getDuty                      | street | OO LO IN | DO
listInspections              | list   | OO DO LO IN
getInspection                | street | OO DO LO IN
createInspection             | street | OO DO LO IN
listHazards                  | list   | OO DO LO IN
getHazard                    | street | OO DO LO IN
createHazard                 | street | OO DO LO IN
listHazardTransitions        | street | OO DO LO IN
listHazardRectifications     | street | OO DO LO IN
listHazardReinspections      | street | OO DO LO IN
listHazardExtensions         | street | OO DO LO IN
moveHazard close             | street | OO DO LO IN
moveHazard grade             | street | OO DO
moveHazard lift              | street | OO
moveHazard reopen            | street | OO
requestExtension             | street | OO DO LO IN
decideExtension              | street | OO
withdrawExtension            | street | OO DO LO IN
listAccidents                | list   | OO DO LO
getAccident                  | street | OO DO LO
reportAccident               | street | OO DO LO
listListings                 | list   | OO DO LO
getListing                   | street | OO DO LO
listOversightFindings        | list   | OO DO LO
getOversightFinding          | street | OO LO | DO
listResolutions              | list   | OO DO LO
getResolution                | street | OO LO | DO
listReturns                  | list   | OO DO LO
getReturn                    | street | OO LO | DO
listAssessments              | list   | OO DO LO IN
getAssessment                | street | OO LO IN | DO
getAssessedUnit              | street | OO LO IN | DO
listWorkPlans                | list   | OO DO LO IN
getWorkPlan                  | street | OO LO IN | DO
listWorkItems                | list   | OO DO LO IN
listOfficerCommitments       | list   | OO DO LO IN
getOfficerCommitment         | street | OO LO IN | DO
listInstruments              | list   | OO DO LO
getInstrument                | street | OO LO | DO
listPapers                   | list   | OO DO LO IN
getPaper                     | street | OO DO LO IN
getTotals                    | line   | OO DO LO IN
getFiguresByRegion           | line   | OO DO LO IN
getDailyFigures              | line   | OO DO LO IN
uploadAttachment             | list   | OO DO LO IN
getAttachment                | street | OO DO LO IN
downloadAttachment           | street | OO DO LO IN
"""

# The value of each name in a path, and the query where one is needed.
PATHS = {
    "code": "region", "organization_id": "organization", "enterprise_id": "shop", "campaign_id": "campaign", "phase_id": "phase",
    "task_id": "task", "checklist_id": "checklist", "duty_id": "review", "inspection_id": "inspection",
    "hazard_id": "submitted", "extension_id": "extension", "paper_id": "paper", "listing_id": "listing", "instrument_id": "instrument", "accident_id": "accident", "return_id": "return", "assessment_id": "assessment", "assessed_unit_id": "assessed_unit", "oversight_finding_id": "oversight_finding", "resolution_id": "resolution", "work_plan_id": "work_plan", "officer_commitment_id": "leaders_commitment", "attachment_id": "photo",
}  # fmt: skip
RECORDS = {"requestExtension": {"hazard_id": "on_behalf"}}
QUERIES = {
    "getTotals": "region=539702001",
    "getFiguresByRegion": "region=539702001",
    "getDailyFigures": "region=539702001&since=2026-11-01&until=2026-11-03",
}
# Bodies that pass the shape check, so that the answer is about the person ("=": as it stands, else an id by name).
BODIES = {
    "moveHazard close": {"move": "=close"},
    "moveHazard grade": {"move": "=grade_major", "reason": "=连通气瓶间"},
    "moveHazard lift": {"move": "=lift_supervision", "reason": "=历史导入的标记"},
    "moveHazard reopen": {"move": "=reopen", "reason": "=反弹"},
    "requestExtension": {"requested_due_on": "later", "reason": "=缺货", "interim_measures": "=停用"},
    "decideExtension": {"approved": "yes"},
    "createHazard": {
        "enterprise": "shop", "source": "=inspection", "description": "=调压阀无标志", "found_on": "today", "photos": "photos",
    },
    "reportAccident": {
        "title": "=后厨闪燃", "kind": "=gas", "occurred_at": "now", "known_at": "now", "place": "=后厨", "enterprise": "shop",
        "course": "=软管脱落",
    },
    "createInspection": {
        "client_id": "uuid", "kind": "=campaign", "enterprise": "shop", "task": "gas_task", "started_at": "now",
        "finished_at": "now", "members": "members", "accompanying_name": "=蒋好味", "answers": "answers",
        "accompanying_signature": "login",
    },
}  # fmt: skip
