"""What a release is to programs that know nothing of it: a Data Package (Frictionless, version 1), a catalogue in DCAT-AP-DK 2.0 (JSON-LD)
and sources of dbt. All three say what contracts say; none is read by the pipeline.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from assets.catalog.declared import MARTS, REFERENCE, Catalog, Table
from assets.lake.files import json_text, write_text
from assets.lake.manifests import Manifest
from assets.releases.database import PACKAGE
from assets.releases.meta import SHOWN, column_comment, table_comment
from assets.releases.semantics import VALID_FROM, labels_of
from sources.contract import Contract
from sources.tree import Region
from sources.vocabulary import Column

DCAT_FILE, SOURCES = "dcat.jsonld", "sources.yml"
# A mart's (first day, last day) of what is final.
Spans = Mapping[str, tuple[str, str]]
_TYPES = {"BIGINT": "integer", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime", "VARCHAR": "string"}
# Words of the European lists that DCAT-AP-DK asks for: https://op.europa.eu/en/web/eu-vocabularies
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_DANISH = {"@id": f"{_AUTHORITY}/language/DAN", "@type": "dct:LinguisticSystem"}
_HEALTH = {
    "@id": f"{_AUTHORITY}/data-theme/HEAL", "@type": "skos:Concept", "skos:prefLabel": {"@value": "Sundhed", "@language": "da"},
}  # fmt: skip
_PARQUET, _MEDIA = f"{_AUTHORITY}/file-type/PARQUET", "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet"
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "owl": "http://www.w3.org/2002/07/owl#", "xsd": "http://www.w3.org/2001/XMLSchema#",
    "foaf": "http://xmlns.com/foaf/0.1/",
}  # fmt: skip


def describe(folder: Path, catalog: Catalog, release: Manifest, tables: set[str], spans: Spans) -> None:
    """Write the three files; `tables` are those of the release."""
    shown = sorted((t for t in catalog.tables.values() if t.name in tables and t.layer in SHOWN), key=lambda t: t.layer)
    titles = {table: label for (column, table), label in labels_of(catalog).items() if column == "table_name"}
    about = Publisher(catalog.tree.region)
    write_text(folder / PACKAGE, json_text(_package(about, release, shown, titles, spans)))
    write_text(folder / DCAT_FILE, json_text(_catalogue(about, catalog, release, [t for t in shown if t.layer == MARTS], titles, spans)))
    write_text(folder / SOURCES, _sources(release, shown))


class Publisher:
    """Who publishes, on which terms, as the settings of the region say; what they do not say is said to be absent."""

    def __init__(self, region: Region | None) -> None:
        self._region = region
        self.id, self.name = (region.id, region.name) if region else ("", "Ikke oplyst")
        self.licence, self.contact = (region.licence, region.contact) if region else (None, None)
        self.address = region.address.rstrip("/") + "/current/" if region and region.address else ""

    @property
    def absent(self) -> str:
        """What nobody has stated, in a sentence; '' where everything is."""
        stated = {"udgiver": self._region, "licens": self.licence, "kontakt": self.contact, "adresse": self.address}
        lacking = [word for word, value in stated.items() if not value]
        return f"Ikke oplyst: {', '.join(lacking)}." if lacking else ""

    def terms(self) -> dict[str, Any]:
        """Licence, contact and address as a Data Package has them."""
        found: dict[str, Any] = {"homepage": self.address} if self.address else {}
        if self.licence:
            found["licenses"] = [{"title": self.licence.name, "path": self.licence.url}]
        if self._region:
            found["contributors"] = [{"title": self.name, "role": "publisher"}]
        if self.contact:
            found["contributors"] += [{"title": self.contact.name, "email": self.contact.email, "role": "contact"}]
        if self._region and self._region.invented:
            found["invented"] = True
        return found


def field(column: Column) -> dict[str, Any]:
    """A column as a table schema has it."""
    said = {"name": column.name, "type": _TYPES.get(column.physicalType, "number"), "title": column.businessName}
    more = {"description": column.description, "unit": column.unit, "aggregate": column.aggregate}
    return {word: value for word, value in (said | more).items() if value}


def _package(about: Publisher, release: Manifest, tables: list[Table], titles: dict[str, str], spans: Spans) -> dict[str, Any]:
    named = {t.contract.id: t.contract for t in tables}
    return {
        "profile": "data-package",
        "name": f"ventetal-{re.sub(r'[^a-z0-9]+', '-', about.id.lower())}".rstrip("-"),
        "title": f"Ventetal, {about.name}",
        "description": " ".join(filter(None, ["Offentliggjorte tal og de opslag, de bygger på.", about.absent])),
        "version": release.release,
        "as_of": release.as_of,
        "absent": about.absent,
        **about.terms(),
        "resources": [_resource(t, titles, spans, named) for t in tables],
    }


def _resource(table: Table, titles: dict[str, str], spans: Spans, named: dict[str, Contract]) -> dict[str, Any]:
    contract, path = table.contract, f"{table.name.replace('.', '/')}.parquet"
    schema: dict[str, Any] = {"fields": [field(c) for c in contract.columns]}
    if contract.key:
        schema["primaryKey"] = contract.key
    keys = [
        # The standard's name for the table itself is ''.
        {"fields": [column], "reference": {"resource": "" if to == contract.id else to, "fields": [there]}}
        for to, column, there in contract.refers_to
        if to in named and VALID_FROM not in named[to].key
    ]
    if keys:
        schema["foreignKeys"] = keys
    said = {"name": contract.id, "title": titles.get(table.name, contract.id), "description": table_comment(contract), "path": path}
    span = {"temporal": dict(zip(("start", "end"), spans[table.name], strict=True))} if table.name in spans else {}
    return {**said, "format": "parquet", "mediatype": "application/vnd.apache.parquet", **span, "schema": schema}


def _catalogue(
    about: Publisher, catalog: Catalog, release: Manifest, marts: list[Table], titles: dict[str, str], spans: Spans
) -> dict[str, Any]:
    urn = f"urn:ventetal:{about.id or 'region'}"
    publisher = {"@id": urn, "@type": "foaf:Agent", "foaf:name": _danish(about.name)}
    kept = {"dct:publisher": publisher, "dct:language": _DANISH, "dct:modified": _day(release.as_of)}
    contact = {"dcat:contactPoint": _contact(about, urn)} if about.contact else {}
    sets = [
        {
            "@id": f"{urn}:{table.contract.id}",
            "@type": "dcat:Dataset",
            "dct:title": _danish(titles.get(table.name, table.contract.id)),
            "dct:description": {"@value": table_comment(table.contract), "@language": "en"},
            "dct:identifier": table.name,
            "dcat:theme": _HEALTH,
            "dcat:keyword": _danish(catalog.declared[table.domain].label) if table.domain in catalog.declared else _danish(table.domain),
            "owl:versionInfo": release.release,
            **({"dct:temporal": _temporal(*spans[table.name])} if table.name in spans else {}),
            **kept,
            **contact,
            "dcat:distribution": _distribution(about, table, urn, titles),
        }
        for table in marts
    ]
    described = " ".join(filter(None, [f"Data er kendt til og med {release.as_of[:10]}.", about.absent]))
    root = {"@id": f"{urn}:catalog", "@type": "dcat:Catalog", "dct:title": _danish(f"Ventetal, {about.name}"), **kept}
    return {"@context": _CONTEXT, **root, "dct:description": _danish(described), "dcat:dataset": sets}


def _distribution(about: Publisher, table: Table, urn: str, titles: dict[str, str]) -> dict[str, Any]:
    file = {"@id": f"{about.address}{table.name.replace('.', '/')}.parquet"}
    licence = {"dct:license": {"@id": about.licence.url, "@type": "dct:LicenseDocument"}} if about.licence else {}
    return {
        "@id": f"{urn}:{table.contract.id}:parquet",
        "@type": "dcat:Distribution",
        "dct:title": _danish(f"{titles.get(table.name, table.contract.id)} (Parquet)"),
        "dcat:accessURL": file,
        "dcat:downloadURL": file,
        "dct:format": {"@id": _PARQUET, "@type": "dct:MediaTypeOrExtent"},
        "dcat:mediaType": {"@id": _MEDIA, "@type": "dct:MediaType"},
        **licence,
    }


def _contact(about: Publisher, urn: str) -> dict[str, Any]:
    assert about.contact
    email = {"vcard:hasEmail": {"@id": f"mailto:{about.contact.email}"}}
    return {"@id": f"{urn}:contact", "@type": "vcard:Kind", "vcard:fn": about.contact.name, **email}


def _temporal(start: str, end: str) -> dict[str, Any]:
    return {"@type": "dct:PeriodOfTime", "dcat:startDate": _day(start), "dcat:endDate": _day(end)}


def _day(text: str) -> dict[str, str]:
    return {"@value": text[:10], "@type": "xsd:date"}


def _danish(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "da"}


def _sources(release: Manifest, tables: list[Table]) -> str:
    """The layers as two sources of the database that is attached as `ventetal`."""
    sources = [
        {"name": layer, "database": "ventetal", "schema": layer, "tables": list(_tables(t for t in tables if t.layer == layer))}
        for layer in (MARTS, REFERENCE)
    ]
    said = {"version": 2, "sources": [s for s in sources if s["tables"]]}
    head = f"# Release {release.release}. In dbt-duckdb: attach its ventetal.duckdb as `ventetal`, read_only.\n"
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return head + str(yaml.dump(said, Dumper=dumper, allow_unicode=True, sort_keys=False, width=140))


def _tables(tables: Iterator[Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        columns = [
            {"name": c.name, "description": column_comment(c, c.businessName), "data_type": c.physicalType.lower()}
            for c in table.contract.columns
        ]
        yield {"name": table.contract.id, "description": table_comment(table.contract), "columns": columns}
