"""The right to diagnosis: days, limits, pauses, defects, completeness, and who still waits."""

import pytest

from assets.catalog.statements import THRESHOLD, WAITED_MONTHS
from assets.tables.qualifiers import qualified
from expectations.runner import audit
from sources.duck import relation
from tests.drawn import Tables, expect

RAW = "pathway_id | person_id | sector | unit_code | referral_received_date | stop_date | stop_code | reason_code | registered_at"
ENDED = "UDR-SLUT"


def pathways(tables: Tables, rows: str) -> None:
    tables.given("raw.pathways", RAW + "\n" + rows)


def one(tables: Tables, received: str, stopped: str, sector: str = "SOM", unit: str = "1516001") -> dict[str, object]:
    pathways(tables, f"F1 | p | {sector} | {unit} | {received} | {stopped} | {ENDED if stopped else ''} | | 2016-06-01 10:00:00")
    [found] = tables.run("core.pathway")
    return found


@pytest.mark.parametrize(
    ("sector", "received", "stopped", "limit", "within"),
    [
        ("SOM", "2015-01-01", "2015-01-30", 30, True),
        ("SOM", "2015-01-01", "2015-01-31", 30, True),
        ("SOM", "2015-01-01", "2015-02-01", 30, False),
        ("SOM", "2015-01-01", "2015-01-01", 30, True),
        ("SOM", "2015-03-01", "2015-03-31", 30, True),
        ("SOM", "2013-08-31", "2015-01-01", None, None),
        ("SOM", "2013-09-01", "2015-01-01", 30, False),
        ("PSY", "2014-08-31", "2014-09-15", None, None),
        ("PSY", "2014-09-01", "2014-10-31", 60, True),
        ("PSY", "2014-09-01", "2014-11-01", 60, False),
        ("PSY", "2015-08-31", "2015-10-30", 60, True),
        ("PSY", "2015-08-31", "2015-10-31", 60, False),
        ("PSY", "2015-09-01", "2015-10-01", 30, True),
        ("PSY", "2015-09-01", "2015-10-02", 30, False),
    ],
)
def test_the_last_day_of_the_limit_is_inside_and_the_day_of_the_referral_says_which_limit(
    tables: Tables, sector: str, received: str, stopped: str, limit: int | None, within: bool | None
) -> None:
    found = one(tables, received, stopped, sector)
    assert (found["limit_days"], found["is_within_gross"], found["is_within_net"]) == (limit, within, within)


@pytest.mark.parametrize(
    ("sector", "unit", "received", "stopped", "code", "defect"),
    [
        ("SOM", "1516001", "2015-01-01", "2015-01-10", ENDED, None),
        ("SOM", "1516001", "", "2015-01-10", ENDED, "missing_start"),
        ("SOM", "1516001", "2015-01-01", "", ENDED, "missing_stop"),
        ("SOM", "1516001", "2015-01-10", "2015-01-09", ENDED, "stop_before_start"),
        ("SOM", "1516001", "2012-01-02", "2015-01-01", ENDED, None),
        ("SOM", "1516001", "2012-01-02", "2015-01-02", ENDED, "implausible_start"),
        ("", "1516001", "2015-01-01", "2015-01-10", ENDED, "unknown_sector"),
        ("SOM", "9999", "2015-01-01", "2015-01-10", ENDED, "unmapped_unit"),
        ("SOM", "", "2015-01-01", "2015-01-10", ENDED, "unmapped_unit"),
        ("SOM", "1516001", "2015-01-01", "", "", None),
        ("SOM", "1516001", "2015-01-01", "2015-01-10", "", None),
    ],
)
def test_a_pathway_with_a_defect_has_no_days(
    tables: Tables, sector: str, unit: str, received: str, stopped: str, code: str, defect: str | None
) -> None:
    pathways(tables, f"F1 | p | {sector} | {unit} | {received} | {stopped} | {code} | | 2015-03-01 10:00:00")
    [found] = tables.run("core.pathway")
    assert found["defect"] == defect
    assert (found["gross_days"] is None) == (defect is not None or not stopped)
    assert found["is_ended"] == (code == ENDED)
    assert found["hospital_code"] == ("UNMAPPED" if defect == "unmapped_unit" else "HEH")
    closed = stopped or ("2015-03-01" if code else "None")
    assert (str(found["closed_date"]), str(found["month"])[:7]) == (closed, closed[:7])


@pytest.mark.parametrize(
    ("pauses", "net"),
    [
        ("", 40),
        ("2015-01-10 2015-01-15", 35),
        ("2015-01-10 2015-01-15, 2015-01-12 2015-01-20", 30),
        ("2015-01-10 2015-01-20, 2015-01-12 2015-01-15", 30),
        ("2015-01-12 2015-01-15, 2015-01-10 2015-01-20", 30),
        ("2015-01-10 2015-01-20, 2015-01-12 2015-01-14, 2015-01-16 2015-01-18", 30),
        ("2015-01-10 2015-01-15, 2015-01-15 2015-01-20", 30),
        ("2015-01-10 2015-01-12, 2015-01-11 2015-01-13, 2015-01-20 2015-01-22", 35),
        ("2014-12-01 2015-01-05", 36),
        ("2015-02-05 2015-03-05", 35),
        ("2014-12-01 2015-03-01", 0),
        ("2015-02-10 2015-03-05", 40),
        ("2014-12-01 2015-01-01", 40),
    ],
)
def test_pauses_count_each_day_once_and_only_inside_the_pathway(tables: Tables, pauses: str, net: int) -> None:
    rows = [p.split() for p in pauses.split(",") if p.strip()]
    drawn = "pathway_id | pause_type | from_date | to_date\n"
    tables.given(
        "raw.pathway_pauses",
        drawn + "\n".join(f"F1 | PATIENT | {a} | {b}" for a, b in rows) if rows else drawn + "F2 | PATIENT | 2015-01-01 | 2015-02-01",
    )
    found = one(tables, "2015-01-01", "2015-02-10")
    assert (found["gross_days"], found["patient_pause_days"], found["net_days"]) == (40, 40 - net, net)


