"""The benchmarks themselves, as far as they need neither wrk nor the peers."""
