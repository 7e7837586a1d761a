"""What the product must reach, measured: `python -m benchmarks` prints one table and writes `benchmarks/results.json`."""
