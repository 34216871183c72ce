"""What is promised on the wire: one folder a promise."""
