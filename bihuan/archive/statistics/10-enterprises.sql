-- title: 查到多少家企业
-- about: 每年各县区检查到的不同企业、查出过隐患的不同企业、有过重大隐患的不同企业。
-- columns: year 年份 ordinal | region 地区 region | visited 检查到的企业 count | found 查出隐患的企业 count | major 有重大隐患的企业 count
-- chart: bars region found
SELECT EXTRACT(YEAR FROM events.day) AS year, events.county AS region,
    COUNT(DISTINCT CASE WHEN events.visited = 1 THEN events.enterprise_id END) AS visited,
    COUNT(DISTINCT CASE WHEN events.found = 1 THEN events.enterprise_id END) AS found,
    COUNT(DISTINCT CASE WHEN events.found_major = 1 THEN events.enterprise_id END) AS major
FROM events CROSS JOIN asked
WHERE events.day BETWEEN asked.first_day AND asked.last_day
GROUP BY EXTRACT(YEAR FROM events.day), events.county
ORDER BY year, region
