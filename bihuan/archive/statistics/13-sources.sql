-- title: 隐患从哪里来
-- about: 每年按来源统计查出的隐患和占比，看企业自查与举报的分量是否在增加。
-- columns: year 年份 ordinal | source 来源 source | found 查出 count | share 占当年 permille | found_major 其中重大 count
-- chart: bars source found
WITH years AS (
    SELECT EXTRACT(YEAR FROM events.day) AS year, events.source AS source, SUM(events.found) AS found,
        SUM(events.found_major) AS found_major
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY EXTRACT(YEAR FROM events.day), events.source
)
SELECT year, source, found,
    CAST(FLOOR((2000 * found + SUM(found) OVER (PARTITION BY year)) / NULLIF(2 * SUM(found) OVER (PARTITION BY year), 0)) AS BIGINT) AS share,
    found_major
FROM years
ORDER BY year, found DESC, source
