"""Running the house for years: health, backups, retention, metrics and logs. For the person who operates it."""
