"""Who gets in where: the tables, written by hand, and the people and records they are tried with."""