def test_a_pathway_that_is_open_or_has_a_defect_has_no_days_whatever_was_paused(tables: Tables) -> None:
    tables.given("raw.pathway_pauses", """
        pathway_id | pause_type | from_date  | to_date
        F1         | PATIENT    | 2015-01-10 | 2015-01-20
        F2         | PATIENT    | 2015-01-10 | 2015-01-20
    """)  # fmt: skip
    pathways(tables, f"""
        F1 | p | SOM | 1516001 | 2015-01-01 |            |         | | 2015-03-01 10:00:00
        F2 | p | SOM | 1516001 |            | 2015-02-10 | {ENDED} | | 2015-03-01 10:00:00
    """)  # fmt: skip
    assert tables.run("core.pathway") == expect("""
        gross_days | patient_pause_days | net_days | is_within_net
                   |                    |          |
                   |                    |          |
    """)


def test_a_clinical_pause_does_not_stop_the_clock(tables: Tables) -> None:
    tables.given("raw.pathway_pauses", """
        pathway_id | pause_type | from_date  | to_date
        F1         | CLINICAL   | 2015-01-10 | 2015-01-20
    """)  # fmt: skip
    assert one(tables, "2015-01-01", "2015-02-10")["net_days"] == 40


@pytest.mark.parametrize(
    ("code", "stopped", "is_ended"),
    [
        ("AFV01C", "2019-01-31", False),
        ("AFV01C", "2019-02-01", True),
        ("AFV01C1", "2019-03-15", True),
        ("AFV01C8", "2021-03-15", True),
        ("AFV01X", "2019-03-15", False),
        ("AFV01X9", "2019-03-15", False),
        ("AFV01", "2019-03-15", False),
        ("UDR-SLUT", "2019-03-15", True),
        ("UDR-SLUT", "2020-01-01", False),
    ],
)
def test_a_code_counts_by_its_longest_beginning_from_the_day_the_region_moved_and_house_codes_may_come_late(
    tables: Tables, code: str, stopped: str, is_ended: bool
) -> None:
    pathways(tables, f"F1 | p | SOM | 1516001 | 2018-12-01 | {stopped} | {code} | | 2021-06-01 10:00:00")
    [found] = tables.run("core.pathway")
    assert found["is_ended"] is is_ended
    assert (found["event_role"] is None) == (code in ("AFV01", "UDR-SLUT", "AFV01C") and not is_ended)


@pytest.mark.parametrize(
    ("sector", "received", "has_limit"),
    [
        ("SOM", "2020-02-17", True),
        ("SOM", "2020-02-18", False),
        ("SOM", "2020-03-19", False),
        ("SOM", "2021-02-28", False),
        ("SOM", "2021-03-01", True),
        ("SOM", "2021-12-03", True),
        ("SOM", "2021-12-04", False),
        ("SOM", "2022-01-20", False),
        ("SOM", "2022-01-21", True),
        ("PSY", "2020-04-01", True),
    ],
)
def test_a_pathway_of_which_a_day_of_the_limit_was_suspended_has_none(tables: Tables, sector: str, received: str, has_limit: bool) -> None:
    pathways(tables, f"F1 | p | {sector} | 1516001 | {received} | {received} | AFV01C | | 2023-06-01 10:00:00")
    [found] = tables.run("core.pathway")
    assert (found["limit_days"], found["is_within_gross"]) == ((30, True) if has_limit else (None, None))


def test_a_limit_and_a_suspension_of_another_right_are_none_of_this_one(tables: Tables) -> None:
    tables.given("reference.limit", """
        sector | right_name | limit_days | valid_from | valid_to
        SOM    | UDREDNING  | 30         | 2013-09-01 | 2099-12-31
        SOM    | BEHANDLING | 60         | 2013-09-01 | 2099-12-31
    """)  # fmt: skip
    tables.given("reference.suspension", """
        sector | right_name | valid_from | valid_to
        SOM    | BEHANDLING | 2015-01-01 | 2015-12-31
    """)  # fmt: skip
    found = one(tables, "2015-01-01", "2015-02-10")
    assert (found["limit_days"], found["is_within_gross"]) == (30, False)


@pytest.mark.parametrize(
    ("reason", "stopped", "excuses"),
    [
        ("FAGLIG", "2013-08-31", False),
        ("FAGLIG", "2013-09-01", True),
        ("FAGLIG", "2016-09-30", True),
        ("FAGLIG", "2016-10-01", True),
        ("KAPACITET", "2016-10-01", False),
        ("", "2016-10-01", False),
    ],
)
def test_a_reason_excuses_by_the_list_that_is_in_force_on_the_day_of_the_stop(
    tables: Tables, reason: str, stopped: str, excuses: bool
) -> None:
    pathways(tables, f"F1 | p | SOM | 1516001 | 2013-08-01 | {stopped} | {ENDED} | {reason} | 2016-12-01 10:00:00")
    assert [r["has_reason"] for r in tables.run("core.pathway")] == [excuses]


@pytest.mark.parametrize(("reason", "counts"), [("FAGLIG", 1), ("PATIENT", 1), ("AFSLAG", 1), ("KAPACITET", 0), ("", 0)])
def test_lack_of_capacity_is_registered_and_excuses_nothing(tables: Tables, reason: str, counts: int) -> None:
    pathways(tables, f"F1 | a | SOM | 1516001 | 2015-01-01 | 2015-02-20 | {ENDED} | {reason} | 2015-07-01 10:00:00")
    total = next(r for r in tables.run("core.pathway_count") if r["is_total"])
    assert (total["over_with_reason"], total["over_without_reason"]) == (counts, 1 - counts)


def test_ninety_percent_are_the_days_that_nine_in_ten_do_not_exceed(tables: Tables) -> None:
    rows = [
        f"F{d} | p{d} | SOM | 1516001 | 2015-01-{31 - d:02d} | 2015-01-31 | {ENDED} | | 2015-07-01 10:00:00"
        for d in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30)
    ]
    pathways(tables, "\n".join(rows))
    total = next(r for r in tables.run("core.pathway_count") if r["is_total"])
    assert (total["median_days"], total["p90_days"]) == (5.5, 9)


