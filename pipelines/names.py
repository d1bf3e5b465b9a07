"""What things are called in Dagster: by its UI, its records and the services of a host."""

JOB = "nightly"
LOCATION = "ventetal"
RELEASE = "release"
# An asset has a name of its own: Dagster wants those of jobs and assets apart.
PREVIEW_JOB = "preview_changes"
