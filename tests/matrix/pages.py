"""Every page and button, and who gets in: one line each, judged from the sentences of the roles, not from the code.

    URL name [variant] | methods | reach | who gets in | who finds nothing (404)

Whoever stands in neither list gets 403. Letters are those of `stage.ROLES`. `reach` says what people of the same
roles get elsewhere, beside (Baita town, another department) and far away (the other county):

    list       no single record: they come in as well, and see their own part
    street     a record of Qingshi street: 404 beside and far away
    county     a record of the county: people beside see it too, 404 far away
    share      seen in the whole county, done by one's own organization: 403 beside, 404 far away
    directory  known to all who may open it, done for one's own organization: 403 beside and far away
    own        one person's own: 404 for everybody else who may open such a page

`public` pages need no login. An administrator without the second factor is led to it from everywhere else.
"""

GROUPS = {
    "everyone": "OL OO DL DO LL LO IN EM EX IS SY SE AU NO",
    "officials": "OL OO DL DO LL LO IN IS",
    "field": "OO DO LO IN",
    "desk": "OO DO LO",  # keeps registers
    "admins": "SY SE AU",
    "leaders": "OL OO DL LL",  # hand over the people of their own body
    "public": "public",
}

PAGES = """
live                          | GET      | list      | public              |
ready                         | GET      | list      | public              |
metrics                       | GET      | list      | public              |
papers:verify                 | GET      | list      | public              |
api:openapi-json              | GET      | list      | public              |
api:docs                      | GET      | list      | public              |
accounts:login                | GET POST | list      | public              |

desk:home                     | GET      | list      | everyone            |
desk:search                   | GET      | list      | everyone            |

accounts:logout               | POST     | list      | everyone            |
accounts:second_factor        | GET POST | list      | everyone            |
accounts:recovery_codes       | POST     | list      | everyone            |
accounts:password             | GET POST | list      | everyone            |
accounts:profile              | GET POST | list      | everyone            |
accounts:settings             | GET      | list      | everyone            |
accounts:end_own_session      | POST     | own       | LO                  | everyone
accounts:create_token         | POST     | list      | field               |
accounts:revoke_token         | POST     | own       | LO                  | everyone
accounts:saved_view           | POST     | list      | everyone            |
accounts:delete_saved_view    | POST     | own       | LO                  | everyone
accounts:roles                | GET      | list      | everyone            |

accounts:users                | GET      | list      | leaders SY SE       |
accounts:create_user          | GET POST | list      | SY                  |
accounts:user                 | GET      | street    | LL SY SE            | OL OO DL DO LO IN EM EX IS AU NO
accounts:edit_user            | POST     | street    | SY                  |
accounts:reset_password       | POST     | street    | SY                  | OL OO DL DO LO IN EM EX IS AU NO
accounts:deactivate_user      | GET POST | street    | LL SY               | OL OO DL DO LO IN EM EX IS AU NO
accounts:reactivate_user      | POST     | street    | SY                  |
accounts:unlock               | POST     | street    | SE                  |
accounts:reset_second_factor  | POST     | street    | SE                  |
accounts:sessions             | GET      | list      | SE                  |
accounts:end_session          | POST     | list      | SE                  |
accounts:hand_over            | GET POST | directory | LL SY               |
accounts:appoint              | GET POST | directory | LL SY               |
accounts:organizations        | GET      | list      | leaders SY SE       |
accounts:create_organization  | GET POST | list      | SY                  |
accounts:organization         | GET      | list      | leaders SY SE       |
accounts:edit_organization    | POST     | list      | SY                  |
accounts:add_alias            | POST     | list      | SY                  |
accounts:remove_alias         | POST     | list      | SY                  |
accounts:rename               | GET POST | list      | SY                  |
accounts:merge                | GET POST | list      | SY                  |
accounts:split                | GET POST | list      | SY                  |
accounts:create_post          | GET POST | list      | SY                  |
accounts:posts                | GET      | list      | SY SE               |
accounts:post                 | GET      | list      | leaders SY SE       |
accounts:edit_post            | POST     | list      | SY                  |
accounts:close_post           | POST     | list      | SY                  |
accounts:assign_role          | POST     | list      | SE                  |
accounts:regions              | GET POST | list      | SY                  |
accounts:close_region         | POST     | list      | SY                  |

audit:events                  | GET      | list      | AU                  |
audit:record                  | GET      | list      | AU                  |
audit:verify                  | GET POST | list      | AU IS               |
audit:seals                   | GET      | list      | AU IS               |
audit:seal                    | GET      | list      | AU IS               |

operations:health             | GET      | list      | SY                  |
operations:backups            | GET      | list      | SY                  |
operations:retention          | GET POST | list      | SY                  |

attachments:upload            | POST     | list      | everyone            |
attachments:file              | GET      | street    | officials EM        | EX NO admins
attachments:thumbnail         | GET      | street    | officials EM        | EX NO admins

jobs:list                     | GET      | list      | everyone            |
jobs:all                      | GET      | list      | SY                  |
jobs:detail                   | GET      | own       | LO                  | everyone
jobs:state                    | GET      | own       | LO                  | everyone
jobs:result                   | GET      | own       | LO                  | everyone
jobs:stop                     | POST     | own       | LO                  | everyone
jobs:resume                   | POST     | own       | LO                  | everyone

notifications:list            | GET      | list      | everyone            |
notifications:read            | POST     | list      | everyone            |
notifications:open            | POST     | own       | LO                  | everyone

duties:inbox                  | GET      | list      | everyone            |
duties:organization           | GET      | list      | everyone            |
duties:unheld                 | GET      | list      | OL OO               |
duties:detail                 | GET      | street    | OL OO LL LO IN IS   | DL DO EM EX NO admins
duties:reassignment           | POST     | street    | OL OO LL            | DL DO EM EX NO admins
duties:ladder                 | GET      | list      | officials           |
duties:rung                   | POST     | list      | OO                  |
duties:own_ladder             | POST     | list      | OO                  |
duties:calendar               | GET      | list      | officials           |
duties:calendar_day           | POST     | list      | OO                  |
duties:calendar_year          | POST     | list      | OO                  |

papers:list                   | GET      | list      | officials EM        |
papers:detail                 | GET      | street    | officials EM        |
papers:print                  | GET      | street    | officials EM        |
papers:docx                   | GET      | street    | officials EM        |
papers:acknowledgement        | POST     | street    | EM                  |
papers:service                | POST     | street    | field               |

registry:list                 | GET      | list      | officials EM        |
registry:export               | GET POST | list      | OL OO DL DO LL LO IS |
registry:assign               | POST     | list      | desk                |
registry:create               | GET POST | list      | desk                |
registry:detail               | GET      | street    | officials EM        |
registry:edit                 | GET POST | street    | desk                |
registry:status               | POST     | street    | desk                |
registry:account              | POST     | street    | desk                |
registry:reveal               | GET POST | street    | OL OO DO LO         |
registry:import               | GET POST | list      | desk                |
registry:template             | GET      | list      | desk                |
registry:batch                | GET      | own       | LO                  | OO DO
registry:columns              | GET POST | own       | LO                  | OO DO
registry:resume               | POST     | own       | LO                  | OO DO

campaigns:list                | GET      | list      | officials           |
campaigns:detail              | GET      | county    | officials           |
campaigns:tasks               | GET      | county    | officials           |
campaigns:breakdown           | GET      | county    | officials           |
campaigns:outputs             | GET      | county    | officials           |
campaigns:output              | GET      | county    | officials           |
campaigns:chart               | GET      | county    | officials           |
campaigns:draft_outputs       | GET      | county    | OO                  |
campaigns:draft_output        | GET      | county    | OO                  |
campaigns:draft_chart         | GET      | county    | OO                  |
campaigns:versions            | GET      | county    | officials           |
campaigns:import_amendment    | POST     | county    | OO                  |
campaigns:amendment           | GET      | county    | OO                  | OL DL DO LL LO IN IS
campaigns:comparison          | POST     | county    | OO                  |
campaigns:pairing             | POST     | county    | OO                  |
campaigns:decisions           | POST     | county    | OO                  |
campaigns:application         | POST     | county    | OO                  |
campaigns:withdrawal          | POST     | county    | OO                  |
campaigns:separation          | POST     | county    | OO                  |
campaigns:decision accepted   | POST     | county    | OO                  |
campaigns:subplans            | GET      | county    | officials           |
campaigns:require_subplans    | POST     | county    | OO                  |
campaigns:subplan             | GET      | street    | OL OO LL LO IN IS   | DL DO
campaigns:import_subplan      | POST     | street    | LL LO               | DL DO
campaigns:start_subplan       | POST     | street    | LL LO               | DL DO
campaigns:save_subplan        | POST     | street    | LL LO               | DL DO
campaigns:add_subplan_task    | POST     | street    | LL LO               | DL DO
campaigns:remove_subplan_task | POST     | street    | LL LO               | DL DO
campaigns:draft_child         | POST     | county    | OO                  |
campaigns:move_subplan file   | POST     | street    | LL LO               | DL DO
campaigns:move_subplan cancel | POST     | street    | OO                  | DL DO
campaigns:task                | GET      | county    | officials           |
campaigns:checklist           | GET POST | county    | OO                  |
campaigns:confirm_reported    | POST     | county    | OL OO               |
campaigns:assignment progress | POST     | share     | LL LO               |
campaigns:assignment report   | POST     | share     | LL LO               |
campaigns:assignment confirm  | POST     | county    | OL OO               |
campaigns:assignment send_back | POST    | county    | OL OO               |
campaigns:phase               | GET      | county    | officials           |
campaigns:phase_move open     | POST     | county    | OL OO               |
campaigns:phase_move close    | POST     | county    | OL OO               |
campaigns:phase_move reopen   | POST     | county    | OL OO               |
campaigns:gate                | POST     | county    | OL OO               |
campaigns:plans               | GET      | list      | OO                  |
campaigns:import_plan         | GET POST | list      | OO                  |
campaigns:reading             | GET POST | own       | LO                  | everyone
campaigns:workbench           | GET      | county    | OO                  |
campaigns:pulse               | POST     | county    | OO                  |
campaigns:undo                | POST     | county    | OO                  |
campaigns:findings            | GET      | county    | OO                  |
campaigns:finding accept      | POST     | county    | OO                  |
campaigns:finding waive       | POST     | county    | OO                  |
campaigns:finding reopen      | POST     | county    | OO                  |
campaigns:head                | GET POST | county    | OO                  |
campaigns:discard             | POST     | county    | OO                  |
campaigns:publish             | GET POST | county    | OO                  |
campaigns:confirm_confident   | POST     | county    | OO                  |
campaigns:match_unit          | POST     | county    | OO                  |
campaigns:add_item            | POST     | county    | OO                  |
campaigns:item                | GET POST | county    | OO                  |
campaigns:card                | GET      | county    | OO                  |
campaigns:more                | GET      | county    | OO                  |
campaigns:confirm_section     | POST     | county    | OO                  |
campaigns:move_item confirm   | POST     | county    | OO                  |
campaigns:move_item remove    | POST     | county    | OO                  |
campaigns:move_item restore   | POST     | county    | OO                  |
campaigns:move_item split     | POST     | county    | OO                  |
campaigns:move_item retype    | POST     | county    | OO                  |

hazards:ledger                | GET      | list      | officials EM EX     |
hazards:export                | GET POST | list      | OL OO DL DO LL LO IS |
hazards:bulk assign           | POST     | list      | desk                |
hazards:bulk extend           | POST     | list      | OL OO               |
hazards:create                | GET POST | list      | field EM            |
hazards:import                | GET POST | list      | OO                  |
hazards:batch                 | GET POST | own       | OO                  |
hazards:resume                | POST     | own       | OO                  |
hazards:detail                | GET      | street    | officials EM        | EX NO admins
hazards:print                 | GET      | street    | officials EM        | EX NO admins
hazards:act confirm           | POST     | street    | field               | EX NO admins
hazards:act dismissal         | POST     | street    | field               | EX NO admins
hazards:act report-major      | POST     | street    | EM                  | EX NO admins
hazards:act plan              | POST     | street    | EM                  | EX NO admins
hazards:act plan-review       | POST     | street    | OL OO DL            | EX NO admins
hazards:act rectification     | POST     | street    | EM                  | EX NO admins
hazards:act reinspection      | POST     | street    | field               | EX NO admins
hazards:act acceptance        | POST     | street    | OL OO DL            | EX NO admins
hazards:act evaluation        | POST     | street    | OL OO DL            | EX NO admins
hazards:act extension         | POST     | street    | EM                  | EX NO admins
hazards:act extension-withdrawal | POST  | street    | EM                  | EX NO admins
hazards:act extension-decision | POST    | street    | OL OO DL LL         | EX NO admins
hazards:act ex-officio        | POST     | street    | OL OO               | EX NO admins
hazards:act on-spot           | POST     | street    | field               | EX NO admins
hazards:act reopen            | POST     | street    | OL OO DL LL         | EX NO admins
hazards:act grading           | POST     | street    | OL OO DL DO         | EX NO admins
hazards:act downgrade         | POST     | street    | OL OO DL DO         | EX NO admins
hazards:act supervision       | POST     | street    | OL OO               | EX NO admins
hazards:act lifting           | POST     | street    | OL OO               | EX NO admins
hazards:act assignment        | POST     | street    | desk                | EX NO admins

archive:index                 | GET      | list      | OL OO IS            |
archive:statistic months      | GET POST | list      | OL OO IS            |
archive:download months       | GET      | list      | OL OO IS            |

inspections:list              | GET      | list      | officials EM EX     |
inspections:choose            | GET      | list      | field               |
inspections:walk              | GET POST | street    | field               |
inspections:detail            | GET      | street    | officials EM EX     |
inspections:done              | GET      | street    | field               |
inspections:opinion           | POST     | street    | LO IN               |
"""

