"""The kill matrix: what becomes of records when processes and receivers die, counted where the records should arrive.

    make chaos                      # about five minutes: prints the table, and writes it into docs/reliability.md
    make chaos ARGS="--only ring"   # some cells; writes nothing

Read `scenarios.py` for what is done to whom, `child.py` for the application, `cell.py` for one experiment, and
`promises.py` for what has to hold.
"""
