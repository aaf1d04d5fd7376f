"""Who reprinted whom: near-duplicates and excerpts among the articles, grouped into the dataset ``reprints/``."""
