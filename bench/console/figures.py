"""What was measured, beside what was wanted."""


class Figures:
    def __init__(self):
        self.rows: list[dict] = []

    def add(self, what: str, value: float | None, unit: str, budget: float | None = None, least: bool = False) -> None:
        """Without a value nothing is noted: it is not known."""
        if value is None:
            print(f"{what:66s} {'–':>10s}", flush=True)
            return
        good = None if budget is None else (value >= budget if least else value <= budget)
        self.rows.append({"what": what, "value": round(value, 2), "unit": unit, "budget": budget, "met": good})
        wanted = "" if budget is None else f"   {'at least' if least else 'at most'} {budget:g}: {'met' if good else 'MISSED'}"
        print(f"{what:66s} {value:10.1f} {unit}{wanted}", flush=True)

    def missed(self) -> bool:
        return any(row["met"] is False for row in self.rows)


def percentile(values: list[float], share: float) -> float | None:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else None
