from django.db import migrations, models

from bihuan.core.migrations import Structure

# Keep in step with models.VECTOR: a query finds the index by its expression.
POSTGRES = """
CREATE INDEX search_words ON search_entry
USING gin (array_to_tsvector(string_to_array(btrim(words), ' ')))
"""
# An FTS5 table over the entries' own text, kept by triggers. Pairs are joined again by LIKE, so positions would only
# be weight (detail=none).
SQLITE = (
    """
    CREATE VIRTUAL TABLE search_words USING fts5(
        words, content='search_entry', content_rowid='id', detail='none',
        tokenize="unicode61 remove_diacritics 0 tokenchars '@'"
    )
    """,
    """
    CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN
        INSERT INTO search_words(rowid, words) VALUES (new.id, new.words);
    END
    """,
    """
    CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN
        INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
    END
    """,
    """
    CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN
        INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO search_words(rowid, words) VALUES (new.id, new.words);
    END
    """,
)


def build(apps, schema_editor):
    for statement in (POSTGRES,) if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX search_words")
        return
    for trigger in ("added", "removed", "changed"):
        schema_editor.execute(f"DROP TRIGGER search_entry_{trigger}")
    schema_editor.execute("DROP TABLE search_words")


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="编号")),
                ("on", models.DateField(null=True, verbose_name="日期")),
                ("words", models.TextField(verbose_name="字对")),
            ],
            options={"verbose_name": "查找条目", "verbose_name_plural": "查找条目"},
        ),
        Structure(build, remove),
    ]