# Which record of the stage stands in the address, and what else the request carries (ids by name after a colon).
ADDRESSES: dict[str, dict[str, str]] = {
    "papers:verify": {"code": "code"},
    "accounts:end_own_session": {"pk": "session"},
    "accounts:revoke_token": {"pk": "token"},
    "accounts:delete_saved_view": {"pk": "view"},
    **{
        f"accounts:{name}": {"pk": "person"}
        for name in (
            "user", "edit_user", "reset_password", "deactivate_user", "reactivate_user", "unlock", "reset_second_factor",
        )
    },
    "accounts:end_session": {"pk": "session"},
    "accounts:hand_over": {"pk": "holding"},
    **{
        f"accounts:{name}": {"pk": "organization"}
        for name in ("organization", "edit_organization", "add_alias", "rename", "merge", "split", "create_post")
    },
    "accounts:remove_alias": {"pk": "alias"},
    **{
        f"accounts:{name}": {"pk": "post"}
        for name in ("post", "edit_post", "close_post", "assign_role", "appoint")
    },
    "accounts:close_region": {"pk": "region"},
    "audit:record": {"chain": "chain"},
    "audit:seal": {"day": "day"},
    "attachments:file": {"pk": "photo"},
    "attachments:thumbnail": {"pk": "photo"},
    "jobs:detail": {"pk": "job"}, "jobs:state": {"pk": "job"}, "jobs:result": {"pk": "job"}, "jobs:stop": {"pk": "job"},
    "jobs:resume": {"pk": "job"}, "campaigns:reading": {"pk": "reading"},
    "notifications:open": {"pk": "message"},
    "duties:detail": {"pk": "review"},
    "duties:reassignment": {"pk": "review"},
    "duties:rung": {"pk": "rung"},
    **{f"papers:{name}": {"pk": "paper"} for name in ("detail", "print", "docx", "acknowledgement", "service")},
    **{f"registry:{name}": {"pk": "shop"} for name in ("detail", "edit", "status", "account")},
    "registry:reveal": {"pk": "contact"},
    **{f"registry:{name}": {"pk": "registry_batch"} for name in ("batch", "columns", "resume")},
    **{f"campaigns:{name}": {"pk": "campaign"} for name in ("detail", "tasks", "breakdown")},
    **{f"campaigns:{name}": {"pk": "task"} for name in ("task", "checklist", "confirm_reported")},
    "campaigns:assignment": {"pk": "share", "move": "="},
    "campaigns:phase": {"pk": "phase"},
    "campaigns:gate": {"pk": "phase"},
    "campaigns:phase_move": {"pk": "phase", "move": "="},
    **{
        f"campaigns:{name}": {"pk": "draft"}
        for name in (
            "workbench", "pulse", "undo", "findings", "head", "discard", "publish", "confirm_confident", "add_item",
        )
    },
    "campaigns:finding": {"pk": "draft", "finding_pk": "finding", "verb": "="},
    "campaigns:more": {"pk": "draft", "item_pk": "item"},
    "campaigns:confirm_section": {"pk": "draft", "item_pk": "item"},
    **{f"campaigns:{name}": {"pk": "draft"} for name in ("draft_outputs", "draft_chart")},
    "campaigns:output": {"pk": "campaign", "what": "output"},
    "campaigns:draft_output": {"pk": "draft", "what": "output"},
    **{
        f"campaigns:{name}": {"pk": "campaign"}
        for name in ("outputs", "chart", "versions", "import_amendment", "subplans", "require_subplans")
    },
    **{
        f"campaigns:{name}": {"pk": "amendment"}
        for name in ("amendment", "comparison", "pairing", "decisions", "application", "withdrawal")
    },
    "campaigns:separation": {"pk": "amendment", "change_pk": "change"},
    "campaigns:decision": {"pk": "amendment", "change_pk": "change", "decision": "="},
    **{
        f"campaigns:{name}": {"pk": "subplan"}
        for name in ("subplan", "import_subplan", "start_subplan", "save_subplan", "add_subplan_task")
    },
    "campaigns:remove_subplan_task": {"pk": "subplan", "task_pk": "task"},
    "campaigns:draft_child": {"pk": "county_subplan"},
    "campaigns:move_subplan": {"pk": "subplan", "move": "="},
    "campaigns:match_unit": {"pk": "draft", "unit_pk": "unit"},
    "campaigns:item": {"pk": "draft", "item_pk": "item"},
    "campaigns:card": {"pk": "draft", "item_pk": "item"},
    "campaigns:move_item": {"pk": "draft", "item_pk": "item", "verb": "="},
    "hazards:batch": {"pk": "hazard_batch"},
    "hazards:resume": {"pk": "hazard_batch"},
    "hazards:detail": {"pk": "hazard"},
    "hazards:print": {"pk": "hazard"},
    "hazards:act": {"pk": "hazard", "key": "="},
    "archive:statistic": {"name": "="},
    "archive:download": {"name": "="},
    **{f"inspections:{name}": {"pk": "inspection"} for name in ("detail", "done", "opinion")},
}  # fmt: skip
# Added to the address: the record of these pages stands in the query.
QUERIES = {"inspections:walk": {"enterprise": "shop"}}
# Sent along where an empty form would be refused before anybody asks who is asking.
BODIES = {
    "accounts:create_token": {"name": "报表", "expires_on": "soon"},
    "duties:reassignment": {"reason": "=轮岗", "post": "post"},
    "hazards:bulk assign": {"action": "=assign", "pick": "hazard"},
    "hazards:bulk extend": {"action": "=extend", "pick": "hazard"},
}
# Lists on which people inside read this and people outside must not.
MARKS = {
    "registry:list": "好味来面馆",
    "papers:list": "好味来面馆",
    "hazards:ledger": "青石街道气瓶间与厨房连通",
    "inspections:list": "好味来面馆",
}
