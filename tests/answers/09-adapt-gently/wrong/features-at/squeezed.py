# misconception: batch-dimension-lost
def features_at(model, node, images):
    twin = copy.deepcopy(model).eval()
    return create_feature_extractor(twin, {node: "x"})(images)["x"].squeeze()
