"""What a patient leaves to be reached: an e-mail address or phone number, checked, in its usual form."""

from __future__ import annotations

import re
from contextlib import suppress

import phonenumbers
from email_validator import EmailNotValidError, validate_email

EMAIL = re.compile(r"(?<![^\s@<>(),;:])[^\s@<>(),;:]+@[^\s@<>(),;:]+\.\w+")  # a long word is read once
LONGEST = 254  # characters in an e-mail address
MOST_TRIES = 10  # places in a message at which digits are looked at


class NotReachable(ValueError):
    """Neither an e-mail address nor a phone number."""


def contact(written: str, country: str) -> str:
    """The address or number in its usual form; a number without a country code is one of the clinic's country.

    Raises NotReachable if it is neither.
    """
    text = written.strip()
    if len(text) > LONGEST:
        raise NotReachable
    try:
        return _email(text) if "@" in text else _phone(text, country)
    except (EmailNotValidError, phonenumbers.NumberParseException):
        raise NotReachable from None


def contact_in(text: str, country: str, *, but: str = "") -> tuple[str, str] | None:
    """The first address or number in a text, as it stands there and in its usual form; none if it is the one `but`."""
    found_in = phonenumbers.PhoneNumberMatcher(text, country, max_tries=MOST_TRIES)
    numbers = (match.raw_string for match in found_in)
    for written in (*EMAIL.findall(text), *numbers):
        with suppress(NotReachable):
            if (found := contact(written, country)) != (but and contact(but, country)):
                return written, found
    return None


def _email(text: str) -> str:
    # Asking other machines whether the address exists would tell them of the patient.
    return validate_email(text, check_deliverability=False).normalized


def _phone(text: str, country: str) -> str:
    number = phonenumbers.parse(text, country)
    if not phonenumbers.is_valid_number(number):
        raise NotReachable
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
