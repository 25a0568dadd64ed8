"""Answer links: they lead back to a chat from any browser, for who waits for an answer.

The token is derived from the conversation's id and a secret of this gateway, so nothing is stored, and it ends with the
conversation. It stands behind the #: browsers send that part to nobody.
"""

from __future__ import annotations

import hashlib
import hmac

FRAGMENT = "ims-chat"


class Links:
    """Makes answer links and knows them again. `public_url` is empty where it is not set: then links begin with /."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._secret = secret.encode()
        self._public_url = public_url.rstrip("/")

    def to(self, conversation_id: str) -> str:
        """The link to this conversation."""
        return f"{self._public_url}/#{FRAGMENT}={conversation_id}.{self._token(conversation_id)}"

    def opens(self, conversation_id: str, token: str) -> bool:
        """Whether this is the token of its link."""
        return hmac.compare_digest(self._token(conversation_id).encode(), token.encode())

    def _token(self, conversation_id: str) -> str:
        return hmac.new(self._secret, conversation_id.encode(), hashlib.sha256).hexdigest()
