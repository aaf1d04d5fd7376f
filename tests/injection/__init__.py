"""Faults put into every write of a program: what is patched, what is tried and asked of them."""
