"""`discreet run`: a program as it is, its logs structured and redacted."""
