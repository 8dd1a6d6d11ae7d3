-- title: 主管部门：查出、销号与逾期整改率
-- about: 起止月份内按主管部门统计；逾期整改率为逾期后销号占销号的比例。
-- columns: department 主管部门 organization | found 查出 count | found_major 其中重大 count | closed 销号 count | late 逾期后销号 count | late_rate 逾期整改率 permille | enterprises 涉及企业 count
-- chart: bars department found
SELECT events.department_id AS department, SUM(events.found) AS found, SUM(events.found_major) AS found_major,
    SUM(events.closed) AS closed, SUM(events.closed_late) AS late,
    CAST(FLOOR((2000 * SUM(events.closed_late) + SUM(events.closed)) / NULLIF(2 * SUM(events.closed), 0)) AS BIGINT) AS late_rate,
    COUNT(DISTINCT CASE WHEN events.found = 1 THEN events.enterprise_id END) AS enterprises
FROM events CROSS JOIN asked
WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
GROUP BY events.department_id
ORDER BY found DESC, department
