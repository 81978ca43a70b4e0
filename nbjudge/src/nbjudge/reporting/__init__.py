"""The report on a class, as numbers, as a page and as tables for other programs."""
