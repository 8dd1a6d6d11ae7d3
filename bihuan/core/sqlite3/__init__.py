"""Django's SQLite backend with a queue for writers (docs/adr/0013-writers-of-sqlite-stand-in-line.md)."""
