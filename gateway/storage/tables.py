"""The tables of the gateway: conversations, their numbered events, and what the front desk has to look at.

`gateway/storage/migrations` makes them in a database; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no time zone, so it is taken off on the way in and put on again on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),  # unguessable
    Column("token_hash", String(64)),  # sha256 of what the browser shows; none for conversations of the REST channel
    Column("sender", String(255), unique=True),  # who the REST channel says it is; none for conversations of the page
    Column("created_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False, index=True),
    Column("last_seq", Integer, nullable=False),
    Column("holder", String(16), nullable=False),  # assistant, waiting (for a person) or person
    Column("slots", JSON, nullable=False),  # what the engine is told with each message: it remembers nothing
    Column("record", JSON(none_as_null=True)),  # what is known of the chat (gateway/chat/record.py)
    Column("red_flag", JSON(none_as_null=True)),  # what the net found in the last message, if anything
    Column("language", String(8)),  # of the chat window
    # The assistant answers no message up to this one: a person had the chat.
    Column("answers_after", Integer, nullable=False, server_default="0"),
    Column("desk_seen", Integer, nullable=False, server_default="0"),  # up to here the desk has dealt with it
)

events = Table(
    "events",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("role", String(16), nullable=False),  # patient, assistant, staff or system
    Column("kind", String(32), nullable=False),
    Column("body", JSON, nullable=False),
    Column("choices", JSON(none_as_null=True)),  # what the buttons of this event do, by id; never leaves the server
    Column("client_key", String(64)),
    Column("in_reply_to", Integer),  # seq of the patient's message
    Column("state", String(16)),  # of a patient's message: received, answered or with_person
    Column("rating", String(16)),  # of an answer, by the patient: helpful, not_helpful or looks_wrong
    Column("created_at", Utc, nullable=False),
    PrimaryKeyConstraint("conversation_id", "seq"),
    UniqueConstraint("conversation_id", "client_key"),
    # Only the messages that still wait for an answer: stays small however long the log grows.
    Index(
        "ix_events_unanswered",
        "conversation_id",
        "seq",
        sqlite_where=text("state = 'received'"),
        postgresql_where=text("state = 'received'"),
    ),
)

desk_items = Table(
    "desk_items",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("seq", Integer, nullable=False),  # of the patient's message that it is about
    Column("reason", String(32), nullable=False),  # asked, engine_down, emergency, urgent, crisis, looks_wrong ...
    Column("note", String(500)),  # what the patient wrote about it; goes with the conversation
    Column("state", String(16), nullable=False),  # open or done
    Column("created_at", Utc, nullable=False),
    Column("alerts", Integer, nullable=False, server_default="0"),  # how often the front desk was reminded of it
    Column("opened_at", Utc),  # when somebody of the desk first had the chat before them; until then it rings
    Column("done_at", Utc),
    Column("done_by", String(100)),
    Column("done_note", String(500)),  # what was done about it
    Index("ix_desk_items_state_created_at", "state", "created_at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # An incident stays when its conversation is forgotten: it is about the answer.
    Column("conversation_id", ForeignKey("conversations.id", ondelete="SET NULL"), index=True),
    Column("seq", Integer, nullable=False),  # of the answer that looks wrong
    Column("topic", String(64), nullable=False),
    Column("version", String(16), nullable=False),  # of the answer, as it was read
    Column("state", String(16), nullable=False),  # open or closed
    Column("created_at", Utc, nullable=False),
    Index("ix_incidents_state", "state"),
)

# How often an answer helped. Nothing leads back to a conversation, and a day is all that is known of the time.
ratings = Table(
    "ratings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("topic", String(64), nullable=False),
    Column("version", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),  # helpful or not_helpful
    Column("day", Date, nullable=False),
    Index("ix_ratings_topic_version", "topic", "version"),
)

# What the reports count of chats that went: numbers of a day that lead to no chat (gateway/storage/sums.py).
report_sums = Table(
    "report_sums",
    metadata,
    Column("day", Date, nullable=False),
    Column("what", String(16), nullable=False),
    Column("which", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("day", "what", "which"),
)

# How each answer did in chats that are gone, week by week. Nothing leads back to a conversation.
answer_sums = Table(
    "answer_sums",
    metadata,
    Column("week", Date, nullable=False),  # its Monday
    Column("answer", String(130), nullable=False),  # the name of a topic, or of one of its specific answers
    Column("given", Integer, nullable=False),
    Column("helpful", Integer, nullable=False),
    Column("not_helpful", Integer, nullable=False),
    Column("handed_over", Integer, nullable=False),
    PrimaryKeyConstraint("week", "answer"),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("topic", String(64), primary_key=True),
    Column("reason", String(500), nullable=False),
    Column("created_at", Utc, nullable=False),
)

# Every time that somebody needed a person. At most one of a conversation has not ended.
handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reason", String(32), nullable=False),  # asked, screening, or desk: the front desk took it by itself
    Column("state", String(16), nullable=False),  # waiting, person or ended
    Column("asked_at", Utc, nullable=False),
    Column("after_hours", Boolean, nullable=False),  # nobody was there, and the patient was told so
    Column("waiting_since", Utc),  # since when the patient waits for words of a person; none while nobody waits
    Column("staff_id", Integer),
    Column("staff_name", String(100)),
    Column("claimed_at", Utc),  # since when that person has it
    Column("replied_at", Utc),  # the first reply of a person
    Column("ended_at", Utc),
    Column("ended", String(16)),  # handed_back, cancelled, closed or blocked
    Column("closed_as", String(32)),  # why it was closed or blocked, by its id in data/desk.yml
    Column("alerts", Integer, nullable=False),  # how often the front desk was reminded of this wait
    Column("contact", String(254)),  # e-mail address or phone number; gone when the handoff ends
    Index(
        "uq_handoffs_open",
        "conversation_id",
        unique=True,
        sqlite_where=text("state != 'ended'"),
        postgresql_where=text("state != 'ended'"),
    ),
    Index("ix_handoffs_replied_at", "replied_at"),
    Index("ix_handoffs_ended_at", "ended_at"),
)

desk_notes = Table(
    "desk_notes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("staff_id", Integer, nullable=False),
    Column("staff_name", String(100), nullable=False),
    Column("text", String(2000), nullable=False),
    Column("created_at", Utc, nullable=False),
)

# How far each person of the front desk has read a chat.
desk_reads = Table(
    "desk_reads",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("staff_id", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    PrimaryKeyConstraint("conversation_id", "staff_id"),
)

# What the front desk calls a chat, to find it again: ids of data/desk.yml.
desk_tags = Table(
    "desk_tags",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("tag", String(32), nullable=False),
    PrimaryKeyConstraint("conversation_id", "tag"),
)

# Chats that reach nobody at the front desk for a while. Nothing of the person is kept: a block goes with its chat.
desk_blocks = Table(
    "desk_blocks",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("why", String(32), nullable=False),  # by its id in data/desk.yml
    Column("staff_name", String(100), nullable=False),
    Column("until", Utc, nullable=False),
)

# When each person of the front desk last had one of its pages open.
desk_presence = Table(
    "desk_presence",
    metadata,
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
)

# Replies that a person of the front desk sends often.
desk_replies = Table(
    "desk_replies",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("text", String(2000), nullable=False),
)

# One row while the front desk has switched itself to "out".
desk_absence = Table(
    "desk_absence",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("staff_name", String(100), nullable=False),
    Column("since", Utc, nullable=False),
)

# What is to be sent by e-mail. A row goes when it was sent, or with its conversation.
desk_mails = Table(
    "desk_mails",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # alert, look (both to the clinic) or answer (to the patient)
    Column("created_at", Utc, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("login", String(64), nullable=False, unique=True),  # lower case
    Column("name", String(100), nullable=False),  # what patients and colleagues see
    Column("roles", JSON, nullable=False),  # of desk, trainer, clinical_reviewer, admin
    Column("password_hash", String(255)),  # argon2; none until the person set one
    Column("totp_secret", String(64)),  # none: no second step
    Column("totp_step", Integer, nullable=False),  # of the last code that was used: each works once
    Column("recovery", JSON(none_as_null=True)),  # hashes of the codes for a lost phone that are left
    Column("disabled", Integer, nullable=False),  # 0 or 1
    Column("created_at", Utc, nullable=False),
)

# One-time links with which a person sets a password; only the hash of what stands in them.
staff_links = Table(
    "staff_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Utc, nullable=False),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("device", String(120), nullable=False),  # what the browser calls itself
    Column("created_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
)

# Browsers in which a person has signed in before: others' failures do not slow them down.
staff_devices = Table(
    "staff_devices",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
)

# Who read and did what. Never what was said; it stays when an account or a conversation goes.
staff_audit = Table(
    "staff_audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False, index=True),
    Column("login", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("target", String(64)),  # a conversation's id, an account, the name of an answer
)

# Replies of the front desk that may become answers. They hold a patient's words, so they go with the conversation.
proposals = Table(
    "proposals",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("question", String(2000), nullable=False),
    Column("reply", String(4000), nullable=False),
    Column("login", String(64), nullable=False),  # who proposed it
    Column("state", String(16), nullable=False),  # open or done
    Column("created_at", Utc, nullable=False),
    Index("ix_proposals_state", "state"),
)

# Messages that were not understood, without personal details. They go with the conversation that they come from.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), index=True),  # none: imported
    Column("origin", String(64), unique=True),  # where it comes from, so that it comes in once
    Column("text", String(2000), nullable=False),
    Column("reason", String(16), nullable=False),  # unknown, clarify, not_helpful, looks_wrong, corrected, imported
    Column("topic", String(64)),  # that was answered
    Column("offered", JSON, nullable=False),  # topics behind the "did you mean" buttons, best first
    Column("confidence", Float),
    Column("state", String(16), nullable=False),  # open, taught or dismissed
    Column("created_at", Utc, nullable=False),
    Index("ix_inbox_state", "state"),
)

# What a candidate would have done with a message beside what was done. The words stand here only where the two differ,
# without personal details, and go with the conversation.
shadow = Table(
    "shadow",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("model", String(120), nullable=False, index=True),
    Column("same", Integer, nullable=False),  # 0 or 1
    Column("text", String(2000)),
    Column("live", String(500), nullable=False),  # in words
    Column("candidate", String(500), nullable=False),
    Column("created_at", Utc, nullable=False),
)

# What reviewers say that a message of the inbox is about, each by themselves.
labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message_id", ForeignKey("inbox.id", ondelete="CASCADE"), nullable=False),
    Column("reviewer", String(100), nullable=False),
    Column("topic", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("message_id", "reviewer"),
)
