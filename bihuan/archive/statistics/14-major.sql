-- title: 重大隐患：按季度查出与销号
-- about: 各县区每季度查出、销号的重大隐患和季末未销号的重大隐患。
-- columns: region 地区 region | quarter 季度 quarter | found 查出重大 count | closed 销号重大 count | stock 季末存量 count
-- chart: lines quarter found closed stock
WITH quarters AS (
    SELECT county AS region,
        EXTRACT(YEAR FROM day) * 10 + CAST(FLOOR((EXTRACT(MONTH FROM day) + 2) / 3) AS BIGINT) AS quarter,
        SUM(found_major) AS found, SUM(closed_major) AS closed
    FROM events WHERE event = 'line'
    GROUP BY county, EXTRACT(YEAR FROM day) * 10 + CAST(FLOOR((EXTRACT(MONTH FROM day) + 2) / 3) AS BIGINT)
), grid AS (
    SELECT regions.region AS region, spans.quarter AS quarter
    FROM (SELECT DISTINCT region FROM quarters) AS regions CROSS JOIN (SELECT DISTINCT quarter FROM quarters) AS spans
), running AS (
    SELECT grid.region AS region, grid.quarter AS quarter, COALESCE(quarters.found, 0) AS found,
        COALESCE(quarters.closed, 0) AS closed,
        SUM(COALESCE(quarters.found, 0) - COALESCE(quarters.closed, 0))
            OVER (PARTITION BY grid.region ORDER BY grid.quarter ROWS UNBOUNDED PRECEDING) AS stock
    FROM grid LEFT JOIN quarters ON quarters.region = grid.region AND quarters.quarter = grid.quarter
)
SELECT running.region, running.quarter, running.found, running.closed, running.stock
FROM running CROSS JOIN asked
WHERE running.quarter BETWEEN asked.first_quarter AND asked.last_quarter
ORDER BY running.region, running.quarter
