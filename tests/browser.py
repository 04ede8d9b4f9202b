"""A real browser, by the WebDriver protocol: what a person does, and a reader of screens hears.

Needs Chromium and its driver; nothing is installed for it.
"""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NAMED = "a, button, input, textarea, select, section, form, nav, iframe"
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Escape": "\ue00c",
    "Space": " ",
    "End": "\ue010",
    "Home": "\ue011",
    "Left": "\ue012",
    "Right": "\ue014",
    "Backspace": "\ue003",
}


def found():
    """The paths of a browser and its driver, or None."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """One window."""

    def __init__(self, driver, session):
        self._base = f"{driver}/session/{session}"

    def _ask(self, method, path, data=None):
        return ask(method, self._base + path, data)

    def open(self, address):
        self._ask("POST", "/url", {"url": address})

    def resize(self, width, height, mobile=False):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.tool("Emulation.setDeviceMetricsOverride", size)

    def run(self, script, *arguments):
        """The result of a function body in the page; `arguments` is what it is given."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": arguments})

    def later(self, script, *arguments):
        """What a function body gives to the function that stands behind its arguments."""
        return self._ask("POST", "/execute/async", {"script": script, "args": arguments})

    def until(self, script, *arguments, seconds=30):
        """Wait until the expression is true, and return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(f"return {script}", *arguments)
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"after {seconds} s this is not so: {script}")

    def find(self, selector):
        return self._ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def find_all(self, selector):
        given = {"using": "css selector", "value": selector}
        return [one[ELEMENT] for one in self._ask("POST", "/elements", given)]

    def named(self, role, name):
        """The one element that has this role and this name for who cannot see the page."""
        for _ in range(100):
            found = [one for one in self.find_all(NAMED) if self._is(one, role, name)]
            if len(found) == 1:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} elements are the {role} {name!r}")

    def _is(self, element, role, name):
        try:
            return (self.role(element), self.name(element)) == (role, name)
        except AssertionError as error:
            # What has left the page meanwhile is not it.
            if "stale element" in str(error):
                return False
            raise

    def role(self, element):
        return self._ask("GET", f"/element/{element}/computedrole")

    def name(self, element):
        return self._ask("GET", f"/element/{element}/computedlabel")

    def text(self, element):
        """The text that is seen."""
        return self._ask("GET", f"/element/{element}/text")

    def click(self, element):
        self._ask("POST", f"/element/{element}/click", {})

    def type(self, element, text):
        self._ask("POST", f"/element/{element}/value", {"text": text})

    def press(self, *keys):
        """Keys pressed together, wherever the focus is."""
        codes = [KEYS.get(key, key) for key in keys]
        down = [{"type": "keyDown", "value": code} for code in codes]
        up = [{"type": "keyUp", "value": code} for code in codes[::-1]]
        keyboard = {"type": "key", "id": "keyboard", "actions": down + up}
        self._ask("POST", "/actions", {"actions": [keyboard]})

    def focused(self):
        """The role and the name of what has the focus."""
        element = self._ask("GET", "/element/active")[ELEMENT]
        return self.role(element), self.name(element)

    def console(self):
        """What the browser has complained of since it was last asked."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries]

    def requests(self):
        """The addresses that were asked for since it was last asked."""
        entries = self._ask("POST", "/se/log", {"type": "performance"})
        messages = (json.loads(entry["message"])["message"] for entry in entries)
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def picture(self):
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def tool(self, command, given):
        """A command of the developer tools."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": given})


def ask(method, address, data=None):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    request.method = method
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.load(reply)["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(json.load(error)["value"]["message"]) from None


@contextmanager
def window(profile, scripts=True):
    """A window of a browser whose profile is in the folder `profile`; perhaps without scripts."""
    browser, driver = found()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    preferences = {} if scripts else {"profile.managed_default_content_settings.javascript": 2}
    chrome = {
        "binary": browser,
        "args": [*flags, "--disable-dev-shm-usage", "--disable-background-networking"],
        "prefs": preferences,
    }
    logs = {"browser": "ALL", "performance": "ALL"}
    wanted = {"browserName": "chrome", "goog:chromeOptions": chrome, "goog:loggingPrefs": logs}
    command = [driver, f"--port={port}", "--log-level=OFF"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    session = None
    try:
        _wait_for(address)
        given = {"capabilities": {"alwaysMatch": wanted}}
        session = ask("POST", f"{address}/session", given)["sessionId"]
        yield Browser(address, session)
    finally:
        if session is not None:
            ask("DELETE", f"{address}/session/{session}")
        process.terminate()
        process.wait()


def _wait_for(address):
    for _ in range(200):
        try:
            if ask("GET", f"{address}/status")["ready"]:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the driver of the browser does not answer")
