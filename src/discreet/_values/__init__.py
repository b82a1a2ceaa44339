"""Any object as plain data (JSON's types), so that the redactor can judge all of it."""
