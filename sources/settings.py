"""What the environment says: every setting of a region, read here and nowhere else, and where the project lies.

Cheap to import: Dagster's own processes do it too.
"""

import difflib
import os
import pwd
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from sources.errors import WrongUsage

PREFIX = "VENTETAL_"
PRODUCTION = "production"
DUCKDB, SPARK = "duckdb", "spark"
_HERE = Path(__file__).resolve().parent.parent
# A checkout has its files around its modules; an installed copy has them in a folder of its own beside those.
IS_CHECKOUT = (_HERE / "pyproject.toml").is_file()
PROJECT = _HERE if IS_CHECKOUT else _HERE / "ventetal"


class Settings(BaseSettings):
    """The settings as texts; what they mean is for who asks. Secrets are never shown."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

    data: str = Field(default="", description="Where landing, lake, releases and reports lie; data/ of a checkout.")
    region: str = Field(default="", description="The folder with what the region has of its own.")
    as_of: str = Field(default="", description="The time a run takes for now.")
    env: str = Field(default="", description="production, which refuses the demo key, or nothing.")
    pseudonym_key: str = Field(default="", repr=False, description="The region's secret, at least 32 bytes.")
    pseudonym_key_file: str = Field(default="", description="A file that holds it.")
    signing_key_file: str = Field(default="", description="A file with the Ed25519 key (PEM) that releases are signed with.")
    memory_limit: str = Field(default="4GB", description="Memory of one DuckDB connection.")
    reader_memory_limit: str = Field(default="1GiB", description="Memory of a process that reads delivered files.")
    spill_limit: str = Field(default="100GB", description="Room on disk for what does not fit.")
    slack_webhook: str = Field(default="", repr=False, description="Incoming webhook that is told what needs a person.")
    teams_webhook: str = Field(default="", repr=False, description="The same for Teams.")
    smtp_url: str = Field(default="", repr=False, description="Mail server that is told, like smtp+starttls://user:password@host.")
    mail_from: str = Field(default="", description="Sender of such mail.")
    mail_to: str = Field(default="", description="Its recipients.")
    engine: str = Field(default="", description="What reads and computes: duckdb, or spark on a cluster (deploy/spark.md).")
    spark_master: str = Field(default="", description="The cluster's address; what Spark's own configuration says.")
    schedule: str = Field(default="", description="Cron of the night.")
    postgres_url: str = Field(default="", repr=False, description="Dagster's records in Postgres; SQLite beside the data.")
    code_socket: str = Field(default="", description="Socket of the code server; dagster/code.sock of the data.")
    sudo_user: str = Field(default="", validation_alias="SUDO_USER", description="Who became another to run this, as sudo says.")
    dagster_home: str = Field(default="", validation_alias="DAGSTER_HOME", description="A Dagster instance of your own making.")


def mistyped() -> list[str]:
    """Sentences about what the environment says that looks like a setting and is none."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    said = ((name, difflib.get_close_matches(name, known, 1, 0.8)) for name in os.environ if name.startswith(PREFIX) and name not in known)
    # Another word at the end is another word, not a slip.
    return [f"{name} is no setting; is {near[0]} meant?" for name, near in said if near and abs(len(name) - len(near[0])) <= 2]


def settings() -> Settings:
    """What the environment says now. Raises WrongUsage where production may have been meant and is not said, and for an engine that there
    is not.
    """
    said = _said(frozenset(os.environ.items()))
    if said.env not in ("", PRODUCTION):
        raise WrongUsage(f"{PREFIX}ENV is {said.env!r}; it is {PRODUCTION}, or not set where persons are invented.")
    if said.engine not in ("", DUCKDB, SPARK):
        raise WrongUsage(f"{PREFIX}ENGINE is {said.engine!r}; it is {DUCKDB} or {SPARK}.")
    return said


@lru_cache(maxsize=1)
def _said(environment: frozenset[tuple[str, str]]) -> Settings:
    """Of an environment that has not changed they are not read again: every connection asks."""
    return Settings()


def data_root() -> Path:
    """Where deliveries, lake and releases lie. Raises WrongUsage in an installed copy that has not been told."""
    said = settings().data
    if not said and not IS_CHECKOUT:
        raise WrongUsage(f"Say where the data shall lie: set {PREFIX}DATA to a folder that only the operator may read.")
    return Path(said or PROJECT / "data").absolute()


def operator() -> str:
    """The operating system's name of who runs this process; of who became another for it, that one's."""
    own = os.getuid()
    try:
        name = pwd.getpwuid(own).pw_name
    except KeyError:
        name = str(own)
    came_as = settings().sudo_user
    return f"{came_as} as {name}" if came_as and came_as != name else name
