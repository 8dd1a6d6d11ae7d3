-- title: 单位工作量
-- about: 起止月份内各单位的检查次数、无隐患检查、查出隐患，以及办结的复查（销号、退回、验收、评价）。
-- columns: organization 单位 organization | visits 检查 count | clean 无隐患检查 count | found 查出隐患 count | judged 复查办结 count | sent_back 其中退回 count
-- chart: bars organization visits
WITH acts AS (
    SELECT events.organization_id AS organization, events.visited AS visits, events.visited_clean AS clean, 0 AS found,
        CASE WHEN events.move IN ('close', 'send_back', 'accept', 'refuse_acceptance', 'close_major', 'fail_evaluation')
            THEN 1 ELSE 0 END AS judged,
        CASE WHEN events.move IN ('send_back', 'refuse_acceptance', 'fail_evaluation') THEN 1 ELSE 0 END AS sent_back
    FROM events CROSS JOIN asked
    WHERE events.day BETWEEN asked.first_day AND asked.last_day
    UNION ALL
    SELECT events.finder_id, 0, 0, events.found, 0, 0
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.from_status = '' AND events.day BETWEEN asked.first_day AND asked.last_day
)
SELECT organization, SUM(visits) AS visits, SUM(clean) AS clean, SUM(found) AS found, SUM(judged) AS judged,
    SUM(sent_back) AS sent_back
FROM acts
GROUP BY organization
HAVING SUM(visits) + SUM(found) + SUM(judged) > 0
ORDER BY visits DESC, found DESC, judged DESC, organization
LIMIT 300
