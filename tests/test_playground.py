"""The playground as a person meets it, in a real browser: with the mouse, by keyboard, by names."""

import time

import browser
import pytest
from served import running

from derive.cli import main
from derive.project import LANGUAGES, find_model
from derive.prose import catalogue
from derive.serving.drafts import Draft

pytestmark = pytest.mark.skipif(browser.found() is None, reason="there is no Chromium here")

NEURON = find_model("neuron").text
SHOWN = "document.querySelector('.panels').dataset.shown"
SETTLED = f"{SHOWN} && {SHOWN} === document.querySelector('.panels').dataset.key"
ERROR = "document.getElementById('error').innerText.trim()"
DOCUMENT = "document.querySelector('iframe:not(.coming)').contentDocument"
WIDE, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with browser.window(folder / "profile") as window:
        window.downloads = folder
        # As a person who says that a program is to be kept.
        keep = {"behavior": "allow", "downloadPath": str(folder)}
        window.tool("Browser.setDownloadBehavior", keep)
        yield window


@pytest.fixture
def page(server, shared):
    """The page as it opens, wide; afterwards nothing was complained of or asked of others."""
    shared.resize(*WIDE)
    # Another address first: with the same one but for the fragment, nothing would be loaded.
    shared.open("about:blank")
    shared.open(server.address)
    shared.until(SETTLED)
    yield shared
    assert shared.console() == []
    fetched = {url for url in shared.requests() if url.startswith(("http", "ws", "ftp"))}
    assert {url for url in fetched if not url.startswith(server.address)} == set()


def replace(page, text):
    """Type a text in the place of the one that stands there, as with Control-A."""
    field = page.named("textbox", "The text of the model")
    page.click(field)
    page.press("Control", "a")
    page.type(field, text)


def type_at_end(page, text):
    page.click(page.named("textbox", "The text of the model"))
    page.press("Control", "End")
    for character in text:
        page.press("Enter" if character == "\n" else character)


def open_gallery(page, name):
    before = page.run(f"return {SHOWN}")
    page.type(page.named("combobox", "Gallery"), name)
    page.click(page.named("button", "Open"))
    page.until(f"{SHOWN} !== '{before}' && {SETTLED}")
    assert page.run("return document.getElementById('name').value") == name


def document_text(page):
    return page.run(f"return {DOCUMENT}.body.innerText")


# --- typing -------------------------------------------------------------------------------------


def test_a_model_is_typed_and_its_derivation_code_and_verification_are_there(page, server):
    before = page.run(f"return {SHOWN}")
    text = '"""The cube."""\nu: param = 2\nC = u ** 3\nminimize(C, sgd(alpha=0.01))'
    replace(page, text)
    page.until(f"{SHOWN} !== '{before}' && {SETTLED}")
    assert document_text(page).startswith("The cube\n")
    made = server.site.builds.held(Draft("neuron", text).key)
    code = page.run("return document.querySelector('.code').textContent")
    assert code == made.files["update.py"].decode()
    assert "∂C/∂u" in page.run("return document.getElementById('verification').textContent")
    assert page.run("return document.getElementById('verdict').innerText") == "verified"
    assert page.run(f"return {ERROR}") == ""


def test_an_error_stands_under_its_place_the_result_stays_and_both_are_mended(page):
    key = page.run(f"return {SHOWN}")
    type_at_end(page, "D = v")
    page.until(ERROR)
    shown = page.run(f"return {ERROR}").split("\n")
    line = NEURON.count("\n") + 1
    assert shown[0] == f"Error neuron.model, line {line}"
    assert "'v' is not defined" in shown
    assert any(one.startswith("Cure: did you mean") for one in shown)
    # In the text, the mark lies exactly under what is wrong, and so do the carets in the message.
    marked, carets = page.run(
        "const mark = document.querySelector('.mirror mark'), range = document.createRange();"
        "range.selectNodeContents(mark);"
        "const box = (one) => { const r = one.getBoundingClientRect(); return [r.left, r.right]; };"
        "return [[mark.textContent, mark.dataset.carets],"
        " [box(document.querySelector('.place mark')), box(document.querySelector('.caret'))]]"
    )
    assert marked == ["v", "^"]
    assert carets[0] == pytest.approx(carets[1], abs=1)
    assert page.run("return document.querySelector('.gutter .wrong').textContent") == str(line)
    # What was derived before is still there, and says that it is of before.
    assert page.run("return document.getElementById('stale').offsetParent !== null")
    assert page.run(f"return {SHOWN}") == key
    assert "A linear neuron" in document_text(page)
    page.press("Backspace")
    type_at_end(page, "y")
    page.until(f"!{ERROR} && {SETTLED}")
    assert page.run("return document.getElementById('stale').offsetParent === null")
    assert (
        page.run("return document.getElementById('text').getAttribute('aria-invalid')") == "false"
    )


