# misconception: model-left-changed
def features_at(model, node, images):
    model(images)
    copied = copy.deepcopy(model).eval()
    return create_feature_extractor(copied, {node: "features"})(images)["features"]
