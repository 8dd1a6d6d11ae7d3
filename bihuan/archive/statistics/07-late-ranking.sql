-- title: 逾期整改率排名
-- about: 起止月份内各乡镇街道逾期后销号占销号的比例，从高到低排名；销号不足五十项的不排。
-- columns: place 名次 count | region 地区 region | closed 销号 count | late 逾期后销号 count | late_rate 逾期整改率 permille
-- chart: bars region late_rate
WITH areas AS (
    SELECT events.locality AS region, SUM(events.closed) AS closed, SUM(events.closed_late) AS late
    FROM events CROSS JOIN asked
    WHERE events.event = 'line' AND events.day BETWEEN asked.first_day AND asked.last_day
    GROUP BY events.locality
), rated AS (
    SELECT region, closed, late, CAST(FLOOR((2000 * late + closed) / (2 * closed)) AS BIGINT) AS late_rate
    FROM areas WHERE closed >= 50
)
SELECT RANK() OVER (ORDER BY late_rate DESC) AS place, region, closed, late, late_rate
FROM rated
ORDER BY place, region
