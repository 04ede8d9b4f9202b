"""The server of the playground: which address gives what, to whom, and in what form."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from derive.errors import UsageError
from derive.project import LANGUAGES, SUFFIX, ModelText, find_model, gallery
from derive.render import render_page
from derive.serving.builds import Builds, Limits, TooMany
from derive.serving.drafts import Draft, Outcome
from derive.serving.guard import (
    COMMON_HEADERS,
    PAGE_POLICY,
    Names,
    Rejected,
    body_length,
    check_origin,
    names_of,
)
from derive.serving.page import THEMES, View, answer, document_policy, media_type, page
from derive.serving.work import build_within_bounds

# Connections that are open at once, and how long one may be silent, in seconds.
MOST_CONNECTIONS = 64
PATIENCE = 10.0
MOST_FIELDS = 8
# What the page starts with, unless another is asked for, and what processes are warmed with.
FIRST = "neuron"

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
STATIC = {
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/script.js": ("script.js", "text/javascript; charset=utf-8"),
}
READING, POSTING = ("GET", "HEAD"), ("POST",)


@dataclass(frozen=True)
class Site:
    """What is served: the draft that the page starts with, the gallery, and what builds."""

    first: Draft
    gallery: Mapping[str, str]
    builds: Builds


@dataclass(frozen=True)
class Reply:
    """What is sent back, apart from the headers that everything has."""

    content: bytes
    media: str = HTML
    policy: str = PAGE_POLICY
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = ()


Fields = Mapping[str, str]


class Server(ThreadingHTTPServer):
    """Listens at one address; each request has a thread, of which there are only so many."""

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS
    # Elsewhere the option lets another program take the address from us.
    allow_reuse_address = os.name == "posix"

    site: Site

    def __init__(self, host: str, port: int, names: Names) -> None:
        self.names = names
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        try:
            family, _, _, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            self.address_family = family
            super().__init__(address[:2], Handler)  # type: ignore[arg-type]
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"{host}, port {port} cannot be listened at: {error}",
                "choose another address or port; --port 0 takes any port that is free",
            ) from None

    @property
    def address(self) -> str:
        """Where the page is."""
        host, port = self.server_address[:2]
        shown = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"

    def server_bind(self) -> None:
        """Take the address, without asking the network how this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand a connection to a thread, if one is free."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error of ours; any other is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request: who may ask, what for, and the reply."""

    server: Server
    timeout = PATIENCE

    def _handle(self) -> None:
        try:
            reply = self._reply()
        except Rejected as rejected:
            text = f"{rejected.status.value} {rejected.why}\n"
            reply = Reply(text.encode(), TEXT, status=rejected.status)
            if rejected.status == HTTPStatus.METHOD_NOT_ALLOWED:
                reply = replace(reply, headers=(("Allow", ", ".join((*READING, *POSTING))),))
        self._send(reply)

    do_GET = do_HEAD = do_POST = _handle
    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _handle

    def _reply(self) -> Reply:
        target = urlsplit(self.path)
        home = self.command in READING and target.path == "/"
        check_origin(self.headers, self.server.names, from_anywhere=home)
        if self.command in POSTING:
            return self._posted(target.path, _fields(self._body()))
        if self.command not in READING:
            raise Rejected(HTTPStatus.METHOD_NOT_ALLOWED, "this is not answered")
        if home:
            return self._home(_fields(target.query))
        return _found(target.path, self.server.site)

    def _body(self) -> str:
        content = self.rfile.read(body_length(self.headers))
        try:
            return content.decode("ascii")
        except UnicodeDecodeError:
            raise Rejected(HTTPStatus.BAD_REQUEST, "the form is not encoded") from None

    def _home(self, fields: Fields) -> Reply:
        site = self.server.site
        asked = fields.get("open", "")
        draft = Draft(asked, site.gallery[asked]) if asked in site.gallery else site.first
        return self._page(draft, fields)

    def _posted(self, path: str, fields: Fields) -> Reply:
        text = fields.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
        draft = Draft(fields.get("name", ""), text)
        if path == "/":
            return self._page(draft, fields)
        if path != "/build":
            raise Rejected(HTTPStatus.NOT_FOUND, "there is nothing here")
        outcome = self._build(draft)
        return Reply(answer(draft, outcome, self._view(fields)).encode(), status=_status(outcome))

    def _page(self, draft: Draft, fields: Fields) -> Reply:
        outcome = self._build(draft)
        text = page(draft, outcome, self._view(fields), self.server.site.gallery)
        return Reply(text.encode(), status=_status(outcome))

    def _build(self, draft: Draft) -> Outcome:
        return self.server.site.builds.build(draft, self._has_gone)

    def _has_gone(self) -> bool:
        """Whether the one who asked has closed the connection."""
        ready, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(ready) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def _view(self, fields: Fields) -> View:
        theme = fields.get("theme", "")
        language = fields.get("language", "")
        if language not in LANGUAGES:
            language = _preferred(self.headers.get("Accept-Language", ""))
        return View(language, theme if theme in THEMES else "")

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in (*COMMON_HEADERS.items(), *reply.headers):
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", reply.policy)
        self.send_header("Content-Type", reply.media)
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A request that cannot even be read: as plain text, with the headers of all others."""
        status = HTTPStatus(code)
        self.command = getattr(self, "command", None) or "GET"
        self._send(Reply(f"{code} {status.phrase}\n".encode(), TEXT, status=status))

    def version_string(self) -> str:
        """Whom a browser talks to; the version of Python is nobody's business."""
        return "derive"

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is for what its reader has to know."""


# --- what is found where ------------------------------------------------------------------------


def _found(path: str, site: Site) -> Reply:
    """What stands at an address; no file is opened by a name that a request gives."""
    if path in STATIC:
        part, media = STATIC[path]
        return Reply(render_page(part, {}).encode(), media)
    match path.split("/"):
        case ["", "gallery", file] if file.removesuffix(SUFFIX) in site.gallery:
            return Reply(site.gallery[file.removesuffix(SUFFIX)].encode(), TEXT)
        case ["", "built", key, name]:
            made = site.builds.held(key)
            if made is None:
                raise Rejected(HTTPStatus.GONE, "this build is no longer held; build it again")
            if name in made.files:
                content, media = made.files[name], media_type(name)
                shown = media.startswith(("text/html", "image/"))
                return Reply(content, media, document_policy(content) if shown else PAGE_POLICY)
    raise Rejected(HTTPStatus.NOT_FOUND, "there is nothing here")


def _status(outcome: Outcome) -> HTTPStatus:
    """An error in a text is a good answer to the question what becomes of it."""
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(outcome, TooMany) else HTTPStatus.OK


def _fields(encoded: str) -> Fields:
    """The fields of a form; of two with one name the last, as a button stands behind the rest."""
    try:
        found = parse_qs(
            encoded, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except (ValueError, UnicodeDecodeError):
        raise Rejected(HTTPStatus.BAD_REQUEST, "the form cannot be read") from None
    return {name: values[-1] for name, values in found.items()}


def _preferred(accepted: str) -> str:
    """The first of our languages that a browser would like; ours, if it would like none.

    >>> _preferred("zh-CN,zh;q=0.9,en;q=0.8"), _preferred("fr"), _preferred("")
    ('zh', 'en', 'en')
    """
    wanted: Iterable[str] = (part.strip()[:2].lower() for part in accepted.split(","))
    return next((code for code in wanted if code in LANGUAGES), LANGUAGES[0])


def playground(host: str, port: int, model: ModelText | None, seconds: float) -> Server:
    """A server for the gallery that starts with `model`; a build may take so many `seconds`."""
    texts = {name: find_model(name).text for name in gallery()}
    # The address first: where it is taken, nothing else is begun.
    server = Server(host, port, names_of(host))
    first = Draft(FIRST, texts[FIRST])
    builds = Builds(build_within_bounds, first, Limits(seconds=seconds))
    start = first if model is None else Draft(model.name, model.text)
    server.site = Site(start, texts, builds)
    return server


def serve(server: Server, say: Callable[[str], None]) -> None:
    """Answer until interrupted, or told to end, and then end what was begun."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        say(f"the playground is at {server.address} (Ctrl-C ends it)")
        server.serve_forever()
    except KeyboardInterrupt:
        say("ended")
    finally:
        server.server_close()
        server.site.builds.close()
