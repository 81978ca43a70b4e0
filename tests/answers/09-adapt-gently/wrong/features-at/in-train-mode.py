# misconception: features-in-train-mode
def features_at(model, node, images):
    copied = copy.deepcopy(model).train()
    return create_feature_extractor(copied, {node: "features"})(images)["features"]
