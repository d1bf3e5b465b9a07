"""What a page of somebody else's can do in the browser of an operator or a viewer: nothing, at Dagster's own door or at the proxy's.

Requests are those that browsers send, over sockets of our own: no library lets one set Host and Origin. The proxy leads to the server
of `ventetal ui` here, who may change things, so that a change that gets through is seen.
"""

import json
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pipelines.commands.services import PORTS
from tests.host import environment, ui, until
from tests.listeners import free_port
from tests.test_deploy import proxy

LOGIN = {"Authorization": f"Basic {b64encode(b'viewer:x').decode()}"}
SHOWN = "{ instance { concurrencyLimits { concurrencyKey } } }"


def change(key: str) -> str:
    """A change that shows, under a name of its own."""
    return f'mutation {{ setConcurrencyLimit(concurrencyKey: "{key}", limit: 7) }}'


@dataclass(frozen=True)
class Site:
    """Where pages of Dagster's lie: as a browser names it, and how it is reached."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @property
    def origin(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.host}"

    def send(self, method: str, target: str, body: str = "", **headers: str) -> tuple[int, str]:
        """(status, the whole answer) of a request; `_` in the name of a header is a hyphen. One that is '' is not sent."""
        said = {"Host": self.host, "Connection": "close", "Content-Length": str(len(body)), **LOGIN}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items() if value)]
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        if self.tls:
            line = self.tls.wrap_socket(line, server_hostname=self.host)
        with line:
            line.sendall("\r\n".join([*lines, "", body]).encode())
            answer = b"".join(iter(lambda: line.recv(65536), b"")).decode()
        return int(answer.split()[1]), answer

    def ask(self, query: str, **headers: str) -> tuple[int, str]:
        """As Dagster's own pages ask."""
        return self.send("POST", "/graphql", json.dumps({"query": query}), **{"Content_Type": "application/json", **headers})

    def change_by_web_socket(self, key: str, origin: str | None) -> None:
        """As Dagster's pages do it. Raises InvalidStatus where the door stays shut."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        url = f"{self.origin.replace('http', 'ws')}/graphql"
        asked = {"type": "start", "id": "1", "payload": {"query": change(key)}}
        with connect(url, sock=line, ssl=self.tls, origin=origin, subprotocols=["graphql-ws"], additional_headers=LOGIN) as opened:
            for said in ({"type": "connection_init"}, asked):
                opened.send(json.dumps(said))
                opened.recv(30)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    folder, port = tmp_path_factory.mktemp("doors"), free_port()
    (folder / "viewers").write_text("viewer:{PLAIN}x\n")
    with ui(environment(folder / "data")) as url:
        own = Site(url.removeprefix("http://"), int(url.rpartition(":")[2]))
        changes = (("listen 443", f"listen 127.0.0.1:{port}"), (f":{PORTS['viewers']};", f":{own.port};"))
        process = subprocess.Popen(proxy(folder, *changes, ("/etc/ventetal/viewers.htpasswd", str(folder / "viewers"))))
        try:
            far = Site("ventetal.region.example", port, ssl._create_unverified_context())
            until(lambda: not socket.socket().connect_ex(("127.0.0.1", port)), 30, "the proxy listens")
            yield {"dagster": own, "proxy": far}
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(params=["dagster", "proxy"])
def site(request: pytest.FixtureRequest, sites: dict[str, Site]) -> Iterator[Site]:
    """A site on which none of a test's changes may have been made."""
    found = sites[request.param]
    yield found
    assert "foreign" not in found.ask(SHOWN, Origin=found.origin)[1]


def test_our_own_pages_and_programs_are_answered(site: Site) -> None:
    for number, headers in enumerate(({"Origin": site.origin}, {})):
        key = f"own-{number}-{bool(site.tls)}"
        assert site.ask(change(key), **headers)[0] == 200
        assert key in site.ask(SHOWN, **headers)[1]
    assert site.send("GET", "/")[0] == site.send("GET", "/server_info", Origin=site.origin)[0] == 200
    site.change_by_web_socket("own", site.origin)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/plain; a=application/json", "application/graphql", ""])
