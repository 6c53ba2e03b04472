"""A request for help, from Lab to the community's mail server: written, read once more, sent, followed; with no secret in it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from .community import PLANTED
from .lab import PANEL, Lab

PICTURE = bytes.fromhex("89504e470d0a1a0a") + b"a picture of what was seen"


def composer(lab: Lab) -> Locator:
    """The composer, opened by the Help menu."""
    lab.page.get_by_role("menuitem", name="Help", exact=True).click()
    lab.page.locator(".lm-Menu").get_by_text("Ask for Help…", exact=True).click()
    found = lab.page.locator(".jp-HubComposer")
    expect(found.get_by_role("heading", name="What happened")).to_be_visible()
    return found


def test_a_request_with_diagnostics_arrives_and_holds_no_secret(community, mailbox, page, axe):
    lab = Lab(community, page)
    lab.log_in("ada")
    log = community.state / "home" / "ada" / ".jupyter-server-log.txt"
    secret = "netrc-password-0815"
    (log.parent / ".netrc").write_text(f"machine git.example login ada password {secret}\n")
    log.write_text(f"[W] refused: {secret} {PLANTED['COASTAL_API_TOKEN']} /lab?token=abc123def\n")
    lab.open("lab?reset")
    form = composer(lab)
    expect(form.get_by_text("Coastal Lab support\u2069 will read it.")).to_be_visible()
    expect(form.get_by_text("It is kept for 90 days.")).to_be_visible()

    # nothing is sent before there is something to send
    form.get_by_role("button", name="Send", exact=True).click()
    expect(form.get_by_text("Choose what it is.")).to_be_visible()
    expect(form.get_by_role("radio", name="Something is broken")).to_be_focused()

    form.get_by_role("radio", name="Something is broken").check()
    form.get_by_role("radio", name="Servers do not start").check()
    expect(form.get_by_text("Write to help@lab.university.example")).to_be_visible()
    form.get_by_role("radio", name="Slow, or kernels die").check()
    expect(form.get_by_text("Write to help@lab.university.example")).to_have_count(0)
    form.get_by_label("Subject").fill("My kernel dies")
    form.get_by_label("Description").fill("It says: Kernel Restarting.\nIt worked last week.")
    form.get_by_label("Who is affected").fill("me, and my class")
    form.get_by_label("Reply address").fill("ada@lab.university.example")

    form.get_by_role("button", name="Gather diagnostics").click()
    parts = form.get_by_role("list", name="Diagnostics")
    for part in ("The session", "Limits and use", "The server’s last warnings", "The browser"):
        expect(parts.get_by_text(part)).to_be_visible()
    parts.get_by_role("checkbox", name="Send: Installed packages").uncheck()
    with page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Attach a file…").click()
    chooser.value.set_files(
        [
            {"name": "seen.png", "mimeType": "image/png", "buffer": PICTURE},
            {"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"},
        ]
    )
    expect(form.get_by_role("list", name="Files")).to_contain_text("seen.png")
    expect(form.get_by_text("run.exe")).to_contain_text("files of this type are not taken")

    form.get_by_text("Read exactly what is sent").click()
    letter = form.locator(".jp-HubComposer-letter pre").inner_text()
    assert "It says: Kernel Restarting.\nIt worked last week." in letter
    assert "refused: <secret:NETRC> <secret:COASTAL_API_TOKEN> /lab?token=<secret>" in letter
    assert lab.faults_in_both_themes(axe, ".jp-HubComposer") == []

    form.get_by_role("button", name="Send", exact=True).click()
    expect(form.get_by_role("heading", name="Your request is on its way")).to_be_focused()
    reference = re.search(r"R-[A-Z0-9]+", form.inner_text())[0]
    mail = mailbox.next()
    assert mail["To"] == "help@lab.university.example"
    assert mail["From"] == "Coastal Ocean Hub <hub@hub.example>"
    assert "ada@lab.university.example" in mail["Reply-To"]
    assert reference in mail["Subject"]
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert files["seen.png"] == PICTURE
    text = mail.get_body().get_content() + files["diagnostics.txt"]
    assert "It says: Kernel Restarting." in text
    assert "me, and my class" in text
    assert "JupyterHub:" in text
    assert "<secret:COASTAL_API_TOKEN>" in text
    assert "jupyterlab 4" not in text  # the packages, which were left out
    everything = mail.as_bytes() + text.encode()
    for planted in (*PLANTED.values(), secret, "abc123def"):
        assert planted.encode() not in everything
    token = lab.page.evaluate(
        "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).token"
    )
    assert token
    assert token.encode() not in everything

    # it can be followed in the panel, and the draft is gone
    lab.open_panel()
    mine = lab.section("Get help").get_by_role("list", name="Your help requests")
    expect(mine).to_contain_text("My kernel dies")
    expect(mine).to_contain_text(reference)
    form.get_by_role("button", name="Close").click()
    lab.section("Get help").get_by_role("button", name="Ask for help…").click()
    again = lab.page.locator(".jp-HubComposer")
    expect(again.get_by_label("Subject")).to_have_value("")
    expect(again.get_by_label("Reply address")).to_have_value("ada@lab.university.example")
    assert lab.faults_in_both_themes(axe, f"#{PANEL}") == []
    assert lab.errors == []


def test_a_secret_that_was_written_stays_here_and_so_does_the_draft(community, mailbox, page):
    lab = Lab(community, page)
    lab.log_in("mal")
    lab.open("lab?reset")
    form = composer(lab)
    form.get_by_role("radio", name="Ask for advice").check()
    form.get_by_label("Subject").fill("Access to the bucket")
    with page.expect_request(lambda request: "is that right" in (request.post_data or "")):
        # Lab keeps the draft on the server
        form.get_by_label("Description").fill(f"{PLANTED['COASTAL_API_TOKEN']}, is that right?")
    form.get_by_role("button", name="Send", exact=True).click()
    refused = form.get_by_role("alert")
    expect(refused).to_contain_text("the value of COASTAL_API_TOKEN")
    expect(refused).to_contain_text("What you wrote is still here.")
    lab.page.reload()
    again = composer(lab)
    expect(again.get_by_label("Subject")).to_have_value("Access to the bucket")
    again.get_by_label("Description").fill("Which role do I need?")
    again.get_by_role("button", name="Send", exact=True).click()
    expect(again.get_by_role("heading", name="Your request is on its way")).to_be_visible()
    mail = mailbox.next()
    assert "Access to the bucket" in mail["Subject"]
    assert "Which role do I need?" in mail.get_body().get_content()
    assert lab.errors == []


def test_notebook_opens_the_composer_beside_the_document(community, page):
    lab = Lab(community, page)
    lab.log_in("ada")
    lab.open("tree")
    found = composer(lab)
    expect(lab.page.get_by_role("region", name="Ask for help")).to_be_visible()
    expect(found.get_by_role("radio", name="Announce an event")).to_be_visible()
    assert lab.errors == []
