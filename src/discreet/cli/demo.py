"""`discreet demo`"""
def add(subparsers): pass
