"""The rules as data: forms of secrets, and words in names of secrets."""
