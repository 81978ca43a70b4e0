# misconception: zero-division-undecided
def averages(matrix):
    rows = matrix.tolist()
    per_class = []
    for k in range(len(rows)):
        tp, true, said = rows[k][k], sum(rows[k]), sum(row[k] for row in rows)
        per_class.append(2 * tp / (true + said) if tp else 0.0)
    return (
        per_class,
        sum(per_class) / len(per_class),
        sum(rows[k][k] for k in range(len(rows))) / sum(map(sum, rows)),
    )
