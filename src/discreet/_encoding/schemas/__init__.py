"""Records in the formats of others: one small file for each."""
