"""The start of JupyterLab

What Lab loads from each extension until four seconds after it is ready, and how long it takes to be
ready: fresh browser each time, interleaved and shuffled rounds. *none twice* is the control that
shows what the method cannot tell apart. gzip is `gzip -9` of each file; Lab itself sends them plain.
Without a hub the panel's model is not loaded; on a hub one file more is (the last row).
"""

from __future__ import annotations

import gzip
import os
import random
import statistics
import time
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Request, sync_playwright

from jupyter_2i2c.demo.local_hub import LocalHub
from jupyter_2i2c.demo.runner import CONFIG

from .environments import TOKEN, running
from .figures import Figure, at_most, bootstrap

ROUNDS = 10
SETTLE = 4.0
BYTES = 12_000
FILES = 4


def run() -> list[Figure]:
    labs = {"none": "none", "none twice": "none", "ours": "ours", "peer": "jupyter-resource-usage"}
    with running(*labs.values()) as servers, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], chromium_sandbox=False
        )
        try:
            urls = {
                name: f"{server.url}lab?token={TOKEN}"
                for name, server in zip(labs, servers, strict=True)
            }
            weights = {name: _weight(browser, urls[name]) for name in ("ours", "peer")}
            ready = _ready(browser, urls)
            weights["ours on a hub"] = _weight_on_hub(browser)
        finally:
            browser.close()
    figures = [
        at_most(
            f"JavaScript at the start, {name}, gzipped",
            sum(weights[name]),
            BYTES,
            " B",
            f" in {len(weights[name])} files",
        )
        for name in ("ours", "ours on a hub")
    ]
    figures.append(
        Figure(
            "the same, jupyter-resource-usage",
            f"{sum(weights['peer']):,} B in {len(weights['peer'])} files",
        )
    )
    most = max(len(weights["ours"]), len(weights["ours on a hub"]))
    figures.append(at_most("requests for JavaScript at the start", most, FILES))
    median = {name: statistics.median(values) for name, values in ready.items()}
    for name in ("none twice", "ours", "peer"):
        low, high = bootstrap(list(zip(ready["none"], ready[name], strict=True)))
        same = low <= 0 <= high
        figures.append(
            Figure(
                f"Lab ready, {name}, over none ({median['none']:.2f} s)",
                f"{median[name] / median['none']:.3f}; mean difference"
                f" {low:+.2f} to {high:+.2f} s (95 %)",
                "no difference that can be seen" if name == "ours" else "",
                same if name == "ours" else None,
            )
        )
    return figures


def _is_extension(url: str) -> bool:
    path = urlsplit(url).path
    return (
        "/lab/extensions/" in path
        and path.endswith(".js")
        and ("jupyter-2i2c" in path or "resource-usage" in path)
    )


def _collect(browser: Browser, visit: object) -> list[int]:
    context = browser.new_context()
    page = context.new_page()
    found: list[Request] = []
    page.on("requestfinished", lambda r: found.append(r) if _is_extension(r.url) else None)
    visit(page)  # type: ignore[operator]
    page.wait_for_timeout(SETTLE * 1000)
    weights = [len(gzip.compress(r.response().body(), 9, mtime=0)) for r in found]
    context.close()
    return weights


def _weight(browser: Browser, url: str) -> list[int]:
    def visit(page):  # type: ignore[no-untyped-def]
        page.goto(url)
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        page.wait_for_selector(".jp-Launcher")

    return _collect(browser, visit)


def _weight_on_hub(browser: Browser) -> list[int]:
    with LocalHub(CONFIG) as hub:

        def visit(page):  # type: ignore[no-untyped-def]
            page.goto(f"{hub.url}hub/login?next=/hub/spawn")
            page.fill("#username_input", "ada")
            page.fill("#password_input", hub.password)
            page.click("#login_submit")
            page.wait_for_selector(".jp-Launcher", timeout=90_000)

        return _collect(browser, visit)


def _ready(browser: Browser, urls: dict[str, str]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in urls}
    order = list(urls)
    for turn in range(ROUNDS + 1):
        random.Random(turn).shuffle(order)
        for name in order:
            context = browser.new_context()
            page = context.new_page()
            begin = time.perf_counter()
            page.goto(urls[name])
            page.wait_for_selector("#jupyterlab-splash", state="detached")
            page.wait_for_selector(".jp-Launcher")
            if turn:  # the first round warms up
                seconds[name].append(time.perf_counter() - begin)
            context.close()
    return seconds
