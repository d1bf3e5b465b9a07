"""Redirected treatments: which hospital, which service, which provider, and when a month is told."""

import pytest

from tests.drawn import Tables, expect

RAW = "redirection_id | person_id | redirected_date | unit_code | provider_id | agreement_type | expected_code"


def redirections(tables: Tables, rows: str) -> None:
    tables.given("raw.redirections", RAW + "\n" + rows)


@pytest.mark.parametrize(
    ("unit", "day", "hospital"),
    [
        ("1516001", "2015-05-09", "HEH"),
        ("1516001", "2015-05-10", "HGH"),
        ("1501001", "2015-05-09", "GEH"),
        ("1501001", "2015-05-10", "HGH"),
        ("1502001", "2015-09-05", "GLO"),
        ("1502001", "2015-09-06", "RH"),
        ("1502060", "2015-09-05", "GLO"),
        ("1502060", "2015-09-06", "HVH"),
        ("150206", "2015-12-06", "AHH"),
        ("1502070", "2015-12-06", "RH"),
        ("1309001", "2011-12-31", "BBH"),
        ("1309001", "2012-01-01", "BFH"),
        ("1401001", "2015-03-01", "BFH"),
        ("1301001", "2015-09-05", "RHB"),
        ("1301001", "2015-09-06", "RH"),
        ("1330001", "2015-12-05", "HVH"),
        ("1330001", "2015-12-06", "AHH"),
        ("9999", "2015-03-01", "UNMAPPED"),
    ],
)
def test_a_unit_belongs_to_the_hospital_of_the_day_and_the_longest_beginning_counts(
    tables: Tables, unit: str, day: str, hospital: str
) -> None:
    redirections(tables, f"A0000001 | p | {day} | {unit} | P001 | DUF | KCJ")
    assert tables.run("core.redirection") == expect(f"hospital_code\n{hospital}")


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("KCJE20", "ØJNE"),
        ("KDEB10", "ØRE_NÆSE_HALS"),
        ("KEMB10", "ØRE_NÆSE_HALS"),
        ("KEAA00", "ØVRIGE"),
        ("UXMA10", "RADIOLOGI"),
        ("KNGD11", "ØVRIGE"),
        ("", "UDEN_KODE"),
    ],
)
def test_a_code_belongs_to_its_group_and_no_code_to_uden_kode(tables: Tables, code: str, group: str) -> None:
    redirections(tables, f"A0000001 | p | 2015-03-01 | 1516001 | P001 | DUF | {code}")
    assert tables.run("core.redirection") == expect(f"service_group\n{group}")


def test_a_code_belongs_to_the_group_of_the_day_and_to_none_where_none_is_in_force(tables: Tables) -> None:
    tables.given("reference.service_group", """
        code_prefix | service_group | valid_from | valid_to
        KC          | ØJNE          | 2015-01-01 | 2015-03-31
        KC          | SYN           | 2015-04-01 | 2015-05-31
        KCJ         | LINSER        | 2015-05-01 | 2015-05-31
        UX          | RADIOLOGI     | 2015-01-01 | 2015-12-31
    """)  # fmt: skip
    redirections(tables, """
        A0000001 | p | 2014-12-31 | 1516001 | P001 | DUF | KCJE
        A0000002 | p | 2015-01-01 | 1516001 | P001 | DUF | KCJE
        A0000003 | p | 2015-03-31 | 1516001 | P001 | DUF | KCJE
        A0000004 | p | 2015-03-31 | 1516001 | P001 | DUF | UXMA
        A0000005 | p | 2015-04-01 | 1516001 | P001 | DUF | KCJE
        A0000006 | p | 2015-05-31 | 1516001 | P001 | DUF | KCJE
        A0000007 | p | 2015-06-01 | 1516001 | P001 | DUF | KCJE
    """)  # fmt: skip
    assert sorted(tables.run("core.redirection"), key=lambda r: r["redirection_id"]) == expect("""
        redirected_date | expected_code | service_group
        2014-12-31      | KCJE          |
        2015-01-01      | KCJE          | ØJNE
        2015-03-31      | KCJE          | ØJNE
        2015-03-31      | UXMA          | RADIOLOGI
        2015-04-01      | KCJE          | SYN
        2015-05-31      | KCJE          | LINSER
        2015-06-01      | KCJE          |
    """)


