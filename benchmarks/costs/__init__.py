"""What each request costs inside: round trips, statements, rows, bytes, microseconds, memory."""
