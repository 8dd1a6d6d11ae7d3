-- title: 专项整治成效：行动前、行动中、行动后
-- about: 每次行动所查对象类型在行动前九十天、行动期间、行动后九十天查出的隐患和反弹。
-- columns: campaign 行动 campaign | stage 阶段 stage | days 天数 count | found 查出 count | found_major 其中重大 count | again 改后反弹 count | per_day 每天查出 tenths
-- chart: bars stage found
WITH touched AS (
    SELECT DISTINCT campaign_id AS campaign, kind FROM events WHERE event = 'line' AND campaign_id > 0 AND found = 1
), days AS (
    SELECT kind, day, SUM(found) AS found, SUM(found_major) AS found_major,
        SUM(CASE WHEN move = 'reopen' THEN 1 ELSE 0 END) AS again
    FROM events WHERE event = 'line' GROUP BY kind, day
), staged AS (
    SELECT campaigns.campaign AS campaign,
        CASE WHEN days.day < campaigns.starts_on THEN 0 WHEN days.day <= campaigns.ends_on THEN 1 ELSE 2 END AS stage,
        CASE WHEN days.day < campaigns.starts_on THEN 90 WHEN days.day <= campaigns.ends_on THEN campaigns.length ELSE 90 END AS length,
        days.found AS found, days.found_major AS found_major, days.again AS again
    FROM campaigns
    JOIN touched ON touched.campaign = campaigns.campaign
    JOIN days ON days.kind = touched.kind AND days.day BETWEEN campaigns.before_from AND campaigns.after_to
)
SELECT campaign, stage, MAX(length) AS days, SUM(found) AS found, SUM(found_major) AS found_major, SUM(again) AS again,
    CAST(FLOOR((20 * SUM(found) + MAX(length)) / (2 * MAX(length))) AS BIGINT) AS per_day
FROM staged
GROUP BY campaign, stage
ORDER BY campaign, stage
