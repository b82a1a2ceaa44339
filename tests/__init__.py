"""A package, so that every folder of tests finds what they share."""
