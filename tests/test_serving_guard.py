"""Whom the playground answers: its own page and a person, whatever a browser is told to send."""

from email.message import Message

import pytest

from derive.serving.guard import (
    LONGEST_BODY,
    Rejected,
    body_length,
    check_origin,
    is_loopback,
    names_of,
)

LOOPBACK = names_of("127.0.0.1")


def headers(**given):
    made = Message()
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            made[name.replace("_", "-")] = one
    return made


def status(names=LOOPBACK, from_anywhere=False, **given):
    """The status with which a request is turned away, or None."""
    try:
        check_origin(headers(**given), names, from_anywhere)
    except Rejected as rejected:
        return rejected.status.value
    return None


# --- by which name ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8321", "localhost:8321", "LocalHost", "[::1]:8321", "127.0.0.1:9000"]
)
def test_this_machine_is_called_by_its_own_names_at_any_port(host):
    assert status(Host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8321",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8321",
        "evil.example:localhost",
        "127.0.0.1:8321@evil.example",
        "192.168.1.7:8321",
        "[::1",
        "[::1]evil.example",
        "",
        ["localhost", "localhost"],
        [],
    ],
)
def test_a_name_that_was_turned_to_this_machine_is_not_answered(host):
    assert status(Host=host) == 421


def test_on_a_network_any_address_and_the_given_name_are_answered():
    everywhere, named = names_of("0.0.0.0"), names_of("Lab.example")
    for host in ("192.168.1.7:8321", "[fe80::1]:8321", "localhost:8321"):
        assert status(everywhere, Host=host) is None
    assert status(named, Host="lab.example:8321") is None
    assert status(everywhere, Host="lab.example:8321") == 421
    assert status(named, Host="evil.example:8321") == 421


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "lab.example")),
    ],
)
def test_which_addresses_only_this_machine_reaches(host, loopback):
    assert is_loopback(host) == loopback


# --- from where ---------------------------------------------------------------------------------

OURS = "localhost:8321"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:8321",
        "https://localhost:8321",
        "null",
        "",
        ["http://localhost:8321", "http://evil.example"],
    ],
)
def test_other_origins_are_not_answered(origin):
    assert status(Host=OURS, Origin=origin) == 403
    assert status(Host=OURS, Origin=origin, from_anywhere=True) == 403


def test_our_own_origin_and_none_are_answered():
    assert status(Host=OURS, Origin="http://localhost:8321") is None
    assert status(Host=OURS, Origin="http://localhost:8321", Sec_Fetch_Site="same-origin") is None
    assert status(Host=OURS, Sec_Fetch_Site="none") is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "unheard-of"])
def test_a_link_from_elsewhere_leads_to_the_page_and_to_nothing_else(site):
    followed = {"Host": OURS, "Sec_Fetch_Site": site, "Sec_Fetch_Dest": "document"}
    assert status(**followed, from_anywhere=True) is None
    assert status(**followed, from_anywhere=False) == 403
    # neither as a frame nor as a picture, a script or what a script asks for
    for use in ("iframe", "image", "script", "empty"):
        assert status(**(followed | {"Sec_Fetch_Dest": use}), from_anywhere=True) == 403


# --- how much -----------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"


def length(**given):
    try:
        return body_length(headers(**{"Content_Type": FORM, **given}))
    except Rejected as rejected:
        return rejected.status.name


def test_a_form_of_a_said_length_is_read():
    assert length(Content_Length="12") == 12
    assert length(Content_Length="12", Content_Type=f"{FORM}; charset=utf-8") == 12
    assert length(Content_Length=str(LONGEST_BODY)) == LONGEST_BODY


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "LENGTH_REQUIRED"),
        ({"Content_Length": ["1", "2"]}, "LENGTH_REQUIRED"),
        ({"Content_Length": "5", "Transfer_Encoding": "chunked"}, "LENGTH_REQUIRED"),
        ({"Content_Length": "-1"}, "BAD_REQUEST"),
        ({"Content_Length": "+1"}, "BAD_REQUEST"),
        ({"Content_Length": "1e3"}, "BAD_REQUEST"),
        ({"Content_Length": "١"}, "BAD_REQUEST"),
        ({"Content_Length": str(LONGEST_BODY + 1)}, "REQUEST_ENTITY_TOO_LARGE"),
        ({"Content_Length": "9" * 5000}, "REQUEST_ENTITY_TOO_LARGE"),
        ({"Content_Length": "1", "Content_Type": "text/plain"}, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content_Length": "1", "Content_Type": "application/json"}, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_anything_else_is_not_even_begun(given, name):
    assert length(**given) == name
