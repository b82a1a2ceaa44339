"""`discreet pretty`: JSON lines as a person reads them."""
