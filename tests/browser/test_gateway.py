"""A kernel whose disk is not the server's: everything goes through a kernel gateway."""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import TimeoutError as PageTimeoutError
from playwright.sync_api import expect

from mle_ideator_jupyter.bench.demo import write_demo
from mle_ideator_jupyter.journal import Journal
from tests.browser import server as servers
from tests.browser.lab import KERNEL, Lab

pytestmark = [pytest.mark.long, pytest.mark.timeout(420)]


def journal_file(folder):
    (found,) = folder.rglob("*.ideas.jsonl")
    return found


def journal(folder):
    """Return the events of the one journal there is."""
    return set(Journal.read(journal_file(folder)).lines().values())


def restart(lab):
    """Restart the kernel, again where it fell silent.

    JupyterLab asks for a subshell of its own as soon as the gateway is connected, and a kernel that is still beginning
    may then never answer anybody again, JupyterLab neither.
    """
    for _ in range(6):
        lab.page.evaluate(f"{KERNEL}.restart()")
        with contextlib.suppress(PageTimeoutError):
            lab.page.wait_for_selector('[data-testid="mij-state"][data-link="ready"]', timeout=20_000)
            return
    pytest.fail("the panel was not linked after any restart")


def test_a_kernel_elsewhere_loses_and_doubles_nothing(chromium, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    notebook = write_demo(here)
    write_demo(there).unlink()  # the data are where the kernel is
    with (
        servers.gateway(tmp_path / "far", there) as gateway,
        servers.jupyterlab(tmp_path / "home", here, f"--gateway-url={gateway}") as address,
    ):
        lab = Lab(chromium.new_context().new_page(), address, notebook)
        lab.open()
        lab.run_all()
        lab.show()
        lab.idea()
        lab.idle()
        lab.trial()
        rows = lab.rows(2)
        lab.page.wait_for_timeout(1500)
        events = lab.save()["metadata"]["mle_ideator"]["events"]
        lab.reload()
        lab.show()
        lab.has_rows(rows)
        lab.run_all()
        lab.idea()
        lab.idle()
        lab.has_rows(rows)  # the trials' cells ran again, and are no new trials
        lab.page.wait_for_timeout(1500)
        after = lab.save()["metadata"]["mle_ideator"]["events"]
        assert after[: len(events)] == events
        assert len(after) == len(set(after)) > len(events)
        assert journal(tmp_path) == set(after)

        journal_file(tmp_path).unlink()  # another machine from now on
        restart(lab)
        assert "from elsewhere" in lab.rows(2)[0]
        lab.get("trust").click()
        expect(lab.get("trust")).to_have_count(0)
        lab.has_rows(rows)
        assert journal(tmp_path) >= {event for event in after if '"type":"opened"' not in event}
        lab.shut()
        assert not lab.faults
