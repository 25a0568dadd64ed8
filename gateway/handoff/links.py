"""Answer links: they lead back to a chat from any browser, for whoever waits for an answer.

The token is made of the day on which it ends, the conversation's id and a secret of the gateways, so nothing is
stored. It opens a chat in which a person was asked for, and never deletes it. It stands behind the #: browsers send
that part to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from gateway.clock import utc_now

FRAGMENT = "ims-chat"
LASTS = timedelta(days=14)
TOKEN = re.compile(r"[0-9]{8}[0-9a-f]{64}")


class Links:
    """Makes answer links and knows them again. `public_url` is empty where it is not set: then links begin with /."""

    def __init__(self, secret: str, public_url: str, now: Callable[[], datetime] = utc_now) -> None:
        self._secret = secret.encode()
        self._public_url = public_url.rstrip("/")
        self._now = now

    def to(self, conversation_id: str) -> str:
        """The link to this conversation, good for two weeks."""
        token = self._token(conversation_id, f"{self._today() + LASTS:%Y%m%d}")
        return f"{self._public_url}/#{FRAGMENT}={conversation_id}.{token}"

    def opens(self, conversation_id: str, token: str) -> bool:
        """Whether this is a token of its link, and not over."""
        if not TOKEN.fullmatch(token) or token[:8] < f"{self._today():%Y%m%d}":
            return False
        return hmac.compare_digest(self._token(conversation_id, token[:8]), token)

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    def _token(self, conversation_id: str, last_day: str) -> str:
        made = hmac.new(self._secret, f"{conversation_id} {last_day}".encode(), hashlib.sha256)
        return last_day + made.hexdigest()
