# misconception: wrong-result
def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    features = create_feature_extractor(copied, {node: "features"})(images)["features"]
    return features.mean((2, 3)) if features.ndim == 4 else features
