"""Every page and button, and who gets in: one line each, judged from the sentences of the roles, not from the code.

    URL name [variant] | methods | reach | who gets in | who finds nothing (404)

Whoever stands in neither list gets 403. Letters are those of `stage.ROLES`; CO is the office over everything there
is, asked only where it is named. `reach` says what people of the same
roles get elsewhere, beside (Baita town, another department) and far away (the other county):

    list       no single record: they come in as well, and see their own part; who gets in and stands in the last cell
               too finds the list without the record of `MARKS`
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
desk:morning                  | GET      | list      | OL OO               |
desk:room                     | GET      | list      | OL OO IS            |
desk:keep_room                | POST     | list      | OL OO IS            |

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
duties:late                   | GET      | list      | officials           |
duties:press                  | POST     | list      | OL OO               |
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
papers:pdf                    | GET      | street    | officials EM        |
papers:acknowledgement        | POST     | street    | EM                  |
papers:service                | POST     | street    | field               |

zones:list                    | GET      | list      | officials EM        |
zones:create                  | GET POST | list      | desk                |
zones:import                  | GET POST | list      | desk                |
zones:detail                  | GET      | county    | officials           | EM
zones:geojson                 | GET      | county    | officials           | EM
zones:members                 | GET      | county    | officials           | EM
zones:export_members          | GET POST | county    | OL OO DL DO LL LO IS |
zones:revise                  | GET POST | county    | OO                  | EM
zones:end                     | POST     | county    | OO                  | EM
zones:map                     | GET      | list      | officials EM        |
zones:objects                 | GET      | list      | officials EM        |
zones:zones                   | GET      | list      | officials EM        |
zones:base                    | GET      | list      | officials EM        |

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
registry:kinds                | GET      | list      | officials EM        |
registry:kind                 | GET      | list      | officials EM        |
registry:kind_fields          | GET      | list      | desk                |
registry:new_kind             | GET POST | list      | CO                  |
registry:edit_kind            | GET POST | list      | CO                  |
registry:schema_json          | GET      | list      | officials EM        |
registry:start_schema         | POST     | list      | CO                  |
registry:schema               | GET      | list      | officials EM        |
registry:schema edit          | POST     | list      | CO                  |
registry:attributes           | GET POST | street    | desk                |
registry:premises_attributes  | GET POST | street    | desk                |
registry:equipment            | GET      | list      | officials EM        |
registry:add_equipment        | GET POST | street    | desk                |
registry:edit_equipment       | GET POST | street    | desk                |
registry:equipment_import     | GET POST | list      | desk                |
registry:equipment_template   | GET      | list      | desk                |
registry:equipment_batch      | GET      | own       | LO                  | OO DO
registry:equipment_columns    | GET POST | own       | LO                  | OO DO
registry:equipment_resume     | POST     | own       | LO                  | OO DO
registry:chemical_import      | GET POST | list      | desk                |
registry:chemical_template    | GET      | list      | desk                |
registry:chemical_batch       | GET      | own       | LO                  | OO DO
registry:chemical_columns     | GET POST | own       | LO                  | OO DO
registry:chemical_resume      | POST     | own       | LO                  | OO DO
registry:answering_import     | GET POST | list      | desk                |
registry:answering_template   | GET      | list      | desk                |
registry:answering_batch      | GET      | own       | LO                  | OO DO
registry:answering_columns    | GET POST | own       | LO                  | OO DO
registry:answering_resume     | POST     | own       | LO                  | OO DO
registry:permits              | GET      | list      | officials EM        |
registry:risks                | GET      | street    | officials EM        |
registry:profile              | POST     | street    | desk                |
registry:accident             | POST     | street    | desk                |
registry:grade                | POST     | street    | desk                |
registry:diagnosis            | POST     | street    | desk                |
registry:new_chemical         | GET POST | street    | desk                |
registry:chemical             | GET POST | street    | desk                |
registry:units                | GET      | list      | officials EM        |
registry:chemicals            | GET      | list      | officials EM        |
registry:reckon               | POST     | street    | desk                |
registry:reckon_outdated      | POST     | list      | desk                |
registry:grades               | GET      | list      | officials EM        |
registry:grades regrade       | POST     | list      | desk                |
registry:policies             | GET      | list      | officials EM        |
registry:policy               | GET      | county    | officials EM        |
registry:new_policy LEC       | GET POST | list      | OO                  |
registry:end_policy           | POST     | county    | OO                  |
registry:rejudge              | POST     | county    | OO                  |
registry:new_unit             | GET POST | street    | desk                |
registry:unit                 | GET      | street    | officials EM        |
registry:edit_unit            | GET POST | street    | desk                |
registry:new_point            | GET POST | street    | desk                |
registry:risk_points          | GET      | list      | officials EM        |
registry:risk_point           | GET      | street    | officials EM        |
registry:risk_point assess    | POST     | street    | desk                |
registry:edit_point           | GET POST | street    | desk                |
registry:owners               | GET      | list      | desk                |
registry:name_many            | POST     | list      | desk                |
registry:settle               | POST     | list      | desk                |
registry:areas                | GET POST | list      | OO LO               |
registry:end_responsibility   | POST     | street    | desk                |
registry:answering            | GET      | street    | officials EM        |
registry:answering appoint    | POST     | street    | desk                |
registry:notes                | GET      | list      | officials           |
registry:owner_notes          | GET      | street    | officials           | EM
registry:owner_notes write    | POST     | street    | field               | EM
registry:settle_note          | POST     | street    | field               | EM
registry:rechecks             | GET      | list      | officials EM        |
registry:recheck              | GET      | street    | officials EM        |
registry:recheck done         | POST     | street    | field               |
registry:resumption           | GET POST | street    | desk                |
registry:lists                | GET      | list      | officials EM        |
registry:new_list             | GET POST | list      | OL OO DL DO LL LO IS |
registry:standard_lists       | POST     | list      | OL OO DL DO LL LO IS |
registry:booklet              | GET      | list      | officials EM        |
registry:shared_list          | GET      | street    | LL LO IN            | OL OO DL DO EM IS
registry:print_list           | GET      | street    | LL LO IN            | OL OO DL DO EM IS
registry:edit_list            | GET POST | street    | LL LO               | OL OO DL DO IS
registry:refilter_list        | POST     | street    | LL LO               | OL OO DL DO IS
registry:drop_list            | POST     | street    | LL LO               | OL OO DL DO IS
registry:export_list          | GET POST | street    | LL LO               | OL OO DL DO IS
registry:census               | GET      | list      | officials EM        |
registry:duplicates           | GET      | list      | desk                |
registry:search_duplicates    | POST     | list      | OO LO               |
registry:merger               | GET      | street    | officials EM        |
registry:pair                 | GET      | street    | desk                |
registry:merge                | POST     | street    | desk                |
registry:tell_apart           | POST     | street    | desk                |
registry:plates               | GET      | street    | officials EM        |
registry:plates print         | POST     | street    | desk                |
registry:plate_sheet          | POST     | list      | desk                |
registry:withdraw_plate       | POST     | street    | desk                |
plate                         | GET      | list      | public              |

checklists:library            | GET      | list      | officials           |
checklists:coverage           | GET      | list      | officials           |
checklists:new                | GET POST | list      | OO DO               |
checklists:upload             | GET POST | list      | OO DO               |
checklists:trial              | GET POST | own       | OO                  | DO
checklists:book               | GET      | county    | officials           |
checklists:draft              | POST     | county    | OO                  |
checklists:version            | GET      | county    | officials           |
checklists:print              | GET      | county    | officials           |
checklists:form               | GET      | county    | officials           |
checklists:changes            | GET      | county    | officials           |
checklists:copy               | POST     | county    | OO DO               |
checklists:withdrawal         | POST     | county    | OO                  |
checklists:editor             | GET      | county    | OO                  | DO
checklists:head               | POST     | county    | OO                  | DO
checklists:publishing         | POST     | county    | OO                  | DO
checklists:discarding         | POST     | county    | OO                  | DO
checklists:upload_draft       | GET POST | county    | OO                  | DO
checklists:trial_of_draft     | GET POST | county    | OO                  | DO
checklists:add_section        | POST     | county    | OO                  | DO
checklists:section            | POST     | county    | OO                  | DO
checklists:new_item           | GET POST | county    | OO                  | DO
checklists:item               | GET POST | county    | OO                  | DO
checklists:item_act           | POST     | county    | OO                  | DO

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
campaigns:assembly            | GET POST | county    | OO                  |
campaigns:confirm_reported    | POST     | county    | OL OO               |
campaigns:task_zone           | POST     | county    | OO                  |
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
hazards:act merging           | POST     | street    | field               | EX NO admins
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
hazards:act lifting           | POST     | street    | OL OO               | EX NO admins
hazards:act assignment        | POST     | street    | desk                | EX NO admins

pledges:list                  | GET      | list      | officials EM        |
pledges:export                | GET POST | list      | OL OO DL DO LL LO IS |
pledges:create                | POST     | list      | EM                  |
pledges:detail                | GET      | street    | officials EM        |
pledges:print                 | GET      | street    | officials EM        |
pledges:edit                  | GET POST | street    | EM                  |
pledges:sign                  | GET POST | street    | EM                  |
pledges:withdraw              | POST     | street    | EM                  |
pledges:renew                 | POST     | street    | EM                  |
pledges:line                  | POST     | street    | DO                  |
pledges:conclusion            | POST     | street    | DO                  |
pledges:reveal                | GET POST | street    | OL OO DO LO         |
pledges:false_claims          | GET      | list      | officials           |
pledges:hand_over             | POST     | street    | DO                  |
pledges:referrals             | GET      | list      | officials           |
pledges:referral              | GET      | street    | officials           |
pledges:act_on_referral accept | POST    | street    | DO                  |
pledges:act_on_referral resend | POST    | street    | DO                  |
pledges:forms                 | GET      | list      | OO                  |
pledges:create_form           | GET POST | list      | OO                  |
pledges:retire_form           | POST     | list      | OO                  |
pledges:certificates          | GET      | list      | officials EM        |
pledges:add_certificate       | GET POST | street    | desk EM             |
pledges:edit_certificate      | GET POST | street    | desk EM             |
pledges:retire_certificate    | POST     | street    | desk EM             |
pledges:self_check            | GET      | list      | EM                  |
pledges:walk                  | GET POST | list      | EM                  |
pledges:self_checked          | GET      | street    | EM                  |
pledges:self_checks           | GET      | list      | officials           |

batches:list                  | GET      | list      | officials           |
batches:export                | GET POST | list      | OL OO DL DO LL LO IS |
batches:create                | GET POST | directory | DO                  |
batches:propose               | POST     | directory | DO                  |
batches:detail                | GET      | list      | officials           |
batches:edit                  | GET POST | directory | DO                  |
batches:add                   | GET POST | directory | DO                  |
batches:notices               | POST     | directory | DO                  |
batches:transfers             | POST     | directory | DO                  |
batches:close                 | POST     | directory | DO                  |
batches:acceptance            | GET POST | directory | DO                  |
batches:object                | GET      | street    | officials EM        |
batches:act progress          | POST     | street    | DO EM               |
batches:act edit              | POST     | street    | DO                  |
batches:act transfer          | POST     | street    | DO                  |
batches:act subsidy           | POST     | street    | DO                  |
batches:subsidies             | GET      | list      | officials           |
batches:standards             | GET      | list      | officials           |
batches:standards set         | POST     | directory | DO                  |
batches:standards fund        | POST     | directory | DO                  |
batches:decide review         | POST     | street    | DO                  |
batches:decide approve        | POST     | street    | DL                  |

archive:index                 | GET      | list      | OL OO IS            |
archive:statistic months      | GET POST | list      | OL OO IS            |
archive:download months       | GET      | list      | OL OO IS            |

inspections:list              | GET      | list      | officials EM EX     |
inspections:choose            | GET      | list      | field               |
inspections:walk              | GET POST | street    | field               |
inspections:detail            | GET      | street    | officials EM EX     |
inspections:done              | GET      | street    | field               |
inspections:opinion           | POST     | street    | LO IN               |
inspections:deliveries        | GET      | list      | EM                  |
inspections:delivery          | GET POST | county    | EM                  |
inspections:delivered         | GET      | county    | EM                  |
inspections:delivery_notice   | GET      | county    | EM                  |
inspections:signals           | GET      | list      | officials           |
inspections:signal_rows       | GET      | list      | officials           |
inspections:note_signal       | POST     | street    | OL OO DL DO LL LO IN |

planning:visits               | GET      | list      | officials           |
planning:visit                | GET      | street    | officials           |
planning:cancel_visit         | POST     | street    | LO                  |
planning:plans                | GET      | list      | officials           |
planning:new_plan             | GET POST | list      | desk                |
planning:plan                 | GET      | own       | OL OO LL LO IN IS   | DL DO
planning:adopt                | POST     | own       | LL                  | DL
planning:requests             | GET      | list      | officials           |
planning:new_request          | GET POST | street    | desk                |
planning:decide               | POST     | own       | LL                  | DL
planning:joints               | GET      | list      | officials           |
planning:propose              | POST     | street    | desk                |
planning:answer               | POST     | street    | DO LO               |
planning:recusals             | GET POST | list      | desk                |
planning:own_recusals         | GET POST | list      | field               |
planning:end_recusal          | POST     | own       | LO                  | OO DO
planning:draws                | GET      | list      | officials           |
planning:new_draw             | GET POST | list      | desk                |
planning:draw                 | GET      | own       | OL OO LL LO IN IS   | DL DO
planning:act_on_draw hold     | POST     | own       | LO                  | DO
planning:public_draws         | GET      | list      | public              |
planning:public_draw          | GET      | list      | public              |
planning:public_file          | GET      | list      | public              |

service_worker                | GET      | list      | public              |
field:app                     | GET      | list      | public              |
field:manifest                | GET      | list      | public              |
field:token                   | POST     | list      | public              |
field:session                 | GET      | list      | everyone            |
field:devices                 | GET POST | list      | field SE            |
field:revocation              | POST     | own       | LO SE               | OO DO IN
field:sync                    | GET      | list      | field               |
field:photo                   | HEAD PATCH | list    | field               |
field:visits                  | POST     | list      | field               |
"""

