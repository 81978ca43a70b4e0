# misconception: wrong-result
def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    return create_feature_extractor(copied, {node: "f"})(images)["f"] > 0
