-- title: 季节规律
-- about: 起止月份内按一年十二个月合并，看哪几个月隐患多、重大多、逾期多。
-- columns: month_of_year 月 ordinal | found 查出 count | share 占全年 permille | found_major 其中重大 count | closed 销号 count | late 逾期后销号 count
-- chart: lines month_of_year found closed
WITH months AS (
    SELECT EXTRACT(MONTH FROM events.day) AS month_of_year, SUM(events.found) AS found,
        SUM(events.found_major) AS found_major, SUM(events.closed) AS closed, SUM(events.closed_late) AS late
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY EXTRACT(MONTH FROM events.day)
)
SELECT month_of_year, found,
    CAST(FLOOR((2000 * found + SUM(found) OVER ()) / NULLIF(2 * SUM(found) OVER (), 0)) AS BIGINT) AS share,
    found_major, closed, late
FROM months
ORDER BY month_of_year
