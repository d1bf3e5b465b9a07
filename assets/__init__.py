"""What the pipeline makes. At this root is all of Dagster there is: an asset for each extract and domain, the release,
the report, a preview of changes.

Below are rooms that know nothing of Dagster. Each may use those after it: report, releases, alerts, tables, deliveries, catalog,
lake. Not here: when things run (`pipelines`).
"""
