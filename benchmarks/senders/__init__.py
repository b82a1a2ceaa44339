"""One small file per way to a receiver, each with the same face.

    NAME                what the table calls it
    RECEIVER            what stands at the other end: otlp, azure or pipe (see receiving.py)
    PEER                whose cost in the same round is this one's measure, "" for none
    setup(target, folder)
                        configure for production as its own documentation says; what it keeps on disk goes to `folder`
    enabled(requests)   write every order of every request at info
    flush()             return once everything was sent; an error if something was not

Batches, queues and compression are each library's own defaults.
"""

NAMES = (
    "discreet_otlp",
    "opentelemetry_otlp",
    "discreet_azure",
    "exporter_azure",
    "discreet_direct",
    "discreet_queued",
    "discreet_ring",
)
