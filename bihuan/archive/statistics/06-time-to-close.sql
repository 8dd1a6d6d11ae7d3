-- title: 整改用时分布
-- about: 起止月份内销号的隐患从发现到销号的天数，分段计数。
-- columns: level 等级 level | bucket 用时 bucket | closed 销号 count | share 占本等级 permille | mean 平均天数 tenths
-- chart: bars bucket closed
WITH bucketed AS (
    SELECT events.level AS level, events.days_open AS days,
        CASE WHEN events.days_open <= 0 THEN 0 WHEN events.days_open <= 3 THEN 1 WHEN events.days_open <= 7 THEN 2
            WHEN events.days_open <= 15 THEN 3 WHEN events.days_open <= 30 THEN 4 WHEN events.days_open <= 60 THEN 5
            WHEN events.days_open <= 180 THEN 6 ELSE 7 END AS bucket
    FROM events CROSS JOIN asked
    WHERE events.closed = 1 AND events.day BETWEEN asked.first_day AND asked.last_day
), counted AS (
    SELECT level, bucket, COUNT(*) AS closed, SUM(days) AS days FROM bucketed GROUP BY level, bucket
)
SELECT level, bucket, closed,
    CAST(FLOOR((2000 * closed + SUM(closed) OVER (PARTITION BY level)) / (2 * SUM(closed) OVER (PARTITION BY level))) AS BIGINT) AS share,
    CAST(FLOOR((20 * days + closed) / (2 * closed)) AS BIGINT) AS mean
FROM counted
ORDER BY level, bucket
