def choose(results, required):
    best, chosen = -1, None
    for name, run in results.items():
        if run["fruit"] < required["fruit"] or run["fresh"] < required["fresh"]:
            continue
        if run["fruit"] + run["fresh"] > best:
            best, chosen = run["fruit"] + run["fresh"], name
    return chosen
