-- title: 对象类型：隐患构成与变化
-- about: 起止月份内各类对象查出的隐患、占全部的比例、重大隐患和每家企业平均查出数。
-- columns: kind 对象类型 kind | found 查出 count | share 占比 permille | found_major 其中重大 count | closed 销号 count | enterprises 涉及企业 count | per_enterprise 每家平均 tenths
-- chart: bars kind found
WITH kinds AS (
    SELECT events.kind AS kind, SUM(events.found) AS found, SUM(events.found_major) AS found_major,
        SUM(events.closed) AS closed,
        COUNT(DISTINCT CASE WHEN events.found = 1 THEN events.enterprise_id END) AS enterprises
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY events.kind
), whole AS (
    SELECT kind, found, found_major, closed, enterprises, SUM(found) OVER () AS everything FROM kinds
)
SELECT kind, found, CAST(FLOOR((2000 * found + everything) / NULLIF(2 * everything, 0)) AS BIGINT) AS share,
    found_major, closed, enterprises,
    CAST(FLOOR((20 * found + enterprises) / NULLIF(2 * enterprises, 0)) AS BIGINT) AS per_enterprise
FROM whole
ORDER BY found DESC, kind
