-- title: 同比：今年与去年同月
-- about: 截止月份所在年与上一年逐月比较查出和销号；上年为零的不算增减。
-- columns: month_of_year 月 ordinal | found 查出 count | found_before 上年同月查出 count | found_change 查出增减 permille | closed 销号 count | closed_before 上年同月销号 count | closed_change 销号增减 permille
-- chart: lines month_of_year found found_before closed
WITH monthly AS (
    SELECT EXTRACT(MONTH FROM events.day) AS month_of_year,
        SUM(CASE WHEN EXTRACT(YEAR FROM events.day) = asked.year THEN events.found ELSE 0 END) AS found,
        SUM(CASE WHEN EXTRACT(YEAR FROM events.day) = asked.year - 1 THEN events.found ELSE 0 END) AS found_before,
        SUM(CASE WHEN EXTRACT(YEAR FROM events.day) = asked.year THEN events.closed ELSE 0 END) AS closed,
        SUM(CASE WHEN EXTRACT(YEAR FROM events.day) = asked.year - 1 THEN events.closed ELSE 0 END) AS closed_before
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND EXTRACT(YEAR FROM events.day) BETWEEN asked.year - 1 AND asked.year
    GROUP BY EXTRACT(MONTH FROM events.day)
)
SELECT month_of_year, found, found_before,
    CAST(FLOOR((2000 * (found - found_before) + found_before) / NULLIF(2 * found_before, 0)) AS BIGINT) AS found_change,
    closed, closed_before,
    CAST(FLOOR((2000 * (closed - closed_before) + closed_before) / NULLIF(2 * closed_before, 0)) AS BIGINT) AS closed_change
FROM monthly
ORDER BY month_of_year