def test_a_hospital_that_closes_referrals_and_registers_nothing_has_a_row_that_says_so(tables: Tables) -> None:
    pathways(tables, f"F1 | a | SOM | 1516001 | 2015-01-01 | 2015-01-20 | {ENDED} | | 2015-07-01 10:00:00")
    tables.given("raw.referrals", """
        referral_id | person_id | sector | unit_code | closed_date
        H1          | b         | SOM    | 1351001   | 2015-01-15
        H2          | c         | SOM    | 1351001   | 2015-01-16
        H3          | d         | PSY    | 1500001   | 2015-01-16
    """)  # fmt: skip
    assert tables.run("core.pathway_count") == expect("""
        sector | hospital_code | pathways | ended | within_limit_share | referrals | completeness_volume_share | completeness_band
        PSY    | ALL           | 0        | 0     |                    | 1         | 0                         | lav
        PSY    | PSY           | 0        | 0     |                    | 1         | 0                         | lav
        SOM    | ALL           | 1        | 1     | 1                  | 2         | 0.5                       | lav
        SOM    | AMH           | 0        | 0     |                    | 2         | 0                         | lav
        SOM    | HEH           | 1        | 1     | 1                  | 0         |                           |
    """)


def test_a_code_of_another_register_ends_nothing(tables: Tables) -> None:
    pathways(tables, """
        F1 | p | SOM | 1516001 | 2015-01-01 | 2015-01-10 | AFV01C     | | 2015-03-01 10:00:00
        F2 | p | SOM | 1516001 | 2019-03-01 | 2019-03-10 | AFV01C     | | 2019-04-01 10:00:00
        F3 | p | SOM | 1516001 | 2015-01-01 | 2015-01-10 | UDR-OPHØRT | | 2015-03-01 10:00:00
    """)  # fmt: skip
    assert [r["is_ended"] for r in sorted(tables.run("core.pathway"), key=lambda r: r["pathway_id"])] == [False, True, False]


def test_the_headline_is_net_for_somatic_and_gross_for_psychiatry(tables: Tables) -> None:
    tables.given("raw.pathway_pauses", """
        pathway_id | pause_type | from_date  | to_date
        F1         | PATIENT    | 2015-01-10 | 2015-01-20
        F2         | PATIENT    | 2015-01-10 | 2015-02-10
    """)  # fmt: skip
    pathways(
        tables,
        f"""
        F1 | p | SOM | 1516001 | 2015-01-01 | 2015-02-05 | {ENDED} |        | 2015-07-01 10:00:00
        F2 | q | PSY | 1500001 | 2015-01-01 | 2015-03-15 | {ENDED} | FAGLIG | 2015-07-01 10:00:00
    """,
    )
    found = tables.run("core.pathway_count")
    assert found == expect("""
        month      | sector | hospital_code | pathways | within_limit_gross | within_limit_net | within_limit_share
        2015-02-01 | SOM    | ALL           | 1        | 0                  | 1                | 1
        2015-02-01 | SOM    | HEH           | 1        | 0                  | 1                | 1
        2015-03-01 | PSY    | ALL           | 1        | 0                  | 1                | 0
        2015-03-01 | PSY    | PSY           | 1        | 0                  | 1                | 0
    """)
    assert found[1:3] == expect("""
        median_days | over_with_reason | over_without_reason
        25          | 0                | 0
        73          | 1                | 0
    """)


def test_what_has_no_limit_is_counted_and_not_judged(tables: Tables) -> None:
    pathways(
        tables,
        f"""
        F1 | p | PSY | 1500001 | 2014-08-31 | 2014-10-05 | {ENDED} | | 2015-07-01 10:00:00
        F2 | q | PSY | 1500001 | 2014-09-01 | 2014-10-05 | {ENDED} | | 2015-07-01 10:00:00
    """,
    )
    assert tables.run("core.pathway_count") == expect("""
        hospital_code | pathways | without_limit | within_limit_share | ended | qf
        ALL           | 1        | 1             | 1                  | 1     | ''
        PSY           | 1        | 1             | 1                  | 1     | ''
    """)


@pytest.mark.parametrize("late", ["pathways", "pathway_pauses", "referrals"])
def test_a_month_is_final_once_all_it_stands_on_is_and_its_hospitals_are_told_only_then(tables: Tables, late: str) -> None:
    pathways(tables, f"F1 | p | SOM | 1516001 | 2015-01-01 | 2015-01-20 | {ENDED} | | 2015-03-30 23:59:00")
    tables.covers(late, "2014-12", "2015-02", final="2014-12")
    assert tables.run("core.pathway_count") == expect("hospital_code | is_provisional | qf\nALL | yes | p")
    tables.covers(late, "2014-12", "2015-02", final="2015-01")
    assert tables.run("core.pathway_count") == expect("hospital_code | is_provisional | qf\nALL | no | ''\nHEH | no | ''")


def completeness(tables: Tables, *months: tuple[str, int, int]) -> None:
    """Months with so many ended pathways and so many closed referrals."""
    tables.given("raw.pathways", RAW + "\n" + "\n".join(
        f"F{m}{i} | p{i} | SOM | 1516001 | {m}-01 | {m}-10 | {ENDED} | | 2016-06-01 10:00:00"
        for m, ended, _ in months
        for i in range(ended)
    ))  # fmt: skip
    tables.given("raw.referrals", "referral_id | person_id | sector | unit_code | closed_date\n" + "\n".join(
        f"H{m}{i} | p{i} | SOM | 1516001 | {m}-10" for m, _, closed in months for i in range(closed)
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("ended", "band"), [(100, "ok"), (90, "ok"), (89, "varsomhed"), (75, "varsomhed"), (74, "lav"), (1, "lav"), (120, "ok")]
)
def test_completeness_falls_into_three_bands(tables: Tables, ended: int, band: str) -> None:
    completeness(tables, ("2015-01", ended, 100))
    found = next(r for r in tables.run("marts.completeness_monthly") if r["completeness"] == "volume")
    assert (found["completeness_band"], found["numerator"], found["denominator"]) == (band, ended, 100)
    assert [r["completeness_band"] for r in tables.run("core.pathway_count") if r["is_total"]] == [band]


@pytest.mark.parametrize(("ended", "passes"), [(89, False), (90, True)])
def test_the_check_of_completeness_turns_green_when_enough_is_registered(tables: Tables, ended: int, passes: bool) -> None:
    completeness(tables, ("2015-01", ended, 100))
    name = "marts.completeness_monthly"
    tables.run(name)
    table = tables.catalog.tables[name]
    tables.con.execute(f"create table made as {qualified(table.contract, table.text)}")
    relation(tables.con, name, "select * from made")
    found = {o.name: o for o in audit(tables.con, table.contract, table.rules, name, {"sector": "reference.sector"})}
    assert found["volume_is_complete"].passed is passes
    assert (found["volume_is_complete"].named == "") is passes
    if not passes:
        assert "2015-01 SOM 89.0 %" in found["volume_is_complete"].named


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        (50, 60, "Data skal tolkes med varsomhed, da datakompletheden er lav, men det går fremad"),
        (60, 60, "Data skal tolkes med varsomhed, da datakompletheden er lav"),
        (70, 60, "Data skal tolkes med varsomhed, da datakompletheden er lav"),
        (70, 80, "Data skal tolkes med varsomhed"),
        (70, 95, None),
    ],
)
def test_the_papers_sentence_is_said_when_it_is_true(tables: Tables, before: int, now: int, sentence: str | None) -> None:
    completeness(tables, ("2015-01", before, 100), ("2015-02", now, 100))
    found = [r for r in tables.run("marts.completeness_monthly") if r["completeness"] == "volume"]
    assert found[-1]["sentence"] == sentence


