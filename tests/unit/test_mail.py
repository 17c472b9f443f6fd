"""Notices by e-mail against a real SMTP server on this computer: off by default, STARTTLS, log in, and never a failure."""

from __future__ import annotations

import email
import email.policy
import socket

import pytest

from assets.methods.errors import PipelineError
from pipelines.mail import PASSWORD, tell
from pipelines.operation_settings import FILE, TEMPLATE, Email, Operation, read_settings, write_template
from tests.support.smtp_server import SECRET, USER, Mailbox, certificate, smtp_server

NOTHING: dict[str, str] = {}


def settings(home, **fields) -> None:
    """Write the installation's settings with e-mail on."""
    given = {"pa": "true", "server": "127.0.0.1", "fran": "did@example.org", "till": "[a@example.org, b@example.org]"} | fields
    (home / FILE).parent.mkdir(exist_ok=True)
    lines = "".join(f"  {name}: {value}\n" for name, value in given.items())
    (home / FILE).write_text(f"version: 1\nepost:\n{lines}", encoding="utf-8")


def test_nothing_is_sent_until_somebody_turns_it_on(tmp_path):
    with smtp_server(Mailbox()) as box:
        assert tell(tmp_path, "Ämne", "Text") == ""
        write_template(tmp_path)
        assert tell(tmp_path, "Ämne", "Text") == ""
        settings(tmp_path, pa="false", port=box.port)
        assert tell(tmp_path, "Ämne", "Text") == ""
    assert box.messages == []


def test_the_template_is_the_default_and_is_never_written_over(tmp_path):
    write_template(tmp_path)
    assert read_settings(tmp_path, NOTHING) == Operation()
    (tmp_path / FILE).write_text(TEMPLATE.replace("av: ''", "av: Åsa Ek"), encoding="utf-8")
    write_template(tmp_path)
    assert read_settings(tmp_path, NOTHING).av == "Åsa Ek"


def test_a_notice_goes_encrypted_with_log_in_to_all_recipients(tmp_path, monkeypatch):
    tls, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv(PASSWORD, SECRET)
    with smtp_server(Mailbox(tls=tls)) as box:
        settings(tmp_path, port=box.port, anvandare=USER)
        assert (
            tell(tmp_path, "Körningen\r\nBcc: x@example.org", "Åsa, det här är å ä ö.\n") == "E-post är skickad till 2 mottagare."
        )
    assert (box.encrypted, box.logged_in) == ([True], [USER])
    assert len(box.recipients) == 2
    message = email.message_from_bytes(box.messages[0], policy=email.policy.default)
    assert message["Subject"] == "Körningen Bcc: x@example.org", "no header of its own"
    assert message["Bcc"] is None
    assert message.get_content().replace("\r\n", "\n") == "Åsa, det här är å ä ö.\n"


@pytest.mark.parametrize(
    ("box", "fields", "said"),
    [
        (Mailbox(refuses=True), {"starttls": "false"}, "mottagare som nekades"),
        (Mailbox(silent=1), {"starttls": "false", "tidsgrans": 0.2}, "inget svar inom tidsgränsen"),
        (Mailbox(), {"starttls": "true"}, "saknar STARTTLS"),
        (Mailbox(), {"starttls": "false", "anvandare": USER}, "inloggning som nekades"),
    ],
)
def test_what_cannot_be_sent_is_told_and_fails_nothing(tmp_path, monkeypatch, box, fields, said):
    monkeypatch.setenv(PASSWORD, "fel")
    with smtp_server(box):
        settings(tmp_path, port=box.port, **fields)
        told = tell(tmp_path, "Ämne", "Text")
    assert told.startswith("E-post skickades inte. E-postservern 127.0.0.1, port ")
    assert said in told
    assert "example.org" not in told
    assert box.messages == []


def test_an_unknown_certificate_and_a_closed_port_are_told(tmp_path):
    tls, _ = certificate(tmp_path)
    with smtp_server(Mailbox(tls=tls)) as box:
        settings(tmp_path, port=box.port)
        assert "ett certifikat som inte går att lita på" in tell(tmp_path, "Ämne", "Text")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings(tmp_path, port=free.getsockname()[1])
        assert "ett fel från servern eller nätet" in tell(tmp_path, "Ämne", "Text")


def test_the_environment_goes_before_the_file(tmp_path):
    settings(tmp_path, port=25)
    given = {"DID_EPOST_PORT": "2525", "DID_EPOST_TILL": "c@example.org, d@example.org", "DID_EPOST_LOSEN": SECRET}
    found = read_settings(tmp_path, given).epost
    assert (found.port, found.till, found.server) == (2525, ["c@example.org", "d@example.org"], "127.0.0.1")
    assert SECRET not in found.model_dump_json()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("version: 2\n", "version"),
        ("losenord: hemligt\n", "losenord"),
        ("epost: {pa: true, server: x}\n", "epost"),
        ('epost: {fran: "a@b\\nBcc: c@d"}\n', "epost"),
        ("epost: {anvandare: a, starttls: false, server: smtp.example.org}\n", "epost"),
        ("!!python/object/apply:os.system ['true']\n", "går att läsa"),
        ("- a\n", "något annat än fält"),
    ],
)
def test_settings_that_cannot_be_used_are_named_without_their_values(tmp_path, text, field):
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        read_settings(tmp_path, NOTHING)
    assert field in str(error.value)
    assert "hemligt" not in str(error.value)
    assert tell(tmp_path, "Ämne", "Text").startswith("E-post skickades inte. drift/drift.yml"), "told, and nothing stops"


def test_email_is_off_and_encrypted_unless_somebody_says_otherwise():
    assert (Email().pa, Email().starttls) == (False, True)
