"""Which requests are answered: from this page, or typed by a person; nothing from other pages.

Any page that is open in a browser can send requests to the loopback address.  Three headers tell
them apart, none of which a page can forge.  `Origin` and `Sec-Fetch-Site` say where a request comes
from.  `Host` says by which name the browser found us: a page of evil.example whose name was turned
to our address (DNS rebinding) still says evil.example.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus

# The longest text that the page takes, a hundred times a large model, and the longest body of a
# request, in bytes: a form writes a character with up to nine.
LONGEST_TEXT = 100_000
LONGEST_BODY = 1 << 20

# A name or an address, in brackets one of version six, and perhaps a port.
HOST = re.compile(r"(?:(?P<name>[\w.-]+)|\[(?P<six>[\da-fA-F:.]+)\])(?::\d*)?", re.ASCII)
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

# Pages take everything from here, run only our script, and stand in no other page.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

COMMON_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A browser that is told to send no referrer says `Origin: null` of our own form, too.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Rejected(Exception):
    """A request that is not answered: the status, and why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(status, why)
        self.status, self.why = status, why


@dataclass(frozen=True)
class Names:
    """The names by which the server may be called; `addresses`: also by any address."""

    names: tuple[str, ...]
    addresses: bool


def names_of(host: str) -> Names:
    """The names of a server that listens at `host`.

    An address in `Host` is no rebinding, which needs a name; so other machines may use ours.

    >>> names_of("127.0.0.1").addresses, names_of("0.0.0.0").addresses
    (False, True)
    """
    return Names((*LOOPBACK_NAMES, host.lower()), addresses=not is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens at `host`.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(headers: Message, names: Names, from_anywhere: bool) -> None:
    """Raise `Rejected` where a request comes from another page, or calls us by another name.

    `from_anywhere`: it asks for the page itself, which a link may lead to from anywhere.
    """
    hosts = headers.get_all("Host", [])
    if len(hosts) != 1 or not _is_ours(_without_port(hosts[0]), names):
        raise Rejected(
            HTTPStatus.MISDIRECTED_REQUEST,
            "this server is not called so; start `derive serve` with --host to give it a name",
        )
    origins = headers.get_all("Origin", [])
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
        raise Rejected(HTTPStatus.FORBIDDEN, "requests from other pages are not answered")
    site = headers.get("Sec-Fetch-Site", "none")
    followed = headers.get("Sec-Fetch-Dest") == "document"
    if site not in ("none", "same-origin") and not (from_anywhere and followed):
        raise Rejected(HTTPStatus.FORBIDDEN, "requests from other pages are not answered")


def body_length(headers: Message) -> int:
    """The length of a form in the body of a request; `Rejected` where there is none to be read."""
    if headers.get_content_type() != "application/x-www-form-urlencoded":
        raise Rejected(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only a form is read")
    lengths = headers.get_all("Content-Length", [])
    if "Transfer-Encoding" in headers or len(lengths) != 1:
        raise Rejected(HTTPStatus.LENGTH_REQUIRED, "the length of the form is to be said once")
    if not (lengths[0].isascii() and lengths[0].isdigit()):
        raise Rejected(HTTPStatus.BAD_REQUEST, "the length of the form is no number")
    # A number of thousands of digits is not even read.
    if len(lengths[0]) > 10 or int(lengths[0]) > LONGEST_BODY:
        raise Rejected(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LONGEST_BODY} bytes are read"
        )
    return int(lengths[0])


def _without_port(host: str) -> str:
    """The name in a `Host` header.

    >>> _without_port("localhost:80"), _without_port("[::1]:80"), _without_port("::1")
    ('localhost', '::1', '')
    """
    found = HOST.fullmatch(host)
    return (found["name"] or found["six"]).lower() if found else ""


def _is_ours(name: str, names: Names) -> bool:
    if name in names.names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return names.addresses
