"""The same six jobs as people write them with what they would pick instead of us."""
