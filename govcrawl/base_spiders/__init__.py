"""How each CMS lists its articles: the walk that is the same for all, and one class a family."""
