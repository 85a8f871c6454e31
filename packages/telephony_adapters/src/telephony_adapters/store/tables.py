"""The tables. What differs by database stands in `columns`; how tables came to be, in `migrations`.

Exclusion is a unique index here, never a check before an insert (law 5): reservations, Idempotency-Keys, a Call's
external id, a provider's reference, the regions and the default pool of a provider (C0), a report that came before.

One long module: the whole model on one page, as an operator sees it who opens the database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from telephony_adapters.store.columns import Counter, Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- Calls ------------------------------------------------------------------------------------------------------------

calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("target_kind", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("employee_id", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("external_id", String, unique=True),
    Column("closed_at", Instant),
    Column("due_at", Instant),
    Column("note", Text),
    Column("version", Integer, nullable=False),
    # Each list that is asked for often is read off an index, newest first.
    Index(None, "created_at", "id"),
    Index(None, "employee_id", "created_at", "id"),
    Index(None, "client_id", "created_at", "id"),
    Index(None, "target_kind", "target_id", "created_at", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String, primary_key=True),
    Column("call_id", String, ForeignKey("calls.id"), nullable=False),
    # Its place among the Call's attempts.
    Column("place", Integer, nullable=False),
    Column("employee_id", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("principal_id", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("two_step", Boolean, nullable=False),
    Column("device_id", String, nullable=False),
    Column("device_kind", String, nullable=False),
    Column("device_label", String, nullable=False),
    Column("line", String, nullable=False),
    Column("phone_number", String, nullable=False),
    Column("decision", Json, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("facts", Json, nullable=False),
    Column("free_hand", Boolean, nullable=False),
    Column("quiet_hours_overridden", Boolean, nullable=False),
    Column("employee_numbers", Json, nullable=False),
    Column("provider_reference", String),
    Column("matched_by", String),
    Column("shown_number", String),
    Column("verdict", String),
    Column("record_url", Text),
    Column("ended_at", Instant),
    Column("look_up_at", Instant),
    Column("look_ups", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    # What the facts mean, for questions only; the facts are what holds.
    Column("state", String, nullable=False),
    Column("outcome", String),
    Column("live", Boolean, nullable=False),
    # The carousel's number that the client saw, as far as is known (C6).
    Column("carousel_number", String),
    UniqueConstraint("call_id", "place"),
    Index(None, "employee_id", "started_at"),
    Index(None, "client_id", "phone_number", "started_at"),
    Index(None, "phone_number", "started_at"),
    Index(None, "started_at"),
    # Partial, so that SQLite doesn't search it for the many that have none.
    Index(
        "uq_attempts_provider_reference",
        "provider",
        "provider_reference",
        unique=True,
        postgresql_where=text("provider_reference IS NOT NULL"),
        sqlite_where=text("provider_reference IS NOT NULL"),
    ),
    # SQLite takes a partial index only where the question has its condition word by word.
    Index("ix_attempts_live", "id", postgresql_where=text("live"), sqlite_where=text("live = 1")),
    Index(
        "ix_attempts_unreferenced",
        "provider",
        "line",
        "phone_number",
        "started_at",
        postgresql_where=text("provider_reference IS NULL"),
        sqlite_where=text("provider_reference IS NULL"),
    ),
    Index(
        "ix_attempts_look_up_at",
        "look_up_at",
        postgresql_where=text("look_up_at IS NOT NULL"),
        sqlite_where=text("look_up_at IS NOT NULL"),
    ),
)

reservations = Table(
    "reservations",
    metadata,
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("attempt_id", String, nullable=False, index=True),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal_id", String, primary_key=True),
    Column("employee_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("attempt_id", String),
    Column("created_at", Instant, nullable=False, index=True),
)

# --- The carousel -----------------------------------------------------------------------------------------------------

carousel_revision = Table(
    "carousel_revision",
    metadata,
    # One row, counted up by every change of pools, generations and numbers.
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
)

carousel_pools = Table(
    "carousel_pools",
    metadata,
    Column("id", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("provider", String, nullable=False),
    Column("chosen_by", String, nullable=False),
    Column("title", String, nullable=False),
    Column("is_default", Boolean, nullable=False),
    # `order` is a word of SQL.
    Column("pool_order", Integer, nullable=False),
    Column("chain", Json, nullable=False),
    Column("when_exhausted", String, nullable=False),
    Column("limits", Json, nullable=False),
    Column("declaration_required", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Index(
        "uq_carousel_pools_default",
        "provider",
        unique=True,
        postgresql_where=text("is_default"),
        sqlite_where=text("is_default = 1"),
    ),
)

carousel_regions = Table(
    "carousel_regions",
    metadata,
    Column("provider", String, primary_key=True),
    Column("code", String, primary_key=True),
    Column("pool_id", String, ForeignKey("carousel_pools.id"), nullable=False),
)

carousel_generations = Table(
    "carousel_generations",
    metadata,
    Column("pool_id", String, ForeignKey("carousel_pools.id"), primary_key=True),
    Column("id", String, primary_key=True),
    Column("activates_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    UniqueConstraint("pool_id", "activates_at"),
)

carousel_numbers = Table(
    "carousel_numbers",
    metadata,
    Column("pool_id", String, primary_key=True),
    Column("generation_id", String, primary_key=True),
    Column("number", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("quarantine_reason", Text),
    Column("quarantined_by", String),
    Column("quarantined_since", Instant),
    Column("declared_since", Instant),
    ForeignKeyConstraint(["pool_id", "generation_id"], ["carousel_generations.pool_id", "carousel_generations.id"]),
    Index(None, "number"),
)

# How numbers were used outlives every change of the carousel, so nothing below refers to the tables above.
carousel_turns = Table(
    "carousel_turns",
    metadata,
    Column("pool_id", String, primary_key=True),
    Column("number", String, primary_key=True),
    Column("picks", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
)

carousel_shows = Table(
    "carousel_shows",
    metadata,
    Column("seq", Counter, primary_key=True),
    Column("number", String, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "number", "at"),
)

# --- Reports and events -----------------------------------------------------------------------------------------------

provider_reports = Table(
    "provider_reports",
    metadata,
    Column("provider", String, primary_key=True),
    Column("subscription_id", String, primary_key=True),
    Column("event_id", String, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("facts", Json, nullable=False),
    Column("attempt_id", String),
    Column("reference", String),
    Column("line", String),
    Column("phone_number", String),
    Column("placed_by_us", Boolean, nullable=False),
    Column("shown", String),
    Column("record_url", Text),
    Column("matched_attempt_id", String),
    Index(None, "provider", "received_at"),
    Index(
        "ix_provider_reports_unmatched",
        "provider",
        "reference",
        "received_at",
        postgresql_where=text("matched_attempt_id IS NULL"),
        sqlite_where=text("matched_attempt_id IS NULL"),
    ),
    Index(
        "ix_provider_reports_unmatched_line",
        "provider",
        "line",
        "phone_number",
        "received_at",
        postgresql_where=text("matched_attempt_id IS NULL"),
        sqlite_where=text("matched_attempt_id IS NULL"),
    ),
)

events = Table(
    "events",
    metadata,
    # The order of writing within a Call. On PostgreSQL it is not the order in which transactions become visible: who
    # reads the stream resumes from `position`, which the one relay gives to what it sees.
    Column("seq", Counter, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("position", BigInteger, unique=True),
    Column("call_id", String, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("body", Json, nullable=False),
    Index(
        "ix_events_to_relay",
        "seq",
        postgresql_where=text("position IS NULL"),
        sqlite_where=text("position IS NULL"),
    ),
)

event_relay = Table(
    "event_relay",
    metadata,
    # One row, made by the first relay: who gives positions until when, and the last one given. Locked while that is
    # done, so that positions become visible in their order.
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("holder", String, nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("last_position", BigInteger, nullable=False),
)

event_publishers = Table(
    "event_publishers",
    metadata,
    # Up to which position a publisher has taken the events.
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

# --- Our own directory ------------------------------------------------------------------------------------------------

employees = Table(
    "employees",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("permissions", Json, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String, primary_key=True),
    Column("employee_id", String, ForeignKey("employees.id"), nullable=False, index=True),
    # The order in which devices were put, which is that in which they are offered.
    Column("place", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("label", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("line", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("preferred", Boolean, nullable=False),
    # An IP phone's own direct number.
    Column("number", String),
    # Of a mobile; no `sim_number`: no corporate SIM.
    Column("sim_number", String),
    Column("sim_issued_at", Instant),
    Column("sim_returned_at", Instant),
    Column("fmtn", Boolean, nullable=False),
)

clients = Table(
    "clients",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("region_codes", Json, nullable=False),
    Column("do_not_call", Boolean, nullable=False),
    Column("owner_id", String),
)

interests = Table(
    "interests",
    metadata,
    Column("id", String, primary_key=True),
    Column("client_id", String, ForeignKey("clients.id"), nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("owner_id", String),
)

contacts = Table(
    "contacts",
    metadata,
    Column("interest_id", String, ForeignKey("interests.id"), primary_key=True),
    Column("id", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("name", String, nullable=False),
)


def _entered_number() -> list[Column[object]]:
    return [
        # Unique among its owner's: it is asked for together with the target.
        Column("id", String, primary_key=True),
        Column("place", Integer, nullable=False),
        Column("as_entered", String, nullable=False),
        Column("label", String),
        Column("is_primary", Boolean, nullable=False),
        Column("do_not_call", Boolean, nullable=False),
    ]


client_numbers = Table(
    "client_numbers",
    metadata,
    Column("client_id", String, ForeignKey("clients.id"), primary_key=True),
    *_entered_number(),
)

contact_numbers = Table(
    "contact_numbers",
    metadata,
    Column("interest_id", String, primary_key=True),
    Column("contact_id", String, primary_key=True),
    *_entered_number(),
    ForeignKeyConstraint(["interest_id", "contact_id"], ["contacts.interest_id", "contacts.id"]),
)

do_not_call = Table("do_not_call", metadata, Column("number", String, primary_key=True))

# --- The service ------------------------------------------------------------------------------------------------------

access_tokens = Table(
    "access_tokens",
    metadata,
    # The token itself is never stored: whoever reads this table can't use it.
    Column("sha256", String(64), primary_key=True),
    Column("prefix", String, nullable=False, unique=True),
    Column("principal_id", String, nullable=False),
    Column("employee_id", String),
    Column("permissions", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

number_ranges = Table(
    "number_ranges",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("codes", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("edition", String, nullable=False),
)

service_facts = Table(
    "service_facts",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)
