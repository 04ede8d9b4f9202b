"""The HTML page in a browser: valid, silent, narrow enough; symbols explain themselves.

A sample; `python tests/browse_documents.py` opens every page of the gallery.
"""

import pytest
from browse_documents import PHONE, invalid, wrong
from browser import found, window
from documents import BOWL, LAYER, NEURON, shown

from derive.project import find_model

PAGES = {
    "neuron.zh": (NEURON, "zh"),
    "bowl": (BOWL, "en"),
    "layer": (LAYER, "en"),
    "attention": (find_model("attention").text, "en"),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if found() is None:
        pytest.skip("there is no Chromium with its driver")
    with window(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(tmp_path):
    def write(name):
        text, language = PAGES[name]
        path = tmp_path / f"{name}.html"
        path.write_text(shown(text, "html", language, name.partition(".")[0]), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", PAGES)
def test_the_html_is_valid(name):
    text, language = PAGES[name]
    assert invalid(shown(text, "html", language, name.partition(".")[0])) == []


def test_what_is_not_valid_is_seen():
    broken = shown(NEURON, "html").replace("<main>", "<main><p><section></p>")
    assert invalid(broken) != []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_with_a_page(name, browser, page):
    assert wrong(browser, page(name)) == []


def test_a_wide_page_would_be_seen(browser, page):
    path = page("bowl")
    wide = path.read_text(encoding="utf-8").replace("<main>", '<main><p style="width:600px">x</p>')
    path.write_text(wide, encoding="utf-8")
    (complaint,) = wrong(browser, path)
    assert complaint.endswith(f"pixels are out of sight at a width of {PHONE[0]}")


LIT = "return [...document.querySelectorAll('.lit')].map(lit => lit.localName)"
TIP = "return document.querySelector('.tip')"


def test_a_symbol_says_its_shape_and_meaning_and_shows_where_it_is(browser, page):
    browser.open(page("neuron.zh").as_uri())
    browser.run("document.querySelectorAll('#notation td[tabindex]')[3].focus()")
    assert browser.run(f"{TIP}.textContent") == "n×1, weights（参数） w"
    assert browser.run(f"{TIP}.checkVisibility()")
    lit = browser.run(LIT)
    assert "tr" in lit
    assert lit.count("mi") > 20
    browser.press("Escape")
    assert browser.run(LIT) == []
    assert not browser.run(f"{TIP}.checkVisibility()")


def test_steps_fold_all_at_once(browser, page):
    browser.open(page("neuron.zh").as_uri())
    steps = "return [...document.querySelectorAll('details')].map(step => step.open)"
    browser.click(browser.named("button", "收起所有步骤"))
    assert set(browser.run(steps)) == {False}
    browser.click(browser.named("button", "展开所有步骤"))
    assert set(browser.run(steps)) == {True}


def test_headings_are_in_order_and_tables_have_heads(browser, page):
    browser.open(page("attention").as_uri())
    headings = "return [...document.querySelectorAll('h1, h2, h3, h4')].map(one => one.localName)"
    first, *others = browser.run(headings)
    assert (first, set(others)) == ("h1", {"h2"})
    scopes = "return [...document.querySelectorAll('th')].map(head => head.scope)"
    assert set(browser.run(scopes)) == {"col"}
    landmarks = "return ['header', 'nav', 'main'].map(n => document.querySelectorAll(n).length)"
    assert browser.run(landmarks) == [1, 1, 1]


def test_without_scripts_the_page_says_the_same(tmp_path, page):
    if found() is None:
        pytest.skip("there is no Chromium with its driver")
    with window(tmp_path / "profile", scripts=False) as opened:
        opened.open(page("bowl").as_uri())
        summary = opened.find("summary")
        opened.click(summary)
        assert opened.find_all("details[open]") == opened.find_all("details")[1:]
        assert opened.find_all("button") == []
        assert opened.console() == []
