"""One small file per logging library, each with the same face.

    NAME                what the table calls it
    IMPORT              what an application imports to log, timed in a fresh interpreter
    setup(path)         configure as the library's own documentation recommends for production: JSON lines to a file,
                        info and above, one write per record, no background thread
    enabled(requests)   write every order of every request at info
    disabled(orders)    log every order at debug, which is off; missing where the library has no levels
    failing(orders)     charge every order, which raises, and write the exception
    flush()             optional: make sure that everything is in the file

The loops are written out in each file, so that a call costs what it costs in an application, without a wrapper.
"""

NAMES = (
    "floor",
    "discreet_stream",
    "discreet_json",
    "structlog_orjson",
    "picologging_text",
    "stdlib_text",
    "stdlib_json",
    "pythonjsonlogger_orjson",
    "loguru_json",
    "eliot_json",
    "opentelemetry_json",
    "logfire_json",
)
