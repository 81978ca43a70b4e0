import random

def interval(metric, truth, predicted, groups, draws):
    members = {}
    for row, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(row)
    values = []
    for _ in range(draws):
        rows = [row for g in random.choices(list(members), k=len(members)) for row in members[g]]
        values.append(float(metric(truth[rows], predicted[rows])))
    values.sort()
    last = len(values) - 1
    return [values[round(0.025 * last)], values[round(0.975 * last)]]
