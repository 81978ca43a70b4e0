"""Pure functions of text: steps, imports, dependency fingerprints, cache keys."""
