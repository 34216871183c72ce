"""What is broken on purpose; each module is a script that says what it found."""
