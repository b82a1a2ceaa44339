"""`discreet scan`: which secrets stand where."""