# Which record of the stage stands in the address of a page, or of one line of it: "=" is the line's variant, "=word"
# that word.
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
    "duties:press": {"pk": "organization"},
    "duties:detail": {"pk": "review"},
    "duties:reassignment": {"pk": "review"},
    "duties:rung": {"pk": "rung"},
    **{f"papers:{name}": {"pk": "paper"} for name in ("detail", "print", "docx", "pdf", "acknowledgement", "service")},
    **{f"zones:{name}": {"pk": "zone"} for name in ("detail", "geojson", "members", "export_members", "revise", "end")},
    "campaigns:task_zone": {"pk": "task"},
    **{f"registry:{name}": {"pk": "shop"} for name in ("detail", "edit", "status", "account")},
    "registry:reveal": {"pk": "contact"},
    **{f"registry:{name}": {"pk": "shop"} for name in ("attributes", "add_equipment")},
    **{f"registry:{name}": {"key": "object_kind"} for name in ("kind", "start_schema", "edit_kind")},
    **{f"registry:{name}": {"pk": "kind_schema"} for name in ("schema", "schema_json")},
    **{f"registry:{name}": {"pk": "risk_policy"} for name in ("policy", "end_policy", "rejudge")},
    "registry:new_policy": {"method": "="},
    **{f"registry:chemical_{name}": {"pk": "chemical_sheet"} for name in ("batch", "columns", "resume")},
    **{f"registry:answering_{name}": {"pk": "answering_sheet"} for name in ("batch", "columns", "resume")},
    **{f"registry:equipment_{name}": {"pk": "equipment_sheet"} for name in ("batch", "columns", "resume")},
    "registry:premises_attributes": {"pk": "premises"},
    "registry:edit_equipment": {"pk": "equipment"},
    **{f"registry:{name}": {"pk": "registry_batch"} for name in ("batch", "columns", "resume")},
    **{
        f"registry:{name}": {"pk": "shop"}
        for name in (
            "risks", "profile", "accident", "grade", "new_chemical", "new_unit", "new_point", "answering", "resumption", "plates",
        )
    },
    "registry:chemical": {"pk": "chemical"},
    **{f"registry:{name}": {"pk": "major_unit"} for name in ("unit", "edit_unit", "reckon")},
    **{f"registry:{name}": {"pk": "risk_point"} for name in ("risk_point", "edit_point")},
    "registry:end_responsibility": {"pk": "responsibility"},
    "registry:owner_notes": {"pk": "shop"},
    "registry:settle_note": {"pk": "owner_note"},
    "registry:diagnosis": {"pk": "shop"},
    "registry:recheck": {"pk": "recheck"},
    **{
        f"registry:{name}": {"pk": "shared_list"}
        for name in ("shared_list", "print_list", "edit_list", "refilter_list", "drop_list", "export_list")
    },
    **{f"registry:{name}": {"pk": "pair"} for name in ("pair", "merge", "tell_apart")},
    "registry:merger": {"pk": "merger"},
    "registry:withdraw_plate": {"pk": "plate"},
    "plate": {"token": "plate_token"},
    **{f"campaigns:{name}": {"pk": "campaign"} for name in ("detail", "tasks", "breakdown")},
    **{f"campaigns:{name}": {"pk": "task"} for name in ("task", "checklist", "assembly", "confirm_reported")},
    **{f"checklists:{name}": {"pk": "book"} for name in ("book", "draft")},
    **{
        f"checklists:{name}": {"pk": "book_version"}
        for name in ("version", "print", "form", "changes", "copy", "withdrawal")
    },
    **{
        f"checklists:{name}": {"pk": "book_draft"}
        for name in ("editor", "head", "publishing", "discarding", "upload_draft", "add_section")
    },
    "checklists:trial": {"file": "form_file"},
    "checklists:trial_of_draft": {"pk": "book_draft", "file": "form_file"},
    **{f"checklists:{name}": {"pk": "book_draft", "code": "book_section"} for name in ("section", "new_item")},
    **{f"checklists:{name}": {"pk": "book_draft", "code": "book_item"} for name in ("item", "item_act")},
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
    **{
        f"pledges:{name}": {"pk": "pledge"}
        for name in ("detail", "print", "edit", "sign", "withdraw", "renew", "conclusion")
    },
    "pledges:line": {"pk": "pledge_line"},
    "pledges:reveal": {"pk": "pledge_person"},
    "pledges:hand_over": {"pk": "false_claim"},
    "pledges:retire_form": {"pk": "pledge_form"},
    "pledges:referral": {"pk": "referral"},
    "pledges:act_on_referral": {"pk": "referral", "move": "="},
    "pledges:self_checked": {"pk": "self_check"},
    "pledges:add_certificate": {"pk": "shop"},
    **{f"pledges:{name}_certificate": {"pk": "certificate"} for name in ("edit", "retire")},
    **{f"batches:{name}": {"pk": "batch"} for name in ("detail", "edit", "add", "notices", "transfers", "close", "acceptance")},
    "batches:object": {"pk": "batch_object"},
    "batches:act": {"pk": "batch_object", "key": "="},
    "batches:decide": {"pk": "subsidy", "move": "="},
    "archive:statistic": {"name": "="},
    "archive:download": {"name": "="},
    "field:photo": {"pk": "photo"},
    "field:revocation": {"pk": "device"},
    **{f"inspections:{name}": {"pk": "inspection"} for name in ("detail", "done", "opinion")},
    "inspections:delivery": {"token": "plate_token"},
    **{f"inspections:{name}": {"pk": "delivery"} for name in ("delivered", "delivery_notice")},
    "inspections:note_signal": {"pk": "signal"},
    **{f"planning:{name}": {"pk": "planned_visit"} for name in ("visit", "cancel_visit")},
    **{f"planning:{name}": {"pk": "visit_plan"} for name in ("plan", "adopt")},
    "planning:decide": {"pk": "visit_request"},
    "planning:answer": {"pk": "joint_visit"},
    "planning:end_recusal": {"pk": "recusal"},
    **{f"planning:{name}": {"pk": "draw"} for name in ("draw", "public_draw", "public_file")},
    "planning:act_on_draw": {"pk": "draw", "act": "="},
}  # fmt: skip
# Added to the address: the record of these pages stands in the query.
QUERIES = {
    "inspections:walk": {"enterprise": "shop"},
    "planning:new_request": {"enterprise": "shop"},
    "registry:new_list": {"source": "list_source"},
}
QUERIES |= {f"zones:{name}": {"bbox": "map_window"} for name in ("objects", "zones")}
QUERIES |= {f"batches:{name}": {"campaign": "gas_campaign"} for name in ("create", "propose", "standards")}
# Sent along where an empty form would be refused before anybody asks who is asking.
BODIES = {
    "registry:merge": {"kept": "shop", "reason": "=同一门面"},
    "planning:propose": {"enterprise": "shop"},
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
    "pledges:list": "好味来面馆",
}
