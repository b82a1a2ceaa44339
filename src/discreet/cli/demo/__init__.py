"""`discreet demo`: three real services log as one."""
