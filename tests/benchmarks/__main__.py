"""Run all benchmarks one after the other, each in a process of its own, and print the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.common import ROOT, Row, environment, table


def main() -> int:
    rows: list[Row] = []
    failed: list[str] = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"{path.stem} …", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{path.stem}"],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            failed.append(path.stem)
            print(done.stderr, file=sys.stderr)
        for line in done.stdout.splitlines():
            if line.startswith("ROW "):
                rows.append(Row(**json.loads(line[4:])))
    print(table(rows))
    for name in failed:
        print(f"{name} failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
