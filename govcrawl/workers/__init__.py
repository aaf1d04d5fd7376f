"""Work that is shared out to processes and machines."""
