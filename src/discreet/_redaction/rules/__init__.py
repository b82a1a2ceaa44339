"""The rules as data: forms of secrets (detectors.json), and words in names of secrets (names.json)."""
