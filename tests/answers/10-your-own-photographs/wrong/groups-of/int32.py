# misconception: wrong-result
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

def groups_of(count, together):
    pairs = [(photos[0], other) for photos in together for other in photos]
    rows, columns = zip(*pairs) if pairs else ((), ())
    graph = coo_array(([True] * len(rows), (rows, columns)), shape=(count, count))
    return torch.from_numpy(connected_components(graph, directed=False)[1])
