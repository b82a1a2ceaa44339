"""`discreet trace`: one request across services."""
