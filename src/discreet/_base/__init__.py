"""What every layer may use and what knows no other layer: levels, statistics, escaping, threads, wrapping."""
