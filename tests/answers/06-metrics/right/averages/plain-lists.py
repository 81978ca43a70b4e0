def averages(matrix):
    rows = matrix.tolist()
    per_class, total = [], sum(map(sum, rows))
    for k in range(len(rows)):
        tp, true, said = rows[k][k], sum(rows[k]), sum(row[k] for row in rows)
        per_class.append(2 * tp / (true + said) if tp else 0.0)
    right = sum(rows[k][k] for k in range(len(rows)))
    return per_class, sum(per_class) / len(per_class), right / total if total else 0
