"""What discreet.testing and the pytest plugin are made of."""
