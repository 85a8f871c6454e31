"""The first tables.

Revision: 0001, after none. Long, because a revision is one thing that happened, and never edited: it is all tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telephony_adapters.store.columns import Counter, Instant, Json

revision = "0001"
down_revision = None
deploy = "before"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("principal_id", sa.String(), nullable=False),
        sa.Column("employee_id", sa.String(), nullable=True),
        sa.Column("permissions", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("prefix", name=op.f("uq_access_tokens_prefix")),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("target_kind", sa.String(), nullable=False),
        sa.Column("target_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("employee_id", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("external_id", name=op.f("uq_calls_external_id")),
    )
    op.create_index(op.f("ix_calls_client_id_created_at_id"), "calls", ["client_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_calls_created_at_id"), "calls", ["created_at", "id"], unique=False)
    op.create_index(
        op.f("ix_calls_employee_id_created_at_id"), "calls", ["employee_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_calls_target_kind_target_id_created_at_id"),
        "calls",
        ["target_kind", "target_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "carousel_pools",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("chosen_by", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("pool_order", sa.Integer(), nullable=False),
        sa.Column("chain", Json(), nullable=False),
        sa.Column("when_exhausted", sa.String(), nullable=False),
        sa.Column("limits", Json(), nullable=False),
        sa.Column("declaration_required", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carousel_pools")),
    )
    op.create_index(
        "uq_carousel_pools_default",
        "carousel_pools",
        ["provider"],
        unique=True,
        postgresql_where=sa.text("is_default"),
        sqlite_where=sa.text("is_default = 1"),
    )
    op.create_table(
        "carousel_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carousel_revision")),
    )
    op.create_table(
        "carousel_shows",
        sa.Column("seq", Counter, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_carousel_shows")),
    )
    op.create_index(op.f("ix_carousel_shows_number_at"), "carousel_shows", ["number", "at"], unique=False)
    op.create_table(
        "carousel_turns",
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("picks", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "number", name=op.f("pk_carousel_turns")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region_codes", Json(), nullable=False),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_table(
        "do_not_call",
        sa.Column("number", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_do_not_call")),
    )
    op.create_table(
        "employees",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("permissions", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
    )
    op.create_table(
        "events",
        sa.Column("seq", Counter, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("body", Json(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
        sa.UniqueConstraint("position", name=op.f("uq_events_position")),
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_index(
        "ix_events_to_relay",
        "events",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
        sqlite_where=sa.text("position IS NULL"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("principal_id", sa.String(), nullable=False),
        sa.Column("employee_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal_id", "employee_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "number_ranges",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("codes", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_number_ranges")),
    )
    op.create_table(
        "provider_reports",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("subscription_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("line", sa.String(), nullable=True),
        sa.Column("phone_number", sa.String(), nullable=True),
        sa.Column("placed_by_us", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.String(), nullable=True),
        sa.Column("record_url", sa.Text(), nullable=True),
        sa.Column("matched_attempt_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("provider", "subscription_id", "event_id", name=op.f("pk_provider_reports")),
    )
    op.create_index(
        op.f("ix_provider_reports_provider_received_at"), "provider_reports", ["provider", "received_at"], unique=False
    )
    op.create_index(
        "ix_provider_reports_unmatched",
        "provider_reports",
        ["provider", "reference", "received_at"],
        unique=False,
        postgresql_where=sa.text("matched_attempt_id IS NULL"),
        sqlite_where=sa.text("matched_attempt_id IS NULL"),
    )
    op.create_index(
        "ix_provider_reports_unmatched_line",
        "provider_reports",
        ["provider", "line", "phone_number", "received_at"],
        unique=False,
        postgresql_where=sa.text("matched_attempt_id IS NULL"),
        sqlite_where=sa.text("matched_attempt_id IS NULL"),
    )
    op.create_table(
        "reservations",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_attempt_id"), "reservations", ["attempt_id"], unique=False)
    op.create_table(
        "service_facts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_service_facts")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("principal_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("two_step", sa.Boolean(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("device_kind", sa.String(), nullable=False),
        sa.Column("device_label", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("phone_number", sa.String(), nullable=False),
        sa.Column("decision", Json(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("free_hand", sa.Boolean(), nullable=False),
        sa.Column("quiet_hours_overridden", sa.Boolean(), nullable=False),
        sa.Column("employee_numbers", Json(), nullable=False),
        sa.Column("provider_reference", sa.String(), nullable=True),
        sa.Column("matched_by", sa.String(), nullable=True),
        sa.Column("shown_number", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("record_url", sa.Text(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("look_up_at", Instant(), nullable=True),
        sa.Column("look_ups", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("carousel_number", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_attempts_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("call_id", "place", name=op.f("uq_attempts_call_id_place")),
    )
    op.create_index(
        "uq_attempts_provider_reference",
        "attempts",
        ["provider", "provider_reference"],
        unique=True,
        postgresql_where=sa.text("provider_reference IS NOT NULL"),
        sqlite_where=sa.text("provider_reference IS NOT NULL"),
    )
    op.create_index(
        "ix_attempts_unreferenced",
        "attempts",
        ["provider", "line", "phone_number", "started_at"],
        unique=False,
        postgresql_where=sa.text("provider_reference IS NULL"),
        sqlite_where=sa.text("provider_reference IS NULL"),
    )
    op.create_index(op.f("ix_attempts_started_at"), "attempts", ["started_at"], unique=False)
    op.create_index(
        op.f("ix_attempts_client_id_phone_number_started_at"),
        "attempts",
        ["client_id", "phone_number", "started_at"],
        unique=False,
    )
    op.create_index(op.f("ix_attempts_employee_id_started_at"), "attempts", ["employee_id", "started_at"], unique=False)
    op.create_index(
        "ix_attempts_live",
        "attempts",
        ["id"],
        unique=False,
        postgresql_where=sa.text("live"),
        sqlite_where=sa.text("live = 1"),
    )
    op.create_index(
        "ix_attempts_look_up_at",
        "attempts",
        ["look_up_at"],
        unique=False,
        postgresql_where=sa.text("look_up_at IS NOT NULL"),
        sqlite_where=sa.text("look_up_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_attempts_phone_number_started_at"), "attempts", ["phone_number", "started_at"], unique=False
    )
    op.create_table(
        "carousel_generations",
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("activates_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["carousel_pools.id"], name=op.f("fk_carousel_generations_pool_id_carousel_pools")
        ),
        sa.PrimaryKeyConstraint("pool_id", "id", name=op.f("pk_carousel_generations")),
        sa.UniqueConstraint("pool_id", "activates_at", name=op.f("uq_carousel_generations_pool_id_activates_at")),
    )
    op.create_table(
        "carousel_regions",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["carousel_pools.id"], name=op.f("fk_carousel_regions_pool_id_carousel_pools")
        ),
        sa.PrimaryKeyConstraint("provider", "code", name=op.f("pk_carousel_regions")),
    )
    op.create_table(
        "client_numbers",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("as_entered", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_numbers_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", "id", name=op.f("pk_client_numbers")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("employee_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("sim_number", sa.String(), nullable=True),
        sa.Column("sim_issued_at", Instant(), nullable=True),
        sa.Column("sim_returned_at", Instant(), nullable=True),
        sa.Column("fmtn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_devices_employee_id_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index(op.f("ix_devices_employee_id"), "devices", ["employee_id"], unique=False)
    op.create_table(
        "interests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_interests_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interests")),
    )
    op.create_index(op.f("ix_interests_client_id"), "interests", ["client_id"], unique=False)
    op.create_table(
        "carousel_numbers",
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("generation_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("quarantine_reason", sa.Text(), nullable=True),
        sa.Column("quarantined_by", sa.String(), nullable=True),
        sa.Column("quarantined_since", Instant(), nullable=True),
        sa.Column("declared_since", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pool_id", "generation_id"],
            ["carousel_generations.pool_id", "carousel_generations.id"],
            name=op.f("fk_carousel_numbers_pool_id_generation_id_carousel_generations"),
        ),
        sa.PrimaryKeyConstraint("pool_id", "generation_id", "number", name=op.f("pk_carousel_numbers")),
    )
    op.create_index(op.f("ix_carousel_numbers_number"), "carousel_numbers", ["number"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("interest_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["interest_id"], ["interests.id"], name=op.f("fk_contacts_interest_id_interests")),
        sa.PrimaryKeyConstraint("interest_id", "id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "contact_numbers",
        sa.Column("interest_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("as_entered", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interest_id", "contact_id"],
            ["contacts.interest_id", "contacts.id"],
            name=op.f("fk_contact_numbers_interest_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("interest_id", "contact_id", "id", name=op.f("pk_contact_numbers")),
    )
    # Without this row nothing counts the changes of the carousel.
    op.execute("INSERT INTO carousel_revision (id, revision) VALUES (1, 0)")
