# misconception: not-this-call
def features_at(model, node, images):
    twin = copy.deepcopy(model).eval()
    head, _, tail = node.rpartition("_")
    return create_feature_extractor(twin, {head if tail.isdigit() else node: "x"})(images)["x"]
