"""Articles of the archive as files for other programs: tables, a database, a corpus, web archives."""
