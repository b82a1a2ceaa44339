"""Step 4, encode: one schema, several spellings."""
