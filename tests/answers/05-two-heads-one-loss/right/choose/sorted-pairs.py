def choose(results, required):
    able = [((r["fruit"] + r["fresh"]) / 2, name) for name, r in results.items()
            if r["fruit"] >= required["fruit"] and r["fresh"] >= required["fresh"]]
    return sorted(able)[-1][1] if able else None