def test_the_mark_lies_over_wide_characters_too(page):
    replace(page, '"""𝒩 和 é"""\nu: param\nC = (u - 𝒩𝒩) ** 2; minimize(C)')
    page.until(ERROR)
    assert page.run("return document.querySelector('.mirror mark').textContent") == "𝒩𝒩"


def test_the_place_of_an_error_leads_to_the_text(page):
    replace(page, NEURON + "#" * 200 + "\n" * 60 + "D = foo(y)")
    page.until(ERROR)
    page.run("document.querySelector('.editor').scrollTo(500, 0)")
    page.click(page.find("#place"))
    # The mark lies in what is seen of the text, beside the numbers of the lines.
    assert page.run(
        "const [mark, editor, gutter] = ['.mirror mark', '.editor', '.gutter']"
        ".map(one => document.querySelector(one).getBoundingClientRect());"
        "return mark.left >= gutter.right && mark.right <= editor.right"
        " && mark.top >= editor.top && mark.bottom <= editor.bottom"
    )
    assert page.focused() == ("textbox", "The text of the model")
    chosen = "document.getElementById('text').value.slice({0}.selectionStart, {0}.selectionEnd)"
    assert page.run("return " + chosen.format("document.activeElement")) == "foo"


def test_a_document_is_replaced_where_it_was_scrolled_to(page):
    before = page.run(f"{DOCUMENT}.defaultView.scrollTo(0, 700); return {SHOWN}")
    type_at_end(page, "# more")
    page.until(f"{SHOWN} !== '{before}' && {SETTLED}")
    assert page.run(f"return {DOCUMENT}.defaultView.scrollY") == pytest.approx(700, abs=2)


# --- the gallery, the files, the way back -------------------------------------------------------


def test_a_model_of_the_gallery_is_opened_and_each_of_its_files_is_the_one_that_is_built(
    page, tmp_path
):
    open_gallery(page, "softmax_regression")
    assert "Softmax regression" in document_text(page)
    languages = [part for code in LANGUAGES for part in ("--lang", code)]
    assert main(["build", "softmax_regression", "-o", str(tmp_path), *languages]) == 0
    built = {path.name: path for path in (tmp_path / "softmax_regression").iterdir()}
    page.click(page.named("tab", "Downloads"))
    offered = page.run("return [...document.querySelectorAll('#downloads a')].map(a => a.download)")
    assert sorted(offered) == sorted(built)
    for name in offered:
        page.click(page.named("link", name))
        saved = page.downloads / name
        wait_for(saved)
        assert saved.read_bytes() == built[name].read_bytes()
        saved.unlink()


def wait_for(path):
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} was not saved")


def test_the_way_back_leads_to_what_was_typed(page):
    type_at_end(page, "# mine")
    page.until("location.hash.includes('mine')")
    before = page.run("return document.getElementById('text').value")
    open_gallery(page, "bowl")
    page.run("history.back()")
    page.until(f"{DOCUMENT}.body.innerText.startsWith('A linear neuron')")
    assert page.run("return document.getElementById('text').value") == before


def test_the_address_holds_the_model(page, server):
    type_at_end(page, "# 你好 & more")
    page.until("location.hash.includes('more')")
    address = page.run("return location.href")
    text = page.run("return document.getElementById('text').value")
    page.open("about:blank")
    page.open(address)
    page.until(SETTLED)
    assert page.run("return document.getElementById('text').value") == text
    assert page.run("return document.getElementById('name').value") == "neuron"


# --- language and theme -------------------------------------------------------------------------


def test_in_chinese_the_text_stays_and_all_else_is_chinese(page):
    type_at_end(page, "# stays")
    text = page.run("return document.getElementById('text').value")
    page.click(page.named("button", "中文"))
    page.until(f"document.documentElement.lang === 'zh' && {SETTLED}")
    page.until("document.getElementById('text').value === arguments[0]", text)
    words = catalogue("zh")
    tabs = ("derivation", "code", "verification", "downloads")
    shown = page.run("return [...document.querySelectorAll('[role=tab]')].map(t => t.innerText)")
    assert shown == [words[f"serve.{tab}"] for tab in tabs]
    assert words["document.subtitle"] in document_text(page)
    page.click(page.named("button", "English"))
    page.until(f"document.documentElement.lang === 'en' && {SETTLED}")


