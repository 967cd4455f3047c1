"""The SMTP side: accepts any message from anybody and keeps it as ``.eml`` in a folder."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_MAX_MESSAGE_BYTES = 35 * 1024 * 1024


class KeepingHandler:
    """Writes each message, as received, to a file of its own: ``20260301T091500Z-0001-recipient.eml``.

    The envelope, which the message itself need not tell, is put before it as ``X-Envelope-...`` headers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The hook that aiosmtpd calls with a received message; returns the SMTP reply."""
        recipients = ", ".join(envelope.rcpt_tos)
        received = datetime.now(UTC)
        first = re.sub(r"[^A-Za-z0-9.@+-]", "_", envelope.rcpt_tos[0])[:80]
        name = f"{received:%Y%m%dT%H%M%SZ}-{next(self._numbers):04d}-{first}.eml"
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n"
        content = envelope.content or b""
        body = content if isinstance(content, bytes) else content.encode()
        partial = self._folder / f".{name}"
        partial.write_bytes(head.encode() + body)
        partial.rename(self._folder / name)
        return "250 Message kept"


def smtp_protocol(folder: Path) -> Callable[[], asyncio.Protocol]:
    """A factory of SMTP conversations for `loop.create_server`; messages go to `folder`, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = KeepingHandler(folder)
    return lambda: SMTP(
        handler, data_size_limit=_MAX_MESSAGE_BYTES, enable_SMTPUTF8=True, hostname="mail.sandbox"
    )
