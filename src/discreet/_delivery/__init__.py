"""Step 5, deliver: sinks. Each record is one `write` of one whole line; a loss is counted, never silent."""
