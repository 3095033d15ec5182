"""Benchmarks: each measures ours and its reference in the same run and prints a ratio. None is a test.

`python -m tests.benchmarks` runs all and prints the table; `python -m tests.benchmarks.bench_start` runs one.
"""
