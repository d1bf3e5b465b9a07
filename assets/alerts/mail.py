"""Messages by mail. Sending raises OSError when it fails: so does smtplib."""

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from assets.alerts.messages import TIMEOUT_SECONDS, Message

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class Mail:
    """An SMTP server: smtp://host:port in the clear, smtp+starttls:// or smtps://, with user:password@ where it asks for them."""

    url: str
    sender: str
    recipients: str
    name: str = "mail"

    def send(self, message: Message) -> None:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = message.subject, self.sender, self.recipients
        mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain=self.sender.rpartition("@")[2])
        mail.set_content(message.body)
        at = urlsplit(self.url)
        connect = smtplib.SMTP_SSL if at.scheme == "smtps" else smtplib.SMTP
        with connect(at.hostname or "localhost", at.port or PORTS[at.scheme], timeout=TIMEOUT_SECONDS) as server:
            if at.scheme == "smtp+starttls":
                server.starttls()
            if at.username:
                server.login(unquote(at.username), unquote(at.password or ""))
            server.send_message(mail)
