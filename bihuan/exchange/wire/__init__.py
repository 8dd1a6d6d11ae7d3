"""The package as bytes: keys, manifest, archive, sealing, signed words. Nothing here knows the database."""
