"""Entries mark whole numbers: those written before lack the marks and are written anew when the upgrade ends."""

from django.db import migrations


def forget(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("TRUNCATE search_entry")
        return
    # Without the trigger: the words of every entry would be taken out one by one.
    schema_editor.execute("DROP TRIGGER search_entry_removed")
    schema_editor.execute("DELETE FROM search_entry")
    schema_editor.execute("INSERT INTO search_words(search_words) VALUES ('delete-all')")
    schema_editor.execute(
        """
        CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN
            INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
        END
        """
    )


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
