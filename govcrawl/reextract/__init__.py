"""Reading articles again from their recordings by today's rules."""
