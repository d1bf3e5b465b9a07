"""Dagster's web server behind a door: what a page of somebody else's sends, open in the browser of an operator, is not obeyed.

Dagster looks at neither Host nor Origin, takes mutations by GET and by requests a browser sends anywhere without asking, and may be
shown within a foreign page. After an upgrade of Dagster see that `dagster_webserver.app` still makes its server of the class put in
place here.
"""

from typing import Any

from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The server listens on the loopback address: under another name a foreign page has had its own name point there.
OWN_NAMES = ("127.0.0.1", "localhost")


class Door:
    """Lets in what our own pages ask, and what programs do, which name no page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Frame-Options"] = "DENY"
            await send(message)

        refused = _refused(scope) if scope["type"] in ("http", "websocket") else ""
        answers = PlainTextResponse(refused, 403) if refused else self._app
        await answers(scope, receive, unframed)


def _refused(scope: Scope) -> str:
    """Why a request is not answered, '' for one that is."""
    headers = Headers(scope=scope)
    is_foreign = any(origin != f"http://{headers['host']}" for origin in headers.getlist("origin"))
    # A link that leads here is followed; nothing else that a page of another site begins is.
    is_foreign |= scope.get("method", "GET") not in ("GET", "HEAD") and headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if is_foreign:
        return "Another page asks; only Dagster's own may."
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["type"] == "http" and scope["path"] == "/graphql" and (scope["method"], kind) != ("POST", "application/json"):
        return "GraphQL is asked by POST, in JSON."
    return ""


class Guarded(DagsterWebserver[Any, Any]):
    """Dagster's web server, the door first."""

    def build_middleware(self) -> list[Middleware]:
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=OWN_NAMES)
        return [hosts, Middleware(Door), *super().build_middleware()]


if __name__ == "__main__":
    app.DagsterWebserver = Guarded  # type: ignore[attr-defined]  # a name it imports, and makes its server of
    cli.main()  # type: ignore[no-untyped-call]  # a command of click
