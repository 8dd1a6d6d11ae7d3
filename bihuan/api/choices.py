"""Words to choose from, described where they stand.

Many of our enumerations are called Kind or Status inside their model; as shared components of the description they
would overwrite one another. `x-labels` carries the Chinese of each value.
"""

from typing import Annotated

from django.db.models import TextChoices
from pydantic import WithJsonSchema

from bihuan.accidents import workflow as accident_workflow
from bihuan.accounts.models import Organization, Region
from bihuan.assessment import workflow as assessment_workflow
from bihuan.attachments.models import Attachment, Signature
from bihuan.campaigns import models as campaigns
from bihuan.campaigns import workflow as campaign_workflow
from bihuan.duties.models import Duty, LadderStep
from bihuan.hazards import workflow
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Answer, Inspection
from bihuan.inspections.submission import Outcome
from bihuan.instruments import workflow as instrument_workflow
from bihuan.listings import workflow as listing_workflow
from bihuan.office import workflow as office_workflow
from bihuan.oversight import workflow as oversight_workflow
from bihuan.oversight.models import OversightFinding
from bihuan.papers.models import Paper, PaperReceipt
from bihuan.registry import models as registry
from bihuan.registry import workflow as registry_workflow
from bihuan.returns import workflow as return_workflow


def described(choices: type[TextChoices]) -> WithJsonSchema:
    """The values and their labels, in place."""
    return WithJsonSchema({"type": "string", "enum": list(choices.values), "x-labels": dict(choices.choices)})


RegionKind = Annotated[Region.Kind, described(Region.Kind)]
OrganizationKind = Annotated[Organization.Kind, described(Organization.Kind)]
ContactRole = Annotated[registry.Contact.Role, described(registry.Contact.Role)]
Risk = Annotated[registry.RiskColour, described(registry.RiskColour)]
EnterpriseStatus = Annotated[
    registry_workflow.EnterpriseStatus, described(registry_workflow.EnterpriseStatus)
]
CampaignStatus = Annotated[campaigns.Campaign.Status, described(campaigns.Campaign.Status)]
TargetMetric = Annotated[campaigns.Target.Metric, described(campaigns.Target.Metric)]
GateMetric = Annotated[campaigns.GateCondition.Metric, described(campaigns.GateCondition.Metric)]
PhaseStatus = Annotated[campaign_workflow.PhaseStatus, described(campaign_workflow.PhaseStatus)]
AssignmentRole = Annotated[campaigns.Assignment.Role, described(campaigns.Assignment.Role)]
AssignmentStatus = Annotated[
    campaign_workflow.AssignmentStatus, described(campaign_workflow.AssignmentStatus)
]
DutyKind = Annotated[Duty.Kind, described(Duty.Kind)]
DutyStatus = Annotated[Duty.Status, described(Duty.Status)]
Instrument = Annotated[LadderStep.Instrument, described(LadderStep.Instrument)]
InspectionKind = Annotated[Inspection.Kind, described(Inspection.Kind)]
Verdict = Annotated[Answer.Verdict, described(Answer.Verdict)]
SignatureMethod = Annotated[Signature.Method, described(Signature.Method)]
FindingOutcome = Annotated[Outcome, described(Outcome)]
HazardSource = Annotated[Hazard.Source, described(Hazard.Source)]
HazardLevel = Annotated[workflow.Level, described(workflow.Level)]
HazardStatus = Annotated[workflow.Status, described(workflow.Status)]
HazardMove = Annotated[workflow.Move, described(workflow.Move)]
ExtensionStatus = Annotated[workflow.ExtensionStatus, described(workflow.ExtensionStatus)]
PaperKind = Annotated[Paper.Kind, described(Paper.Kind)]
ReceiptMethod = Annotated[PaperReceipt.Method, described(PaperReceipt.Method)]
AttachmentKind = Annotated[Attachment.Kind, described(Attachment.Kind)]
ListingSubject = Annotated[listing_workflow.SubjectKind, described(listing_workflow.SubjectKind)]
ListingLevelName = Annotated[listing_workflow.ListingLevel, described(listing_workflow.ListingLevel)]
ListingStatusName = Annotated[listing_workflow.ListingStatus, described(listing_workflow.ListingStatus)]
OversightFindingLevel = Annotated[OversightFinding.Level, described(OversightFinding.Level)]
OversightFindingStatus = Annotated[
    oversight_workflow.FindingStatus, described(oversight_workflow.FindingStatus)
]
ResolutionStatusName = Annotated[
    oversight_workflow.ResolutionStatus, described(oversight_workflow.ResolutionStatus)
]
AssessmentAudience = Annotated[assessment_workflow.Audience, described(assessment_workflow.Audience)]
InstrumentStatusName = Annotated[instrument_workflow.Status, described(instrument_workflow.Status)]
InstrumentOrigin = Annotated[instrument_workflow.Origin, described(instrument_workflow.Origin)]
RecipientStatusName = Annotated[
    instrument_workflow.RecipientStatus, described(instrument_workflow.RecipientStatus)
]
CommitmentStatusName = Annotated[
    instrument_workflow.CommitmentStatus, described(instrument_workflow.CommitmentStatus)
]
AssessmentStatusName = Annotated[assessment_workflow.Status, described(assessment_workflow.Status)]
ReturnStatusName = Annotated[return_workflow.Status, described(return_workflow.Status)]
WorkPlanStatusName = Annotated[office_workflow.PlanStatus, described(office_workflow.PlanStatus)]
WorkItemStatusName = Annotated[office_workflow.ItemStatus, described(office_workflow.ItemStatus)]
OfficerCommitmentStatusName = Annotated[
    office_workflow.CommitmentStatus, described(office_workflow.CommitmentStatus)
]
KeepingName = Annotated[office_workflow.Keeping, described(office_workflow.Keeping)]
AccidentKind = Annotated[accident_workflow.Kind, described(accident_workflow.Kind)]
AccidentGrade = Annotated[accident_workflow.Grade, described(accident_workflow.Grade)]
AccidentStatusName = Annotated[accident_workflow.AccidentStatus, described(accident_workflow.AccidentStatus)]
