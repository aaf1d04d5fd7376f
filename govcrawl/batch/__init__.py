"""Many sites crawled side by side, each in a process of its own."""
