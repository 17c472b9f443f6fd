"""Notices by e-mail, through a plain SMTP server, when somebody has turned it on. Never a reason for a run to fail."""

import os
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

import dagster as dg
from pydantic import Field

from assets.catalogue.load import active_profile
from assets.methods.errors import PipelineError
from assets.texts import shown_as, ui_texts
from pipelines.operation_settings import Email, read_settings
from pipelines.paths import Paths

PASSWORD = "DID_EPOST_LOSEN"
RING, ENTRY = "data-i-dialog", "epost"
OFF = ""


@shown_as("mail")
class Mail(dg.ConfigurableResource):
    """E-mail according to the installation's settings."""

    data_dir: str = Field(description=ui_texts()["fields"]["data_dir"])

    def tell(self, subject: str, text: str) -> str:
        """Send a notice to everyone in the settings; see `tell`."""
        return tell(Paths(Path(self.data_dir)).home(active_profile()), subject, text)


def tell(home: Path, subject: str, text: str) -> str:
    """Send a notice if e-mail is on.

    Returns:
        What came of it, as a Swedish sentence without addresses; empty when e-mail is off.
    """
    try:
        settings = read_settings(home).epost
        if not settings.pa:
            return OFF
        send(settings, subject, text)
    except PipelineError as error:
        return f"E-post skickades inte. {error}"
    return f"E-post är skickad till {len(settings.till)} mottagare."


def send(settings: Email, subject: str, text: str, password: Callable[[], str | None] | None = None) -> None:
    """Send one plain-text message.

    Raises:
        PipelineError: `mail_not_sent`, with the kind of what went wrong; the server's own words may hold addresses: not told.
    """
    message = EmailMessage()
    message["From"], message["To"] = settings.fran, ", ".join(settings.till)
    message["Subject"] = " ".join(subject.split())
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="data-i-dialog.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        with smtplib.SMTP(settings.server, settings.port, timeout=settings.tidsgrans) as server:
            if settings.starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.anvandare:
                server.login(settings.anvandare, (password or smtp_password)() or "")
            refused = server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise _not_sent(settings, *_words(error)) from None
    if refused:
        raise _not_sent(settings, f"{len(refused)} av {len(settings.till)} mottagare nekades", "Rätta adresserna i fältet till.")


def smtp_password() -> str | None:
    """From the environment, else from the system's key ring; None when neither has one."""
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(RING, ENTRY)
    except KeyringError:
        return None


def _words(error: Exception) -> tuple[str, str]:
    """What went wrong and what to do, by the kind of error."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "en inloggning som nekades", f"Kontrollera fältet anvandare och lösenordet ({PASSWORD} eller nyckelringen)."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "en server som saknar STARTTLS eller inloggning", "Kontrollera fälten port och starttls."
    if isinstance(error, ssl.SSLError):
        return (
            "ett certifikat som inte går att lita på",
            "Kontrollera fältet server; be den som sköter den om rätt certifikat.",
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "mottagare som nekades", "Rätta adresserna i fältet till."
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "inget svar inom tidsgränsen", "Kontrollera fälten server och port, och att brandväggen släpper igenom."
    return "ett fel från servern eller nätet", "Kontrollera fälten server, port och fran."


def _not_sent(settings: Email, got: str, hint: str) -> PipelineError:
    where = f"E-postservern {settings.server}, port {settings.port}"
    return PipelineError("mail_not_sent", where, "en server som tar emot meddelandet", got, hint)
