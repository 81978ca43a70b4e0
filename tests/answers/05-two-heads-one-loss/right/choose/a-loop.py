def choose(results, floors):
    best, chosen = -1, None
    for name, run in results.items():
        if run["fruit"] < floors["fruit"] or run["fresh"] < floors["fresh"]:
            continue
        if run["fruit"] + run["fresh"] > best:
            best, chosen = run["fruit"] + run["fresh"], name
    return chosen
