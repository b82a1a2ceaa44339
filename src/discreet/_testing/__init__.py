"""What `discreet.testing` and the pytest plugin use: made-up secrets, and the search for secrets."""
