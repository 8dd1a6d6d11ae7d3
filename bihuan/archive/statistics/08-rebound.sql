-- title: 改后反弹
-- about: 起止月份内销号与反弹重开的隐患，反弹率为重开占销号的比例；按对象类型。
-- columns: kind 对象类型 kind | closed 销号（次） count | reopened 反弹重开 count | rate 反弹率 permille | third 三轮以上 count
-- chart: bars kind reopened
WITH kinds AS (
    SELECT events.kind AS kind,
        SUM(CASE WHEN events.closed = 1 THEN 1 ELSE 0 END) AS closed,
        SUM(CASE WHEN events.move = 'reopen' THEN 1 ELSE 0 END) AS reopened,
        COUNT(DISTINCT CASE WHEN events.round >= 3 THEN events.hazard_id END) AS third
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY events.kind
)
SELECT kind, closed, reopened,
    CAST(FLOOR((2000 * reopened + closed) / NULLIF(2 * closed, 0)) AS BIGINT) AS rate, third
FROM kinds
ORDER BY reopened DESC, kind
