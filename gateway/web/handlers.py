"""What an error becomes on its way out: a reply with a code and a sentence, never with what was sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.errors import describe
from gateway.web.error_replies import SENTENCES, Refused, error_body, problem_page, reply_to, wants_page

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]
log = logging.getLogger(__name__)


async def refused(request: Request, error: Exception) -> Response:
    """The code and the sentence of a refusal; a page for a person who sent a form of studio or office."""
    assert isinstance(error, Refused)
    return reply_to(request, error)


async def not_done(request: Request, error: Exception) -> Response:
    """What a person is told whose order was not carried out; the error's own words are for them."""
    if wants_page(request):
        return problem_page(409, "This was not done", str(error))
    return JSONResponse(error_body("not_done", str(error)), 409)


async def not_stored(request: Request, error: Exception) -> Response:
    """The database is locked, full or away. Nothing was taken, and what asks again later finds it again."""
    log.error("the database does not answer (%s)", describe(error))
    return Refused.because("not_stored").response()


async def invalid(request: Request, error: Exception) -> Response:
    """A request of another shape than the description of the API says."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return Refused.because("bad_json").response()
    # Only the names of our own fields: the rest of the error quotes what was sent.
    fields = sorted({str(problem["loc"][-1]) for problem in problems})
    return Refused.because("wrong_shape", fields=", ".join(fields)).response()


async def http_error(request: Request, error: Exception) -> Response:
    """An address that does not exist, or a method that it does not take."""
    assert isinstance(error, HTTPException)
    codes = {status: code for code, (status, _) in SENTENCES.items() if code in {"not_found", "method_not_allowed"}}
    return Refused.because(codes.get(error.status_code, "bad_request")).response()


async def failed(request: Request, error: Exception) -> Response:
    """Whatever nobody foresaw; `RequestLog` notes it."""
    return Refused.because("failed").response()


HANDLERS: dict[int | type[Exception], Handler] = {
    Refused: refused,
    RequestValidationError: invalid,
    HTTPException: http_error,
    OperationalError: not_stored,
    InterfaceError: not_stored,
    Exception: failed,
}