@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "{own}.evil.example", "http://127.0.0.1:8888", "http://localhost", "https://127.0.0.1", "{own}/"],
)
def test_a_foreign_page_is_not_answered_whatever_it_sends(site: Site, origin: str, kind: str) -> None:
    sent = {"Origin": origin.replace("{own}", site.origin), "Content_Type": kind}
    for method, target, body in (
        ("POST", "/graphql", json.dumps({"query": change("foreign")})),
        ("POST", "/graphql", change("foreign")),
        ("POST", f"/graphql?query={quote(change('foreign'))}", ""),
        ("GET", f"/graphql?query={quote(change('foreign'))}", ""),
        ("POST", "/report_asset_materialization/foreign", "{}"),
        ("OPTIONS", "/graphql", ""),
    ):
        status, answer = site.send(method, target, body, **sent)
        assert status == 403, answer
        assert "access-control-allow" not in answer.lower()


@pytest.mark.parametrize("begun_by", ["cross-site", "same-site"])
def test_what_another_site_began_changes_nothing_though_it_names_no_page(site: Site, begun_by: str) -> None:
    for target in ("/graphql", "/report_asset_materialization/foreign"):
        body = json.dumps({"query": change("foreign")})
        assert site.send("POST", target, body, Content_Type="application/json", Sec_Fetch_Site=begun_by)[0] == 403
    assert site.send("GET", "/", Sec_Fetch_Site=begun_by)[0] == 200


def test_a_change_is_made_by_no_request_that_needs_no_leave(site: Site) -> None:
    """No Origin: what an image, a link, a form of an old browser sends."""
    asked = quote(change("foreign"))
    several = json.dumps([{"query": change("foreign")}])
    for method, target, body, kind in (
        ("GET", f"/graphql?query={asked}", "", ""),
        ("GET", f"/%67raphql?query={asked}", "", ""),
        ("GET", f"/./graphql?query={asked}", "", ""),
        ("GET", f"//graphql?query={asked}", "", ""),
        ("GET", f"/graphql/?query={asked}", "", ""),
        ("GET", f"/graphql?operationName=a&query={quote('query a { version } ')}{asked}", "", "application/json"),
        ("HEAD", f"/graphql?query={asked}", "", ""),
        ("POST", f"/graphql?query={asked}", "", "text/plain"),
        ("POST", "/graphql", json.dumps({"query": change("foreign")}), "text/plain; a=application/json"),
        ("POST", "/graphql", f"query={asked}", "application/x-www-form-urlencoded"),
        ("POST", "/graphql", several, "text/plain"),
        ("POST", "/graphql", several, "application/json"),
        ("PUT", "/graphql", json.dumps({"query": change("foreign")}), "application/json"),
    ):
        assert site.send(method, target, body, Content_Type=kind)[0] != 101
    assert site.send("GET", f"/graphql?query={asked}")[0] in (403, 405)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "[::1]", "169.254.169.254", ""])
def test_another_name_that_leads_here_is_not_answered(site: Site, host: str) -> None:
    """A foreign page whose own name has been made to point here is no foreign page to its browser."""
    said = host.replace("{port}", str(site.port))
    assert site.ask(change("foreign"), Host=said, Origin=f"http://{said}")[0] in (400, 403, 421)
    assert site.send("GET", "/", Host=said)[0] in (400, 421)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8888", "https://ventetal.region.example.evil.example"])
def test_no_web_socket_is_opened_for_a_foreign_page(site: Site, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        site.change_by_web_socket("foreign", origin)


def test_nobody_shows_our_pages_within_their_own(site: Site) -> None:
    assert "x-frame-options: deny" in site.send("GET", "/")[1].lower()
