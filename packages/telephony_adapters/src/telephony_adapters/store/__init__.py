"""The store: Calls, reservations, the carousel, reports and events in a relational database (SQLite or PostgreSQL).

`upgrade(url)` brings the tables up to date, `open_store(url)` opens the engine, `SqlStore(engine)` is the port's store.
"""
