"""The archive held against itself: what is looked at, what is found, how it is mended. ``verify`` finds and ``repair`` mends by
one loop over the checks that ``every`` lists; adding a check is adding one class there."""
