"""The panel in every state: axe-core finds nothing serious; narrow, zoomed, in forced colours, from right to left, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import gallery

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return gallery.build(tmp_path_factory.mktemp("gallery"))


@pytest.fixture
def opened(chromium, folder):
    """Return a function that opens the gallery in a theme and a window."""
    contexts = []

    def open_(theme="light", width=300, height=1500, **window):
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, **window))
        return gallery.Gallery(contexts[-1].new_page(), folder, theme)

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark", "dark-high-contrast"])
def test_nothing_serious_in_any_state(opened, theme):
    shown = opened(theme)
    names = shown.names()
    assert len(names) > 15
    found = {}
    for name in names:
        for unfolded in (False, True):
            shown.show(name, unfolded=unfolded)
            found[name, unfolded] = shown.findings()
    assert {where: said for where, said in found.items() if said} == {}


def test_the_checker_would_find_something(opened):
    shown = opened()
    shown.show("ready")
    shown.page.evaluate(
        """() => { const b = document.querySelector('[data-testid=mij-stop], [data-testid=mij-get-idea]');
        b.textContent = ''; document.querySelector('.mij-faint').style.color = '#ddd'; }"""
    )
    assert {said.split(" ")[0] for said in shown.findings()} >= {"button-name", "color-contrast"}
    shown.page.evaluate(
        "document.querySelector('.mij-scroll').insertAdjacentHTML('beforeend', '<p style=\\'width: 900px\\'>wide</p>')"
    )
    assert shown.beyond()


@pytest.mark.parametrize(
    "window",
    [
        {"width": 240},
        {"width": 240, "height": 450, "device_scale_factor": 2},
        {"forced_colors": "active"},
        {"width": 240, "rtl": True},
    ],
    ids=["240px", "zoomed", "forced-colours", "right-to-left"],
)
def test_nothing_is_out_of_reach(opened, window):
    window = dict(window)
    rtl = window.pop("rtl", False)
    shown = opened(**window)
    shown.page.evaluate("rtl => { document.documentElement.dir = rtl ? 'rtl' : 'ltr'; }", rtl)
    found = {}
    for name in shown.names():
        for unfolded in (False, True):
            shown.show(name, unfolded=unfolded)
            found[name, unfolded] = shown.beyond()
    assert {where: said for where, said in found.items() if said} == {}


def test_numbers_read_from_the_left_also_where_words_do_not(opened):
    shown = opened()
    shown.page.evaluate("document.documentElement.dir = 'rtl'")
    shown.show("ready")
    for part in (".mij-best .mij-good", ".mij-c-delta.mij-good"):
        assert shown.page.locator(part).first.evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_lines_in_another_language_than_the_panels_keep_their_own_direction(opened):
    shown = opened()
    shown.page.evaluate("document.documentElement.dir = 'rtl'")
    shown.show("running")
    for part in (".mij-card h4", ".mij-rationale", ".mij-evidence li", ".mij-title", ".mij-running .mij-numbers"):
        assert shown.page.locator(part).first.evaluate("e => getComputedStyle(e).unicodeBidi") == "plaintext", part


def test_what_is_pressed_or_runs_is_seen_where_colours_are_forced(opened):
    shown = opened(forced_colors="active")
    shown.show("running")
    pressed = shown.page.locator("[aria-pressed=true]").first
    assert pressed.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    ground = shown.page.locator(".mij-panel").evaluate("e => getComputedStyle(e).backgroundColor")
    for part in (".mij-progress > div", ".mij-pulse"):
        seen = shown.page.locator(part).first.evaluate("e => getComputedStyle(e).backgroundColor")
        assert seen not in {ground, "rgba(0, 0, 0, 0)"}, part


def test_the_whole_story_by_keyboard_alone(lab):
    """Get idea, read on, try it, say yes to each cell, go through the trials, undo: no pointer is touched."""
    page = lab.page
    lab.run_all()
    lab.show()
    expect(lab.get("get-idea")).to_be_enabled(timeout=60_000)

    def press(name: str, key: str = "Enter", *, back: bool = False) -> None:
        """Go with Tab until the part is in focus, as a person would, and press a key there."""
        page.wait_for_selector(f'[data-testid="mij-{name}"]:not([disabled])')
        for _ in range(120):
            if page.evaluate("() => document.activeElement?.dataset.testid ?? ''") == f"mij-{name}":
                page.keyboard.press(key)
                return
            page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{name} cannot be reached by Tab")

    page.evaluate("document.querySelector('.mij-scroll').focus()")
    press("get-idea")
    expect(lab.get("idea-card")).to_have_count(1, timeout=30_000)
    lab.idle()
    press("try")
    page.wait_for_selector('[data-testid="mij-state"]:not([data-activity="idle"])')
    for _ in range(4):
        page.wait_for_selector(
            '[data-testid="mij-approve"], [data-testid="mij-state"][data-activity="idle"]', timeout=240_000
        )
        if not lab.get("approve").count():
            break
        focused = page.evaluate("() => !!document.activeElement?.closest('[data-testid=mij-approval]')")
        assert focused, "what waits for an answer takes the focus"
        press("approve")
        page.wait_for_selector('[data-testid="mij-approve"]', state="detached")
        page.wait_for_timeout(300)
    lab.idle(240)
    lab.rows(2)
    page.evaluate("document.querySelector('.mij-scroll').focus()")
    press("trial-table", "ArrowDown")
    expect(page.locator(".mij-trial-active")).to_have_count(1)
    page.keyboard.press("Enter")
    assert len(lab.cells()) >= 4
