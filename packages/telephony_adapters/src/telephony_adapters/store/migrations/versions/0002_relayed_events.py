"""Who gives the events their positions, and how far each publisher has come.

Revision: 0002, after 0001. Only adds: a service of the version before goes on beside it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from telephony_adapters.store.columns import Instant

revision = "0002"
down_revision = "0001"
deploy = "before"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_relay",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_event_relay_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_relay")),
    )
    op.create_table(
        "event_publishers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_event_publishers")),
    )
