"""The people who work at the clinic: their accounts, sessions and rights, and the record of what they did."""

from gateway.staff.accounts import ROLES, Accounts, Person
from gateway.staff.audit import Audit

__all__ = ["ROLES", "Accounts", "Audit", "Person"]
