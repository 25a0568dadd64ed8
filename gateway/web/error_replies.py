"""What can go wrong with a request, each with a code and a sentence. None ever repeats what the patient typed."""

from __future__ import annotations

from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

# For whoever writes a client. What patients read stands in data/wording.yml.
SENTENCES = {
    "bad_json": (400, "The request is not valid JSON. Send a JSON object encoded as UTF-8."),
    "bad_request": (400, "The request can't be read. See /openapi.json for what it should look like."),
    "wrong_shape": (422, "Not as expected: {fields}. See /openapi.json for what the request should look like."),
    "unauthorized": (401, "This needs the header 'Authorization: Bearer TOKEN' with the token of the conversation."),
    "rest_unauthorized": (
        401,
        "This channel is open to this machine only. Set IMS_REST_TOKEN on the server and send it as "
        "'Authorization: Bearer TOKEN'.",
    ),
    "metrics_unauthorized": (
        401,
        "These numbers are open to this machine only. Set IMS_METRICS_TOKEN on the server and send it as "
        "'Authorization: Bearer TOKEN'.",
    ),
    "unknown_conversation": (404, "There is no such conversation, or the token is not its token. Start a new one."),
    "not_with_link": (403, "A link to a chat does not delete it. Delete it where it was begun, or ask the clinic."),
    "staff_unauthorized": (401, "Nobody is signed in. Sign in at /staff/login."),
    "not_your_role": (403, "Your account has no role for this. Ask an admin of the clinic."),
    "other_origin": (403, "This was not sent by a page of this site. Open the page again and send it from there."),
    "stale_form": (403, "This page is too old to be sent. Load it again and send it once more."),
    "too_many_requests": (429, "Too much came from your address. Wait {seconds} seconds and try again."),
    "too_many_streams": (429, "Too many windows listen from your address. Close some of them."),
    "no_answer": (404, "The conversation has no answer of this number."),
    "no_handoff": (409, "Nobody was asked for in this conversation. Ask for a person first."),
    "not_found": (404, "There is nothing at this address."),
    "method_not_allowed": (405, "This address does not take this method."),
    "key_reused": (409, "This key was used before for another message. Use a new key for each message."),
    "too_big": (413, "The request is too big. At most {limit} bytes are accepted."),
    "too_slow": (408, "The request took too long to arrive."),
    "not_stored": (
        503,
        "The database does not answer at the moment, so nothing was taken. Send the same again in a few seconds.",
    ),
    "failed": (500, "Something went wrong here, and it was noted. Please try again."),
}


class Refused(Exception):
    """A request that is answered with an error: `code` for programs, `message` for people."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    @classmethod
    def because(cls, code: str, **values: object) -> Refused:
        """The refusal of this code, with its sentence."""
        status, sentence = SENTENCES[code]
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 and code != "staff_unauthorized" else None
        if code == "not_stored":
            headers = {"Retry-After": "5"}
        return cls(status, code, sentence.format(**values), headers)

    def response(self) -> Response:
        return JSONResponse(error_body(self.code, self.message), self.status, self.headers)


def wants_page(request: Request) -> bool:
    """Whether a person in a browser waits for the reply, not a program."""
    return "text/html" in request.headers.get("accept", "")


def reply_to(request: Request, refused: Refused) -> Response:
    """The reply to a refused request; a page for a person who sent a form of studio or office."""
    if wants_page(request) and request.method == "POST" and request.url.path.startswith(("/studio", "/office")):
        return problem_page(refused.status, "This was not done", refused.message)
    return refused.response()


def problem_page(status: int, title: str, message: str) -> Response:
    """A refusal as a page of the staff. What was typed is still in the form that the browser goes back to."""
    return HTMLResponse(
        '<!doctype html><html lang="en-CA"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        '<link rel="stylesheet" href="/static/desk/desk.css">'
        f'<main><h1>{escape(title)}</h1><p role="alert">{escape(message)}</p>'
        "<p>Go back with your browser: what you typed is still there. "
        'Or open <a href="/staff">your account</a>.</p></main>',
        status,
        {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"},
    )


def error_body(code: str, message: str) -> dict[str, Any]:
    """The one shape in which errors are told."""
    return {"error": {"code": code, "message": message}}
