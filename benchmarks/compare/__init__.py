"""Ours beside what our users would pick instead: the same jobs, the same people, in turns."""
