"""What takes minutes and is measured side by side."""
