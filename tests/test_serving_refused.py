"""What the playground turns away, without a browser, and what becomes of the rest meanwhile."""

import socket
import threading
from urllib.parse import urlencode

import pytest
from served import FORM, get, post, request, running

from derive.project import find_model
from derive.serving.drafts import Draft, Made
from derive.serving.guard import LONGEST_BODY, LONGEST_TEXT
from derive.serving.server import MOST_CONNECTIONS

NEURON = find_model("neuron")
KEY = Draft(NEURON.name, NEURON.text).key


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


# --- what is turned away ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/index.html",
        "/style.css/",
        "/gallery/../starter.model",
        "/gallery/starter.model",
        "/gallery/%2e%2e/starter.model",
        "/gallery/none.model",
        f"/built/{KEY}/../../page.html",
        f"/built/{KEY}/page.html.j2",
        f"/built/{KEY}/",
        "/%2fetc%2fpasswd",
        "/../../../../etc/passwd",
    ],
)
def test_there_is_nothing_elsewhere(server, path):
    get(server, "/")
    assert get(server, path)[::2] == (404, "404 there is nothing here\n")


def test_a_build_that_is_not_held_is_gone(server):
    assert get(server, f"/built/{'0' * 64}/update.py")[0] == 410


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_not_answered(server, method):
    status, headers, _ = request(server, method, "/")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, POST")


def test_what_is_no_method_and_no_request_is_told_so(server):
    assert request(server, "BREW", "/")[0] == 501
    assert raw(server, b"nonsense\r\n\r\n") == b"400 Bad Request\n"
    assert b" 414 " in raw(server, b"GET /" + b"a" * 70000 + b" HTTP/1.0\r\n\r\n").split(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/", "/build"])
def test_a_form_from_another_page_builds_nothing(server, path):
    draft = {"name": "foreign", "text": find_model("bowl").text}
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "document"},
        {"Host": f"evil.example:{server.server_port}"},
    ):
        status, _, text = post(server, path, draft, **headers)
        assert status in (403, 421)
        assert "derivation" not in text
    assert server.site.builds.held(Draft("foreign", draft["text"]).key) is None


def test_the_page_is_not_read_by_another_name(server):
    for path in ("/", "/style.css", f"/built/{KEY}/update.py"):
        assert get(server, path, Host="evil.example")[0] == 421


def test_a_form_that_is_too_long_is_not_read(server):
    headers = FORM | {"Content_Length": str(LONGEST_BODY + 1)}
    assert request(server, "POST", "/build", b"", **headers)[0] == 413
    # The longest text that the page lets anyone type is read.
    text = "é" * LONGEST_TEXT
    status, _, page = post(server, "/build", {"name": "mine", "text": text})
    assert status == 200
    assert "at most 2000 are read" in page


@pytest.mark.parametrize("body", [b"text=%ff", "text=é".encode(), b"a&" * 30 + b"b=1"])
def test_a_form_that_is_none_is_told_so(server, body):
    assert request(server, "POST", "/build", body, **FORM)[0] == 400


def test_a_form_goes_nowhere_else(server):
    assert post(server, "/gallery/bowl.model", {"text": ""})[0] == 404


def raw(server, content):
    """All that comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as line:
        line.sendall(content)
        received = b""
        while part := line.recv(1 << 16):
            received += part
        return received


# --- many, slow, and gone -----------------------------------------------------------------------


def test_silent_connections_keep_nobody_out_for_long(server, monkeypatch):
    monkeypatch.setattr("derive.serving.server.Handler.timeout", 1.0)
    silent = [
        socket.create_connection(("127.0.0.1", server.server_port))
        for _ in range(MOST_CONNECTIONS + 5)
    ]
    try:
        for line in silent:
            line.settimeout(20)
            assert line.recv(1) == b""
        assert get(server, "/style.css")[0] == 200
    finally:
        for line in silent:
            line.close()


def test_a_reader_who_goes_away_ends_the_build(server):
    left = threading.Event()
    builds = server.site.builds
    build = builds.build

    def watched(draft, gone):
        outcome = build(draft, gone)
        if not isinstance(outcome, Made):
            left.set()
        return outcome

    text = find_model("transformer").text + "# once more\n"
    try:
        builds.build = watched
        with socket.create_connection(("127.0.0.1", server.server_port)) as line:
            body = urlencode({"name": "mine", "text": text}).encode()
            head = (
                f"POST /build HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                f"Content-Type: {FORM['Content-Type']}\r\n\r\n"
            )
            line.sendall(head.encode() + body)
        assert left.wait(20)
    finally:
        builds.build = build
    assert builds.held(Draft("mine", text).key) is None


def test_a_build_that_takes_too_long_is_told_and_the_next_is_built():
    with running(seconds=1) as server:
        get(server, "/")
        page = post(server, "/build", {"name": "mine", "text": find_model("transformer").text})[2]
        assert "the build took longer than 1 s and was ended" in page
        assert f"/built/{KEY}/update.py" in get(server, "/")[2]
