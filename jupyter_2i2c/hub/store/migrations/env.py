"""What alembic runs to migrate; called through migrations.upgrade only."""

from alembic import context

from jupyter_2i2c.hub.store.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
# in the connection's own transaction, which takes back changes of tables, too, on both databases
with context.begin_transaction():
    context.run_migrations()
