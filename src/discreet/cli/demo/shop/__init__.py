"""The three services that `discreet demo` starts. Each file is what a user would write, and nothing more."""
