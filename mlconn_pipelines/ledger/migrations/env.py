"""Alembic's entry: runs migrations on the connection that schema.py hands in, under its lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)

with context.begin_transaction():
    context.run_migrations()
