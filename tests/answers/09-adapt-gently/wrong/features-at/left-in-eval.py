# misconception: model-left-changed
def features_at(model, node, images):
    model.eval()
    return create_feature_extractor(model, {node: "features"})(images)["features"]
