"""What Alembic runs: on the connection that `upgrade` gives it, or writing SQL for a dialect."""

from __future__ import annotations

from alembic import context

from telephony_adapters.store.migrations import SERVED_FROM
from telephony_adapters.store.tables import metadata

connection = context.config.attributes.get("connection")
context.configure(
    connection=connection,
    dialect_name=None if connection is not None else context.config.attributes["dialect"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes columns by copying tables
    transactional_ddl=True,  # SQLite's too; Alembic supposes that it isn't
)
with context.begin_transaction():
    context.run_migrations()
    # An older version of the code, which doesn't know the newest revisions, reads here whether they still serve it.
    context.execute(f"DELETE FROM service_facts WHERE key = '{SERVED_FROM}'")  # noqa: S608 - names of ours
    context.execute(
        f"INSERT INTO service_facts (key, value) VALUES ('{SERVED_FROM}', '{context.config.attributes['serve_from']}')"  # noqa: S608 - names of ours
    )