def test_a_provisional_month_has_neither_trend_nor_sentence(tables: Tables) -> None:
    completeness(tables, ("2015-01", 50, 100), ("2015-02", 60, 100), ("2015-03", 70, 100), ("2015-04", 80, 100))
    tables.covers("pathways", "2015-01", "2015-04", final="2015-02")
    found = [r for r in tables.run("marts.completeness_monthly") if r["completeness"] == "volume"]
    assert found == expect("""
        month      | is_trend_up | is_provisional | sentence
        2015-01-01 |             | no             | Data skal tolkes med varsomhed, da datakompletheden er lav
        2015-02-01 | yes         | no             | Data skal tolkes med varsomhed, da datakompletheden er lav, men det går fremad
        2015-03-01 |             | yes            |
        2015-04-01 |             | yes            |
    """)


def test_defects_lower_the_completeness_of_fields_and_missing_reasons_that_of_reasons(tables: Tables) -> None:
    pathways(
        tables,
        f"""
        F1 | a | SOM | 1516001 | 2015-01-01 | 2015-02-20 | {ENDED} | FAGLIG | 2015-07-01 10:00:00
        F2 | b | SOM | 1516001 | 2015-01-01 | 2015-02-20 | {ENDED} |           | 2015-07-01 10:00:00
        F3 | c | SOM | 1516001 | 2015-02-01 | 2015-02-20 | {ENDED} |           | 2015-07-01 10:00:00
        F4 | d |     | 1516001 | 2015-02-01 | 2015-02-20 | {ENDED} |           | 2015-07-01 10:00:00
    """,
    )
    assert tables.run("marts.completeness_monthly") == expect("""
        completeness | numerator | denominator | share | completeness_band | sentence
        fields       | 3         | 4           | 0.75  | varsomhed         |
        reason       | 1         | 2           | 0.5   | lav               |
        volume       |           |             |       |                   |
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("received", "stopped", "waiting", "over"),
    [
        ("2015-01-01", "", 1, 0),
        ("2015-01-01", "2015-02-01", 1, 0),
        ("2014-12-31", "", 1, 1),
        ("2015-01-31", "2015-01-31", 0, 0),
    ],
)
def test_those_who_wait_at_the_end_of_the_month_are_counted_whatever_becomes_of_them(
    tables: Tables, received: str, stopped: str, waiting: int, over: int
) -> None:
    code = ENDED if stopped else ""
    pathways(
        tables,
        f"""
        F1 | p | SOM | 1516001 | {received} | {stopped} | {code} | | 2015-07-01 10:00:00
        F2 | q | SOM | 1516001 | 2015-01-31 | 2015-01-31 | {ENDED} | | 2015-07-01 10:00:00
    """,
    )
    found = {
        f"{r['month']:%Y-%m}": (r["open_pathways"], r["open_over_limit"])
        for r in tables.run("core.pathway_open_count") if r["is_total"]
    }  # fmt: skip
    assert found.get("2015-01", (0, 0)) == (waiting, over)


def open_at(tables: Tables, month: str, *columns: str) -> dict[str, tuple[object, ...]]:
    found = tables.run("core.pathway_open_count")
    return {r["hospital_code"]: tuple(r[c] for c in columns) for r in found if f"{r['month']:%Y-%m}" == month}


@pytest.mark.parametrize("stopped", ["", "2015-05-20", "2015-12-20"])
def test_who_waits_stands_under_the_hospital_of_that_day_whatever_becomes_of_both(tables: Tables, stopped: str) -> None:
    """Herlev's unit is part of another hospital from 10 May 2015 on."""
    pathways(tables, f"F1 | p | SOM | 1516001 | 2015-03-20 | {stopped} | {ENDED if stopped else ''} | | 2016-02-01 10:00:00")
    tables.covers("pathways", "2015-01", "2015-12", known_until="2016-03-01")
    assert set(open_at(tables, "2015-03")) == set(open_at(tables, "2015-04")) == {"ALL", "HEH"}
    assert set(open_at(tables, "2015-05")) == (set() if stopped == "2015-05-20" else {"ALL", "HGH"})


@pytest.mark.parametrize(("received", "counted"), [("2012-03-31", (1, 0)), ("2012-03-30", (0, 1)), ("1915-01-01", (0, 1))])
def test_who_seems_to_have_waited_longer_than_is_plausible_is_counted_apart(
    tables: Tables, received: str, counted: tuple[int, int]
) -> None:
    tables.given("reference.limit", """
        sector | right_name | limit_days | valid_from | valid_to   | is_verified | source
        SOM    | UDREDNING  | 30         | 1900-01-01 | 2099-12-31 | yes         | test
    """)  # fmt: skip
    pathways(tables, f"F1 | p | SOM | 1516001 | {received} | | | | 2015-07-01 10:00:00")
    assert open_at(tables, "2015-03", "open_pathways", "implausible")["ALL"] == counted
    over = open_at(tables, "2015-03", "open_over_limit")["ALL"]
    assert over == (counted[0],)


def test_a_waiting_pathway_of_an_unknown_unit_is_not_lost(tables: Tables) -> None:
    pathways(
        tables, "F1 | p | SOM | | 2015-03-20 | | | | 2015-07-01 10:00:00\nF2 | q | SOM | 9999 | 2015-03-20 | | | | 2015-07-01 10:00:00"
    )
    assert open_at(tables, "2015-03", "open_pathways") == {"ALL": (2,), "UNMAPPED": (2,)}


@pytest.mark.parametrize("mart", ["core.pathway_count", "core.pathway_open_count"])
@pytest.mark.parametrize(
    ("known_until", "now"), [("2015-05-09", "HEH | Herlev Hospital"), ("2015-05-10", "HGH | Herlev og Gentofte Hospital")]
)
def test_hospitals_are_named_as_they_were_and_as_they_are_by_the_newest_extract_and_the_total_is_all(
    tables: Tables, mart: str, known_until: str, now: str
) -> None:
    pathways(tables, f"""
        F1 | a | SOM | 1516001 | 2015-01-01 | 2015-01-20 | {ENDED} | | 2015-02-01 10:00:00
        F2 | b | SOM | 1516001 | 2015-01-01 | 2015-02-20 | {ENDED} | | 2015-03-01 10:00:00
    """)  # fmt: skip
    tables.covers("pathways", "2015-01", "2015-01", known_until=known_until)
    assert tables.run(mart)[:2] == expect(f"""
        hospital_code | hospital_name    | hospital_now_code | hospital_now_name | is_total
        ALL           | Alle hospitaler  | ALL               | Alle hospitaler   | yes
        HEH           | Herlev Hospital  | {now} | no
    """)


def test_nobody_waits_before_the_referral_came(tables: Tables) -> None:
    pathways(tables, """
        F1 | p | SOM | 1516001 | 2015-01-31 | | | | 2015-07-01 10:00:00
        F2 | q | SOM | 1516001 | 2015-02-01 | | | | 2015-07-01 10:00:00
    """)  # fmt: skip
    assert open_at(tables, "2014-12", "open_pathways") == {}
    assert open_at(tables, "2015-01", "open_pathways")["ALL"] == (1,)
    assert open_at(tables, "2015-02", "open_pathways")["ALL"] == (2,)


def test_a_closed_referral_of_an_unknown_unit_is_not_lost(tables: Tables) -> None:
    tables.given("raw.referrals", """
        referral_id | person_id | sector | unit_code | closed_date
        H1          | a         | SOM    | 9999      | 2015-05-31
        H2          | b         | SOM    | 1516001   | 2015-05-09
        H3          | c         | SOM    | 1516001   | 2015-05-10
    """)  # fmt: skip
    assert sorted(tables.run("core.referral"), key=lambda r: r["referral_id"]) == expect("""
        hospital_code | month
        UNMAPPED      | 2015-05-01
        HEH           | 2015-05-01
        HGH           | 2015-05-01
    """)


# Who waits at the end of March and of April 2015. Persons have pathways more than once: a figure is of as many as it describes.
WAITING = f"""
    F01 | a | SOM | 1516001 | 2015-02-01 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F02 | a | SOM | 1516001 | 2015-02-01 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F03 | b | SOM | 1516001 | 2015-03-01 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F04 | c | SOM | 1516001 | 2015-03-20 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F05 | d | SOM | 1516001 | 2015-03-20 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F06 | e | SOM | 1516001 | 2013-08-31 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F07 | e | SOM | 1516001 | 2013-08-31 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F08 | g | SOM | 1516001 | 2012-03-30 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F09 | g | SOM | 1516001 | 2012-03-30 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F10 | i | SOM | 1301001 | 2013-08-31 |            |         | | 2015-06-01 10:00:00
    F11 | j | PSY | 1500001 | 2015-01-01 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F12 | k | PSY | 1500001 | 2015-01-01 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F13 | l | PSY | 1500001 | 2015-03-20 | 2015-04-10 | {ENDED} | | 2015-06-01 10:00:00
    F14 | l | PSY | 1500001 | 2015-03-20 |            |         | | 2015-06-01 10:00:00
    F15 | m |     | 1500001 | 2015-03-20 |            |         | | 2015-06-01 10:00:00
"""


def waiting(tables: Tables, *, is_total: bool) -> list[dict[str, object]]:
    return [r for r in tables.run("core.pathway_open_count") if r["is_total"] is is_total]


def test_a_sector_tells_how_many_wait_and_the_persons_behind_each_number(tables: Tables) -> None:
    pathways(tables, WAITING)
    tables.covers("pathways", "2015-03", "2015-04")
    found = waiting(tables, is_total=True)
    assert found == expect("""
        month      | sector | open_pathways | open_over_limit | without_limit | implausible
        2015-03-01 | PSY    | 4             | 2               | 0             | 0
        2015-03-01 | SOM    | 5             | 2               | 3             | 2
        2015-04-01 | PSY    | 1             | 0               | 0             | 0
        2015-04-01 | SOM    | 0             | 0               | 1             | 0
    """)
    assert found == expect("""
        month      | sector | open_in_time | persons | persons_over_limit | persons_in_time | persons_without_limit | persons_implausible
        2015-03-01 | PSY    | 2            | 3       | 2                  | 1               |                       |
        2015-03-01 | SOM    | 3            | 4       | 1                  | 3               | 2                     | 1
        2015-04-01 | PSY    | 1            | 1       | 0                  | 1               |                       |
        2015-04-01 | SOM    | 0            |         |                    |                 | 1                     |
    """)


def test_a_hospital_tells_how_many_wait_and_the_persons_behind_each_number(tables: Tables) -> None:
    pathways(tables, WAITING)
    tables.covers("pathways", "2015-03", "2015-04")
    found = waiting(tables, is_total=False)
    assert found == expect("""
        month      | hospital_code | open_pathways | open_over_limit | without_limit | implausible
        2015-03-01 | PSY           | 4             | 2               | 0             | 0
        2015-03-01 | HEH           | 5             | 2               | 2             | 2
        2015-03-01 | RHB           | 0             | 0               | 1             | 0
        2015-04-01 | PSY           | 1             | 0               | 0             | 0
        2015-04-01 | RHB           | 0             | 0               | 1             | 0
    """)
    assert found == expect("""
        hospital_code | open_in_time | persons | persons_over_limit | persons_in_time | persons_without_limit | persons_implausible
        PSY           | 2            | 3       | 2                  | 1               |                       |
        HEH           | 3            | 4       | 1                  | 3               | 1                     | 1
        RHB           | 0            |         |                    |                 | 1                     |
        PSY           | 1            | 1       | 0                  | 1               |                       |
        RHB           | 0            |         |                    |                 | 1                     |
    """)


@pytest.mark.parametrize(("known_until", "last"), [("2015-04-30 23:00", "2015-03-01"), ("2015-05-01 08:00", "2015-04-01")])
def test_who_waits_is_told_once_the_month_is_over_by_the_newest_extract(tables: Tables, known_until: str, last: str) -> None:
    pathways(tables, WAITING)
    tables.covers("pathways", "2015-03", "2015-04", known_until=known_until)
    assert str(waiting(tables, is_total=True)[-1]["month"]) == last


def test_a_wait_is_implausible_by_the_longest_one_in_force_alone_whatever_the_limit(tables: Tables) -> None:
    tables.given("reference.target", """
        indicator       | subject | value | valid_from | valid_to
        longest_pathway | ALL     | 40    | 2015-04-01 | 2015-04-30
    """)  # fmt: skip
    pathways(tables, """
        F1 | a | PSY | 1500001 | 2015-03-10 | | | | 2015-06-01 10:00:00
        F2 | b | PSY | 1500001 | 2014-12-01 | | | | 2015-06-01 10:00:00
    """)  # fmt: skip
    tables.covers("pathways", "2015-03", "2015-04")
    assert waiting(tables, is_total=True) == expect("""
        month      | open_pathways | open_over_limit | implausible
        2015-03-01 | 2             | 1               | 0
        2015-04-01 | 0             | 0               | 2
    """)


@pytest.mark.parametrize("late", ["pathways 2015-04", "pathway_pauses 2015-04", "pathway_pauses 2015-03"])
def test_who_waits_in_a_sector_is_provisional_until_pathways_and_pauses_are_final(tables: Tables, late: str) -> None:
    pathways(tables, "F1 | a | SOM | 1516001 | 2015-03-01 | | | | 2015-06-01 10:00:00")
    tables.covers("pathways", "2015-03", "2015-04")
    extract, last = late.split()
    tables.covers(extract, "2015-03", last, final="2015-03")
    assert waiting(tables, is_total=True) == expect("""
        month      | open_pathways | is_provisional | qf
        2015-03-01 | 1             | no             | ''
        2015-04-01 | 1             | yes            | p
    """)


@pytest.mark.parametrize("late", ["pathways 2015-04", "pathway_pauses 2015-04", "pathway_pauses 2015-03"])
def test_who_waits_at_a_hospital_is_told_once_pathways_and_pauses_are_final(tables: Tables, late: str) -> None:
    pathways(tables, "F1 | a | SOM | 1516001 | 2015-03-01 | | | | 2015-06-01 10:00:00")
    tables.covers("pathways", "2015-03", "2015-04")
    extract, last = late.split()
    tables.covers(extract, "2015-03", last, final="2015-03")
    assert waiting(tables, is_total=False) == expect("month | hospital_code\n2015-03-01 | HEH")


# What ended from February to April 2015: within the limit by gross days, by net days alone, or past it with and without a reason;
# with a defect; without a limit; not at all. Persons have pathways more than once, and a figure is of as many as it describes.
STOPPED = f"""
    F01 | a | SOM | 1516001 | 2015-01-20 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F02 | a | SOM | 1516001 | 2015-01-20 | 2015-02-10 | {ENDED}    | FAGLIG    | 2015-06-01 10:00:00
    F03 | b | SOM | 1516001 | 2015-01-01 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F04 | c | SOM | 1516001 | 2015-01-01 | 2015-02-10 | {ENDED}    | FAGLIG    | 2015-06-01 10:00:00
    F05 | c | SOM | 1516001 | 2015-01-01 | 2015-02-10 | {ENDED}    | FAGLIG    | 2015-06-01 10:00:00
    F06 | d | SOM | 1516001 | 2015-01-01 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F07 | e | SOM | 1516001 | 2015-01-01 | 2015-02-10 | {ENDED}    | KAPACITET | 2015-06-01 10:00:00
    F08 | f | SOM | 1301001 | 2015-01-01 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F09 | g | SOM | 1516001 | 2015-02-11 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F10 | g | SOM | 1516001 | 2015-02-11 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F11 | h | SOM | 1516001 | 2013-08-31 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F12 | h | SOM | 1516001 | 2013-08-31 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F13 | i | SOM | 1301001 | 2013-08-31 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F14 | t | SOM | 1516001 | 2015-01-20 | 2015-02-10 | UDR-OPHØRT |           | 2015-06-01 10:00:00
    F15 | j | PSY | 1500001 | 2015-01-20 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F16 | k | PSY | 1500001 | 2015-01-20 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F17 | l | PSY | 1500001 | 2015-01-20 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F18 | m | PSY | 1500001 | 2014-12-01 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F19 | m | PSY | 1500001 | 2014-12-01 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F20 | n | PSY | 1500001 | 2014-12-01 | 2015-02-10 | {ENDED}    | FAGLIG    | 2015-06-01 10:00:00
    F21 | o | PSY | 1500001 | 2014-12-01 | 2015-02-10 | {ENDED}    | FAGLIG    | 2015-06-01 10:00:00
    F22 | v |     | 1500001 | 2015-01-20 | 2015-02-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F23 | p | SOM | 1301001 | 2015-03-11 | 2015-03-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F24 | q | PSY | 1500001 | 2015-03-01 | 2015-03-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F25 | r | SOM | 1301001 | 2015-02-20 | 2015-04-10 | {ENDED}    |           | 2015-06-01 10:00:00
    F26 | s | SOM | 1516001 | 2015-04-20 | 2015-05-05 | {ENDED}    |           | 2015-06-01 10:00:00
"""


def ended(tables: Tables, *, is_total: bool) -> list[dict[str, object]]:
    """What is told of the pathways that stopped, by sector or by hospital, as the newest delivery of 2016 knows the hospitals."""
    pathways(tables, STOPPED)
    tables.given("raw.pathway_pauses", """
        pathway_id | pause_type | from_date  | to_date
        F03        | PATIENT    | 2015-01-10 | 2015-01-30
        F20        | PATIENT    | 2015-01-10 | 2015-01-30
        F21        | PATIENT    | 2015-01-10 | 2015-01-30
    """)  # fmt: skip
    tables.given("raw.referrals", """
        referral_id | person_id | sector | unit_code | closed_date
        H1          | x         | SOM    | 1516001   | 2015-02-05
        H2          | x         | SOM    | 1516001   | 2015-02-05
        H3          | y         | SOM    | 1301001   | 2015-02-05
        H4          | z         | PSY    | 1500001   | 2015-03-05
        H5          | z         | PSY    | 1500001   | 2015-04-05
    """)  # fmt: skip
    tables.covers("pathways", "2014-02", "2015-04")
    return [r for r in tables.run("core.pathway_count") if r["is_total"] is is_total]


def test_a_sector_tells_what_its_pathways_ended_as_and_the_persons_behind_each_number(tables: Tables) -> None:
    found = ended(tables, is_total=True)
    assert found == expect("""
        month      | sector | pathways | within_limit_gross | within_limit_net | over_with_reason | over_without_reason
        2015-02-01 | PSY    | 7        | 3                  | 5                | 2                | 2
        2015-02-01 | SOM    | 8        | 2                  | 3                | 2                | 3
        2015-03-01 | PSY    | 1        | 1                  | 1                | 0                | 0
        2015-03-01 | SOM    | 0        | 0                  | 0                | 0                | 0
        2015-04-01 | PSY    | 0        | 0                  | 0                | 0                | 0
        2015-04-01 | SOM    | 1        | 0                  | 0                | 0                | 1
    """)
    assert found == expect("""
        within_limit_gross_share | within_limit_net_share | within_limit_share | median_days | completeness_fields_share
        0.428571429              | 0.714285714            | 0.428571429        | 71          | 0.875
        0.25                     | 0.375                  | 0.375              | 40          | 0.8
        1                        | 1                      | 1                  | 9           | 1
                                 |                        |                    |             | 0
                                 |                        |                    |             |
        0                        | 0                      | 0                  | 49          | 1
    """)
    assert found == expect("""
        without_limit | ended | defective | referrals | completeness_volume_share | completeness_reason_share | qf
        0             | 8     | 1         | 0         |                           | 0.5                       | ''
        3             | 10    | 2         | 3         | 2.66666667                | 0.4                       | ''
        0             | 1     | 0         | 1         | 1                         |                           | ''
        0             | 1     | 1         | 0         |                           |                           | ''
        0             | 0     | 0         | 1         | 0                         |                           | ''
        0             | 1     | 0         | 0         |                           | 0                         | ''
    """)
    assert found == expect("""
        over_limit_gross | over_limit_net | waited_by_wish | persons_over_gross | persons_over_net | persons_waited_by_wish
        4                | 2              | 2              | 3                  | 1                | 2
        6                | 5              | 1              | 5                  | 4                | 1
        0                | 0              | 0              | 0                  | 0                |
        0                | 0              | 0              |                    |                  |
        0                | 0              | 0              |                    |                  |
        1                | 1              | 0              | 1                  | 1                |
    """)
    assert found == expect("""
        persons_ended | persons | persons_within_gross | persons_within_net | persons_with_reason | persons_without_reason
        7             | 6       | 3                    | 5                  | 2                   | 1
        7             | 6       | 1                    | 2                  | 1                   | 3
        1             | 1       | 1                    | 1                  |                     |
        1             |         |                      |                    |                     |
                      |         |                      |                    |                     |
        1             | 1       | 0                    | 0                  |                     | 1
    """)
    assert found == expect("""
        persons_with_defect | persons
        1                   | 6
        1                   | 6
                            | 1
        1                   |
                            |
                            | 1
    """)
    assert found == expect("""
        persons_without_limit | persons_referred | persons_beside_median | persons_beside_p90 | p90_days
                              |                  | 3                     | 3                  | 71
        2                     | 2                | 4                     | 4                  | 40
                              | 1                | 1                     | 1                  | 9
                              |                  | 0                     | 0                  |
                              | 1                |                       |                    |
                              |                  | 1                     | 1                  | 49
    """)


def test_a_hospital_tells_what_its_pathways_ended_as_and_the_persons_behind_each_number(tables: Tables) -> None:
    found = ended(tables, is_total=False)
    assert found == expect("""
        month      | hospital_code | pathways | within_limit_gross | within_limit_net | over_with_reason | referrals | qf
        2015-02-01 | PSY           | 7        | 3                  | 5                | 2                | 0         | ''
        2015-02-01 | HEH           | 7        | 2                  | 3                | 2                | 2         | ''
        2015-02-01 | RHB           | 1        | 0                  | 0                | 0                | 1         | ''
        2015-03-01 | PSY           | 1        | 1                  | 1                | 0                | 1         | ''
        2015-03-01 | RHB           | 0        | 0                  | 0                | 0                | 0         | ''
        2015-04-01 | PSY           | 0        | 0                  | 0                | 0                | 1         | ''
        2015-04-01 | RHB           | 1        | 0                  | 0                | 0                | 0         | ''
    """)
    assert found == expect("""
        hospital_now_code | within_limit_share | median_days | without_limit | ended | defective | over_limit_net
        PSY               | 0.428571429        | 71          | 0             | 8     | 1         | 2
        HGH               | 0.428571429        | 40          | 2             | 9     | 2         | 4
        RH                | 0                  | 40          | 1             | 1     | 0         | 1
        PSY               | 1                  | 9           | 0             | 1     | 0         | 0
        RH                |                    |             | 0             | 1     | 1         | 0
        PSY               |                    |             | 0             | 0     | 0         | 0
        RH                | 0                  | 49          | 0             | 1     | 0         | 1
    """)
    assert found == expect("""
        persons | persons_over_gross | persons_over_net | persons_waited_by_wish | persons_without_reason | persons_with_defect
        6       | 3                  | 1                | 2                      | 1                      | 1
        5       | 4                  | 3                | 1                      | 2                      | 1
        1       | 1                  | 1                |                        | 1                      |
        1       | 0                  | 0                |                        |                        |
                |                    |                  |                        |                        | 1
                |                    |                  |                        |                        |
        1       | 1                  | 1                |                        | 1                      |
    """)
    assert found == expect("""
        persons_without_limit | persons_referred | persons_beside_median | persons_beside_p90
                              |                  | 3                     | 3
        1                     | 1                | 3                     | 3
        1                     | 1                | 1                     | 1
                              | 1                | 1                     | 1
                              |                  | 0                     | 0
                              | 1                |                       |
                              |                  | 1                     | 1
    """)


def test_a_month_whose_pathways_have_two_limits_is_a_break(tables: Tables) -> None:
    pathways(tables, f"""
        F1 | p | PSY | 1500001 | 2015-08-31 | 2015-09-20 | {ENDED} | | 2015-12-01 10:00:00
        F2 | q | PSY | 1500001 | 2015-09-01 | 2015-09-20 | {ENDED} | | 2015-12-01 10:00:00
        F3 | p | PSY | 1500001 | 2015-09-20 | 2015-10-10 | {ENDED} | | 2015-12-01 10:00:00
        F4 | q | PSY | 1500001 | 2015-09-20 | 2015-10-10 | {ENDED} | | 2015-12-01 10:00:00
    """)  # fmt: skip
    assert [r for r in tables.run("core.pathway_count") if r["is_total"]] == expect("""
        month      | pathways | qf
        2015-09-01 | 2        | b
        2015-10-01 | 2        | ''
    """)


@pytest.mark.parametrize(("without", "limited", "share", "qf"), [(5, 49, None, "z"), (5, 50, 1, ""), (4, 39, 1, "")])
def test_referrals_measure_nothing_while_over_a_tenth_of_the_pathways_began_before_there_was_a_limit(
    tables: Tables, without: int, limited: int, share: float | None, qf: str
) -> None:
    """Unless they are of so few persons that nobody may be told how many they are."""
    rows = [f"F{i} | p{i} | SOM | 1516001 | 2015-01-01 | 2015-01-10 | {ENDED} | | 2015-06-01 10:00:00" for i in range(limited)]
    rows += [f"G{i} | q{i} | SOM | 1516001 | 2013-08-31 | 2015-01-10 | {ENDED} | | 2015-06-01 10:00:00" for i in range(without)]
    pathways(tables, "\n".join(rows))
    closed = "\n".join(f"H{i} | p{i} | SOM | 1516001 | 2015-01-10" for i in range(limited))
    tables.given("raw.referrals", "referral_id | person_id | sector | unit_code | closed_date\n" + closed)
    [total] = [r for r in tables.run("core.pathway_count") if r["is_total"]]
    assert (total["completeness_volume_share"], total["qf"]) == (share, qf)


def test_a_month_is_told_once_there_are_both_thresholds_of_completeness(tables: Tables) -> None:
    tables.given("reference.target", """
        indicator            | subject | value | valid_from | valid_to
        completeness_ok      | ALL     | 0.9   | 2014-02-01 | 2014-04-30
        completeness_caution | ALL     | 0.75  | 2014-03-01 | 2014-05-31
    """)  # fmt: skip
    tables.given("raw.referrals", """
        referral_id | person_id | sector | unit_code | closed_date
        H1          | a         | SOM    | 1516001   | 2014-01-15
        H2          | a         | SOM    | 1516001   | 2014-02-15
        H3          | a         | SOM    | 1516001   | 2014-03-15
        H4          | a         | SOM    | 1516001   | 2014-04-15
        H5          | a         | SOM    | 1516001   | 2014-05-15
    """)  # fmt: skip
    found = [r for r in tables.run("core.pathway_count") if r["is_total"]]
    assert found == expect("month | completeness_band\n2014-03-01 | lav\n2014-04-01 | lav")


def test_the_marts_are_the_rows_of_sectors_and_those_of_hospitals(tables: Tables) -> None:
    """Each with all that is counted, and with which count its sector's headline is made of."""
    ended(tables, is_total=True)
    for whole, part, counted in (
        ("marts.udredning_monthly", "marts.udredning_by_hospital", "core.pathway_count"),
        ("marts.udredning_open_monthly", "marts.udredning_open_by_hospital", "core.pathway_open_count"),
    ):
        every = tables.run(counted)
        for mart, is_total in ((whole, True), (part, False)):
            rows = [r for r in every if r["is_total"] is is_total]
            found = tables.run(mart)
            assert len(found) == len(rows) > 1
            for row, of in zip(found, sorted(rows, key=lambda r: (r["month"], r["sector"], r["hospital_code"])), strict=True):
                shared = {n.removeprefix("_"): v for n, v in row.items() if n not in ("_headline", THRESHOLD, WAITED_MONTHS)}
                assert shared == {n: of[n] for n in shared}
    said = {r["sector"]: r["_headline"] for r in tables.run("marts.udredning_by_hospital")}
    assert said == {"SOM": "within_limit_net", "PSY": "within_limit_gross"}


def test_the_completeness_of_a_hospital_is_that_of_its_pathways(tables: Tables) -> None:
    ended(tables, is_total=True)
    assert [r for r in tables.run("marts.completeness_by_hospital") if r["hospital_code"] == "HEH"] == expect("""
        month      | sector | hospital_name   | completeness | numerator | denominator | share       | completeness_band
        2015-02-01 | SOM    | Herlev Hospital | fields       | 7         | 9           | 0.777777778 | varsomhed
        2015-02-01 | SOM    | Herlev Hospital | reason       | 2         | 4           | 0.5         | lav
        2015-02-01 | SOM    | Herlev Hospital | volume       | 7         | 2           | 3.5         | ok
    """)


def test_persons_beside_a_median_and_a_percentile_are_counted_once(tables: Tables) -> None:
    """Nine of one person in ten days, one of another in twenty."""
    rows = [f"F{i} | a | SOM | 1516001 | 2015-01-01 | 2015-01-11 | {ENDED} | | 2015-06-01 10:00:00" for i in range(9)]
    pathways(tables, "\n".join([*rows, f"F9 | b | SOM | 1516001 | 2015-01-01 | 2015-01-21 | {ENDED} | | 2015-06-01 10:00:00"]))
    assert [r for r in tables.run("core.pathway_count") if r["is_total"]] == expect("""
        median_days | p90_days | persons | persons_beside_median | persons_beside_p90
        10          | 10       | 2       | 1                     | 1
    """)
