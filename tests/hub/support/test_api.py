"""Asking for help over the API: taken once, delivered, and told to whom it belongs alone."""

from .conftest import plain


async def test_what_is_asked_is_stored_delivered_and_told_to_its_person_alone(begin, mail_server):
    service = await begin(plain(mail_server))
    answer = await service.send()
    assert answer.status == 201
    assert answer.json["state"] == "queued"
    mail = await mail_server.arrivals.get()
    assert mail["To"] == "help@lab.example"
    assert mail["From"] == "Coastal Hub <hub@coastal.example>"
    assert mail["Reply-To"] == '"ada (not verified)" <ada@lab.example>'
    assert answer.json["reference"] in mail["Subject"]
    assert "When I open the large file." in mail.get_body().get_content()
    found = await service.settled(answer.json["id"])
    assert found["state"] == "sent"
    (listed,) = (await service.ask("requests")).json["requests"]
    assert listed == {name: found[name] for name in listed}
    assert (await service.ask("requests", "mal")).json["requests"] == []
    assert (await service.ask(f"requests/{answer.json['id']}", "mal")).status == 404
