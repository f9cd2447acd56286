"""A digest of a read model's rows: the same facts give the same digest, on any machine."""

from __future__ import annotations

import hashlib

from psycopg import sql

from projections.model import SCHEMA, Connection, Pool, ReadModel

_SETTINGS = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'"
_ROWS = sql.SQL(
    "COPY (SELECT encode(sha256(convert_to(t::text, 'UTF8')), 'hex') COLLATE \"C\" FROM {} AS t "
    "WHERE tenant_id = {} ORDER BY 1) TO STDOUT"
)


def digest(pool: Pool, tenant: str, model: ReadModel) -> str:
    """SHA-256 over all rows of a tenant in a read model, in hex, at one moment."""
    with pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return digest_in(connection, tenant, model)


def digest_in(connection: Connection, tenant: str, model: ReadModel, schema: str = SCHEMA) -> str:
    """The digest inside the caller's transaction, of the tables of a schema."""
    connection.execute(_SETTINGS)
    hasher = hashlib.sha256()
    for table in model.tables:
        hasher.update(f"{model.name}.{table}\n".encode())
        rows = _ROWS.format(sql.Identifier(schema, table), sql.Literal(tenant))
        with connection.cursor() as cursor, cursor.copy(rows) as copy:
            for block in copy:
                hasher.update(block)
    return hasher.hexdigest()
