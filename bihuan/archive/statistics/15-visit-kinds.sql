-- title: 检查类别
-- about: 每年按类别统计检查次数、占比和无隐患检查；企业自查、随瓶安检不是监管检查，另列一行，不计入占比。
-- columns: year 年份 ordinal | kind 类别 visit | visits 检查 count | share 占当年 permille | clean 无隐患检查 count | own 企业自己做的 count
-- chart: bars kind visits
WITH years AS (
    SELECT EXTRACT(YEAR FROM events.day) AS year, events.move AS kind, SUM(events.visited) AS visits,
        SUM(events.visited_clean) AS clean, SUM(1 - events.visited) AS own
    FROM events CROSS JOIN asked
    WHERE events.event = 'visit' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY EXTRACT(YEAR FROM events.day), events.move
)
SELECT year, kind, visits,
    CAST(FLOOR((2000 * visits + SUM(visits) OVER (PARTITION BY year)) / NULLIF(2 * SUM(visits) OVER (PARTITION BY year), 0)) AS BIGINT) AS share,
    clean, own
FROM years
ORDER BY year, visits DESC, kind