def test_the_parts_of_a_month_are_told_once_it_is_final_and_a_month_that_no_delivery_covers_is_none(tables: Tables) -> None:
    redirections(tables, """
        A0000001 | p1 | 2015-02-10 | 1516001 | P001 | DUF        | KCJ
        A0000002 | p2 | 2015-02-11 | 1516001 | P001 | REGION_OWN | KCJ
        A0000003 | p2 | 2015-03-11 | 1516001 | P001 | REGION_OWN | KCJ
        A0000004 | p2 | 2025-03-11 | 1516001 | P001 | REGION_OWN | KCJ
    """)  # fmt: skip
    tables.covers("redirections", "2015-02", "2015-03", final="2015-02")
    assert tables.run("marts.redirection_monthly") == expect("""
        month      | agreement_type | is_total | treatments | persons | treatments_share | is_provisional | qf
        2015-02-01 | ALL            | yes      | 2          | 2       | 1                | no             | ''
        2015-02-01 | DUF            | no       | 1          | 1       | 0.5              | no             | ''
        2015-02-01 | REGION_OWN     | no       | 1          | 1       | 0.5              | no             | ''
        2015-03-01 | ALL            | yes      | 1          | 1       | 1                | yes            | p
    """)
    assert tables.run("marts.redirection_by_hospital") == expect("month | hospital_code\n2015-02-01 | HEH")


def test_services_stand_beside_the_same_month_a_year_before(tables: Tables) -> None:
    redirections(tables, """
        A0000001 | p1 | 2014-01-10 | 1516001 | P001 | DUF | KCJ
        A0000002 | p2 | 2014-01-11 | 1516001 | P001 | DUF | KCJ
        A0000003 | p3 | 2015-01-11 | 1516001 | P001 | DUF | KCJ
        A0000004 | p4 | 2015-01-11 | 1516001 | P001 | DUF | UXM
    """)  # fmt: skip
    assert tables.run("marts.redirection_by_service_group") == expect("""
        month      | service_group | treatments | treatments_share | treatments_year_before
        2014-01-01 | ØJNE          | 2          | 1                |
        2015-01-01 | RADIOLOGI     | 1          | 0.5              | 0
        2015-01-01 | ØJNE          | 1          | 0.5              | 2
    """)


def test_a_hospital_is_shown_as_it_was_and_as_it_has_become_by_the_newest_extract(tables: Tables) -> None:
    redirections(tables, "A0000001 | p1 | 2015-03-10 | 1502001 | P001 | DUF | KCJ")
    tables.covers("redirections", "2015-03", "2015-04", final="2015-03", known_until="2015-05-02")
    row = "hospital_code | hospital_name     | hospital_now_code | hospital_now_name\n"
    assert tables.run("marts.redirection_by_hospital") == expect(row + "GLO | Glostrup Hospital | GLO | Glostrup Hospital")
    tables.covers("redirections", "2015-03", "2015-04", final="2015-03", known_until="2015-09-06")
    assert tables.run("marts.redirection_by_hospital") == expect(row + "GLO | Glostrup Hospital | RH | Rigshospitalet")


def received(tables: Tables, **providers: str) -> None:
    """Treatments in March 2015: for each provider the persons as letters, one letter a treatment."""
    rows = [(p, person) for p, persons in providers.items() for person in persons]
    redirections(tables, "\n".join(
        f"A{i:07d} | {person} | 2015-03-10 | 1516001 | {p} | DUF | KCJ" for i, (p, person) in enumerate(rows)
    ))  # fmt: skip


def shown(tables: Tables) -> dict[str, tuple[int, int]]:
    return {r["provider_id"]: (r["treatments"], r["providers"]) for r in tables.run("marts.redirection_by_provider")}


def test_the_ten_largest_are_named_and_the_others_stand_together(tables: Tables) -> None:
    received(tables, **{f"P{i:03d}": "abcdefghijklmnopqrstuvwxyz"[: 20 - i] for i in range(1, 13)})
    found = shown(tables)
    assert len(found) == 11
    assert found["ØVRIGE"] == (9 + 8, 2)
    assert found["P010"] == (10, 1)


def test_a_provider_with_four_persons_is_not_named_however_many_treatments_it_gave(tables: Tables) -> None:
    received(tables, P001="abcdef", P002="aaabbbcccddd", P003="abcdefgh")
    assert shown(tables) == {"P003": (8, 1), "ØVRIGE": (18, 2)}


