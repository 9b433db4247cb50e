"""Work that others have overwritten or removed: found in the log, reported, and what brings it back."""
