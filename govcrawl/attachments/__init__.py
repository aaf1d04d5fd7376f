"""The documents that articles link: fetched, stored once, and read as text."""
