"""How lines get where they belong."""
