"""What a source noticed about many items, said once: how many, and one of them."""

import sys
from collections import Counter


class Findings:
    """Counts what is noticed, and keeps the first example of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, kind: str, example: str) -> None:
        """Count one more; `kind` says what it is, to be read behind the number."""
        self.counts[kind] += 1
        self._examples.setdefault(kind, example)

    def example(self, kind: str) -> str:
        """Return the first that was added."""
        return self._examples[kind]

    def say(self) -> None:
        """Write a line for each kind to the screen."""
        for kind, count in self.counts.items():
            print(f"download: {count} {kind}, such as {self._examples[kind]}", file=sys.stderr)
