"""The playground, running in a thread of the tests, and requests to it."""

import http.client
import threading
from contextlib import contextmanager
from urllib.parse import urlencode

from derive.serving.server import playground

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def running(model=None, seconds=60):
    """A server for this machine at a port that is free."""
    server = playground("127.0.0.1", 0, model, seconds)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        server.site.builds.close()


def request(server, method, path, body=None, **headers):
    """The status, the headers and the text of a reply."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode("utf-8")
    finally:
        connection.close()


def get(server, path, **headers):
    return request(server, "GET", path, **headers)


def post(server, path, fields, **headers):
    return request(server, "POST", path, urlencode(fields), **(FORM | headers))
