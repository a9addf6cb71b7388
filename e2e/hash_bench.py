"""Hashes one file in a real browser, both digests in one pass, and prints bytes a second; for `make bench`.

Usage: hash_bench.py FILE PAGE (the page is the offline verifier, so that no server takes part)."""

import sys

from playwright.sync_api import sync_playwright

file, page_file = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
    page = browser.new_page()
    page.goto(f"file://{page_file}")
    page.wait_for_selector("#desk[data-state=ready]")
    rates = []
    for _ in range(3):
        page.set_input_files("#desk input[multiple]", file)
        page.wait_for_selector("#desk[data-state=done]", timeout=600000)
        desk = page.locator("#desk")
        rates.append(float(desk.get_attribute("data-hashed-bytes")) / float(desk.get_attribute("data-hashed-ms")) * 1000)
        page.click("[data-part=clear]")
    print(max(rates))
    browser.close()
