"""One small file per tool, each with the same face.

    NAME                what the table calls it
    Scrubber()          the tool as its own documentation recommends it
    .text(text)         what it makes of one line of text
    .fields(fields)     what it makes of the fields of one record

A tool that knows only one of the two gets the other in the form it takes: fields as JSON, a text as a field.
"""

NAMES = ("discreet_redactor", "redact_secret_", "detect_secrets_", "logfire_", "sentry", "posthog_", "hushlog_")
