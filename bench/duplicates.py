"""Twins among 300,000 invented enterprises: how long the search takes, how many planted twins it finds.

    python -m bench.duplicates [--records 300000] [--twins 3000]

A twin is a record written once more as another clerk would: a sign of the name changed or left out, the legal form
added, the county in front, the address in other words. `--check` compares a county's records each with each and counts
what blocking has missed.
"""

from __future__ import annotations

import argparse
import random
import time
from itertools import combinations

from bihuan.registry.likeness import Known, compare, find

SIGNS = "福顺好味来祥和鑫盛达兴隆宏泰金源瑞丰华美佳宜康宁德聚缘满堂红老灶张李王赵陈刘杨黄周吴江南山东北西城海天云水月星光明亮春夏秋冬梅兰竹菊"
TRADES = [
    "面馆",
    "火锅店",
    "餐厅",
    "小吃店",
    "超市",
    "便利店",
    "修理厂",
    "加工厂",
    "五金店",
    "药房",
    "宾馆",
    "网吧",
    "养殖场",
    "砂石厂",
    "液化气站",
    "饭店",
]
STREETS = ["幸福路", "人民路", "工业路", "建设路", "解放街", "滨河路", "学府路", "站前街"]
COUNTIES = [f"5397{number:02}" for number in range(1, 11)]
PLACES = ["云溪市", "云溪区"]


def records_of(count: int, twins: int, rng: random.Random) -> tuple[list[Known], set[tuple[int, int]]]:
    """(records, planted pairs): ten counties of fifteen townships."""
    records = [_record(number, rng) for number in range(1, count - twins + 1)]
    planted = set()
    for number in range(count - twins + 1, count + 1):
        original = rng.choice(records[: count - twins])
        records.append(_again(original, number, rng))
        planted.add((original.pk, number))
    return records, planted


def _record(number: int, rng: random.Random) -> Known:
    county = rng.choice(COUNTIES)
    name = "".join(rng.choice(SIGNS) for _ in range(rng.choice((2, 3, 3, 4)))) + rng.choice(TRADES)
    address = f"{rng.choice(STREETS)}{rng.randrange(1, 900)}号"
    return Known(number, name, address, "", county, f"{county}{rng.randrange(15):03}")


def _again(original: Known, number: int, rng: random.Random) -> Known:
    name = original.name
    match rng.randrange(4):
        case 0:
            name = f"云溪区{name}"
        case 1:
            name = f"{name}有限公司"
        case 2:
            at = rng.randrange(len(name))
            name = name[:at] + rng.choice(SIGNS) + name[at + 1 :]
        case _:
            name = name.replace(name[0], "", 1)
    address = original.address.replace("号", "号门面") if rng.random() < 0.3 else original.address
    return Known(number, name, address, "", original.county, original.locality)


def main() -> int:
    """Run the measurement; 0 when nine of ten planted twins are found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--twins", type=int, default=3_000)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    records, planted = records_of(options.records, options.twins, random.Random(5))
    begin, busy = time.perf_counter(), time.process_time()
    found = {(each.first, each.second) for each in find(records, PLACES)}
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    share = len(found & planted) / len(planted)
    print(
        f"{len(records):,} records, {len(planted):,} twins: {seconds:.1f} s ({busy:.1f} s of processor time), "
        f"{len(found):,} pairs, {share:.1%} of the twins among them"
    )
    if options.check:
        county = [each for each in records if each.county == COUNTIES[0]][:1500]
        known = {each.pk for each in county}
        compared = {
            (one.pk, other.pk) for one, other in combinations(county, 2) if compare(one, other, PLACES)
        }
        here = {pair for pair in found if known.issuperset(pair)}
        print(f"each with each of {len(county):,}: {len(compared)} pairs, {len(compared - here)} missed")
    return 0 if share >= 0.9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
