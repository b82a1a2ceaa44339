"""What the process logs without us comes in: the standard library, warnings, crashes, servers."""
