"""Faults put into every write of a program: what is patched, where programs are forked, what is tried and asked of them."""
