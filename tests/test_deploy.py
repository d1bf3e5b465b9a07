"""The examples of a host in deploy/: systemd and nginx understand them, and they say what exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.commands.services import CODE_ADDRESS, PORTS, Service
from sources.settings import PROJECT, Settings

DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def program(name: str) -> str:
    """Where a program is that checks syntax; where everything must be there, its absence is a fault."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        assert not os.environ.get("CI"), f"{name} is not installed"
        pytest.skip(f"{name} is not installed: the examples were not checked with it")
    return found


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    """With this project's own program in the place of the example's, since systemd looks whether it is there."""
    copies = []
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/ventetal/.venv/bin/ventetal", f"{Path(sys.prefix) / 'bin' / 'ventetal'}")
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(text, "utf-8")
    done = subprocess.run([program("systemd-analyze"), "verify", "--man=no", *copies], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "ventetal" in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda u: u.stem)
def test_a_service_that_is_taken_over_can_do_little(unit: Path) -> None:
    """The score is systemd's own: 10 is a service that may do anything."""
    done = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", "--no-pager", "--threshold=30", unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert (done.returncode, float(found[1]) < 3) == (0, True), done.stdout


def test_every_service_has_a_unit_with_a_limit_and_no_rights_beyond_its_data() -> None:
    names = {u.name for u in UNITS}
    assert names == {f"ventetal-{s}.service" for s in (*Service, "clean")} | {"ventetal-clean.timer"}
    for unit in (u for u in UNITS if u.suffix == ".service"):
        text = unit.read_text("utf-8")
        command = "clean" if "clean" in unit.name else f"serve {unit.stem.removeprefix('ventetal-')}"
        assert f"ExecStart=/opt/ventetal/.venv/bin/ventetal {command}\n" in text
        for line in ("MemoryMax=", "NoNewPrivileges=yes", "ProtectSystem=strict", "ReadWritePaths=/srv/ventetal\n", "User=ventetal\n"):
            assert line in text, (unit.name, line)


def proxy(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """The command that runs the example's proxy with a certificate of its own, in `folder`; nginx looks up nothing elsewhere."""
    subject = ["-subj", "/CN=ventetal.region.example", "-keyout", folder / "key.pem", "-out", folder / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject], check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for before, after in (("/etc/ssl/ventetal", str(folder)), *changes):
        assert before in text, before
        text = text.replace(before, after)
    (folder / "site.conf").write_text(text, "utf-8")
    whole = f"pid {folder}/pid; daemon off; error_log stderr; events {{}} http {{ access_log off; include {folder}/site.conf; }}"
    (folder / "nginx.conf").write_text(("user root;" if os.geteuid() == 0 else "") + whole, "utf-8")
    return [program("nginx"), "-c", str(folder / "nginx.conf")]


def test_nginx_understands_the_proxy_which_asks_for_a_login_and_leads_to_viewers_alone(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert "auth_basic_user_file" in text
    assert set(re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+);", text)) == {str(PORTS["viewers"])}
    done = subprocess.run([*proxy(tmp_path), "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_services_share_one_code_server_under_the_name_of_the_project() -> None:
    [location] = yaml.safe_load((DEPLOY / "workspace.yaml").read_text("utf-8"))["load_from"]
    [own] = yaml.safe_load((PROJECT / "workspace.yaml").read_text("utf-8"))["load_from"]
    assert location["grpc_server"]["socket"] == {"env": CODE_ADDRESS}
    assert location["grpc_server"]["location_name"] == own["python_module"]["location_name"]


def test_every_setting_of_the_example_is_one_the_code_reads() -> None:
    named = re.findall(r"^(\w+)=", (DEPLOY / "environment.example").read_text("utf-8"), re.MULTILINE)
    known = {str(field.validation_alias or f"VENTETAL_{name.upper()}") for name, field in Settings.model_fields.items()}
    assert "VENTETAL_POSTGRES_URL" in named
    assert set(named) <= known
