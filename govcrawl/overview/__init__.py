"""The whole archive at a glance: the figures, as a page for the browser or as text."""
