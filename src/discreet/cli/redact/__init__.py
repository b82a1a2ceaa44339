"""`discreet redact`: a log that exists already, without its secrets."""
