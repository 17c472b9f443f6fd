"""A small real SMTP server on this computer: EHLO, STARTTLS, AUTH PLAIN, one mailbox, and ways to misbehave."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER, SECRET = "did", "KANARIE-losen"


@dataclass
class Mailbox:
    """What the server has received, and how it behaves."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    refuses: bool = False
    silent: float = 0
    messages: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logged_in: list[str] = field(default_factory=list)


class _Talk(socketserver.StreamRequestHandler):
    server: _Server

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode("ascii"))

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the encrypted one is not the server's own

    def handle(self) -> None:
        box, secure = self.server.box, False
        if box.silent:
            time.sleep(box.silent)
            return
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.decode("ascii").strip()
            verb = word.split(" ", 1)[0].upper()
            if verb == "EHLO":
                self.say("250-here")
                self.say("250 AUTH PLAIN" if secure or box.tls is None else "250 STARTTLS")
            elif verb == "STARTTLS":
                self.say("220 go")
                self.request = box.tls.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile, secure = self.request.makefile("rb"), self.request.makefile("wb", 0), True
            elif verb == "AUTH":
                _, user, password = base64.b64decode(word.split(" ")[2]).decode().split("\0")
                right = (user, password) == (USER, SECRET)
                box.logged_in += [user] if right else []
                self.say("235 ok" if right else "535 wrong")
            elif verb == "RCPT":
                box.recipients.append(word)
                self.say("550 no" if box.refuses else "250 ok")
            elif verb == "DATA":
                self.say("354 go")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                box.messages.append(b"".join(lines))
                box.encrypted.append(secure)
                self.say("250 ok")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    box: Mailbox


@contextmanager
def smtp_server(box: Mailbox) -> Iterator[Mailbox]:
    """The mailbox with a server on a free port of 127.0.0.1."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.box = box
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield box
        server.shutdown()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context with a certificate of its own for 127.0.0.1, and the file that a client has to trust."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
