"""What `discreet run` adds to a program: `path/` goes on its PYTHONPATH, `start.py` is what that starts."""
