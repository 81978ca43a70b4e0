from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

def groups_of(count, together):
    ends = [(p[0], other) for p in together for other in p]
    rows, columns = zip(*ends) if ends else ((), ())
    graph = coo_array(([1] * len(rows), (rows, columns)), shape=(count, count))
    return torch.from_numpy(connected_components(graph, directed=False)[1]).long()
