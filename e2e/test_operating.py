"""The runbook of places followed to the letter beside a running node, and a backup that brings originals back."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, ROOT, SHIYIN, WIDE, shiyin
from people import register
from test_originals import MIB, deposit, written  # noqa: F401

PAGE = ROOT / "docs/operations/places.md"


def commands(heading):
    """The commands of one section, as they stand there."""
    section = next(part for part in PAGE.read_text().split("\n## ")[1:] if part.startswith(heading))
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def follow(deposit, heading, code=0):  # noqa: F811
    folder = deposit.folder / "bin"
    folder.mkdir(exist_ok=True)
    if not (folder / "shiyin").exists():
        (folder / "shiyin").symlink_to(SHIYIN)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "DATA": "data", "PLACE": "away",
                   "ORIGINALS": "carried"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands(heading)], cwd=deposit.folder, env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def status(deposit, code=0):  # noqa: F811
    return json.loads(shiyin("vault", "status", "--json", "--data", deposit.folder / "data", code=code))


def uploaded(deposit, name, size, seed):  # noqa: F811
    path = written(deposit.folder / name, size, seed)
    uploader = deposit.uploader(path, chunk_size=4 * MIB)
    uploader.upload()
    return deposit.holding(uploader), path.read_bytes(), uploader.url


def settled(deposit):  # noqa: F811
    """Waits until every place has every copy."""
    for _ in range(300):
        found = status(deposit, code=None)
        if all(place["to_be_made"] == 0 and place["good"] == found["originals"] for place in found["places"]):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def files(place):
    return sorted(path for path in (place / "objects").rglob("*") if path.is_file())


def flip(path, at=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 1
    path.write_bytes(content)


def test_the_runbook_of_places_does_what_it_says(deposit):  # noqa: F811
    hall, away, carried = (deposit.folder / name for name in ["hall", "away", "carried"])
    (one, first, _), (two, second, _) = uploaded(deposit, "a.bin", 3 * MIB + 1, 1), uploaded(deposit, "b.bin", 200_000, 2)
    assert settled(deposit)["originals"] == 2
    assert "2 copied and compared, 0 there already" in follow(deposit, "Every day")
    assert "0 copied and compared, 2 there already" in follow(deposit, "Every day"), "only what is new"
    assert [path.name for path in files(carried)] == sorted(path.name for path in files(hall))
    # A copy is damaged: found and mended now.
    flip(files(away)[0])
    said = follow(deposit, "A copy is damaged")
    assert "was bad, and is mended" in said and "All 4 copies that were read are good." in said
    assert files(away)[0].read_bytes() == files(hall)[0].read_bytes() and list((away / "aside").iterdir())
    # A place does not answer: it is not lost, and it is there again.
    away.rename(deposit.folder / "unmounted")
    found = status(deposit, code=1)
    assert [place["answers"] for place in found["places"]] == [True, False] and "mounted" in found["places"][1]["cause"]
    (deposit.folder / "unmounted").rename(away)
    assert "waits for a place" in follow(deposit, "A place does not answer")
    assert status(deposit)["well"]
    # Lost for good: an empty one is filled when it is adopted, and not before.
    shutil.rmtree(away)
    away.mkdir()
    assert not status(deposit, code=1)["well"] and not files(away)
    said = follow(deposit, "A place is lost for good")
    assert "away is taken for the place of that name. 2 copies" in said
    assert [path.read_bytes() for path in files(away)] == [path.read_bytes() for path in files(hall)]
    assert status(deposit)["well"]
    # No good copy is left anywhere but in the copy of originals.
    for place in [hall, away]:
        flip(files(place)[0])
    checked = json.loads(shiyin("vault", "check", "--json", "--data", deposit.folder / "data", code=1))
    assert checked["bad"] == 2 and status(deposit, code=1)["lost"] == 1
    said = follow(deposit, "No good copy is left")
    assert "Copies brought back: 2; there and good: 2" in said and "All 4 copies" in said
    assert status(deposit)["lost"] == 0
    assert deposit.fetch(one)[0] == first and deposit.fetch(two)[0] == second
    assert "hall" in follow(deposit, "A new place")


def test_an_instance_comes_back_with_its_originals_and_without_what_was_erased(deposit):  # noqa: F811
    data, copy, keys = (deposit.folder / name for name in ["data", "copy", "copied-keys"])
    kept, whole, _ = uploaded(deposit, "a.bin", 2 * MIB + 9, 3)
    gone, _, place = uploaded(deposit, "b.bin", 100_000, 4)
    settled(deposit)
    said = shiyin("backup", copy, "--keys", keys, "--data", data).decode()
    assert "2 copied and compared" in said and len(files(copy / "originals")) == 2
    said = shiyin("backup", deposit.folder / "lean", "--keys", deposit.folder / "k2", "--without-originals", "--data", data)
    assert "The originals are not in this copy (2 of them)" in said.decode()
    assert not (deposit.folder / "lean/originals").exists()
    # One is given up by its owner after the copy was made; the record of it is in the places.
    end = urllib.request.Request(place, method="DELETE", headers={**deposit.headers, "Tus-Resumable": "1.0.0"})
    with urllib.request.urlopen(end, timeout=30) as answer:
        assert answer.status == 204
    for _ in range(300):
        if len(files(deposit.folder / "hall")) == len(files(deposit.folder / "away")) == 1:
            break
        time.sleep(0.1)
    deposit.node.stop()
    # The disk with the instance and one of the places is lost.
    shutil.rmtree(data)
    shutil.rmtree(deposit.folder / "hall")
    said = shiyin("restore", copy, "--keys", keys, "--data", data).decode()
    assert not (data / "originals").exists(), "they are in the places"
    assert "Copies brought back: 1; there and good: 1" in said, said
    assert "Erased again, since they were erased after the copy was made: 1 originals; 0 people" in said, said
    assert len(files(deposit.folder / "hall")) == 1, "bytes of what was erased are not written back"
    proof = json.loads(shiyin("vault", "check", "--json", "--data", data))
    assert proof["bad"] == 0
    shiyin("log", "retire", "--data", data)
    deposit.node.start()
    assert deposit.fetch(kept)[0] == whole
    with pytest.raises(urllib.error.HTTPError) as refused:
        deposit.fetch(gone)
    assert refused.value.code in (404, 410), "its key is gone"
    assert status(deposit)["well"]


def looked_at(visit, shots, boss, url):
    """The page in both languages and lights, wide and on a phone; nothing sticks out, and axe finds nothing."""
    name, state, wrong, contents = url.split("/", 3)[3].replace("/", "-"), boss.context.storage_state(), [], []
    for lang in ["zh", "en"]:
        for scheme in ["light", "dark"]:
            for viewport, size in [(WIDE, "wide"), (PHONE, "phone")]:
                page = visit(url, lang, scheme, viewport, storage_state=state).page
                if shots:
                    page.screenshot(path=shots / f"{name}-{lang}-{scheme}-{size}.png", full_page=True)
                contents.append(page.content())
                for width in [viewport["width"], 360, 800] if size == "wide" else [viewport["width"]]:
                    page.set_viewport_size({"width": width, "height": 900})
                    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    wrong += [f"{lang} {scheme} at {width}: overflow of {over}"] if over > 0 else []
                page.set_viewport_size(viewport)
                for violation in Axe().run(page).response["violations"]:
                    targets = [found["target"] for found in violation["nodes"]][:3]
                    wrong.append(f"{lang} {scheme} {size}: {violation['id']} {targets}")
    assert not wrong, "\n".join(wrong)
    return contents


def administrator(visit, deposit):  # noqa: F811
    node = deposit.node
    boss = visit(f"{node.url}/").page
    register(boss, node, deposit.mailbox, "Hua")
    boss.goto(f"{node.url}/administrator")
    boss.fill("[name=token]", node.operator_token())
    boss.click("main button.primary")
    boss.wait_for_url("**/account?said=operator")
    return boss


def test_the_operators_page_says_what_is_wrong_and_tries_again(deposit, visit, shots):  # noqa: F811
    node, boss = deposit.node, administrator(visit, deposit)
    holding, *_ = uploaded(deposit, "secret name.bin", 1 * MIB, 5)
    uploaded(deposit, "b.bin", 3000, 6)
    settled(deposit)
    boss.goto(f"{node.url}/operator/holdings")
    assert boss.locator("text=No copy is bad").is_visible() and holding not in boss.content()
    for place in ["hall", "away"]:
        flip(max(files(deposit.folder / place), key=lambda path: path.stat().st_size))
    shiyin("vault", "check", "--data", deposit.folder / "data", code=1)
    # What the job table says of work that was given up; and how a place that was unmounted looks.
    with sqlite3.connect(deposit.folder / "data/registry.db", timeout=30) as db:
        db.execute("insert into job (id, kind, payload, state, due_ms, tries, tries_max, steps_done, steps_all, error, created_ms) "
                   "values ('x', 'holding-bytes', ?, 'dead', 0, 2000, 2000, 0, 0, 'the disk said no', 0)", ("ab" * 16,))
        db.execute("update holding_place set is_up = 0, cause = 'the place away is out of reach: it has no mark; is its disk "
                   "mounted?', looked_s = looked_s + 600 where place = 'away'")
    for content in looked_at(visit, shots, boss, f"{node.url}/operator/holdings"):
        assert holding in content and "secret name" not in content and "the disk said no" in content
    boss.goto(f"{node.url}/operator/holdings")
    boss.click("form[action='/operator/holdings/retry'] button")
    boss.wait_for_url("**/operator/holdings?said=done")
    assert "the disk said no" not in boss.content()
    boss.goto(f"{node.url}/operator/history")
    assert boss.locator("text=Began again what had been given up for originals").first.is_visible()


def test_the_house_is_seen_whole_and_announces(deposit, visit, shots):  # noqa: F811
    node, boss = deposit.node, administrator(visit, deposit)
    with sqlite3.connect(deposit.folder / "data/registry.db", timeout=30) as db:
        db.execute("insert into job (id, kind, payload, state, due_ms, tries, tries_max, steps_done, steps_all, error, created_ms) "
                   "values ('x', 'works', '', 'dead', 0, 20, 20, 0, 0, 'the disk said no', 0)")
    boss.goto(f"{node.url}/organisations/new")
    boss.fill("[name=name]", "青屿影像 Harbour Pictures")
    boss.click("main button.primary")
    boss.wait_for_url("**/organisations/*")
    organisation = boss.url.split("/organisations/")[1].split("?")[0]
    boss.goto(f"{node.url}/operator/announcements")
    boss.fill("[name=zh]", "周日 02:00 至 03:00（UTC）维护，期间暂停签发。")
    boss.fill("[name=en]", "Maintenance on Sunday from 02:00 to 03:00 UTC; nothing is stamped meanwhile.")
    boss.fill("[name=until]", "2099-01-01")
    boss.click("form[action='/operator/announcements'] button")
    boss.wait_for_url("**/operator/announcements?said=done")
    for path in ["/operator", "/operator/standing", "/operator/announcements", "/operator/organisations",
                 f"/operator/organisations/{organisation}"]:
        contents = looked_at(visit, shots, boss, node.url + path)
        assert all("维护" in content or "Maintenance on Sunday" in content for content in contents), "on every page"
    stranger = visit(f"{node.url}/verify", "zh").page
    assert stranger.locator("aside", has_text="周日 02:00").is_visible()
    boss.goto(f"{node.url}/operator/standing")
    boss.click("form[action='/operator/standing/retry'] button")
    boss.wait_for_url("**/operator/standing?said=done")
    boss.goto(f"{node.url}/operator/announcements")
    boss.click("form[action='/operator/announcements/end'] button")
    boss.wait_for_url("**/operator/announcements?said=done")
    stranger.reload()
    assert stranger.locator("aside", has_text="周日 02:00").count() == 0