def test_the_smallest_named_one_joins_others_too_few_to_be_a_crowd(tables: Tables) -> None:
    received(tables, P001="abcde", P002="abcdefgh", P003="ab", P004="ab")
    assert shown(tables) == {"P002": (8, 1), "ØVRIGE": (9, 3)}


def quarter(tables: Tables, *months: dict[str, str]) -> dict[str, dict[str, int]]:
    """Treatments in the months of a quarter, persons as letters by provider; what is told of each period by provider."""
    rows = [(p, person, m) for m, providers in enumerate(months, 1) for p, persons in providers.items() for person in persons]
    redirections(tables, "\n".join(
        f"A{i:07d} | {person} | 2015-{m:02d}-10 | 1516001 | {p} | DUF | KCJ" for i, (p, person, m) in enumerate(rows)
    ))  # fmt: skip
    told: dict[str, dict[str, int]] = {}
    for row in tables.run("marts.redirection_by_provider"):
        told.setdefault(f"{row['period_type']} {row['period_start']:%m}", {})[row["provider_id"]] = row["treatments"]
    return told


CROWD = {"P101": "abc", "P102": "def", "P103": "ghi"}
EIGHT = {f"P{i:03d}": "abcdefghijklmnopqrstuvwxyz"[: 26 - i] for i in range(1, 9)}


def test_a_quarter_names_its_ten_largest_though_one_had_a_small_month_and_hides_a_second_month_of_it(tables: Tables) -> None:
    ten = {**EIGHT, "P009": "abcdefghij", "P010": "abcdefgh"}
    told = quarter(tables, ten | CROWD, {**ten, "P010": "abcdefg"} | CROWD, {**ten, "P010": "ab"} | CROWD)
    assert set(told["quarter 01"]) == {*ten, "ØVRIGE"}
    assert told["quarter 01"]["P010"] == 8 + 7 + 2
    assert [("P010" in told[f"month {m}"]) for m in ("01", "02", "03")] == [True, False, False]
    assert told["month 02"]["ØVRIGE"] == 7 + 9


@pytest.mark.parametrize("last", ["abcdefg", "abcdefgh"])
def test_of_months_alike_the_first_is_hidden(tables: Tables, last: str) -> None:
    ten = {**EIGHT, "P009": "abcdefghij"}
    told = quarter(tables, ten | {"P010": "ab"} | CROWD, {**ten, "P010": "abcdefg"} | CROWD, {**ten, "P010": last} | CROWD)
    assert [("P010" in told[f"month {m}"]) for m in ("01", "02", "03")] == [False, False, True]


def test_a_quarter_does_not_name_a_receiver_of_four_persons_however_many_treatments_it_gave(tables: Tables) -> None:
    many = {"P050": "abcd" * 20}
    told = quarter(tables, EIGHT | many | CROWD, EIGHT | many | CROWD, EIGHT | many | CROWD)
    assert set(told["quarter 01"]) == {*EIGHT, "ØVRIGE"}


def test_the_eleventh_of_each_month_may_be_the_tenth_of_a_quarter(tables: Tables) -> None:
    """P020 is large in one month alone; P010 is eleventh then, but larger in all."""
    ten = {**EIGHT, "P009": "abcdefghij", "P010": "abcdefgh"}
    told = quarter(tables, ten | CROWD, {**ten, "P020": "abcdefghi"} | CROWD, ten | CROWD)
    assert "P010" in told["quarter 01"] and "P020" not in told["quarter 01"]
    assert [("P010" in told[f"month {m}"]) for m in ("01", "02", "03")] == [True, False, True], "eight persons give nobody away"


def test_a_quarter_without_a_crowd_behind_its_others_is_told_as_its_months_are(tables: Tables) -> None:
    rows = []
    for month, providers in ((1, "P001 P002"), (2, "P001 P002"), (3, "P001")):
        for p in providers.split():
            rows += [(p, person, month) for person in "abcdefg"]
    rows += [("P002", "a", 3), ("P003", "b", 3), ("P003", "c", 3), ("P003", "d", 3), ("P003", "e", 3)]
    redirections(tables, "\n".join(
        f"A{i:07d} | {person} | 2015-{month:02d}-10 | 1516001 | {p} | DUF | KCJ" for i, (p, person, month) in enumerate(rows)
    ))  # fmt: skip
    found = [(r["provider_id"], r["treatments"]) for r in tables.run("marts.redirection_by_provider") if r["period_type"] == "quarter"]
    assert found == [("P001", 21), ("ØVRIGE", 19)]
