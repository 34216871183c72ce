"""What the main and the registry contract promise alike: one body of code, mounted twice."""
