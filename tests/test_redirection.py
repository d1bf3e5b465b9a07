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
        month      | treatments | persons | is_provisional | qf
        2015-02-01 | 2          | 2       | no             | ''
        2015-03-01 | 1          | 1       | yes            | p
    """)
    assert tables.run("marts.redirection_by_agreement") == expect("""
        month      | agreement_type | treatments | treatments_share | qf
        2015-02-01 | DUF            | 1          | 0.5              | ''
        2015-02-01 | REGION_OWN     | 1          | 0.5              | ''
    """)
    assert tables.run("marts.redirection_by_hospital") == expect("month | hospital_code\n2015-02-01 | HEH")
    assert tables.run("marts.redirection_by_service_group") == expect("month | service_group\n2015-02-01 | ØJNE")
    assert tables.run("core.provider_count") == expect("period_start | provider_id\n2015-02-01 | P001\n2015-02-01 | ØVRIGE")


def test_services_stand_beside_the_same_month_a_year_before(tables: Tables) -> None:
    redirections(tables, """
        A0000001 | p1 | 2014-01-10 | 1516001 | P001 | DUF | KCJ
        A0000002 | p2 | 2014-01-11 | 1516001 | P001 | DUF | KCJ
        A0000003 | p3 | 2015-01-11 | 1516001 | P001 | DUF | KCJ
        A0000004 | p4 | 2015-01-11 | 1516001 | P001 | DUF | UXM
    """)  # fmt: skip
    tables.covers("redirections", "2014-01", "2015-12")
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


def shown(tables: Tables, period: str = "month") -> dict[str, tuple[int, int]]:
    rows = [r for r in tables.run("core.provider_count") if r["period_type"] == period and r["part_of"] is None]
    return {r["provider_id"]: (r["treatments"], r["providers"]) for r in rows}


def test_the_ten_largest_are_named_and_the_others_stand_together(tables: Tables) -> None:
    received(tables, **{f"P{i:03d}": "abcdefghijklmnopqrstuvwxyz"[: 20 - i] for i in range(1, 13)})
    found = shown(tables)
    assert len(found) == 11
    assert found["ØVRIGE"] == (9 + 8, 2)
    assert found["P010"] == (10, 1)


def test_of_providers_that_received_alike_the_first_are_named(tables: Tables) -> None:
    received(tables, **{f"P{i:03d}": "abcdef" for i in range(12, 0, -1)})
    assert sorted(shown(tables)) == [f"P{i:03d}" for i in range(1, 11)] + ["ØVRIGE"]


def test_a_provider_with_four_persons_is_not_named_however_many_treatments_it_gave(tables: Tables) -> None:
    received(tables, P001="abcdef", P002="aaabbbcccddd", P003="abcdefgh")
    assert shown(tables) == {"P003": (8, 1), "P001": (6, 1), "ØVRIGE": (12, 1)}


def test_others_say_how_many_persons_they_are_and_who_is_part_of_them(tables: Tables) -> None:
    received(tables, P001="abcdefgh", P002="aabc", P003="cd")
    tables.covers("redirections", "2015-03", "2015-03")
    assert tables.run("core.provider_count") == expect("""
        period_type | provider_id | treatments | treatments_share | persons | providers | part_of
        month       | P001        | 8          | 0.571428571      | 8       | 1         |
        month       | P002        | 4          | 0.285714286      | 3       | 1         | ØVRIGE
        month       | P003        | 2          | 0.142857143      | 2       | 1         | ØVRIGE
        month       | ØVRIGE      | 6          | 0.428571429      | 4       | 2         |
    """)


def quarter(tables: Tables, *months: dict[str, str]) -> None:
    """Treatments in the months of a quarter, persons as letters by provider."""
    rows = [(p, person, m) for m, providers in enumerate(months, 1) for p, persons in providers.items() for person in persons]
    redirections(tables, "\n".join(
        f"A{i:07d} | {person} | 2015-{m:02d}-10 | 1516001 | {p} | DUF | KCJ" for i, (p, person, m) in enumerate(rows)
    ))  # fmt: skip


def test_a_quarter_names_its_own_ten_largest_whatever_their_months(tables: Tables) -> None:
    """P020 is large in one month alone; P010 is eleventh then, and has a month of two persons, but is larger in all."""
    nine = {f"P{i:03d}": "abcdefghijklmnopqrstuvwxyz"[: 26 - i] for i in range(1, 10)}
    quarter(tables, {**nine, "P010": "abcdefgh"}, {**nine, "P010": "abcdefgh", "P020": "abcdefghi"}, {**nine, "P010": "ab"})
    assert shown(tables, "quarter")["P010"] == (18, 1)
    assert shown(tables, "quarter")["ØVRIGE"] == (9, 1)
    assert tables.run("marts.redirection_by_provider_quarterly")[0]["quarter"].isoformat() == "2015-01-01"


@pytest.mark.parametrize(("persons", "named"), [("abcd", False), ("abcde", True)])
def test_a_quarter_names_a_receiver_of_five_persons(tables: Tables, persons: str, named: bool) -> None:
    many = {"P001": "abcdefghij", "P050": persons * 20}
    quarter(tables, many, many, many)
    assert ("P050" in shown(tables, "quarter")) is named


def test_a_quarter_is_told_once_its_three_months_are_final(tables: Tables) -> None:
    quarter(tables, {"P001": "abcdefgh"}, {"P001": "abcdefgh"}, {"P001": "abcdefgh"})
    tables.covers("redirections", "2015-01", "2015-03", final="2015-02")
    assert shown(tables, "quarter") == {}
    assert tables.run("marts.redirection_hospital_service_quarterly") == []
    assert tables.run("marts.redirection_hospital_provider_quarterly") == []
    tables.given_names -= {"core.provider_count"}
    tables.covers("redirections", "2015-01", "2015-03")
    assert shown(tables, "quarter") == {"P001": (24, 1)}


def test_every_hospital_of_a_quarter_meets_every_service_and_every_receiver_of_it(tables: Tables) -> None:
    rows = [("1516001", "P001", "KCJ", "abcdef"), ("2000", "P002", "UXM", "abcdefg"), ("2000", "P003", "UXM", "ab")]
    treatments = [(unit, provider, code, person) for unit, provider, code, persons in rows for person in persons]
    redirections(tables, "\n".join(
        f"A{i:07d} | {person} | 2015-0{1 + i % 3}-10 | {unit} | {p} | DUF | {code}" for i, (unit, p, code, person) in enumerate(treatments)
    ))  # fmt: skip
    assert tables.run("marts.redirection_hospital_service_quarterly") == expect("""
        quarter    | hospital_code | service_group | treatments | _persons
        2015-01-01 | HEH           | RADIOLOGI     | 0          |
        2015-01-01 | HEH           | ØJNE          | 6          | 6
        2015-01-01 | NOH           | RADIOLOGI     | 9          | 7
        2015-01-01 | NOH           | ØJNE          | 0          |
    """)
    assert tables.run("marts.redirection_hospital_provider_quarterly") == expect("""
        quarter    | hospital_code | provider_id | treatments | _persons
        2015-01-01 | HEH           | P001        | 6          | 6
        2015-01-01 | HEH           | P002        | 0          |
        2015-01-01 | HEH           | ØVRIGE      | 0          |
        2015-01-01 | NOH           | P001        | 0          |
        2015-01-01 | NOH           | P002        | 7          | 7
        2015-01-01 | NOH           | ØVRIGE      | 2          | 2
    """)


def test_each_quarter_has_its_own_cells(tables: Tables) -> None:
    """The same hospital, service and receiver in two quarters."""
    rows = [(month, person) for month, persons in ((2, "abcdefgh"), (5, "abcdef")) for person in persons]
    redirections(tables, "\n".join(
        f"A{i:07d} | {person} | 2015-{m:02d}-10 | 2000 | P001 | DUF | KCJ" for i, (m, person) in enumerate(rows)
    ))  # fmt: skip
    expected = "quarter | hospital_code | treatments | _persons\n2015-01-01 | NOH | 8 | 8\n2015-04-01 | NOH | 6 | 6"
    assert tables.run("marts.redirection_hospital_service_quarterly") == expect(expected)
    assert tables.run("marts.redirection_hospital_provider_quarterly") == expect(expected)


def test_the_marts_of_receivers_are_the_rows_of_months_and_those_of_quarters(tables: Tables) -> None:
    many = {"P001": "abcdefgh", "P002": "abcdef", "P003": "ab"}
    quarter(tables, many, many, {"P001": "abcdefghij"})
    rows = """
        {}         | provider_id | treatments | treatments_share | providers | _persons | _part_of | _at_least
    """
    month = (
        rows.format("month")
        + """
        2015-01-01 | P001        | 8          | 0.5              | 1         | 8        |          | 5
        2015-01-01 | P002        | 6          | 0.375            | 1         | 6        |          | 5
        2015-01-01 | P003        | 2          | 0.125            | 1         | 2        | ØVRIGE   | 1
        2015-01-01 | ØVRIGE      | 2          | 0.125            | 1         | 2        |          | 1
    """
    )
    assert [r for r in tables.run("marts.redirection_by_provider") if f"{r['month']:%m}" == "01"] == expect(month)
    assert tables.run("marts.redirection_by_provider_quarterly") == expect(rows.format("quarter") + """
        2015-01-01 | P001        | 26         | 0.619047619      | 1         | 10       |          | 5
        2015-01-01 | P002        | 12         | 0.285714286      | 1         | 6        |          | 5
        2015-01-01 | P003        | 4          | 0.095238095      | 1         | 2        | ØVRIGE   | 1
        2015-01-01 | ØVRIGE      | 4          | 0.095238095      | 1         | 2        |          | 1
    """)  # fmt: skip


def test_where_no_threshold_is_in_force_the_ten_largest_stand_by_name_and_protection_shows_none(tables: Tables) -> None:
    tables.given("reference.disclosure_threshold", "persons | valid_from | valid_to\n5 | 2016-01-01 | 2016-12-31")
    received(tables, **{f"P{i:03d}": "abcdefghijklmnopqrstuvwxyz"[: 20 - i] for i in range(1, 13)})
    found = shown(tables)
    assert (len(found), found["ØVRIGE"]) == (11, (9 + 8, 2))
    assert {r["at_least"] for r in tables.run("core.provider_count") if r["provider_id"] != "ØVRIGE"} == {1}


def test_a_receiver_is_called_as_it_was_in_the_period(tables: Tables) -> None:
    tables.given("reference.provider", """
        provider_id | provider_name | valid_from | valid_to
        P001        | Før           | 2007-01-01 | 2015-02-28
        P001        | Nu            | 2015-03-01 | 2099-12-31
    """)  # fmt: skip
    quarter(tables, {"P001": "abcdefgh"}, {"P001": "abcdefgh"}, {"P001": "abcdefgh"})
    assert tables.run("core.provider_count") == expect("""
        period_type | period_start | provider_name | at_least
        month       | 2015-01-01   | Før           | 5
        month       | 2015-02-01   | Før           | 5
        month       | 2015-03-01   | Nu            | 5
        quarter     | 2015-01-01   | Før           | 5
    """)
