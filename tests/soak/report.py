"""What a trial of a promise found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Report:
    """How much was tried, and every violation in words; `seed` runs the same trial again."""

    promise: str
    seed: int
    trials: int = 0
    violations: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    def wrong(self, what: str) -> None:
        """Note a violation; the first hundred are kept."""
        if len(self.violations) < 100:
            self.violations.append(what)

    def count(self, what: str, more: int = 1) -> None:
        """Count something that happened, so that a trial which tried nothing is seen."""
        self.notes[what] = self.notes.get(what, 0) + more

    def __str__(self) -> str:
        notes = ", ".join(f"{name} {count:,}" for name, count in sorted(self.notes.items()))
        head = f"{self.promise}: seed {self.seed}, {self.trials:,} trials, "
        return head + f"{len(self.violations)} violations ({notes})"
