"""A hand-written double of the mlebench package: the same names, shapes and traps, one toy competition."""
