-- title: 各地逐月查出、整改与存量
-- about: 每月查出、销号、逾期后销号的隐患，月末未销号存量和月末逾期数。存量从有记录的第一天累计，不受起止月份影响。
-- columns: region 地区 region | month 月份 month | found 查出 count | closed 销号 count | late 逾期后销号 count | stock 月末存量 count | overdue 月末逾期 count
-- chart: lines month found closed stock
WITH dated AS (
    SELECT county AS region, EXTRACT(YEAR FROM day) * 100 + EXTRACT(MONTH FROM day) AS month,
        found, closed, closed_late AS late, 0 AS overdue
    FROM events WHERE event = 'line'
    UNION ALL
    SELECT county, EXTRACT(YEAR FROM overdue_starts_on) * 100 + EXTRACT(MONTH FROM overdue_starts_on), 0, 0, 0, 1
    FROM events WHERE overdue_starts_on IS NOT NULL
    UNION ALL
    SELECT county, EXTRACT(YEAR FROM overdue_ends_on) * 100 + EXTRACT(MONTH FROM overdue_ends_on), 0, 0, 0, -1
    FROM events WHERE overdue_ends_on IS NOT NULL
), monthly AS (
    SELECT region, month, SUM(found) AS found, SUM(closed) AS closed, SUM(late) AS late, SUM(overdue) AS overdue
    FROM dated GROUP BY region, month
), grid AS (
    SELECT regions.region AS region, months.month AS month
    FROM (SELECT DISTINCT region FROM monthly) AS regions CROSS JOIN (SELECT DISTINCT month FROM monthly) AS months
), running AS (
    SELECT grid.region AS region, grid.month AS month, COALESCE(monthly.found, 0) AS found,
        COALESCE(monthly.closed, 0) AS closed, COALESCE(monthly.late, 0) AS late,
        SUM(COALESCE(monthly.found, 0) - COALESCE(monthly.closed, 0))
            OVER (PARTITION BY grid.region ORDER BY grid.month ROWS UNBOUNDED PRECEDING) AS stock,
        SUM(COALESCE(monthly.overdue, 0))
            OVER (PARTITION BY grid.region ORDER BY grid.month ROWS UNBOUNDED PRECEDING) AS overdue
    FROM grid LEFT JOIN monthly ON monthly.region = grid.region AND monthly.month = grid.month
)
SELECT running.region, running.month, running.found, running.closed, running.late, running.stock, running.overdue
FROM running CROSS JOIN asked
WHERE running.month BETWEEN asked.first_month AND asked.last_month
ORDER BY running.region, running.month
