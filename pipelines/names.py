"""What things are called in Dagster: by its UI, its records and the services of a host."""

JOB = "nightly"
LOCATION = "ventetal"
RELEASE = "release"
