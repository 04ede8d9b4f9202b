"""The playground without a browser: what each address gives, and what is turned away."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from html.parser import HTMLParser

import pytest
from served import FORM, get, post, request, running

from derive.cli import main
from derive.errors import UsageError
from derive.project import LANGUAGES, ModelText, find_model, gallery
from derive.prose import catalogue
from derive.render import template_folder
from derive.serving.drafts import Draft
from derive.serving.page import document_policy
from derive.serving.server import playground

NEURON = find_model("neuron")
KEY = Draft(NEURON.name, NEURON.text).key
WRONG = "w: param\nC = (w - µ) ** 2\nminimize(C, sgd(alpha=0.1))"


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


class Elements(HTMLParser):
    """The elements of a page that have an id, and the text inside each."""

    EMPTY = ("meta", "link", "input", "br")

    def __init__(self, page):
        super().__init__()
        self.open, self.found, self.attributes = [], {}, {}
        self.feed(page)
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("id")
        if name:
            assert name not in self.found, f"two elements are called {name}"
            self.found[name], self.attributes[name] = "", given
        if tag not in self.EMPTY:
            self.open.append((tag, name))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, name in self.open:
            if name:
                self.found[name] += data


def said(page, name):
    """The text of an element, with single spaces."""
    return " ".join(Elements(page).found[name].split())


# --- the page -----------------------------------------------------------------------------------


def test_the_page_holds_the_neuron_and_all_that_was_made_of_it(server):
    status, headers, page = get(server, "/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert Elements(page).found["text"] == "\n" + NEURON.text
    made = server.site.builds.held(KEY)
    code = made.files["update.py"].decode()
    assert Elements(page).found["code"].replace("Code", "", 1).strip() == code.strip()
    assert f'src="/built/{KEY}/derivation.html"' in page
    assert all(f'href="/built/{KEY}/{name}"' in page for name in made.files)
    assert said(page, "verdict") == "verified"
    assert all(line.quantity in said(page, "verification") for line in made.report.lines)
    assert said(page, "error") == ""


def test_every_model_of_the_gallery_can_be_opened(server):
    options = re.findall(r"<option.*?>(\w+)</option>", get(server, "/")[2])
    assert options == list(gallery())
    page = get(server, "/?open=bowl")[2]
    assert Elements(page).found["text"] == "\n" + find_model("bowl").text
    assert Elements(page).attributes["name"]["value"] == "bowl"
    assert get(server, "/gallery/bowl.model")[2] == find_model("bowl").text
    # What is not there is not looked for anywhere else.
    assert Elements(get(server, "/?open=../starter")[2]).attributes["name"]["value"] == "neuron"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_and_its_document_are_in_the_language_that_was_asked_for(server, language):
    page = get(server, f"/?language={language}")[2]
    assert f'<html lang="{language}">' in page
    assert said(page, "derive") == catalogue(language)["serve.derive"]
    document = {"en": "derivation.html", "zh": "derivation.zh.html"}[language]
    assert f'src="/built/{KEY}/{document}"' in page


def test_without_a_wish_the_language_is_that_of_the_browser(server):
    assert '<html lang="zh">' in get(server, "/", Accept_Language="zh-CN,en;q=0.8")[2]
    assert '<html lang="en">' in get(server, "/?language=tlh", Accept_Language="fr")[2]


def test_a_theme_is_part_of_the_address(server):
    assert 'data-theme="dark"' in get(server, "/?theme=dark")[2]
    assert "data-theme" not in get(server, "/?theme=pink")[2]


def test_without_script_a_form_is_posted_and_the_page_comes_back(server):
    text = find_model("bowl").text.replace("\n", "\r\n")
    given = {"name": "mine", "text": text, "language": "en", "theme": "", "derive": ""}
    status, _, page = post(server, "/", given, Origin=server.address.rstrip("/"))
    assert status == 200
    assert Elements(page).found["text"] == "\n" + find_model("bowl").text
    assert f"/built/{Draft('mine', find_model('bowl').text).key}/update.py" in page


def test_of_the_fields_of_a_form_the_button_has_the_last_word(server):
    body = "name=bowl&text=&language=en&theme=light&language=zh&theme=dark"
    page = request(server, "POST", "/", body, **FORM)[2]
    assert '<html lang="zh" data-theme="dark">' in page


def test_an_error_stands_under_its_line_and_is_told_as_in_the_terminal(server, tmp_path, capsys):
    status, _, page = post(server, "/", {"name": "mine", "text": WRONG})
    assert status == 200
    (tmp_path / "mine.model").write_text(WRONG, encoding="utf-8")
    assert main(["show", str(tmp_path / "mine.model")]) == 2
    _, line, caret, cause, cure = capsys.readouterr().err.splitlines()
    assert (line, caret) == ("   2 | C = (w - µ) ** 2", "                ^")
    assert cause in said(page, "error")
    assert cure.strip().removeprefix("cure: ") in said(page, "error")
    assert "mine.model, line 2" in said(page, "error")
    assert 'C = (w - <mark data-carets="^">µ</mark>) ** 2' in page
    assert '<span class="ghost">C = (w - </span><span class="caret" aria-hidden="true">^' in page
    wanted = {"data-line": "2", "data-column": "9", "data-width": "1"}
    assert wanted.items() <= Elements(page).attributes["error"].items()
    assert Elements(page).attributes["text"]["aria-invalid"] == "true"


def test_text_is_shown_as_text(server):
    hostile = '"""</textarea><script>alert(1)</script>"""\n<img src=x onerror=alert(1)>"'
    page = post(server, "/", {"name": '"><script>', "text": hostile})[2]
    assert re.findall(r"<(?:script|img)[^>]*>", page) == ['<script src="/script.js" defer>']
    assert Elements(page).found["text"] == "\n" + hostile


def test_an_answer_alone_is_what_the_script_asks_for(server):
    page = post(server, "/build", {"name": "neuron", "text": NEURON.text, "language": "zh"})[2]
    assert Elements(page).attributes["answer"]["data-key"] == KEY
    assert f"/built/{KEY}/derivation.zh.html" in page
    wrong = post(server, "/build", {"name": "mine", "text": WRONG})[2]
    assert Elements(wrong).attributes["answer"] == {
        "id": "answer",
        "data-line": "2",
        "data-column": "9",
        "data-width": "1",
    }
    assert "data-part=" not in wrong.replace('data-part="error"', "", 1)


def test_what_the_command_was_given_is_what_the_page_starts_with():
    with running(ModelText("mine", find_model("bowl").text, "mine.model")) as server:
        attributes = Elements(get(server, "/")[2]).attributes
        assert attributes["name"]["value"] == "mine"


# --- files --------------------------------------------------------------------------------------


def test_the_files_are_those_that_derive_build_writes(server, tmp_path):
    post(server, "/build", {"name": "bowl", "text": find_model("bowl").text})
    made = server.site.builds.held(Draft("bowl", find_model("bowl").text).key)
    languages = [part for code in LANGUAGES for part in ("--lang", code)]
    assert main(["build", "bowl", "-o", str(tmp_path), *languages]) == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "bowl").iterdir()}
    assert made.files == written
    for name, content in written.items():
        status, _, text = get(server, f"/built/{made.draft.key}/{name}")
        assert (status, text.encode()) == (200, content)


def test_a_document_may_run_its_own_scripts_and_no_others(server):
    get(server, "/")
    policy = get(server, f"/built/{KEY}/derivation.html")[1]["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    # of `printf 'go()' | openssl dgst -sha256 -binary | base64`
    digest = "'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='"
    assert f"script-src {digest};" in document_policy(b"<p>x</p><script>go()</script>")
    assert f"script-src {digest};" in document_policy(b"<script type='module'>go()</script>")
    assert "script-src 'none';" in document_policy(b"<p onclick='go()'>x</p>")


# --- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/style.css", "/script.js", "/gallery/bowl.model", "/none"])
def test_every_reply_has_the_headers_that_keep_it_apart(server, path):
    headers = get(server, path)[1]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert {policy[use] for use in ("script-src", "style-src", "connect-src", "form-action")} == {
        "'self'"
    }
    assert headers["Server"] == "derive"


def test_the_head_of_a_reply_is_as_long_as_the_whole(server):
    status, headers, text = request(server, "HEAD", "/")
    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) == len(get(server, "/")[2].encode())


# --- the command --------------------------------------------------------------------------------


def test_an_address_that_is_taken_is_told(server):
    with pytest.raises(UsageError) as raised:
        playground("127.0.0.1", server.server_port, None, 1)
    assert raised.value.cause.startswith(f"127.0.0.1, port {server.server_port} cannot be listened")
    assert (
        raised.value.cure == "choose another address or port; --port 0 takes any port that is free"
    )


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_told(port, capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--port", port])
    assert f"{port!r} is not a number from 0 to 65535" in capsys.readouterr().err


def test_the_command_warns_of_whom_it_listens_to(monkeypatch, capsys):
    served = []
    monkeypatch.setattr("derive.serving.server.serve", lambda server, say: served.append(server))
    for host in ("0.0.0.0", "127.0.0.1"):
        assert main(["serve", "--host", host, "--port", "0"]) == 0
    for server in served:
        server.server_close()
        server.site.builds.close()
    assert capsys.readouterr().err == (
        "caution: all who reach 0.0.0.0 can have models built on this machine\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
def test_the_command_ends_with_all_that_it_began(sent):
    command = [sys.executable, "-m", "derive", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        told = process.stderr.readline()
        address = re.fullmatch(r"the playground is at (http://127.0.0.1:\d+/) \(.*\)\n", told)[1]
        with urllib.request.urlopen(f"{address}style.css", timeout=60) as reply:
            assert reply.status == 200
        process.send_signal(getattr(signal, sent))
        assert process.stderr.read() == "ended\n"
        # What reads stderr to its end has waited for the processes that share it.
        assert process.wait(30) == 0


# --- the sentences ------------------------------------------------------------------------------


def test_every_sentence_of_the_page_is_used_and_there():
    folder = template_folder() / "playground"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    keys = {key.removeprefix("serve.") for key in catalogue("en") if key.startswith("serve.")}
    named = set(re.findall(r"words\.(\w+)", text))
    assert named <= keys
    by_code = {"as_built", "place", "silent", "light", "dark", "documents", "program"}
    by_kind = {key for key in keys if key.startswith(("level_", "file_", "how_"))}
    assert keys - named == by_code | by_kind | {"verified", "undecided", "failed"}
