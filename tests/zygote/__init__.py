"""Commands and crawls of the tests, run in forks of one process that has imported everything: what a fork costs is what the
program does, not the seconds in which a Python starts and imports."""