def test_a_theme_is_that_of_the_page_and_its_document_and_stays(page):
    def colours():
        return page.run(
            f"return [getComputedStyle(document.body).backgroundColor,"
            f" getComputedStyle({DOCUMENT}.body).backgroundColor]"
        )

    light = colours()
    page.click(page.named("button", "Dark"))
    dark = colours()
    assert [sum(map(int, c[4:-1].split(", "))) > 600 for c in light] == [True, True]
    assert [sum(map(int, c[4:-1].split(", "))) < 120 for c in dark] == [True, True]
    page.run("location.reload()")
    page.until(f"document.documentElement.dataset.theme === 'dark' && {SETTLED}")
    assert colours() == dark
    page.click(page.named("button", "Dark"))
    assert colours() == light


# --- by keyboard and by name --------------------------------------------------------------------


def test_everything_is_reached_by_the_keyboard_in_the_order_of_the_page(page):
    met = []
    for _ in range(12):
        page.press("Tab")
        met.append(page.focused())
    assert met == [
        ("link", "Skip to the results"),
        ("combobox", "Gallery"),
        ("button", "Open"),
        ("button", "English"),
        ("button", "中文"),
        ("button", "Light"),
        ("button", "Dark"),
        ("textbox", "Name"),
        ("button", "Derive"),
        ("textbox", "The text of the model"),
        ("tab", "Derivation"),
        ("tabpanel", "Derivation"),
    ]


def test_the_first_key_leads_to_the_results(page):
    page.press("Tab")
    page.press("Enter")
    assert page.run("return document.activeElement.id") == "results"
    page.press("Tab")
    assert page.focused() == ("tab", "Derivation")


def test_arrows_choose_a_tab(page):
    page.run("document.getElementById('tab-derivation').focus()")
    visible = (
        "return [...document.querySelectorAll('[role=tabpanel]')]"
        ".filter(p => p.offsetParent).map(p => p.id)"
    )
    for key, name in (
        ("Right", "Code"),
        ("Right", "Verification"),
        ("End", "Downloads"),
        ("Right", "Derivation"),
        ("Left", "Downloads"),
        ("Home", "Derivation"),
    ):
        page.press(key)
        assert page.focused() == ("tab", name)
        assert page.run(visible) == [name.lower()]
        chosen = page.run("return document.activeElement.getAttribute('aria-selected')")
        assert chosen == "true"


def test_what_has_the_focus_is_seen(page):
    for _ in range(12):
        page.press("Tab")
        seen = page.run(
            "const one = document.activeElement.closest('.editor') ?? document.activeElement;"
            "const style = getComputedStyle(one);"
            "return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1"
        )
        assert seen, page.focused()


def test_return_in_the_name_derives_and_changes_nothing_else(page):
    page.click(page.named("textbox", "Name"))
    page.press("End")
    page.press("2")
    page.press("Enter")
    page.until(f"{DOCUMENT}.body.innerText.includes('neuron2') && {SETTLED}")
    assert page.run("return document.documentElement.lang") == "en"


def test_every_field_has_a_name(page):
    for selector in ("a[href]", "button:not([aria-hidden])", "input:not([type=hidden])", "iframe"):
        for element in page.find_all(selector):
            if page.role(element) not in ("none", "generic"):
                assert page.name(element).strip(), selector
    assert page.named("form", "Model")
    assert page.named("tablist", "Results")
    assert page.named("Iframe", "The derivation as a document")


# --- sizes, and no script -----------------------------------------------------------------------


def test_on_a_phone_all_stands_below_each_other_and_nothing_is_cut_off(page):
    page.resize(*PHONE, mobile=True)
    page.until("document.querySelector('iframe').offsetHeight > 1000")
    assert page.run("return document.documentElement.scrollWidth") <= PHONE[0]
    text, results = page.run(
        "return ['model', 'results'].map(id => document.getElementById(id).getBoundingClientRect())"
        ".map(box => [box.top, box.bottom])"
    )
    assert text[1] <= results[0]
    # The document is as long as it is: the page scrolls, and nothing inside it.
    assert (
        page.run(f"const e = {DOCUMENT}.documentElement; return e.scrollHeight - e.clientHeight")
        <= 4
    )


def test_without_script_the_form_is_enough(server, tmp_path):
    with browser.window(tmp_path, scripts=False) as page:
        page.resize(*WIDE)
        page.open(server.address)
        page.type(page.named("combobox", "Gallery"), "bowl")
        page.click(page.named("button", "Open"))
        field = page.named("textbox", "The text of the model")
        page.type(field, "D = v")
        page.click(page.named("button", "Derive"))
        assert page.text(page.find("#error")).startswith("Error bowl.model")
        page.click(page.named("button", "中文"))
        assert page.named("button", "推导")
        assert page.console() == []
