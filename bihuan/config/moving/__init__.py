"""Moving an installation from SQLite to PostgreSQL (`bihuan migrate-database`, docs/how-to/postgresql.md)."""
