"""Step 2, context: the fields, span, request and place that a record belongs to."""
