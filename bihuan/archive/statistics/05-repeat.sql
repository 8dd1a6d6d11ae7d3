-- title: 屡查屡犯企业
-- about: 起止月份内在三个以上不同月份都被查出隐患的企业，按查出次数取前一百家。
-- columns: enterprise 企业 enterprise | region 地区 region | months 被查出的月数 count | found 查出 count | found_major 其中重大 count | late 逾期后销号 count | again 改后反弹 count
-- chart: bars enterprise found
WITH yearly AS (
    SELECT events.enterprise_id AS enterprise, MIN(events.locality) AS region,
        COUNT(DISTINCT CASE WHEN events.found = 1
            THEN EXTRACT(YEAR FROM events.day) * 100 + EXTRACT(MONTH FROM events.day) END) AS months,
        SUM(events.found) AS found, SUM(events.found_major) AS found_major, SUM(events.closed_late) AS late,
        SUM(CASE WHEN events.move = 'reopen' THEN 1 ELSE 0 END) AS again
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY events.enterprise_id
)
SELECT enterprise, region, months, found, found_major, late, again
FROM yearly
WHERE months >= 3
ORDER BY months DESC, found DESC, enterprise
LIMIT 100
